//! What feeds, sitemaps and profiles name.

use super::Exam;
use crate::capture::Capture;
use crate::config::Route;
use crate::discover::{self, Territory};
use crate::frontier::{Candidate, Kind, Via};
use crate::profile::Profile;
use crate::url::CanonicalUrl;

impl Exam<'_> {
    pub(super) fn read_feed(&mut self, capture: &Capture) -> &'static str {
        let Some(items) = discover::feed::items(capture) else { return "not_a_feed" };
        for item in items {
            if let Some(candidate) = self.listed(item.url, Via::Feed) {
                self.candidates.push(Candidate { published: item.published, ..candidate });
            }
        }
        "feed"
    }

    pub(super) fn read_sitemap(&mut self, capture: &Capture) -> &'static str {
        let Some(sitemap) = discover::sitemap::read(capture) else { return "not_a_sitemap" };
        for url in sitemap.sitemaps.into_iter().filter(|url| self.rules.territory.contains(url)) {
            let depth = self.claimed.depth + 1;
            // An index of indexes may list itself; five levels are more than any site has.
            if depth <= 5 {
                self.candidates.push(Candidate::new(url, Kind::Sitemap, Via::Sitemap, depth));
            }
        }
        for url in sitemap.pages {
            let candidate = self.listed(url, Via::Sitemap);
            self.candidates.extend(candidate);
        }
        "sitemap"
    }

    /// What a feed or sitemap lists. Where article URLs have known forms, the rest is left out.
    fn listed(&self, url: CanonicalUrl, via: Via) -> Option<Candidate> {
        let territory = &self.rules.territory;
        let kind = match territory.kind(&url) {
            Kind::Other if territory.knows_articles() && via == Via::Sitemap => return None,
            Kind::Other => Kind::Post,
            kind => kind,
        };
        territory.contains(&url).then(|| Candidate::new(url, kind, via, 1))
    }
}

/// Feeds and sitemaps that a profile names, as candidates.
pub(in crate::crawl) fn profile_sources(
    profile: &Profile,
    territory: &Territory,
    home: &CanonicalUrl,
) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (route, kind, via, forms) in [
        (Route::Feeds, Kind::Feed, Via::Seed, &profile.discover.feeds),
        (Route::Sitemaps, Kind::Sitemap, Via::Seed, &profile.discover.sitemaps),
    ] {
        for form in forms.iter().filter(|form| form.is_literal() && territory.uses(route)) {
            found.extend(
                CanonicalUrl::parse(form.as_str(), Some(home))
                    .ok()
                    .map(|url| Candidate::new(url, kind, via, 0)),
            );
        }
    }
    found
}
