//! The selector language of profiles: CSS with `::text` and `::attr(name)`, fallbacks, patterns.

use std::fmt;

use regex::Regex;
use scraper::{ElementRef, Html, Selector};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A compiled CSS selector.
#[derive(Clone)]
pub struct Css {
    text: String,
    selector: Selector,
}

impl Css {
    /// Compiles a selector; the error says what is wrong in the profile author's terms.
    pub fn new(text: &str) -> Result<Self, String> {
        if let Some(at) = text.find("::") {
            return Err(format!(
                "`{}` can't stand here; only fields take ::text and ::attr(name)",
                &text[at..]
            ));
        }
        match Selector::parse(text) {
            Ok(selector) => Ok(Self { text: text.to_owned(), selector }),
            Err(error) => Err(format!("`{text}` is not a CSS selector: {}", explain(&error))),
        }
    }

    /// The compiled form.
    pub fn selector(&self) -> &Selector {
        &self.selector
    }
}

/// scraper's own message asks to report a bug; this is a typing error.
fn explain(error: &scraper::error::SelectorErrorKind) -> String {
    use scraper::error::SelectorErrorKind as Kind;
    match error {
        Kind::EndOfLine => "it ends too early".to_owned(),
        Kind::UnexpectedToken => "a character stands where none may".to_owned(),
        Kind::TooManyNestedBlocks => "too many brackets inside each other".to_owned(),
        _ => "check the pseudo-class; :has, :is, :where, :not and :nth-child work, :contains does not"
            .to_owned(),
    }
}

impl fmt::Debug for Css {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Css {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// A compiled regular expression.
#[derive(Clone)]
pub struct Pattern(Regex);

impl Pattern {
    fn new(text: &str) -> Result<Self, String> {
        Regex::new(text).map(Self).map_err(|error| {
            let message = error.to_string();
            let reason = message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("`{text}` is not a regular expression: {reason}")
        })
    }

    /// The compiled form.
    pub fn regex(&self) -> &Regex {
        &self.0
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// What a selector takes from an element.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Take {
    /// All text inside.
    AllText,
    /// `::text`: only text that is not inside a child.
    OwnText,
    /// `::attr(name)`.
    Attribute(String),
}

/// One selector of a field, with what it takes and a pattern.
#[derive(Debug, Clone)]
pub(super) struct Alternative {
    css: Css,
    take: Take,
    pattern: Option<Pattern>,
}

impl Alternative {
    fn new(text: &str, pattern: Option<Pattern>) -> Result<Self, String> {
        let (css, take) = match text.rsplit_once("::") {
            None => (text, Take::AllText),
            Some((css, "text")) => (css, Take::OwnText),
            Some((css, suffix)) => match suffix.strip_prefix("attr(").and_then(|s| s.strip_suffix(')')) {
                Some(name) if !name.is_empty() => (css, Take::Attribute(name.to_owned())),
                _ => return Err(format!("`::{suffix}` is unknown; use ::attr(name) or ::text")),
            },
        };
        Ok(Self { css: Css::new(css.trim())?, take, pattern })
    }

    fn value(&self, element: ElementRef<'_>) -> Option<String> {
        let text = match &self.take {
            Take::AllText => squeeze(element.text()),
            Take::OwnText => {
                squeeze(element.children().filter_map(|child| child.value().as_text()).map(|t| &**t))
            }
            Take::Attribute(name) => element.attr(name)?.trim().to_owned(),
        };
        let value = match &self.pattern {
            // The first group when there is one, else all that matched.
            Some(pattern) => {
                let found = pattern.0.captures(&text)?;
                found.get(1).or_else(|| found.get(0))?.as_str().trim().to_owned()
            }
            None => text,
        };
        (!value.is_empty()).then_some(value)
    }
}

/// Joins text nodes with white space collapsed to single spaces.
pub(crate) fn squeeze<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    let mut gap = false;
    for part in parts {
        for c in part.chars() {
            if c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}') {
                gap = true;
            } else {
                if gap && !out.is_empty() {
                    out.push(' ');
                }
                gap = false;
                out.push(c);
            }
        }
    }
    out
}

/// A field: alternatives in order, the first non-empty one wins.
#[derive(Debug, Clone)]
pub struct Rule(Vec<Alternative>);

impl Rule {
    /// The field's value in a document.
    pub fn first(&self, document: &Html) -> Option<String> {
        self.0.iter().find_map(|a| document.select(&a.css.selector).find_map(|element| a.value(element)))
    }

    /// The field's value inside an element.
    pub fn first_in(&self, element: ElementRef<'_>) -> Option<String> {
        self.0.iter().find_map(|a| element.select(&a.css.selector).find_map(|inner| a.value(inner)))
    }

    /// All values of the first alternative that has any.
    pub fn all(&self, document: &Html) -> Vec<String> {
        let values = |a: &Alternative| -> Vec<String> {
            document.select(&a.css.selector).filter_map(|element| a.value(element)).collect()
        };
        self.0.iter().map(values).find(|values| !values.is_empty()).unwrap_or_default()
    }

    /// The elements of the first alternative that has text or images, none inside another.
    pub fn elements<'a>(&self, document: &'a Html) -> Vec<ElementRef<'a>> {
        for alternative in &self.0 {
            let mut found: Vec<ElementRef<'a>> = Vec::new();
            for element in document.select(&alternative.css.selector) {
                let inside =
                    element.ancestors().any(|ancestor| found.iter().any(|e| e.id() == ancestor.id()));
                if !inside {
                    found.push(element);
                }
            }
            let has_content = |e: &ElementRef<'_>| {
                e.text().any(|t| !t.trim().is_empty())
                    || e.descendent_elements().any(|d| d.value().name() == "img")
            };
            if found.iter().any(has_content) {
                return found;
            }
        }
        Vec::new()
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RuleVisitor)
    }
}

/// One visitor instead of an untagged enum, which would lose line and message.
struct RuleVisitor;

impl<'de> Visitor<'de> for RuleVisitor {
    type Value = Rule;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a selector, a list of selectors, or { select = …, pattern = '…' }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Rule, E> {
        Alternative::new(text, None).map(|a| Rule(vec![a])).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Rule, A::Error> {
        let mut alternatives = Vec::new();
        while let Some(rule) = list.next_element::<Rule>()? {
            alternatives.extend(rule.0);
        }
        if alternatives.is_empty() {
            return Err(de::Error::custom("an empty list; leave the field out instead"));
        }
        Ok(Rule(alternatives))
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Rule, A::Error> {
        let table = Table::deserialize(de::value::MapAccessDeserializer::new(table))?;
        let Selectors(selectors) = table.select;
        let alternatives: Result<Vec<Alternative>, String> =
            selectors.iter().map(|text| Alternative::new(text, table.pattern.clone())).collect();
        alternatives.map(Rule).map_err(de::Error::custom)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    select: Selectors,
    pattern: Option<Pattern>,
}

/// `"a"` or `["a", "b"]`.
struct Selectors(Vec<String>);

impl<'de> Deserialize<'de> for Selectors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SelectorsVisitor;
        impl<'de> Visitor<'de> for SelectorsVisitor {
            type Value = Selectors;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a selector or a list of selectors")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Selectors, E> {
                Ok(Selectors(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Selectors, A::Error> {
                let mut selectors = Vec::new();
                while let Some(text) = list.next_element::<String>()? {
                    selectors.push(text);
                }
                Ok(Selectors(selectors))
            }
        }
        deserializer.deserialize_any(SelectorsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Holder {
        f: Rule,
    }

    fn rule(toml: &str) -> Rule {
        toml::from_str::<Holder>(&format!("f = {toml}")).unwrap().f
    }

    const PAGE: &str = "<h2>标题<small>2023-02-27</small></h2><p class=i>作者:张三 | 浏览:873</p><a class=t href=/1>一</a><a class=t href=/2>二</a>";

    #[test]
    fn fields_take_text_own_text_attributes_and_patterns() {
        let page = Html::parse_document(PAGE);
        for (toml, want) in [
            ("\"h2\"", Some("标题2023-02-27")),
            ("\"h2::text\"", Some("标题")),
            ("\"a.t::attr(href)\"", Some("/1")),
            ("{ select = \".i\", pattern = '浏览:(\\d+)' }", Some("873")),
            ("[\"h1\", \"h2::text\"]", Some("标题")),
            ("[{ select = \".i\", pattern = 'x' }, \"a.t\"]", Some("一")),
            ("\"h1\"", None),
        ] {
            assert_eq!(rule(toml).first(&page).as_deref(), want, "{toml}");
        }
        assert_eq!(rule("\"a.t::attr(href)\"").all(&page), ["/1", "/2"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_line_and_caret() {
        for (toml, want) in [
            ("\"a::href\"", "`::href` is unknown; use ::attr(name) or ::text"),
            ("\"a[\"", "`a[` is not a CSS selector"),
            ("{ select = \"a\", patern = \"x\" }", "unknown field `patern`"),
            ("{ select = \"a\", pattern = \"(\" }", "`(` is not a regular expression"),
            ("3", "expected a selector"),
        ] {
            let error =
                toml::from_str::<Holder>(&format!("f = {toml}")).err().map(|e| e.to_string()).unwrap();
            assert!(error.contains(want) && error.contains("line 1") && error.contains('^'), "{error}");
        }
    }
}
