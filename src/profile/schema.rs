//! The shape of a profile file. An unknown key is an error with its line.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de};

use super::rule::{Css, Pattern, Rule};
use crate::url::UrlPattern;

/// A profile as written; what is required is checked after `extends` is resolved.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schema {
    /// Version of the format: 1.
    pub schema: Option<Version>,
    /// What the profile is for, in words.
    pub name: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// IANA name, for dates without an offset.
    pub timezone: Option<Zone>,
    /// The profile that this one adds to.
    pub extends: Option<String>,
    /// The last day of the layout.
    pub valid_until: Option<Day>,
    /// Fields that every article must have.
    pub required: Vec<Field>,
    /// Which pages the profile is for.
    #[serde(rename = "match")]
    pub matching: Matching,
    /// Where the fields are.
    pub article: Fields,
    /// What does not belong to the body.
    pub clean: Clean,
    /// The list of related articles.
    pub related: Option<RelatedRule>,
    /// Where new articles show up.
    pub discover: Discover,
    /// Saved pages with what they must give.
    #[serde(rename = "sample")]
    pub samples: Vec<Sample>,
}

/// `schema = 1`
#[derive(Debug, Clone, Copy)]
pub struct Version;

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match i64::deserialize(deserializer)? {
            1 => Ok(Self),
            other => {
                Err(de::Error::custom(format!("schema {other} is unknown; this version reads schema 1")))
            }
        }
    }
}

/// A time zone that exists.
#[derive(Debug, Clone)]
pub struct Zone(pub jiff::tz::TimeZone);

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        jiff::tz::TimeZone::get(&name).map(Self).map_err(|_| {
            de::Error::custom(format!("`{name}` is not a time zone; write one like Asia/Shanghai"))
        })
    }
}

/// A calendar day, as a TOML date or as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(pub jiff::civil::Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.parse()
            .map(Self)
            .map_err(|_| de::Error::custom(format!("`{text}` is not a day; write 2024-05-01")))
    }
}

/// A field of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// The headline.
    Title,
    /// The text.
    Body,
    /// Who wrote it.
    Author,
    /// Where it was taken from.
    Source,
    /// The section.
    Category,
    /// The view counter.
    Views,
    /// The date.
    Published,
    /// Key words.
    Tags,
}

impl Field {
    /// The name used in profiles and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Body => "body",
            Self::Author => "author",
            Self::Source => "source",
            Self::Category => "category",
            Self::Views => "views",
            Self::Published => "published",
            Self::Tags => "tags",
        }
    }
}

/// `[match]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Matching {
    /// Exact host names; `*.example.com` covers sub-domains.
    pub hosts: Vec<String>,
    /// A page that has such an element is of this layout.
    pub fingerprint: Option<Css>,
    /// The forms of article URLs.
    pub article: Vec<UrlPattern>,
}

/// `[article]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each is the rule of the article field of that name")]
pub struct Fields {
    pub title: Option<Rule>,
    pub body: Option<Rule>,
    pub author: Option<Rule>,
    pub source: Option<Rule>,
    pub editor: Option<Rule>,
    pub category: Option<Rule>,
    pub views: Option<Rule>,
    pub published: Option<Rule>,
    pub modified: Option<Rule>,
    pub permalink: Option<Rule>,
    pub breadcrumbs: Option<Rule>,
    pub tags: Option<Rule>,
}

/// `[clean]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clean {
    /// Elements inside the body that are not part of it.
    pub remove: Vec<Css>,
    /// A paragraph that matches ends the body, and so is not part of it.
    pub cut_from: Vec<Pattern>,
    /// Single paragraphs.
    pub drop: Vec<Pattern>,
}

/// `[related]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelatedRule {
    /// One entry.
    pub item: Css,
    /// Inside an entry.
    pub title: Rule,
    /// Inside an entry.
    pub url: Rule,
    /// Inside an entry.
    pub excerpt: Option<Rule>,
}

/// `[discover]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Discover {
    /// Paths of feeds.
    pub feeds: Vec<UrlPattern>,
    /// Paths of sitemaps.
    pub sitemaps: Vec<UrlPattern>,
    /// Forms of list pages.
    pub lists: Vec<ListRule>,
    /// The link to a list's next page.
    pub next: Option<Css>,
    /// Counting ids.
    pub ids: Option<IdsRule>,
}

/// One kind of list page.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRule {
    /// Pages of the list, `{page}` for the page's number.
    pub url: UrlPattern,
    /// The first page, when it has a form of its own.
    pub first: Option<UrlPattern>,
    /// The links to articles on it; all article links when left out.
    pub item: Option<Css>,
}

/// Articles found by counting.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdsRule {
    /// The path, with `{id}`.
    #[serde(deserialize_with = "with_id")]
    pub url: UrlPattern,
    /// Where to begin as long as no number is known.
    #[serde(default)]
    pub from: Option<i64>,
    /// From one number to the next.
    #[serde(default = "one", deserialize_with = "at_least_one")]
    pub step: i64,
    /// Ends after so many numbers in a row without an article.
    pub stop_after_missing: u32,
}

fn one() -> i64 {
    1
}

fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let step = i64::deserialize(deserializer)?;
    if step >= 1 { Ok(step) } else { Err(de::Error::custom("step must be 1 or more; both ways are counted")) }
}

fn with_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UrlPattern, D::Error> {
    let pattern = UrlPattern::deserialize(deserializer)?;
    let others = pattern.as_str().replace("{id}", "");
    if others.len() == pattern.as_str().len() || others.contains('{') {
        return Err(de::Error::custom(format!(
            "`{}` must have {{id}} and no other placeholder",
            pattern.as_str()
        )));
    }
    Ok(pattern)
}

/// `[[sample]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Path of the saved page, from the folder above `selectors/`.
    pub page: String,
    /// Where it was.
    pub url: String,
    /// When it was saved: ages count back from here.
    pub fetched_at: jiff::Timestamp,
    /// The `Content-Type` it was sent with.
    pub content_type: Option<String>,
    /// What it must give.
    pub expect: Expect,
}

/// `[sample.expect]`: facts written by hand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is the expected value of the article field of that name")]
pub struct Expect {
    pub title: String,
    pub author: Option<String>,
    pub source: Option<String>,
    pub editor: Option<String>,
    pub category: Option<String>,
    pub views: Option<Count>,
    pub published: Option<String>,
    pub modified: Option<String>,
    pub permalink: Option<String>,
    pub language: Option<String>,
    pub breadcrumbs: Option<Vec<String>>,
    pub tags: Option<Vec<String>>,
    /// The number of related links.
    pub related: Option<usize>,
    pub body: ExpectBody,
}

/// A number, or a number as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(pub u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.parse().map(Self).map_err(|_| de::Error::custom(format!("`{text}` is not a number")))
    }
}

/// `[sample.expect.body]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectBody {
    /// How the text begins.
    pub starts: String,
    /// How it ends.
    pub ends: String,
    /// What stands in it.
    #[serde(default)]
    pub contains: Vec<String>,
    /// What must not.
    #[serde(default)]
    pub excludes: Vec<String>,
    /// The fewest and most characters.
    pub chars: Option<[usize; 2]>,
}

/// Profile names and the tables they were read from, for `extends`.
pub(super) type Tables = BTreeMap<String, toml::Table>;
