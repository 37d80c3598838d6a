//! Text to tokens, as the index holds them.
//!
//! A text is a row of *units*: runs of word characters, and single spread characters. A spread
//! character's token is itself and the unit that touches it from behind (西安临空 gives 西安 安临 临空
//! 空); a word's tokens are itself and, where a spread character touches it from behind, the two
//! together (2023年 gives 2023 2023年 年). So a text of n spread characters is found as a phrase of n − 1
//! tokens, a word only as a whole, and what touches in the query touches in the text.

use super::fold::{Kind, kind};

/// A piece of a folded text that is found as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit<'a> {
    /// The unit.
    pub text: &'a str,
    /// Where it begins, in bytes.
    pub start: usize,
    /// Never [`Kind::Break`].
    pub kind: Kind,
}

impl Unit<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether nothing stands between this unit and the next.
    pub fn touches(&self, next: &Unit<'_>) -> bool {
        self.end() == next.start
    }
}

/// The units of a folded text.
pub fn units(folded: &str) -> impl Iterator<Item = Unit<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (start, kind, width) = folded[at..].char_indices().find_map(|(offset, c)| {
            let kind = kind(c);
            (kind != Kind::Break).then_some((at + offset, kind, c.len_utf8()))
        })?;
        let rest = &folded[start + width..];
        let more = if kind == Kind::Word {
            rest.find(|c| super::fold::kind(c) != Kind::Word).unwrap_or(rest.len())
        } else {
            0
        };
        at = start + width + more;
        Some(Unit { text: &folded[start..at], start, kind })
    })
}

/// The tokens of a folded text, parted by spaces.
pub fn tokens(folded: &str) -> String {
    let mut tokens = String::with_capacity(folded.len() * 5 / 2);
    let mut last: Option<Unit<'_>> = None;
    for unit in units(folded) {
        if let Some(last) = last.filter(|last| last.touches(&unit)) {
            if last.kind == Kind::Word {
                tokens.push(' ');
                tokens.push_str(last.text);
            }
            tokens.push_str(unit.text);
        }
        if last.is_some() {
            tokens.push(' ');
        }
        tokens.push_str(unit.text);
        last = Some(unit);
    }
    tokens
}

/// The spread characters of folded texts, each once, parted by spaces.
pub fn characters(folded: &[&str]) -> String {
    let spread = folded.iter().flat_map(|text| text.chars()).filter(|c| kind(*c) == Kind::Spread);
    let mut characters: Vec<char> = spread.collect();
    characters.sort_unstable();
    characters.dedup();
    let mut list = String::with_capacity(characters.len() * 4);
    for c in characters {
        list.push(c);
        list.push(' ');
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_character_takes_the_unit_behind_it_along() {
        for (text, expected) in [
            ("", ""),
            ("。、 ", ""),
            ("西", "西"),
            ("西安临空", "西安 安临 临空 空"),
            ("西安,临空", "西安 安 临空 空"),
            ("new york", "new york"),
            ("2023年", "2023 2023年 年"),
            ("3月15日,雨", "3 3月 月15 15 15日 日 雨"),
            ("增长 gdp增长", "增长 长 gdp gdp增 增长 长"),
            ("734.2亿", "734 2 2亿 亿"),
        ] {
            assert_eq!(tokens(text), expected, "{text}");
        }
    }
}
