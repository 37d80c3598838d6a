//! crawl.toml: strict, layered, and able to say where each value came from.

mod layer;
mod limits;
mod schema;
mod units;

use std::path::PathBuf;
use std::sync::LazyLock;

use regex::Regex;

use crate::url::{CanonicalUrl, UrlError};

pub use layer::{ConfigError, Flag, Loaded, Source, Value, load};
pub use schema::{
    ArchiveSettings, Config, ExtractSettings, FetchSettings, Identity, Keep, LogFormat, LogLevel,
    LogSettings, NotifyOn, NotifySettings, Pattern, Politeness, Recrawl, Route, Scope, SiteConfig,
};
pub use units::{Length, Size, UnitError};

/// One site with the settings that apply to it.
#[derive(Debug, Clone)]
pub struct Site {
    /// How commands call it.
    pub name: String,
    /// Where to begin; at least one.
    pub seeds: Vec<CanonicalUrl>,
    /// The profile that crawl.toml names.
    pub profile: Option<String>,
    /// The ways to look for articles.
    pub discover: Vec<Route>,
    /// Global settings with the site's overrides.
    pub politeness: Politeness,
    /// Global settings with the site's overrides.
    pub scope: Scope,
}

impl Site {
    /// Whether a URL belongs to the site: it is on the host of one of the seeds, with or without `www.`.
    pub fn owns(&self, url: &CanonicalUrl) -> bool {
        fn bare(url: &CanonicalUrl) -> &str {
            let host = url.host();
            host.strip_prefix("www.").unwrap_or(host)
        }
        self.seeds.iter().any(|seed| bare(seed) == bare(url) && seed.as_url().port() == url.as_url().port())
    }

    /// Itself and the first seed of another site whose host is this one's.
    fn shares_host<'a>(&'a self, other: &'a Self) -> Option<(&'a Self, &'a CanonicalUrl)> {
        other.seeds.iter().find(|seed| self.owns(seed)).map(|seed| (self, seed))
    }
}

impl Config {
    /// The sites with their settings, checked.
    pub fn resolved_sites(&self) -> Result<Vec<Site>, ConfigError> {
        let mut sites: Vec<Site> = Vec::new();
        for site in &self.sites {
            if sites.iter().any(|other| other.name == site.name) {
                return Err(ConfigError::DuplicateSite(site.name.clone()));
            }
            let site = self.resolve(site)?;
            if let Some((other, seed)) = sites.iter().find_map(|other| other.shares_host(&site)) {
                return Err(ConfigError::SharedHost {
                    site: site.name.clone(),
                    other: other.name.clone(),
                    host: seed.origin().to_owned(),
                });
            }
            sites.push(site);
        }
        Ok(sites)
    }

    fn resolve(&self, site: &SiteConfig) -> Result<Site, ConfigError> {
        let seeds: Result<Vec<CanonicalUrl>, UrlError> =
            site.seeds.iter().map(|seed| CanonicalUrl::parse(seed, None)).collect();
        let seeds = seeds.map_err(|source| ConfigError::Seed { site: site.name.clone(), source })?;
        if seeds.is_empty() {
            return Err(ConfigError::NoSeeds(site.name.clone()));
        }
        Ok(Site {
            name: site.name.clone(),
            seeds,
            profile: site.profile.clone(),
            discover: site.discover.clone(),
            politeness: layer::overlay(&self.politeness, &site.politeness)?,
            scope: layer::overlay(&self.scope, &site.scope)?,
        })
    }
}

/// The URL of a webhook as others may see it: who has the rest of it can post there, so the host is shown only.
pub fn without_secrets(webhook: &str) -> String {
    match CanonicalUrl::parse(webhook, None) {
        _ if webhook.is_empty() => String::new(),
        Ok(url) if url.is_front_page() => url.origin().to_owned(),
        Ok(url) => format!("{}/…", url.origin()),
        Err(_) => "…".to_owned(),
    }
}

static ADDRESS: LazyLock<Regex> = static_regex!(r#"(?i)\bhttps?://[^\s'"`|;&<>()]+"#);

/// The same for each URL within a command.
pub fn command_without_secrets(command: &str) -> String {
    ADDRESS.replace_all(command, |url: &regex::Captures<'_>| without_secrets(&url[0])).into_owned()
}

/// A path of the configuration, relative to the folder of crawl.toml.
pub fn path_beside(base: &std::path::Path, path: &str) -> PathBuf {
    base.join(path)
}
