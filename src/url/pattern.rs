//! URL patterns of profiles: `/index.php/post/{id}.html`.

use std::fmt;

use regex::Regex;
use serde::{Deserialize, Deserializer, de};

use super::CanonicalUrl;

/// A path (and query) with placeholders, matched against the whole path and query of a URL.
///
/// `{id}`, `{n}`, `{page}`, `{year}`, `{month}`, `{day}` stand for digits, `{slug}` for one path
/// segment without its ending, `{path}` for anything without a query.
#[derive(Clone)]
pub struct UrlPattern {
    text: String,
    regex: Regex,
}

/// A pattern that names an unknown placeholder or does not start with `/`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The pattern does not start with `/`.
    #[error("`{0}` must start with `/`")]
    NotAPath(String),
    /// A placeholder that is not one of the known ones.
    #[error(
        "`{{{0}}}` is unknown; use {{id}}, {{n}}, {{page}}, {{year}}, {{month}}, {{day}}, {{slug}} or {{path}}"
    )]
    UnknownPlaceholder(String),
    /// A `{` without its `}`.
    #[error("`{{` in `{0}` has no `}}`")]
    Unclosed(String),
}

impl UrlPattern {
    /// Compiles a pattern.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        if !text.starts_with('/') {
            return Err(PatternError::NotAPath(text.to_owned()));
        }
        let mut regex = String::from("^");
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            regex.push_str(&regex::escape(&rest[..open]));
            let close = rest[open..].find('}').ok_or_else(|| PatternError::Unclosed(text.to_owned()))? + open;
            let name = &rest[open + 1..close];
            regex.push_str(match name {
                "page" => r"(?<page>\d+)",
                "id" if !regex.contains("?<id>") => r"(?<id>\d+)",
                "id" | "n" | "year" | "month" | "day" => r"(\d+)",
                "slug" => r"([^/?#]+)",
                "path" => r"([^?#]+)",
                _ => return Err(PatternError::UnknownPlaceholder(name.to_owned())),
            });
            rest = &rest[close + 1..];
        }
        regex.push_str(&regex::escape(rest));
        regex.push('$');
        let regex = Regex::new(&regex).map_err(|_| PatternError::Unclosed(text.to_owned()))?;
        Ok(Self { text: text.to_owned(), regex })
    }

    /// Whether the URL's path and query have this form.
    pub fn matches(&self, url: &CanonicalUrl) -> bool {
        self.regex.is_match(url.path_and_query())
    }

    /// The number that stands for `{page}`.
    pub fn page_number(&self, url: &CanonicalUrl) -> Option<u32> {
        self.regex.captures(url.path_and_query())?.name("page")?.as_str().parse().ok()
    }

    /// What stands for the placeholders other than `{page}`, in order; `None` when the URL has another form.
    pub fn others<'u>(&self, url: &'u CanonicalUrl) -> Option<Vec<&'u str>> {
        let found = self.regex.captures(url.path_and_query())?;
        let named = self.regex.capture_names().enumerate().skip(1).filter(|(_, name)| *name != Some("page"));
        named.map(|(n, _)| found.get(n).map(|part| part.as_str())).collect()
    }

    /// The path with a number for `{page}` and these for the other placeholders; `None` when there is no
    /// `{page}`, or another number of others.
    pub fn with_page(&self, number: u32, others: &[&str]) -> Option<String> {
        let (head, tail) = self.text.split_once("{page}")?;
        let number = number.to_string();
        let mut parts =
            (head.matches('{').count() + tail.matches('{').count() == others.len()).then_some(others)?.iter();
        let mut path = String::new();
        let mut rest = self.text.as_str();
        while let Some((before, (name, after))) =
            rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            path.push_str(before);
            path.push_str(if name == "page" { &number } else { parts.next()? });
            rest = after;
        }
        Some(path + rest)
    }

    /// The number that stands for `{id}`, the first one.
    pub fn id(&self, url: &CanonicalUrl) -> Option<i64> {
        self.regex.captures(url.path_and_query())?.name("id")?.as_str().parse().ok()
    }

    /// The path with a number for `{id}`.
    pub fn with_id(&self, id: i64) -> String {
        self.text.replace("{id}", &id.to_string())
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern holds no placeholder, and so names one page.
    pub fn is_literal(&self) -> bool {
        !self.text.contains('{')
    }
}

impl fmt::Debug for UrlPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.text)
    }
}

impl<'de> Deserialize<'de> for UrlPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_match_whole_paths_only() {
        for (pattern, url, want) in [
            ("/post/{id}.html", "http://e.com/post/12.html", true),
            ("/post/{id}.html", "http://e.com/post/12.html?x=1", false),
            ("/post/{id}.html", "http://e.com/a/post/12.html", false),
            ("/?id={id}", "http://e.com/?id=12", true),
            ("/{year}/{month}/{slug}/", "http://e.com/2023/02/hello-world/", true),
            ("/{year}/{month}/{slug}/", "http://e.com/2023/02/a/b/", false),
            ("/a/{path}/{id}.html", "http://e.com/a/news/city/77.html", true),
            ("/category-{n}_{page}.html", "http://e.com/category-2_3.html", true),
        ] {
            let url = CanonicalUrl::parse(url, None).unwrap();
            assert_eq!(UrlPattern::new(pattern).unwrap().matches(&url), want, "{pattern} {url}");
        }
    }

    #[test]
    fn a_page_of_a_list_is_made_from_another_one() {
        for (form, first, here, want) in [
            ("/list/{page}.html", "/", "/", Some("/list/3.html")),
            ("/list/{page}.html", "/", "/list/2.html", Some("/list/3.html")),
            ("/c-{n}_{page}.html", "/c-{n}.html", "/c-7.html", Some("/c-7_3.html")),
            ("/{slug}/{year}/p{page}?x={n}", "/", "/news/2024/p9?x=5", Some("/news/2024/p3?x=5")),
            ("/c-{n}_{page}.html", "/", "/", None),
            ("/c-{n}.html", "/c-{n}.html", "/c-7.html", None),
            ("/list/{page}.html", "/", "/other", None),
        ] {
            let [form, first] = [form, first].map(|text| UrlPattern::new(text).unwrap());
            let here = CanonicalUrl::parse(&format!("http://e.com{here}"), None).unwrap();
            let others = form.others(&here).or_else(|| first.others(&here));
            let made = others.and_then(|others| form.with_page(3, &others));
            assert_eq!(made.as_deref(), want, "{form:?} {here}");
        }
    }

    #[test]
    fn a_wrong_placeholder_is_named() {
        assert_eq!(UrlPattern::new("/{nr}").unwrap_err(), PatternError::UnknownPlaceholder("nr".into()));
        assert!(UrlPattern::new("post").is_err());
        assert!(UrlPattern::new("/{id").is_err());
    }
}
