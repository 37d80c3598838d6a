//! What is looked for in a text: as a phrase of the index, and in the text itself.

use std::ops::Range;

use super::fold::{Kind, fold_text, kind};
use super::segment::{Unit, units};

/// A folded text that is looked for, without breaks at its ends.
///
/// Spread characters (Han and the like) are found wherever they stand, words only as a whole. A space
/// stands for whatever parts two words; other punctuation has to be there as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Term {
    text: String,
    is_prefix: bool,
}

impl Term {
    /// `None` when there is nothing but punctuation. With `is_prefix` the last word may go on.
    pub fn new(written: &str, is_prefix: bool) -> Option<Self> {
        let folded = fold_text(written);
        let text = folded.trim_matches(|c| kind(c) == Kind::Break);
        (!text.is_empty()).then(|| Self { text: text.to_owned(), is_prefix })
    }

    /// The folded text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A single spread character, which so many articles hold that a rank says little.
    pub fn is_single(&self) -> bool {
        let mut units = units(&self.text);
        units.next().is_some_and(|unit| unit.kind == Kind::Spread) && units.next().is_none()
    }

    /// Whether the index finds too much, because punctuation is not in it.
    pub fn needs_text(&self) -> bool {
        self.text.chars().any(|c| kind(c) == Kind::Break && !c.is_whitespace())
    }

    /// The phrase of tokens that every text with this term has, in FTS5's syntax.
    pub fn phrase(&self) -> String {
        let units: Vec<Unit<'_>> = units(&self.text).collect();
        let mut tokens: Vec<String> = Vec::with_capacity(units.len());
        for (at, unit) in units.iter().enumerate() {
            let next = units.get(at + 1).filter(|next| unit.touches(next));
            let follows = at > 0 && units[at - 1].touches(unit);
            // The token before holds the last unit, the token after holds the first word.
            let is_held = (follows && at + 1 == units.len()) || (at == 0 && next.is_some());
            if !is_held && (next.is_none() || unit.kind == Kind::Word) {
                tokens.push(unit.text.to_owned());
            }
            if let Some(next) = next {
                tokens.push(format!("{}{}", unit.text, next.text));
            }
        }
        let goes_on = match units.as_slice() {
            [.., before, last] if last.kind == Kind::Spread => !before.touches(last),
            [.., last] => last.kind == Kind::Spread || self.is_prefix,
            [] => false,
        };
        format!("\"{}\"{}", tokens.join(" "), if goes_on { "*" } else { "" })
    }

    /// Where a folded text holds the term, in bytes; places may overlap.
    pub fn places<'a>(&'a self, folded: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        let first = self.text.split(char::is_whitespace).next().unwrap_or_default();
        let step = first.chars().next().map_or(1, char::len_utf8);
        let mut from = 0;
        std::iter::from_fn(move || {
            loop {
                let start = from + folded.get(from..)?.find(first)?;
                from = start + step;
                if let Some(end) = self.end_at(folded, start) {
                    return Some(start..end);
                }
            }
        })
    }

    /// Whether a folded text holds the term.
    pub fn is_in(&self, folded: &str) -> bool {
        self.places(folded).next().is_some()
    }

    /// The end of the term when it stands at a place.
    fn end_at(&self, folded: &str, start: usize) -> Option<usize> {
        let is_word = |c: Option<char>| c.is_some_and(|c| kind(c) == Kind::Word);
        if is_word(self.text.chars().next()) && is_word(folded[..start].chars().next_back()) {
            return None;
        }
        let mut rest = &folded[start..];
        for (place, piece) in self.text.split_whitespace().enumerate() {
            if place > 0 {
                let behind = rest.trim_start_matches(|c| kind(c) == Kind::Break);
                if behind.len() == rest.len() {
                    return None;
                }
                rest = behind;
            }
            rest = rest.strip_prefix(piece)?;
        }
        let is_cut = is_word(self.text.chars().next_back()) && is_word(rest.chars().next());
        (self.is_prefix || !is_cut).then_some(folded.len() - rest.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(written: &str) -> Term {
        match written.strip_suffix('*') {
            Some(start) => Term::new(start, true).unwrap(),
            None => Term::new(written, false).unwrap(),
        }
    }

    #[test]
    fn a_phrase_leaves_out_what_other_tokens_hold() {
        for (written, phrase) in [
            ("西", "\"西\"*"),
            ("西安", "\"西安\""),
            ("臨空產業", "\"临空 空产 产业\""),
            ("西安,临空", "\"西安 安 临空\""),
            ("西安 临", "\"西安 安 临\"*"),
            ("GDP", "\"gdp\""),
            ("inf*", "\"inf\"*"),
            ("2023年", "\"2023年\""),
            ("3月15日", "\"3月 月15 15 15日\""),
            ("月15", "\"月15\""),
            ("增长gd*", "\"增长 长gd\"*"),
            ("734.2亿", "\"734 2 2亿\""),
            ("New  York", "\"new york\""),
        ] {
            assert_eq!(term(written).phrase(), phrase, "{written}");
        }
        assert_eq!(Term::new(" ,。", false), None);
    }

    #[test]
    fn a_term_is_found_where_it_stands_and_nowhere_else() {
        for (written, text, found) in [
            ("处理", "等待处理中", true),
            ("西安", "西 安", false),
            ("342", "7342亿", false),
            ("7342亿", "共7342亿元", true),
            ("7342亿", "共734.2亿元", false),
            ("734.2亿", "共734.2亿元", true),
            ("734.2亿", "共734,2亿元", false),
            ("2亿", "12亿", false),
            ("gdp增长", "gdp 增长", false),
            ("gdp 增长", "gdp:增长", true),
            ("gdp 增长", "gdp增长", false),
            ("inf*", "information", true),
            ("inf", "information", false),
            ("new york", "new york, new yorkers", true),
            ("aba", "xaba aba", true),
        ] {
            assert_eq!(term(written).is_in(&fold_text(text)), found, "{written} in {text}");
        }
    }

    #[test]
    fn the_phrase_and_the_text_say_the_same() {
        // A phrase of the index holds where its tokens stand in a row.
        let holds = |term: &Term, text: &str| {
            let tokens = crate::search::segment::tokens(&fold_text(text));
            let phrase = term.phrase();
            let (inner, goes_on) = match phrase.strip_suffix('*') {
                Some(inner) => (inner, true),
                None => (phrase.as_str(), false),
            };
            let inner = format!(" {}", inner.trim_matches('"'));
            let tokens = format!(" {tokens} ");
            if goes_on { tokens.contains(&inner) } else { tokens.contains(&format!("{inner} ")) }
        };
        let alphabet = ["西", "安", "a", "1", " "];
        let word = |mut number: usize, length: usize| -> String {
            let next = |_| {
                let letter = alphabet[number % alphabet.len()];
                number /= alphabet.len();
                letter
            };
            (0..length).map(next).collect()
        };
        for wanted in (0..125).map(|number| word(number, 3)) {
            let Some(term) = Term::new(&wanted, false) else { continue };
            for text in (0..3125).map(|number| word(number, 5)) {
                assert_eq!(holds(&term, &text), term.is_in(&text), "{wanted:?} in {text:?}");
            }
        }
    }
}
