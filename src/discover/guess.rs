//! Where feeds and sitemaps usually are: asked one after the other when nothing names them, up to the
//! first that is there.

use crate::frontier::{Candidate, Kind, Via};
use crate::url::CanonicalUrl;

/// Paths of feeds: WordPress and Typecho, Hexo, Jekyll, Hugo, Z-Blog.
const FEEDS: [&str; 6] = ["/feed", "/rss.xml", "/atom.xml", "/feed.xml", "/index.xml", "/feed.php"];
/// Paths of sitemaps: most software, Yoast, WordPress itself, news sites.
const SITEMAPS: [&str; 4] = ["/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml", "/sitemap-news.xml"];

fn paths(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Feed => &FEEDS,
        Kind::Sitemap => &SITEMAPS,
        _ => &[],
    }
}

/// The first place to look at for a feed or a sitemap on an origin such as `http://example.com`.
pub fn first(kind: Kind, origin: &str) -> Option<Candidate> {
    at(kind, origin, paths(kind).first()?)
}

/// The next place, after there was none at `missed`.
pub fn after(kind: Kind, missed: &CanonicalUrl) -> Option<Candidate> {
    let path = missed.path_and_query().trim_end_matches('/');
    let guesses = paths(kind);
    let next = guesses.iter().position(|guess| *guess == path)? + 1;
    at(kind, missed.origin(), guesses.get(next)?)
}

fn at(kind: Kind, origin: &str, path: &str) -> Option<Candidate> {
    let url = CanonicalUrl::parse(&format!("{origin}{path}"), None).ok()?;
    Some(Candidate::new(url, kind, Via::Guess, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_follow_each_other_and_end() {
        let mut asked = Vec::new();
        let mut next = first(Kind::Feed, "http://e.com");
        while let Some(candidate) = next {
            asked.push(candidate.url.path().to_owned());
            next = after(Kind::Feed, &candidate.url);
        }
        assert_eq!(asked, FEEDS);
        let redirected = CanonicalUrl::parse("http://e.com/feed/", None).unwrap();
        assert_eq!(after(Kind::Feed, &redirected).unwrap().url.as_str(), "http://e.com/rss.xml");
        let named = CanonicalUrl::parse("http://e.com/news/rss", None).unwrap();
        assert!(after(Kind::Feed, &named).is_none());
    }
}
