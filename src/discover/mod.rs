//! From a capture to candidates: one file per kind of source.

pub mod api;
mod archive;
pub mod feed;
pub mod guess;
pub mod index;
mod links;
mod lists;
mod mend;
mod named;
mod pager;
mod pager_label;
pub mod sitemap;
mod yields;

use std::sync::Arc;

use crate::config::{Route, Site};
use crate::extract::fragment;
use crate::frontier::Kind;
use crate::profile::{Profile, squeeze};
use crate::url::CanonicalUrl;

pub use archive::Period;
pub use links::{SeenLinks, from_page};
pub use lists::SeenLists;
pub use named::from_head;
pub use yields::{LeftAside, Yield, Yields};

/// No more links of one page, feed or sitemap are taken.
pub const MAX_LINKS: usize = 50_000;
/// No more links of one HTML page are taken: whatever has more is a trap, not a page.
pub const MAX_PAGE_LINKS: usize = 5_000;
/// Characters of a field of an entry that are kept.
const MAX_FIELD: usize = 500;
/// The path's segments at most; deeper ones come from relative links that pile up.
const MAX_SEGMENTS: usize = 24;

/// What decides whether a URL is worth a look.
#[derive(Debug, Clone)]
pub struct Territory {
    /// The site and its scope.
    pub site: Arc<Site>,
    /// Its profile, once known.
    pub profile: Option<Arc<Profile>>,
}

impl Territory {
    /// Whether the URL belongs to the site and is not excluded.
    pub fn contains(&self, url: &CanonicalUrl) -> bool {
        self.site.owns(url)
            && !self.site.scope.exclude.iter().any(|pattern| pattern.0.is_match(url.as_str()))
            && !is_trap(url)
    }

    /// What the URL's form says of it. Without a profile that knows the forms of articles, all is
    /// [`Kind::Other`] and the page itself tells; so it is where the form is a [`Period`]'s.
    pub fn kind(&self, url: &CanonicalUrl) -> Kind {
        if let Some(profile) = &self.profile {
            if profile.matching.article.iter().any(|form| form.matches(url)) {
                return Kind::Post;
            }
            let lists = &profile.discover.lists;
            if lists
                .iter()
                .any(|l| l.url.matches(url) || l.first.as_ref().is_some_and(|first| first.matches(url)))
            {
                return Kind::List;
            }
        }
        if url.is_front_page() { Kind::List } else { Kind::Other }
    }

    /// Whether article URLs can be told by their form, so that other links need no look.
    pub fn knows_articles(&self) -> bool {
        self.profile.as_ref().is_some_and(|profile| !profile.matching.article.is_empty())
    }

    /// Whether the site uses a way to find articles.
    pub fn uses(&self, route: Route) -> bool {
        self.site.discover.contains(&route)
    }
}

/// A text without markup and character references, white space collapsed; `None` when nothing is left.
fn plain(text: &str) -> Option<String> {
    let plain = if text.contains(['<', '&']) {
        squeeze(fragment(text).root_element().text())
    } else {
        squeeze(std::iter::once(text))
    };
    Some(plain.chars().take(MAX_FIELD).collect()).filter(|text: &String| !text.is_empty())
}

/// Paths that only ever grow: a segment that returns three times, or too many segments.
fn is_trap(url: &CanonicalUrl) -> bool {
    let segments = || url.path().split('/').filter(|segment| !segment.is_empty());
    let count = segments().count();
    let returns = |segment: &str| {
        segment.chars().any(char::is_alphabetic) && segments().filter(|other| *other == segment).count() > 3
    };
    count > MAX_SEGMENTS || (count > 3 && segments().any(returns))
}
