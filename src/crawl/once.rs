//! The client of a crawl, and one page fetched with it for a look.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{CrawlError, gate};
use crate::address::is_this_machine;
use crate::capture::Capture;
use crate::clock::Clock;
use crate::config::Config;
use crate::fetch::{Client, ClientSettings, Fetch as _, FetchError, Guard, Lookup, Request};
use crate::url::CanonicalUrl;

/// Nobody's server is asked anonymously: other hosts than this machine need `identity.contact`.
pub fn check_contact(config: &Config, seeds: &[CanonicalUrl]) -> Result<(), CrawlError> {
    let remote = seeds.iter().find(|seed| !is_this_machine(seed.host()));
    match remote.filter(|_| config.identity.contact.is_empty()) {
        Some(remote) => Err(CrawlError::NoContact { host: remote.host().to_owned() }),
        None => Ok(()),
    }
}

pub(super) fn client_for(
    config: &Config,
    seeds: &[CanonicalUrl],
    clock: &Arc<dyn Clock>,
) -> Result<Client, CrawlError> {
    let identity = &config.identity;
    check_contact(config, seeds)?;
    let contact =
        if identity.contact.is_empty() { String::new() } else { format!(" (+{})", identity.contact) };
    let settings = ClientSettings {
        user_agent: format!("{}/{}{contact}", identity.name, env!("CARGO_PKG_VERSION")),
        timeout: config.fetch.timeout.0,
        max_body: config.fetch.max_body.0,
        per_ip: config.politeness.per_ip,
        guard: Guard::new(seeds, &config.fetch.allow),
        lookup: Lookup::default(),
    };
    Ok(Client::new(settings, Arc::clone(clock))?)
}

/// Why a single page could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchOnceError {
    /// The request can't be made.
    #[error(transparent)]
    Crawl(#[from] CrawlError),
    /// There was no answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// robots.txt forbids it, or could not be read.
    #[error("`{url}` may not be fetched: {why}")]
    Refused {
        /// The URL.
        url: String,
        /// Why not.
        why: String,
    },
}

/// What a host's robots.txt comes to, redirects followed.
async fn access(client: &Client, origin: &str, pace: &mut Pace) -> gate::Access {
    let mut hop = gate::Hop::first(origin);
    loop {
        let asked = match &hop {
            Some(hop) => {
                pace.wait().await;
                gate::ask(client, hop, || pace.clock.now()).await.0
            }
            None => gate::none(pace.clock.now()),
        };
        match asked {
            gate::Asked::Elsewhere(next) => hop = Some(next),
            gate::Asked::Answered(_, access) => return access,
        }
    }
}

/// Keeps `politeness.delay` between requests.
struct Pace {
    clock: Arc<dyn Clock>,
    delay: SignedDuration,
    is_first: bool,
}

impl Pace {
    fn new(config: &Config, clock: &Arc<dyn Clock>) -> Self {
        let delay = SignedDuration::try_from(config.politeness.delay.0).unwrap_or(SignedDuration::MAX);
        Self { clock: Arc::clone(clock), delay, is_first: true }
    }

    /// Waits before every request but the first. Requests follow each other, so the last one has just ended.
    async fn wait(&mut self) {
        if !std::mem::replace(&mut self.is_first, false) {
            let until = self.clock.now().saturating_add(self.delay).unwrap_or(Timestamp::MAX);
            self.clock.sleep_until(until).await;
        }
    }
}

/// Fetches one page for a look, without an archive: robots.txt is obeyed, redirects are followed, and requests keep
/// `politeness.delay`.
pub async fn fetch_once(
    config: &Config,
    url: &CanonicalUrl,
    clock: Arc<dyn Clock>,
) -> Result<Capture, FetchOnceError> {
    let client = client_for(config, std::slice::from_ref(url), &clock)?;
    let (mut target, mut pace) = (url.clone(), Pace::new(config, &clock));
    for _ in 0..=config.fetch.redirects {
        let refused = |why: String| FetchOnceError::Refused { url: target.to_string(), why };
        match access(&client, target.origin(), &mut pace).await {
            gate::Access::Closed { why, .. } => return Err(refused(why)),
            gate::Access::Rules(robots) => {
                let verdict = robots.verdict(&config.identity.name, target.as_str());
                if !verdict.allowed {
                    return Err(refused(format!("robots.txt says `{}`", verdict.rule.unwrap_or_default())));
                }
            }
        }
        pace.wait().await;
        let capture = client.fetch(&Request::new(target.clone())).await?;
        match capture.redirect_target() {
            Some(Ok(next)) => target = next,
            _ if (200..300).contains(&capture.status) => return Ok(capture),
            _ => return Err(refused(format!("the server answered {}", capture.status))),
        }
    }
    Err(FetchOnceError::Refused { url: url.to_string(), why: "it redirects too often".to_owned() })
}
