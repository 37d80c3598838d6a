//! What feeds, sitemaps and profiles name.

use super::{Exam, Read};
use crate::archive::{Disposition, PageResult};
use crate::capture::Capture;
use crate::config::Route;
use crate::discover::{self, Territory, guess};
use crate::entry::Entry;
use crate::frontier::{Candidate, Kind, Via};
use crate::profile::Profile;
use crate::url::CanonicalUrl;

/// Until a feed, sitemap or API that never was there is asked for again.
const MISSED_FOR: jiff::SignedDuration = jiff::SignedDuration::from_hours(30 * 24);

impl Exam<'_> {
    pub(super) fn read_listing(&mut self, capture: &Capture) -> Read {
        let name = match self.claimed.kind {
            Kind::Feed => self.read_feed(capture),
            Kind::Sitemap => self.read_sitemap(capture),
            _ => self.read_api(capture),
        };
        match name {
            Some(name) => (name, PageResult::Nothing, Disposition::Done),
            None => self.missed(false),
        }
    }

    /// No feed, sitemap or API here. Where there never was one, it is rarely asked for again; of the
    /// usual places, the next one is tried.
    pub(super) fn missed(&mut self, is_absent: bool) -> Read {
        let name = match (self.claimed.kind, is_absent) {
            (Kind::Feed, true) => "no_feed",
            (Kind::Feed, false) => "not_a_feed",
            (Kind::Sitemap, true) => "no_sitemap",
            (Kind::Sitemap, false) => "not_a_sitemap",
            (_, true) => "no_api",
            (_, false) => "not_an_api",
        };
        if self.claimed.has_worked {
            return (name, PageResult::Nothing, Disposition::Done);
        }
        self.guess_on();
        (name, PageResult::Nothing, Disposition::Rest(self.at + MISSED_FOR))
    }

    /// Tries the next of the usual places; what an index names and is not there says nothing of them.
    pub(super) fn guess_on(&mut self) {
        if self.claimed.depth == 0 && self.claimed.leads {
            let seeds = &self.rules.territory.site.seeds;
            self.candidates.extend(guess::after(self.claimed.kind, &self.claimed.url, seeds));
        }
    }

    /// The same where nothing is known of a place, once this run has asked for it often enough.
    pub(super) fn guess_on_after_last_try(&mut self) {
        if self.claimed.failures >= self.rules.retries && !self.claimed.has_worked {
            self.guess_on();
        }
    }

    fn read_api(&mut self, capture: &Capture) -> Option<&'static str> {
        let posts = discover::api::read(capture)?;
        for (url, entry) in posts.items {
            let candidate = self.listed(url, Via::Api, Some(entry));
            self.candidates.extend(candidate);
        }
        self.older_page(posts.next, Via::Api);
        Some("api")
    }

    /// The page of a listing in the order of time that has what is older. What follows the newest
    /// entries is only worth a look when none of these was known, and what repeats itself leads no
    /// further: some sites give one page for every number.
    fn older_page(&mut self, url: Option<CanonicalUrl>, via: Via) {
        let next = url.filter(|url| self.rules.territory.contains(url));
        let items = self.candidates.iter().map(|found| found.url.key());
        let key = self.claimed.url.key();
        let shows_new = self.rules.lists.note(key, false, items, next.as_ref().map(CanonicalUrl::key));
        if let Some(url) = next.filter(|_| shows_new) {
            let candidate = Candidate::new(url, self.claimed.kind, via, self.claimed.depth);
            let needs_all_new = self.claimed.leads;
            self.candidates.push(Candidate { is_next_page: true, needs_all_new, ..candidate });
        }
    }

    fn read_feed(&mut self, capture: &Capture) -> Option<&'static str> {
        let feed = discover::feed::of(capture)?;
        let has_items = !feed.items.is_empty();
        for item in feed.items {
            let candidate = self.listed(item.url, Via::Feed, Some(item.entry));
            self.candidates.extend(candidate);
        }
        if feed.is_wordpress && has_items {
            self.older_page(discover::feed::older(&capture.url), Via::Feed);
        }
        Some(match (feed.is_cut, feed.is_damaged) {
            (true, _) => "feed_cut",
            (false, true) => "feed_damaged",
            (false, false) => "feed",
        })
    }

    fn read_sitemap(&mut self, capture: &Capture) -> Option<&'static str> {
        let sitemap = discover::sitemap::read(capture)?;
        for line in sitemap.sitemaps.into_iter().filter(|line| self.rules.territory.contains(&line.url)) {
            let depth = self.claimed.depth + 1;
            // An index of indexes may list itself; five levels are more than any site has.
            if depth <= 5 && line.url.key() != self.claimed.url.key() {
                let candidate = Candidate::new(line.url, Kind::Sitemap, Via::Sitemap, depth);
                let lastmod = line.lastmod.map(|lastmod| lastmod.to);
                self.candidates.push(Candidate { lastmod, ..candidate });
            }
        }
        for line in sitemap.pages {
            let candidate = self.listed(line.url, Via::Sitemap, line.entry);
            self.candidates.extend(candidate);
        }
        Some(match (sitemap.is_cut, sitemap.is_damaged) {
            (true, _) => "sitemap_cut",
            (false, true) => "sitemap_damaged",
            (false, false) => "sitemap",
        })
    }

    /// What a feed or sitemap lists. Where article URLs have known forms, the rest is left out.
    fn listed(&self, url: CanonicalUrl, via: Via, entry: Option<Entry>) -> Option<Candidate> {
        let territory = &self.rules.territory;
        let kind = match territory.kind(&url) {
            Kind::Other if territory.knows_articles() && via == Via::Sitemap => return None,
            Kind::Other => Kind::Post,
            kind => kind,
        };
        let entry = entry.filter(|entry| !entry.is_empty()).map(Box::new);
        territory.contains(&url).then(|| Candidate { entry, ..Candidate::new(url, kind, via, 1) })
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
