//! An article as a reference: where it stands, when it was fetched, and by which digest it can be
//! proved.

mod bibtex;
mod gbt7714;
mod ris;

use serde::Serialize;

use crate::archive::ArticleRecord;

/// The reference in three styles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Citation {
    /// A BibTeX entry.
    pub bibtex: String,
    /// A RIS record.
    pub ris: String,
    /// A line by GB/T 7714-2015.
    pub gbt7714: String,
}

impl Citation {
    /// The reference of an article's current version.
    pub fn of(article: &ArticleRecord) -> Self {
        let work = Work::of(article);
        Self { bibtex: bibtex::entry(&work), ris: ris::record(&work), gbt7714: gbt7714::line(&work) }
    }
}

/// A date of publication, as precise as known.
#[derive(Debug, Clone, Copy)]
struct Date<'a> {
    year: &'a str,
    month: Option<&'a str>,
    day: Option<&'a str>,
}

impl<'a> Date<'a> {
    /// Year, month and day of an ISO 8601 value, as far as they are there.
    fn of(value: &'a str) -> Option<Self> {
        let day = value.split('T').next().unwrap_or_default();
        let mut parts = day.split('-');
        let year = parts.next().filter(|year| year.len() == 4)?;
        Some(Self { year, month: parts.next(), day: parts.next() })
    }
}

impl std::fmt::Display for Date<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.year)?;
        [self.month, self.day].into_iter().flatten().try_for_each(|part| write!(f, "-{part}"))
    }
}

/// What a reference is made of.
struct Work<'a> {
    article: &'a ArticleRecord,
    authors: Vec<&'a str>,
    /// The medium: where it was taken from, or the site.
    medium: &'a str,
    published: Option<Date<'a>>,
    /// When it was fetched, ISO 8601.
    fetched: &'a str,
    /// BLAKE3 of the page as fetched.
    digest: Option<&'a str>,
}

impl<'a> Work<'a> {
    fn of(article: &'a ArticleRecord) -> Self {
        let capture = article.capture.as_ref();
        let medium = article.source.as_deref().or(article.site_name.as_deref()).unwrap_or(&article.site);
        Self {
            article,
            authors: article.author.as_deref().map(authors).unwrap_or_default(),
            medium,
            published: article.published.as_deref().and_then(Date::of),
            fetched: capture.map_or(&article.last_seen, |capture| &capture.fetched_at),
            digest: capture.map(|capture| capture.digest.as_str()),
        }
    }

    /// The day it was fetched.
    fn fetched_day(&self) -> &'a str {
        self.fetched.split('T').next().unwrap_or_default()
    }

    /// What proves it, in words.
    fn proof(&self) -> String {
        let digest = self.digest.map(|digest| format!(", BLAKE3 {digest}")).unwrap_or_default();
        format!("fetched {}{digest}", self.fetched)
    }
}

/// The names in a byline.
fn authors(byline: &str) -> Vec<&str> {
    let is_between = |c: char| matches!(c, ',' | '，' | '、' | ';' | '；' | '/' | '|');
    byline.split(is_between).map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// A text on one line, without characters that mean something to a terminal or a parser.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bylines_are_cut_into_names() {
        assert_eq!(authors("林小雨、周航；王师傅"), ["林小雨", "周航", "王师傅"]);
        assert_eq!(authors("Jane Doe, Li Wei"), ["Jane Doe", "Li Wei"]);
    }

    #[test]
    fn a_date_is_no_more_precise_than_known() {
        for (value, want) in
            [("2023", "2023"), ("2023-02", "2023-02"), ("2023-02-27T15:05+08:00", "2023-02-27")]
        {
            assert_eq!(Date::of(value).unwrap().to_string(), want);
        }
        assert!(Date::of("").is_none());
    }
}
