//! Where feeds and sitemaps usually are: asked one after the other when nothing names them, up to the
//! first that is there.

use crate::frontier::{Candidate, Kind, Via};
use crate::url::CanonicalUrl;

/// Paths of feeds: WordPress and Typecho, Hexo, Jekyll, Hugo, Z-Blog.
const FEEDS: [&str; 6] = ["/feed", "/rss.xml", "/atom.xml", "/feed.xml", "/index.xml", "/feed.php"];
/// Paths of sitemaps: most software, Yoast, WordPress itself, news sites.
const SITEMAPS: [&str; 4] = ["/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml", "/sitemap-news.xml"];

/// Folders above a site's first page; what lies deeper is an article.
const DEEPEST: usize = 2;

fn paths(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Feed => &FEEDS,
        Kind::Sitemap => &SITEMAPS,
        _ => &[],
    }
}

/// Places of each kind that are looked at by the run that finds nothing named: the others have their turn in later
/// runs, one a day, for each costs a request that most sites answer with nothing.
const AT_ONCE: [(Kind, usize); 2] = [(Kind::Feed, 2), (Kind::Sitemap, 1)];

/// Whether a guess can wait for a later run, on a site that shows its articles without it.
pub fn can_wait(kind: Kind, guess: &CanonicalUrl, seeds: &[CanonicalUrl]) -> bool {
    let at_once = AT_ONCE.iter().find(|(known, _)| *known == kind).map_or(usize::MAX, |(_, count)| *count);
    let places =
        std::iter::successors(first(kind, guess.origin(), seeds), |last| after(kind, &last.url, seeds));
    places.take(at_once).all(|place| place.url.key() != guess.key())
}

/// The first place to look at for a feed or a sitemap on an origin such as `http://example.com`: below the
/// folder where the site's first seed on it is, else at its root.
pub fn first(kind: Kind, origin: &str, seeds: &[CanonicalUrl]) -> Option<Candidate> {
    at(kind, origin, folder(origin, seeds), 0)
}

/// The next place, after there was none at `missed`. What is named elsewhere and not there is followed by no
/// guess, but for a sitemap: robots.txt files name those of long ago.
pub fn after(kind: Kind, missed: &CanonicalUrl, seeds: &[CanonicalUrl]) -> Option<Candidate> {
    let path = missed.path_and_query().trim_end_matches('/');
    let origin = missed.origin();
    let place = |folder: &str| paths(kind).iter().position(|guess| path.strip_prefix(folder) == Some(*guess));
    let folder = folder(origin, seeds);
    if let Some(n) = place(folder) {
        let is_below = !folder.is_empty();
        return at(kind, origin, folder, n + 1).or_else(|| at(kind, origin, "", 0).filter(|_| is_below));
    }
    match place("") {
        Some(n) => at(kind, origin, "", n + 1),
        None if kind == Kind::Sitemap => first(kind, origin, seeds),
        None => None,
    }
}

/// The folder where a site begins that is a part of its host, such as `/blog`; empty where it is the whole.
fn folder<'a>(origin: &str, seeds: &'a [CanonicalUrl]) -> &'a str {
    let seed = seeds.iter().find(|seed| seed.origin() == origin).map_or("", CanonicalUrl::path);
    let (folder, file) = seed.rsplit_once('/').unwrap_or_default();
    let is_front = file.is_empty() || file.starts_with("index.");
    let is_shallow = folder.matches('/').count() <= DEEPEST;
    if is_front && is_shallow { folder } else { "" }
}

fn at(kind: Kind, origin: &str, folder: &str, n: usize) -> Option<Candidate> {
    let url = CanonicalUrl::parse(&format!("{origin}{folder}{}", paths(kind).get(n)?), None).ok()?;
    Some(Candidate::new(url, kind, Via::Guess, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> CanonicalUrl {
        CanonicalUrl::parse(text, None).unwrap()
    }

    fn all(kind: Kind, seed: &str) -> Vec<String> {
        let seeds = [url(seed)];
        let next = |last: &Candidate| after(kind, &last.url, &seeds);
        let guesses = std::iter::successors(first(kind, "http://e.com", &seeds), next);
        guesses.map(|candidate| candidate.url.path().to_owned()).collect()
    }

    #[test]
    fn guesses_follow_each_other_and_end() {
        for seed in ["http://e.com/", "http://e.com/post/1.html", "http://e.com/2024/05/a-title/"] {
            assert_eq!(all(Kind::Feed, seed), FEEDS, "{seed}");
        }
        let redirected = url("http://e.com/feed/");
        assert_eq!(after(Kind::Feed, &redirected, &[]).unwrap().url.as_str(), "http://e.com/rss.xml");
        assert!(after(Kind::Feed, &url("http://e.com/news/rss"), &[]).is_none());
    }

    #[test]
    fn what_is_below_the_seed_is_tried_before_what_is_at_the_root() {
        for seed in ["http://e.com/blog/", "http://e.com/blog/index.html"] {
            let below = SITEMAPS.iter().map(|path| format!("/blog{path}"));
            let root = SITEMAPS.iter().map(|path| (*path).to_owned());
            assert_eq!(all(Kind::Sitemap, seed), below.chain(root).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_sitemap_that_is_named_and_not_there_is_followed_by_the_usual_places() {
        let guessed = after(Kind::Sitemap, &url("http://e.com/old/map.xml"), &[]).unwrap();
        assert_eq!(guessed.url.as_str(), "http://e.com/sitemap.xml");
    }
}
