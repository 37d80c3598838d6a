//! Which profile a page is read with: host and date, then host, then fingerprint.

use std::sync::Arc;

use jiff::Timestamp;
use scraper::Html;

use super::{Profile, Profiles};
use crate::url::CanonicalUrl;

impl Profile {
    /// Whether the profile names this host.
    pub fn names_host(&self, host: &str) -> bool {
        self.matching.hosts.iter().any(|pattern| match pattern.strip_prefix("*.") {
            Some(domain) => {
                host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            None => pattern == host,
        })
    }

    /// Whether the layout was in use at that moment.
    pub fn is_valid_at(&self, at: Timestamp) -> bool {
        let zone = self.timezone.clone().unwrap_or(jiff::tz::TimeZone::UTC);
        self.valid_until.is_none_or(|last| at.to_zoned(zone).date() <= last)
    }

    /// Whether the page carries the profile's fingerprint.
    pub fn fits(&self, document: &Html) -> bool {
        let fingerprint = self.matching.fingerprint.as_ref();
        fingerprint.is_some_and(|css| document.select(css.selector()).next().is_some())
    }
}

impl Profiles {
    /// The profile that names the URL's host, of the layout in use at `at`. A layout that ended
    /// comes before one that has no end, as long as it lasts.
    pub fn for_host(&self, url: &CanonicalUrl, at: Timestamp) -> Option<Arc<Profile>> {
        self.iter()
            .filter(|profile| profile.names_host(url.host()) && profile.is_valid_at(at))
            .min_by_key(|profile| profile.valid_until.unwrap_or(jiff::civil::Date::MAX))
            .cloned()
    }

    /// The profile of a site: the one that is `named`, in crawl.toml or by an earlier run, else the one for
    /// the host of a seed.
    pub fn of_site(
        &self,
        named: Option<&str>,
        seeds: &[CanonicalUrl],
        at: Timestamp,
    ) -> Option<Arc<Profile>> {
        let by_host = || seeds.iter().find_map(|seed| self.for_host(seed, at));
        named.and_then(|key| self.get(key).ok()).or_else(by_host)
    }

    /// The profile whose fingerprint the page carries. One that names hosts is for those alone.
    pub fn for_page(&self, document: &Html, at: Timestamp) -> Option<Arc<Profile>> {
        self.iter()
            .find(|profile| {
                profile.matching.hosts.is_empty() && profile.is_valid_at(at) && profile.fits(document)
            })
            .cloned()
    }
}
