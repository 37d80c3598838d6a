//! What a feed, an API or a news sitemap says of an article before its page is read.

use serde::{Deserialize, Serialize};

/// Where an entry stood, the least trusted first: of two entries for one article the later kind is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Listing {
    /// A news sitemap: title and date.
    Sitemap,
    /// RSS, Atom or JSON Feed.
    Feed,
    /// The posts of a WordPress site, as its REST API gives them.
    Api,
}

impl Listing {
    /// The name used as an origin.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sitemap => "sitemap",
            Self::Feed => "feed",
            Self::Api => "api",
        }
    }
}

/// An article as a listing describes it; in the archive as JSON. Empty means: not said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it stood.
    pub from: Listing,
    /// The headline, plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The section it stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Key words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// ISO 8601, as precise as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// ISO 8601, as precise as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// The whole text as HTML, where the listing has it. Kept beside the rest, and only until the page
    /// has shown a text of its own.
    #[serde(skip)]
    pub body: Option<String>,
}

impl Entry {
    /// An entry that says nothing yet.
    pub fn of(from: Listing) -> Self {
        Self {
            from,
            title: None,
            author: None,
            category: None,
            tags: Vec::new(),
            published: None,
            modified: None,
            body: None,
        }
    }

    /// Whether it says nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::of(self.from)
    }
}
