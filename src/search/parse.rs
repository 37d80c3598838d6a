//! How a query is read: from what was typed to what it means.
//!
//! Chinese input methods type “”, （） and ：, so these are read like their ASCII forms.

use std::ops::RangeInclusive;

use super::query::{Query, QueryError};
use super::term::Term;

/// Characters of a query, at most.
const LONGEST: usize = 1000;
/// Parentheses within each other, at most.
const DEEPEST: usize = 12;
/// Fields, as messages list them.
const FIELDS: &str = "title:, site:, author:, category: and date:";

/// Reads a query.
pub(super) fn parse(text: &str) -> Result<Query, QueryError> {
    let mut parser = Parser { text, symbols: Vec::new(), next: 0, depth: 0 };
    let length = text.chars().count();
    if length > LONGEST {
        let message = format!("it has {length} characters, and at most {LONGEST} are searched for");
        return Err(parser.error(LONGEST, message, "search for a part of it"));
    }
    parser.symbols = symbols(text).map_err(|at| {
        parser.error(at, "the quote that begins here is not closed", "close it, or leave it out")
    })?;
    let query = parser.alternatives(false)?;
    match parser.symbols.get(parser.next) {
        None => Ok(query),
        Some((at, _)) => Err(parser.error(
            *at,
            "this parenthesis closes nothing",
            "put a text that holds parentheses in quotes",
        )),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Symbol {
    Open,
    Close,
    Phrase { text: String, is_prefix: bool },
    Word(String),
}

/// Cuts a query into symbols with their places; fails at a quote that is not closed.
fn symbols(text: &str) -> Result<Vec<(usize, Symbol)>, usize> {
    const QUOTES: [char; 4] = ['"', '“', '”', '＂'];
    let is_end = |c: &char| c.is_whitespace() || "()（）".contains(*c) || QUOTES.contains(c);
    let is_star = |c: &char| matches!(c, '*' | '＊');
    let mut symbols = Vec::new();
    let mut chars = text.chars().enumerate().peekable();
    while let Some((at, c)) = chars.next() {
        let symbol = match c {
            '(' | '（' => Symbol::Open,
            ')' | '）' => Symbol::Close,
            c if c.is_whitespace() => continue,
            c if QUOTES.contains(&c) => {
                let mut text = String::new();
                loop {
                    match chars.next() {
                        Some((_, c)) if QUOTES.contains(&c) => break,
                        Some((_, c)) => text.push(c),
                        None => return Err(at),
                    }
                }
                Symbol::Phrase { text, is_prefix: chars.next_if(|(_, c)| is_star(c)).is_some() }
            }
            first => {
                let mut word = String::from(first);
                while let Some((_, c)) = chars.next_if(|(_, c)| !is_end(c)) {
                    word.push(c);
                }
                Symbol::Word(word)
            }
        };
        symbols.push((at, symbol));
    }
    Ok(symbols)
}

/// A field's name and the rest of a word.
fn field(word: &str) -> Option<(&str, &str)> {
    let at = word.find([':', '：'])?;
    let (name, rest) = word.split_at(at);
    let rest = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
    let is_name =
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic()) && !rest.starts_with("//");
    is_name.then_some((name, rest))
}

struct Parser<'a> {
    text: &'a str,
    symbols: Vec<(usize, Symbol)>,
    next: usize,
    depth: usize,
}

impl Parser<'_> {
    fn error(&self, at: usize, message: impl Into<String>, hint: &str) -> QueryError {
        QueryError { message: message.into(), at, hint: hint.to_owned(), query: self.text.to_owned() }
    }

    fn is_operator(&self, name: &str) -> bool {
        matches!(self.symbols.get(self.next), Some((_, Symbol::Word(word))) if word == name)
    }

    /// `a b OR c`
    fn alternatives(&mut self, in_title: bool) -> Result<Query, QueryError> {
        let mut parts = vec![self.together(in_title)?];
        while self.is_operator("OR") {
            self.next += 1;
            parts.push(self.together(in_title)?);
        }
        Ok(if parts.len() > 1 { Query::Or(parts) } else { parts.remove(0) })
    }

    /// `a b AND NOT c`
    fn together(&mut self, in_title: bool) -> Result<Query, QueryError> {
        let start = self.next;
        let mut parts = Vec::new();
        loop {
            if self.is_operator("AND") {
                if parts.is_empty() {
                    return Err(self.lacks_operand());
                }
                self.next += 1;
                parts.push(self.operand(in_title)?);
            }
            match self.symbols.get(self.next) {
                None | Some((_, Symbol::Close)) => break,
                Some((_, Symbol::Word(word))) if matches!(word.as_str(), "AND" | "OR") => {
                    if word == "OR" {
                        break;
                    }
                }
                // Punctuation by itself, as in `a & b`, asks for nothing.
                Some((_, Symbol::Word(word))) if Term::new(word, false).is_none() => self.next += 1,
                Some(_) => parts.push(self.operand(in_title)?),
            }
        }
        match parts.len() {
            0 => Err(self.lacks_term(start)),
            1 => Ok(parts.remove(0)),
            _ => Ok(Query::And(parts)),
        }
    }

    fn operand(&mut self, in_title: bool) -> Result<Query, QueryError> {
        if self.is_operator("NOT") {
            self.next += 1;
            return Ok(Query::Not(Box::new(self.operand(in_title)?)));
        }
        if self.is_operator("AND") || self.is_operator("OR") {
            return Err(self.lacks_operand());
        }
        let Some((at, symbol)) = self.symbols.get(self.next).cloned() else {
            return Err(self.lacks_operand());
        };
        match symbol {
            Symbol::Close => Err(self.lacks_operand()),
            Symbol::Open => self.group(at, in_title),
            Symbol::Phrase { text, is_prefix } => {
                self.next += 1;
                self.term(at, &text, is_prefix).map(|term| textual(term, in_title))
            }
            Symbol::Word(word) => {
                if let Some((name, value)) = field(&word) {
                    return self.field(at, name, value, in_title);
                }
                self.next += 1;
                self.word(at, &word).map(|term| textual(term, in_title))
            }
        }
    }

    fn group(&mut self, at: usize, in_title: bool) -> Result<Query, QueryError> {
        if self.depth == DEEPEST {
            let message = format!("more than {DEEPEST} parentheses stand within each other here");
            return Err(self.error(
                at,
                message,
                "write it flatter, or put a text that holds parentheses in quotes",
            ));
        }
        self.depth += 1;
        self.next += 1;
        let query = self.alternatives(in_title)?;
        self.depth -= 1;
        if !matches!(self.symbols.get(self.next), Some((_, Symbol::Close))) {
            return Err(self.error(
                at,
                "this parenthesis is not closed",
                "close it, or put the text in quotes",
            ));
        }
        self.next += 1;
        Ok(query)
    }

    fn field(&mut self, at: usize, name: &str, value: &str, in_title: bool) -> Result<Query, QueryError> {
        let lower = name.to_ascii_lowercase();
        if in_title || !["title", "site", "author", "category", "date"].contains(&lower.as_str()) {
            let message = if in_title {
                "a field within title:".to_owned()
            } else {
                format!("there is no field `{name}:`")
            };
            let hint = format!("fields are {FIELDS}; put a text that holds a colon in quotes");
            return Err(self.error(at, message, &hint));
        }
        self.next += 1;
        let inner = at + name.len() + 1;
        if lower == "title" && value.is_empty() {
            return match self.symbols.get(self.next) {
                Some((place, Symbol::Open)) if *place == inner => self.group(inner, true),
                _ => self
                    .value(inner, &lower)
                    .and_then(|(text, is_prefix)| self.term(inner, &text, is_prefix).map(Query::Title)),
            };
        }
        let (text, is_prefix) = if value.is_empty() { self.value(inner, &lower)? } else { star(value) };
        if is_prefix && matches!(lower.as_str(), "site" | "date") {
            let hint = "site: is the whole name of a site, date: a year, a month, a day or a range of them";
            return Err(self.error(inner, format!("`{lower}:` takes no star"), hint));
        }
        match lower.as_str() {
            "title" => self.term(inner, &text, is_prefix).map(Query::Title),
            "author" => self.term(inner, &text, is_prefix).map(Query::Author),
            "category" => self.term(inner, &text, is_prefix).map(Query::Category),
            "site" => Ok(Query::Site(text)),
            _ => days(&text).map(Query::Day).ok_or_else(|| {
                let message = format!("`{text}` is no date and no range of dates");
                self.error(
                    inner,
                    message,
                    "write 2023, 2023-02, 2023-02-27, or a range as 2023-02..2023-06-30, 2023.. or ..2022",
                )
            }),
        }
    }

    /// The phrase that stands right behind `field:`.
    fn value(&mut self, at: usize, name: &str) -> Result<(String, bool), QueryError> {
        match self.symbols.get(self.next).cloned() {
            Some((place, Symbol::Phrase { text, is_prefix })) if place == at => {
                self.next += 1;
                Ok((text, is_prefix))
            }
            _ => {
                let message = format!("`{name}:` has no value");
                Err(self.error(at, message, "write it right behind the colon; in quotes when it has spaces"))
            }
        }
    }

    fn word(&self, at: usize, word: &str) -> Result<Term, QueryError> {
        let (text, is_prefix) = star(word);
        self.term(at, &text, is_prefix)
    }

    fn term(&self, at: usize, text: &str, is_prefix: bool) -> Result<Term, QueryError> {
        let hint = "letters, digits, characters and symbols are searched for, punctuation is not";
        Term::new(text, is_prefix).ok_or_else(|| self.error(at, "there is only punctuation here", hint))
    }

    fn lacks_operand(&self) -> QueryError {
        let at = self.symbols.get(self.next).map_or(self.text.chars().count(), |(at, _)| *at);
        self.error(
            at,
            "a term is missing here",
            "AND, OR and NOT stand before a term; in quotes they are words like others",
        )
    }

    /// There is nothing from that symbol on that could be searched for.
    fn lacks_term(&self, start: usize) -> QueryError {
        let is_empty = start == self.next;
        if is_empty && (start > 0 || !self.symbols.is_empty()) {
            return self.lacks_operand();
        }
        let message = if is_empty { "it is empty" } else { "there is only punctuation here" };
        let at = self.symbols.get(start).map_or(0, |(at, _)| *at);
        self.error(at, message, "give a word, a \"phrase\", or a field such as title:")
    }
}

fn textual(term: Term, in_title: bool) -> Query {
    if in_title { Query::Title(term) } else { Query::Text(term) }
}

/// A word without the star that says it may go on.
fn star(word: &str) -> (String, bool) {
    match word.strip_suffix(['*', '＊']) {
        Some(start) => (start.to_owned(), true),
        None => (word.to_owned(), false),
    }
}

/// `2023`, `2023-02`, `2023-02-27` or two of them parted by `..`, one of which may be left out.
fn days(text: &str) -> Option<RangeInclusive<i64>> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    if from.is_empty() && to.is_empty() {
        return None;
    }
    // An article whose date is unknown has day 0 and is in no range.
    let first = if from.is_empty() { 1 } else { day(from, 0)? };
    let last = if to.is_empty() { i64::MAX } else { day(to, 99)? };
    (first <= last).then_some(first..=last)
}

/// A day as 20230227, with `missing` for what is not given.
fn day(text: &str, missing: i64) -> Option<i64> {
    let mut parts = text.split('-');
    let mut part = |digits: usize, limit: i64| -> Option<i64> {
        let Some(part) = parts.next() else { return Some(missing) };
        let is_number = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|n| is_number && (1..=limit).contains(n))
    };
    let number = part(4, 9999)? * 10_000 + part(2, 12)? * 100 + part(2, 31)?;
    parts.next().is_none().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(written: &str) -> Query {
        Query::Text(Term::new(written, false).unwrap())
    }

    fn title(written: &str) -> Query {
        Query::Title(Term::new(written, false).unwrap())
    }

    #[test]
    fn words_stand_together_and_operators_bind_as_usual() {
        let not = |query| Query::Not(Box::new(query));
        for (written, expected) in [
            ("西安", text("西安")),
            ("西安 临空", Query::And(vec![text("西安"), text("临空")])),
            ("西安 AND 临空", Query::And(vec![text("西安"), text("临空")])),
            ("西安 & 临空", Query::And(vec![text("西安"), text("临空")])),
            ("a b OR c", Query::Or(vec![Query::And(vec![text("a"), text("b")]), text("c")])),
            ("a (b OR c)", Query::And(vec![text("a"), Query::Or(vec![text("b"), text("c")])])),
            ("a NOT b", Query::And(vec![text("a"), not(text("b"))])),
            ("a AND NOT b", Query::And(vec![text("a"), not(text("b"))])),
            ("NOT a", not(text("a"))),
            ("“New York”", text("new york")),
            ("\"AND\" or", Query::And(vec![text("and"), text("or")])),
            ("title:西安 x", Query::And(vec![title("西安"), text("x")])),
            ("title：“西安 临空”", title("西安 临空")),
            ("title:(西安 OR 临空)", Query::Or(vec![title("西安"), title("临空")])),
            ("site:parks", Query::Site("parks".into())),
            ("date:2023", Query::Day(20_230_000..=20_239_999)),
            ("date:2023-02..2023-06-30", Query::Day(20_230_200..=20_230_630)),
            ("date:..2022", Query::Day(1..=20_229_999)),
            ("10:30", text("10:30")),
            ("http://a.example/", text("http://a.example/")),
            ("时间:上午", text("时间:上午")),
        ] {
            assert_eq!(Query::parse(written), Ok(expected), "{written}");
        }
        assert_eq!(Query::parse("inf*"), Ok(Query::Text(Term::new("inf", true).unwrap())));
        assert_eq!(Query::parse("\"new yor\"*"), Ok(Query::Text(Term::new("new yor", true).unwrap())));
    }

    #[test]
    fn an_error_says_what_and_where() {
        for (written, at, message) in [
            ("", 0, "it is empty"),
            ("  ", 0, "it is empty"),
            ("，。！", 0, "only punctuation"),
            ("西安 \"临空", 3, "not closed"),
            ("西安 (临空", 3, "not closed"),
            ("西安)", 2, "closes nothing"),
            ("()", 1, "missing"),
            ("AND 西安", 0, "missing"),
            ("西安 OR", 5, "missing"),
            ("西安 AND AND 临空", 7, "missing"),
            ("NOT", 3, "missing"),
            ("a OR OR b", 5, "missing"),
            ("titel:西安", 0, "no field `titel:`"),
            ("title: 西安", 6, "no value"),
            ("title:", 6, "no value"),
            ("title:(site:a)", 7, "within title:"),
            ("西安 date:2023-13", 8, "is no date"),
            ("date:..", 5, "is no date"),
            ("date:2024..2023", 5, "is no date"),
            ("\"，\"", 0, "only punctuation"),
            ("site:park*", 5, "takes no star"),
            ("西安 site:\"park\"*", 8, "takes no star"),
            ("date:2023＊", 5, "takes no star"),
        ] {
            let error = Query::parse(written).unwrap_err();
            assert!(error.message.contains(message), "{written}: {error}");
            assert_eq!(error.at, at, "{written}: {error}");
            assert!(!error.hint.is_empty());
        }
    }

    #[test]
    fn an_error_points_below_the_place() {
        let error = Query::parse("西安 titel:临空").unwrap_err().to_string();
        let lines: Vec<&str> = error.lines().collect();
        assert_eq!(lines[1], "  | 西安 titel:临空");
        assert_eq!(lines[2], "  | \u{3000}\u{3000} ^");
    }

    #[test]
    fn what_is_too_long_or_too_deep_is_refused() {
        assert!(Query::parse(&"西".repeat(1000)).is_ok());
        assert!(Query::parse(&"西".repeat(10_000)).unwrap_err().message.contains("10000"));
        let nested = |depth| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(Query::parse(&nested(12)), Ok(text("a")));
        assert_eq!(Query::parse(&nested(13)).unwrap_err().at, 12);
    }
}
