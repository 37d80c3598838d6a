//! What the head of a site's first page names: feeds and an API. Where it names no feed, the usual
//! places are tried.

use super::{Territory, api, guess};
use crate::config::Route;
use crate::extract::Page;
use crate::frontier::{Candidate, Kind, Via};
use crate::url::CanonicalUrl;

/// Feeds of one page, at most.
const MAX_FEEDS: usize = 20;

/// Feeds and API of a page where a crawl begins. `links` are its `Link` headers.
pub fn from_head(page: &Page<'_>, territory: &Territory, links: &[&str]) -> Vec<Candidate> {
    let absolute = |href: &str| CanonicalUrl::parse(href, Some(page.base())).ok();
    let mut found = Vec::new();
    if territory.uses(Route::Feeds) {
        let feeds = page.survey.feeds.iter().filter_map(|href| absolute(href));
        let feeds = feeds.filter(|url| !is_of_comments(url) && territory.contains(url)).take(MAX_FEEDS);
        found.extend(feeds.map(|url| Candidate::new(url, Kind::Feed, Via::List, 0)));
        let names_feeds = |profile: &crate::profile::Profile| {
            profile.discover.feeds.iter().any(crate::url::UrlPattern::is_literal)
        };
        if found.is_empty() && !territory.profile.as_deref().is_some_and(names_feeds) {
            found.extend(guess::first(Kind::Feed, page.url().origin(), &territory.site.seeds));
        }
    }
    if territory.uses(Route::Api) {
        let root =
            page.survey.api.as_deref().or_else(|| links.iter().find_map(|link| api::root_in_header(link)));
        let first = root.and_then(absolute).and_then(|root| api::first_page(&root));
        let first = first.filter(|url| territory.contains(url));
        found.extend(first.map(|url| Candidate::new(url, Kind::Api, Via::Api, 0)));
    }
    found
}

/// Comments are no articles.
fn is_of_comments(url: &CanonicalUrl) -> bool {
    url.path_and_query().to_ascii_lowercase().contains("comment")
}
