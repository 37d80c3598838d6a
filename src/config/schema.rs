//! The shape of crawl.toml. An unknown key is an error; what is left out has its default.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::limits;
use super::units::{Length, Size};
use crate::address::Allowed;

/// The whole configuration.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Who asks.
    pub identity: Identity,
    /// Where articles go.
    pub archive: ArchiveSettings,
    /// Where profiles are.
    pub extract: ExtractSettings,
    /// How hosts are spared.
    pub politeness: Politeness,
    /// Limits of requests.
    pub fetch: FetchSettings,
    /// What belongs to a site.
    pub scope: Scope,
    /// When articles are looked at again.
    pub recrawl: Recrawl,
    /// What is logged.
    pub log: LogSettings,
    /// Who is told how a run ended.
    pub notify: NotifySettings,
    /// The sites.
    #[serde(rename = "site", skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<SiteConfig>,
}

/// `[identity]`
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// The product token.
    #[serde(deserialize_with = "limits::product_token")]
    pub name: String,
    /// URL or e-mail address; empty when not filled in.
    #[serde(deserialize_with = "limits::contact")]
    pub contact: String,
}

/// `[archive]`
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ArchiveSettings {
    /// Path of the SQLite file.
    pub store: String,
    /// Whether pages are kept.
    pub keep: Keep,
    /// A run stops when less is free on the disk; 0 for no limit.
    pub min_free: Size,
}

/// What of a page is kept besides its article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// Nothing.
    Articles,
    /// The decoded body, compressed.
    Pages,
}

/// `[extract]`
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExtractSettings {
    /// Folder of site profiles.
    pub profiles: String,
}

/// `[politeness]`
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Politeness {
    /// From the end of one answer to the next request.
    pub delay: Length,
    /// Times the last answer's duration.
    #[serde(deserialize_with = "limits::wait_factor")]
    pub delay_factor: f64,
    /// Ceiling for the factor.
    pub max_delay: Length,
    /// The longest Crawl-delay that is waited for.
    pub max_crawl_delay: Length,
    /// The longest wait inside one run.
    pub max_wait: Length,
    /// Requests of one site at the same time.
    #[serde(deserialize_with = "limits::at_least_one")]
    pub concurrency: usize,
    /// Connections to one address at the same time.
    #[serde(deserialize_with = "limits::at_least_one")]
    pub per_ip: usize,
}

/// `[fetch]`
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct FetchSettings {
    /// Requests at the same time, all sites together.
    #[serde(deserialize_with = "limits::at_least_one")]
    pub concurrency: usize,
    /// For one request as a whole.
    #[serde(deserialize_with = "limits::some_time")]
    pub timeout: Length,
    /// The largest body, on the wire and decoded.
    #[serde(deserialize_with = "limits::some_room")]
    pub max_body: Size,
    /// Redirects in a row.
    pub redirects: u32,
    /// Tries after the first.
    pub retries: u32,
    /// Addresses and networks that may be asked though they are not public.
    pub allow: Vec<Allowed>,
}

/// `[scope]`
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scope {
    /// Links from a seed.
    pub depth: u32,
    /// Requests per run; 0 for no limit.
    pub max_pages: u64,
    /// URLs that are never fetched.
    pub exclude: Vec<Pattern>,
}

/// `[recrawl]`
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recrawl {
    /// From the first look to the second.
    pub first: Length,
    /// Growth of the interval at each unchanged look.
    #[serde(deserialize_with = "limits::growth")]
    pub unchanged_factor: f64,
    /// The longest interval.
    pub longest: Length,
    /// The longest interval between two looks at a list or sitemap.
    pub lists_longest: Length,
    /// Every so many runs of a site its lists are turned to the end; 0 for never.
    pub sweep_every: u32,
    /// Looks in a row that must miss an article before it is gone,
    #[serde(deserialize_with = "limits::some_looks")]
    pub gone_looks: u32,
    /// and from the first of them to the last.
    pub gone_after: Length,
    /// Where more than this share of the articles looked at are missing, none is taken for gone.
    #[serde(deserialize_with = "limits::not_negative")]
    pub gone_most: f64,
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// The least severe level that is shown.
    pub level: LogLevel,
    /// Form of the lines.
    pub format: LogFormat,
    /// A step of a run that outlasts its own limit by this is stuck.
    #[serde(deserialize_with = "limits::some_patience")]
    pub stuck_after: Length,
    /// File for Prometheus metrics; empty for none.
    pub metrics: String,
}

/// `[notify]`
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotifySettings {
    /// Of which runs somebody is told.
    pub on: NotifyOn,
    /// Run by the shell with the report on standard input; empty for none.
    pub command: String,
    /// Gets the report by POST; empty for none.
    #[serde(deserialize_with = "limits::web_address")]
    pub webhook: String,
    /// For the command and for the webhook.
    #[serde(deserialize_with = "limits::some_time")]
    pub timeout: Length,
}

/// Of which runs somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NotifyOn {
    /// Of those with an alarm, and those that failed.
    Attention,
    /// Of all.
    Always,
}

/// Severity of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What failed for good.
    Error,
    /// What needs attention.
    Warn,
    /// A line per URL.
    Info,
    /// Everything.
    Debug,
}

/// Form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[[site]]`
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SiteConfig {
    /// How commands call the site.
    #[serde(deserialize_with = "limits::site_name")]
    pub name: String,
    /// Where to begin.
    pub seeds: Vec<String>,
    /// The profile's name; matched by host or fingerprint when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The ways to look for articles.
    #[serde(default = "default_routes")]
    pub discover: Vec<Route>,
    /// Overrides of `[politeness]`.
    #[serde(
        default,
        deserialize_with = "overrides::<Politeness, _>",
        skip_serializing_if = "toml::Table::is_empty"
    )]
    pub politeness: toml::Table,
    /// Overrides of `[scope]`.
    #[serde(
        default,
        deserialize_with = "overrides::<Scope, _>",
        skip_serializing_if = "toml::Table::is_empty"
    )]
    pub scope: toml::Table,
}

/// A way to find articles that a site may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Route {
    /// Links of fetched pages.
    Links,
    /// RSS and Atom.
    Feeds,
    /// Sitemaps named in robots.txt or at `/sitemap.xml`.
    Sitemaps,
    /// List pages and their pager.
    Lists,
    /// A WordPress site's REST API.
    Api,
    /// Counting ids, as the profile says.
    Ids,
}

fn default_routes() -> Vec<Route> {
    vec![Route::Links, Route::Feeds, Route::Sitemaps, Route::Lists, Route::Api]
}

/// Checks a table of overrides as strictly as the table it overrides.
fn overrides<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<toml::Table, D::Error> {
    let table = toml::Table::deserialize(deserializer)?;
    T::deserialize(table.clone()).map_err(|error| de::Error::custom(error.message()))?;
    Ok(table)
}

/// A regular expression in configuration.
#[derive(Clone)]
pub struct Pattern(pub Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Regex::new(&text).map(Self).map_err(|error| de::Error::custom(pattern_error(&text, &error)))
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

/// The last line of a regex error says what is wrong; the lines above repeat the pattern.
fn pattern_error(text: &str, error: &regex::Error) -> String {
    let message = error.to_string();
    let reason = message.lines().last().unwrap_or_default().trim_start_matches("error: ");
    format!("`{text}` is not a regular expression: {reason}")
}

impl Default for Identity {
    fn default() -> Self {
        Self { name: "jianbao".into(), contact: String::new() }
    }
}

impl Default for ArchiveSettings {
    fn default() -> Self {
        Self { store: "data/archive/archive.sqlite".into(), keep: Keep::Pages, min_free: Size(200 << 20) }
    }
}

impl Default for ExtractSettings {
    fn default() -> Self {
        Self { profiles: "selectors".into() }
    }
}

impl Default for Politeness {
    fn default() -> Self {
        Self {
            delay: Length(std::time::Duration::from_secs(2)),
            delay_factor: 5.0,
            max_delay: Length(std::time::Duration::from_secs(30)),
            max_crawl_delay: Length(std::time::Duration::from_mins(5)),
            max_wait: Length(std::time::Duration::from_mins(10)),
            concurrency: 1,
            per_ip: 2,
        }
    }
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            concurrency: 16,
            timeout: Length(std::time::Duration::from_secs(30)),
            max_body: Size(8 << 20),
            redirects: 5,
            retries: 3,
            allow: Vec::new(),
        }
    }
}

/// Files that are no pages.
static NOT_PAGES: LazyLock<Regex> = static_regex!(
    r"(?i)\.(?:jpe?g|png|gif|webp|svg|ico|css|js|zip|rar|7z|pdf|docx?|xlsx?|pptx?|mp3|mp4|avi|apk|exe)$"
);

impl Default for Scope {
    fn default() -> Self {
        Self { depth: 8, max_pages: 0, exclude: vec![Pattern(NOT_PAGES.clone())] }
    }
}

impl Default for Recrawl {
    fn default() -> Self {
        Self {
            first: Length(std::time::Duration::from_hours(6)),
            unchanged_factor: 2.0,
            longest: Length(std::time::Duration::from_hours(2160)),
            lists_longest: Length(std::time::Duration::from_hours(24)),
            sweep_every: 100,
            gone_looks: 3,
            gone_after: Length(std::time::Duration::from_hours(168)),
            gone_most: 0.2,
        }
    }
}

impl Default for NotifySettings {
    fn default() -> Self {
        Self {
            on: NotifyOn::Attention,
            command: String::new(),
            webhook: String::new(),
            timeout: Length(std::time::Duration::from_secs(30)),
        }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            level: LogLevel::Warn,
            format: LogFormat::Text,
            stuck_after: Length(std::time::Duration::from_mins(10)),
            metrics: String::new(),
        }
    }
}
