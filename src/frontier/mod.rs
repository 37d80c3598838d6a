//! What is fetched next, and when again. Pure: the store keeps what is computed here.

mod recrawl;

use jiff::Timestamp;
use serde::Serialize;

use crate::entry::Entry;
use crate::url::CanonicalUrl;

pub use recrawl::{next_list_look, next_look, next_missing_look};

/// What kind of page a URL leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An article, as far as its URL tells.
    Post,
    /// A page that lists articles.
    List,
    /// RSS or Atom.
    Feed,
    /// A sitemap or an index of sitemaps.
    Sitemap,
    /// A page of an API that lists posts.
    Api,
    /// Anything else, or unknown.
    Other,
}

impl Kind {
    /// Whether it is a feed, a sitemap or a page of an API.
    pub fn is_listing(self) -> bool {
        matches!(self, Self::Feed | Self::Sitemap | Self::Api)
    }

    /// The name in the archive.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::List => "list",
            Self::Feed => "feed",
            Self::Sitemap => "sitemap",
            Self::Api => "api",
            Self::Other => "other",
        }
    }

    /// Reads back [`Kind::as_str`].
    pub fn from_name(name: &str) -> Self {
        match name {
            "post" => Self::Post,
            "list" => Self::List,
            "feed" => Self::Feed,
            "sitemap" => Self::Sitemap,
            "api" => Self::Api,
            _ => Self::Other,
        }
    }
}

/// How a URL was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Via {
    /// Named in crawl.toml.
    Seed,
    /// Linked from a list page.
    List,
    /// Listed in a feed.
    Feed,
    /// Listed in a sitemap.
    Sitemap,
    /// Counted.
    Id,
    /// Linked from an article.
    Related,
    /// The target of a redirect.
    Redirect,
    /// Named by `rel=canonical`.
    Canonical,
    /// A further page of an article.
    Part,
    /// Listed by an API.
    Api,
    /// Where such a file usually is.
    Guess,
    /// A page of the site's archive by dates.
    Archive,
    /// Named in a file that was imported.
    Import,
    /// A number that no article can have, to see what the site shows for nothing.
    Probe,
}

impl Via {
    /// The name in the archive's `discovery.route`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::List => "list",
            Self::Feed => "feed",
            Self::Sitemap => "sitemap",
            Self::Id => "id",
            Self::Related => "related",
            Self::Redirect => "redirect",
            Self::Canonical => "canonical",
            Self::Part => "part",
            Self::Api => "api",
            Self::Guess => "guess",
            Self::Archive => "archive",
            Self::Import => "import",
            Self::Probe => "probe",
        }
    }
}

/// A URL that was found, before anything is known of it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Where it is.
    pub url: CanonicalUrl,
    /// What it seems to be.
    pub kind: Kind,
    /// How it was found.
    pub via: Via,
    /// Links from a seed; pages of a list count as one.
    pub depth: u32,
    /// Redirects that led here.
    pub hops: u32,
    /// It is a later page of the list it was found on: only worth a look when that list held
    /// something new.
    pub is_next_page: bool,
    /// The page before it is in the order of time: this one is only worth a look when all of that was
    /// new.
    pub needs_all_new: bool,
    /// What a listing says of the article.
    pub entry: Option<Box<Entry>>,
    /// The last moment at which an index says that this sitemap changed.
    pub lastmod: Option<Timestamp>,
}

impl Candidate {
    /// A candidate found at `depth` in the ordinary way.
    pub fn new(url: CanonicalUrl, kind: Kind, via: Via, depth: u32) -> Self {
        Self {
            url,
            kind,
            via,
            depth,
            hops: 0,
            is_next_page: false,
            needs_all_new: false,
            entry: None,
            lastmod: None,
        }
    }

    /// Its place in the queue: the smallest goes first. Feeds, sitemaps, APIs and the first pages of
    /// lists come before articles, articles before the lists' later pages: so a run that is cut
    /// short has the newest articles, and the queue stays short.
    pub fn rank(&self) -> i64 {
        let class = match self.kind {
            Kind::Post => 2,
            Kind::Feed | Kind::Sitemap | Kind::Api | Kind::List if self.is_next_page => 3,
            Kind::List if self.via == Via::Archive => 3,
            Kind::Feed | Kind::Sitemap | Kind::Api => 0,
            Kind::List => 1,
            Kind::Other => 4,
        };
        class * RANKS_PER_CLASS + i64::from(self.depth).min(RANKS_PER_CLASS - 1)
    }
}

/// What goes first of what is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// Feeds, sitemaps, APIs and the first pages of lists, since they say what articles need.
    Lists,
    /// Articles that wait.
    Articles,
}

/// Ranks below this belong to pages that show new articles first; each run looks at them anew.
pub const FIRST_ARTICLE_RANK: i64 = 2 * RANKS_PER_CLASS;
/// What leads to articles of before: later pages of lists, archives by dates.
pub const LATER_LIST_RANK: i64 = 3 * RANKS_PER_CLASS;
/// Ranks from here on belong to URLs that wait behind all others, since pages like them yielded no article.
pub const POSTPONED_RANK: i64 = 5 * RANKS_PER_CLASS;
const RANKS_PER_CLASS: i64 = 1000;

/// How a page is examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// Beside others.
    Ordinary,
    /// Once everything else is done, alone, and first in a process of its own: the last process that examined it did
    /// not end by itself.
    Alone,
    /// Not at all for now: neither did the one that examined it alone.
    SetAside,
}

impl Care {
    /// The care that a page needs of which so many processes in a row died. One that leads to articles is tried
    /// alone twice, since a site is lost without it and processes also die of other things.
    pub fn after(crashes: u32, leads: bool) -> Self {
        match crashes {
            0 => Self::Ordinary,
            1 => Self::Alone,
            2 if leads => Self::Alone,
            _ => Self::SetAside,
        }
    }
}

/// Copies in a row whose links are followed. A copy of an article may be the only way to others; a copy that a copy
/// leads to is on a site that shows one article at any address.
const COPIES: u32 = 1;

/// Whether the links are followed of a page to which so many copies in a row led, itself one of them.
pub fn follows_copies(copies: u32) -> bool {
    copies <= COPIES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_come_before_later_list_pages_and_after_first_ones() {
        let url = CanonicalUrl::parse("http://e.com/", None).unwrap();
        let candidate =
            |kind, next| Candidate { is_next_page: next, ..Candidate::new(url.clone(), kind, Via::List, 3) };
        let ranks = [
            candidate(Kind::Feed, false).rank(),
            candidate(Kind::List, false).rank(),
            candidate(Kind::Post, false).rank(),
            candidate(Kind::List, true).rank(),
            candidate(Kind::Other, false).rank(),
        ];
        assert!(ranks.is_sorted() && ranks[1] < FIRST_ARTICLE_RANK && ranks[2] >= FIRST_ARTICLE_RANK);
    }
}
