//! What is known of an article, and where each part of it came from.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::capture::Digest;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A rule of the profile, by its name.
    Profile(&'static str),
    /// JSON-LD.
    JsonLd,
    /// `<meta>` elements (OpenGraph, Dublin Core and the like).
    Meta,
    /// A `<time>` element or microdata.
    Microdata,
    /// The entry of a feed.
    Feed,
    /// What an API gives of a post.
    Api,
    /// The entry of a news sitemap.
    Sitemap,
    /// Rules that know no site.
    Generic,
    /// Computed from other values.
    Derived,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile(rule) => write!(f, "profile:{rule}"),
            Self::JsonLd => f.write_str("jsonld"),
            Self::Meta => f.write_str("meta"),
            Self::Microdata => f.write_str("microdata"),
            Self::Feed => f.write_str("feed"),
            Self::Api => f.write_str("api"),
            Self::Sitemap => f.write_str("sitemap"),
            Self::Generic => f.write_str("generic"),
            Self::Derived => f.write_str("derived"),
        }
    }
}

/// How fine a date is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Only the year is known.
    Year,
    /// Year and month.
    Month,
    /// A week, named by one of its days.
    Week,
    /// A calendar day.
    Day,
    /// An hour.
    Hour,
    /// A minute.
    Minute,
    /// A second.
    Second,
}

impl Precision {
    /// The precision of that name; a second, when there is none.
    pub fn named(name: &str) -> Self {
        let all = [Self::Year, Self::Month, Self::Week, Self::Day, Self::Hour, Self::Minute];
        all.into_iter().find(|precision| precision.as_str() == name).unwrap_or(Self::Second)
    }

    /// The name used in JSON and in the archive.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
        }
    }
}

/// When something was published, only as precisely as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// ISO 8601, cut at the precision: `2024`, `2023-02`, `2023-02-27`, `2023-02-27T15:05+08:00`;
    /// without an offset when the time zone is not known.
    pub value: String,
    /// How fine the value is.
    pub precision: Precision,
    /// The page gave an age that was rounded, so the value may be off by one unit.
    pub approximate: bool,
    /// The first possible moment.
    pub from: Timestamp,
    /// The last possible moment.
    pub to: Timestamp,
}

impl Published {
    /// Joins what two sources say of one moment: the narrower one where they agree, `None` where
    /// they contradict each other.
    pub fn sharpen(&self, other: &Published) -> Option<Published> {
        let from = self.from.max(other.from);
        let to = self.to.min(other.to);
        if from > to {
            return None;
        }
        let width = |p: &Published| p.to.duration_since(p.from);
        let finer = if width(other) < width(self) { other } else { self };
        Some(Published { from, to, ..finer.clone() })
    }

    /// A moment known to the second, shown in `zone`.
    pub fn exactly(at: Timestamp, zone: Option<&TimeZone>) -> Self {
        let local = at.to_zoned(zone.cloned().unwrap_or(TimeZone::UTC));
        let value = local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        Self { value, precision: Precision::Second, approximate: false, from: at, to: at }
    }
}

/// A value and its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

impl<T> Found<T> {
    /// A value with its origin.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}

/// A link of the page's related list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Related {
    /// Absolute, canonical.
    pub url: String,
    /// The link's title.
    pub title: String,
    /// The text that teases the linked article.
    pub excerpt: Option<String>,
}

/// An image inside the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Absolute.
    pub url: String,
    /// The alternative text.
    pub alt: Option<String>,
    /// The text of the surrounding figure's caption.
    pub caption: Option<String>,
}

/// An article as one page shows it. Empty strings and lists mean: not found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Article {
    /// The headline.
    pub title: String,
    /// Who wrote it.
    pub author: Option<String>,
    /// The medium it was taken from (来源).
    pub source: Option<String>,
    /// The editor responsible (责任编辑).
    pub editor: Option<String>,
    /// The section it stands in.
    pub category: Option<String>,
    /// When it was published.
    pub published: Option<Published>,
    /// When it was last edited.
    pub modified: Option<Published>,
    /// BCP 47, such as `zh`.
    pub language: Option<String>,
    /// The view counter.
    pub views: Option<u64>,
    /// Key words of the page.
    pub tags: Vec<String>,
    /// The way to the page: 首页, 新闻中心.
    pub breadcrumbs: Vec<String>,
    /// The URL that the page gives for itself in its text.
    pub permalink: Option<String>,
    /// The name of the site.
    pub site_name: Option<String>,
    /// Plain text, one line a paragraph.
    pub text: String,
    /// The same as Markdown; `None` when it is the text with blank lines between paragraphs.
    pub markdown: Option<String>,
    /// Links of the related list.
    pub related: Vec<Related>,
    /// Images of the body.
    pub images: Vec<Image>,
    /// Field → where its value came from.
    pub origins: BTreeMap<&'static str, String>,
    /// The elements around the body: what a layout is known by.
    pub template: String,
    /// What contradicts itself on the page, in words.
    pub notes: Vec<String>,
    /// What sets it apart from the site's other articles, in words.
    pub unusual: Vec<&'static str>,
}

impl Article {
    /// The Markdown form of the body.
    pub fn to_markdown(&self) -> String {
        self.markdown.clone().unwrap_or_else(|| paragraphs_as_markdown(&self.text))
    }

    /// Bytes of the Markdown form.
    pub fn markdown_length(&self) -> usize {
        let breaks = || self.text.bytes().filter(|byte| *byte == b'\n').count();
        self.markdown.as_ref().map_or_else(|| self.text.len() + breaks(), String::len)
    }

    /// The digest of the text: equal digests are equal texts.
    pub fn text_digest(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }

    /// Notes where a field's value came from.
    pub fn note_origin(&mut self, field: &'static str, origin: &Origin) {
        self.origins.insert(field, origin.to_string());
    }
}

/// Markdown of a text that has paragraphs only.
pub fn paragraphs_as_markdown(text: &str) -> String {
    text.replace('\n', "\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(value: &str, from: &str, to: &str, approximate: bool) -> Published {
        Published {
            value: value.into(),
            precision: Precision::Day,
            approximate,
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        }
    }

    #[test]
    fn a_later_look_sharpens_a_date_and_never_blurs_it() {
        let vague = day("2025-03-07", "2025-03-06T00:00:00Z", "2025-03-08T12:00:00Z", true);
        let exact = day("2025-03-07", "2025-03-06T16:00:00Z", "2025-03-07T15:59:59Z", false);
        let sharpened = vague.sharpen(&exact).unwrap();
        assert!(!sharpened.approximate);
        assert_eq!(sharpened.from, exact.from);
        assert_eq!(exact.sharpen(&vague).unwrap(), exact);
    }

    #[test]
    fn dates_that_contradict_each_other_are_not_joined() {
        let a = day("2025-03-07", "2025-03-07T00:00:00Z", "2025-03-07T23:59:59Z", false);
        let b = day("2025-03-09", "2025-03-09T00:00:00Z", "2025-03-09T23:59:59Z", false);
        assert_eq!(a.sharpen(&b), None);
    }
}
