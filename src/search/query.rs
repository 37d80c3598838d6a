//! What is asked for: words, "phrases", AND, OR, NOT, fields, dates; and whether an article is a hit.

use std::fmt;
use std::ops::RangeInclusive;

use super::fold::{Kind, fold_text, kind};
use super::term::Term;

/// What is known of an article besides its text.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The site's name.
    pub site: &'a str,
    /// The day of publication as 20230227; unknown parts are 0.
    pub day: i64,
    /// The section.
    pub category: Option<&'a str>,
    /// Who wrote it.
    pub author: Option<&'a str>,
}

/// A query, read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Query {
    /// The text or the title holds it.
    Text(Term),
    /// The title holds it.
    Title(Term),
    /// The site's name is this one.
    Site(String),
    /// The author's name holds it.
    Author(Term),
    /// The category's name holds it.
    Category(Term),
    /// The day of publication is one of these: 20230227; unknown parts are 00.
    Day(RangeInclusive<i64>),
    /// None of it.
    Not(Box<Query>),
    /// All of them; never empty.
    And(Vec<Query>),
    /// One of them; never empty.
    Or(Vec<Query>),
}

/// Why a query can't be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// What is wrong.
    pub message: String,
    /// Where, in characters from the start.
    pub at: usize,
    /// What to do.
    pub hint: String,
    pub(super) query: String,
}

impl std::error::Error for QueryError {}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Characters that are shown before the place, and behind it.
        const AROUND: usize = 30;
        let start = self.at.saturating_sub(AROUND);
        let shown = self.query.chars().map(|c| if c.is_control() { ' ' } else { c });
        let shown: String = shown.skip(start).take(2 * AROUND).collect();
        // A space as wide as the character above it.
        let wide =
            |c| if kind(c) == Kind::Spread || !('\0'..'\u{2e80}').contains(&c) { '\u{3000}' } else { ' ' };
        let indent: String = shown.chars().take(self.at - start).map(wide).collect();
        write!(
            f,
            "the query can't be read: {}\n  | {shown}\n  | {indent}^\n  hint: {}",
            self.message, self.hint
        )
    }
}

impl Query {
    /// Reads a query.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        super::parse::parse(text)
    }

    /// The terms that a hit may hold, with whether they stand in the title only; none that it must not.
    pub fn terms(&self) -> Vec<(&Term, bool)> {
        match self {
            Self::Text(term) => vec![(term, false)],
            Self::Title(term) => vec![(term, true)],
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::terms).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether an article is a hit. `holds` says whether it holds a term, in its title or anywhere.
    pub fn is_hit(&self, facts: &Facts<'_>, holds: &dyn Fn(&Query) -> bool) -> bool {
        let within = |term: &Term, name: Option<&str>| name.is_some_and(|name| term.is_in(&fold_text(name)));
        match self {
            Self::Text(_) | Self::Title(_) => holds(self),
            Self::Site(site) => facts.site == site,
            Self::Author(term) => within(term, facts.author),
            Self::Category(term) => within(term, facts.category),
            Self::Day(days) => days.contains(&facts.day),
            Self::Not(part) => !part.is_hit(facts, holds),
            Self::And(parts) => parts.iter().all(|part| part.is_hit(facts, holds)),
            Self::Or(parts) => parts.iter().any(|part| part.is_hit(facts, holds)),
        }
    }

    /// Whether a folded text and title hold a term of the query: the `holds` of a text that is at hand.
    pub fn holds_in(&self, title: &str, body: &str) -> bool {
        match self {
            Self::Text(term) => term.is_in(body) || term.is_in(title),
            Self::Title(term) => term.is_in(title),
            _ => false,
        }
    }

    /// The query for the index of characters, when it is a single one anywhere in an article.
    pub fn character(&self) -> Option<String> {
        match self {
            Self::Text(term) if term.is_single() => Some(format!("\"{}\"", term.text())),
            _ => None,
        }
    }

    /// The parts that look for a term, those that are unwanted included.
    pub fn leaves(&self) -> Vec<&Query> {
        match self {
            Self::Text(_) | Self::Title(_) => vec![self],
            Self::Not(part) => part.leaves(),
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::leaves).collect(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_sees_facts_and_terms() {
        let facts =
            Facts { site: "a", day: 20_230_227, category: Some("新聞中心"), author: Some("Li Ming") };
        for (written, expected) in [
            ("site:a", true),
            ("site:b", false),
            ("category:新闻", true),
            ("author:ming", true),
            ("author:min", false),
            ("author:min*", true),
            ("date:2023-02", true),
            ("date:2023-03..", false),
            ("site:b OR 西安", true),
            ("NOT 西安", false),
            ("title:西安", false),
        ] {
            let query = Query::parse(written).unwrap();
            let is_hit = query.is_hit(&facts, &|leaf| leaf.holds_in("题目", "在西安"));
            assert_eq!(is_hit, expected, "{written}");
        }
    }
}
