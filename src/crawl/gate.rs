//! robots.txt of each host: asked first, kept for a day, obeyed.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::archive::{HostRecord, RobotsCopy};
use crate::fetch::{Fetch, FetchError, Request};
use crate::politeness::robots::{MAX_BYTES, Robots};
use crate::url::CanonicalUrl;

/// RFC 9309 §2.4: not used for longer than a day.
const FRESH_FOR: SignedDuration = SignedDuration::from_hours(24);
/// RFC 9309 §2.3.1.2: at least five redirects are followed.
const REDIRECTS: u32 = 5;
/// A host that did not answer is asked again after this.
const UNREACHABLE_FOR: SignedDuration = SignedDuration::from_mins(15);

/// What a host's robots.txt came to.
#[derive(Debug, Clone)]
pub(super) enum Access {
    /// Its rules; none when there is no such file.
    Rules(Robots),
    /// It could not be read (5xx, 429, no answer), or asks for too long a delay: nothing may be fetched.
    Closed {
        /// What happened, in words.
        why: String,
        /// When to ask again, when the host said so.
        retry_at: Option<Timestamp>,
    },
}

/// A host, once its row and its robots.txt are known.
#[derive(Debug, Clone)]
pub(super) struct Host {
    pub(super) id: i64,
    pub(super) access: Option<Access>,
    /// Where its robots.txt is to be asked for next, once redirects have led away from its place.
    pub(super) hop: Option<Hop>,
    /// It did not answer when it was last asked for robots.txt.
    pub(super) is_silent: bool,
}

/// The hosts of a site.
#[derive(Debug, Default)]
pub(super) struct Hosts(pub(super) HashMap<String, Host>);

impl Hosts {
    /// Hosts from the archive; a robots.txt that is still fresh is used as it is.
    pub(super) fn from_records(records: HashMap<String, HostRecord>, now: Timestamp) -> Self {
        let host = |record: HostRecord| {
            let is_silent = record.robots.as_ref().is_some_and(|copy| copy.status == 0);
            let fresh = record.robots.filter(|copy| now.duration_since(copy.at) < fresh_for(copy.status));
            Host { id: record.id, access: fresh.map(|copy| access(&copy)), hop: None, is_silent }
        };
        Self(records.into_iter().map(|(origin, record)| (origin, host(record))).collect())
    }
}

fn fresh_for(status: u16) -> SignedDuration {
    // A closed door is tried again by the next run.
    if (200..500).contains(&status) && status != 429 { FRESH_FOR } else { SignedDuration::ZERO }
}

/// What an answer to the request for robots.txt means (RFC 9309 §2.3.1).
pub(super) fn access(copy: &RobotsCopy) -> Access {
    let closed = |why: String| Access::Closed { why, retry_at: None };
    match copy.status {
        200..=299 => Access::Rules(Robots::parse(&copy.body)),
        0 => closed("robots.txt did not answer".to_owned()),
        429 | 500..=599 => closed(format!("robots.txt answered {}", copy.status)),
        _ => Access::Rules(Robots::default()),
    }
}

/// What becomes of a host whose robots.txt could not be had.
pub(super) fn unanswered(error: &FetchError, now: Timestamp) -> (RobotsCopy, Access) {
    let copy = RobotsCopy { status: 0, body: Vec::new(), at: now };
    let why = format!("robots.txt could not be read: {error}");
    (copy, Access::Closed { why, retry_at: Some(now + UNREACHABLE_FOR) })
}

/// A request for a robots.txt: at its place, or where redirects led.
#[derive(Debug, Clone)]
pub(super) struct Hop {
    pub(super) url: CanonicalUrl,
    /// Redirects that led there.
    redirects: u32,
}

impl Hop {
    /// The first one, at the place that the origin's robots.txt has.
    pub(super) fn first(origin: &str) -> Option<Self> {
        let url = CanonicalUrl::parse(&format!("{origin}/robots.txt"), None).ok()?;
        Some(Self { url, redirects: 0 })
    }
}

/// What one request for a robots.txt came to.
#[derive(Debug)]
pub(super) enum Asked {
    /// It is elsewhere, also on another host (RFC 9309 §2.3.1.2); to ask there is a request of its own.
    Elsewhere(Hop),
    /// The copy to keep, and what it means.
    Answered(RobotsCopy, Access),
}

/// Makes one request for a robots.txt. Gives what came of it and how long it took. No more of the file is read
/// than is obeyed, so that one without an end is obeyed too.
pub(super) async fn ask(client: &dyn Fetch, hop: &Hop, now: impl Fn() -> Timestamp) -> (Asked, Duration) {
    let request = Request { read_up_to: Some(MAX_BYTES as u64), ..Request::new(hop.url.clone()) };
    let capture = match client.fetch(&request).await {
        Ok(capture) => capture,
        Err(error) => {
            let (copy, access) = unanswered(&error, now());
            return (Asked::Answered(copy, access), Duration::ZERO);
        }
    };
    let elapsed = Duration::from_millis(u64::from(capture.elapsed_ms));
    if let Some(target) = capture.redirect_target() {
        let redirects = hop.redirects + 1;
        let next = target.ok().filter(|_| redirects <= REDIRECTS);
        let asked = next.map_or_else(|| none(now()), |url| Asked::Elsewhere(Hop { url, redirects }));
        return (asked, elapsed);
    }
    let is_file = (200..300).contains(&capture.status);
    let retry_at = super::examine::retry_after(&capture);
    let mut body = if is_file { capture.body } else { Vec::new() };
    body.truncate(MAX_BYTES);
    let copy = RobotsCopy { status: capture.status, body, at: capture.fetched_at };
    let access = match access(&copy) {
        Access::Closed { why, .. } => Access::Closed { why, retry_at },
        rules @ Access::Rules(_) => rules,
    };
    (Asked::Answered(copy, access), elapsed)
}

/// No such file. Too many redirects count as that (RFC 9309 §2.3.1.2).
pub(super) fn none(now: Timestamp) -> Asked {
    let copy = RobotsCopy { status: 404, body: Vec::new(), at: now };
    Asked::Answered(copy, Access::Rules(Robots::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_for_robots_txt_means() {
        let closed = |status| {
            let copy = RobotsCopy {
                status,
                body: b"user-agent: *\ndisallow: /x".to_vec(),
                at: Timestamp::UNIX_EPOCH,
            };
            match access(&copy) {
                Access::Closed { .. } => None,
                Access::Rules(robots) => Some(robots.verdict("jianbao", "/x").allowed),
            }
        };
        for (status, want) in [
            (200, Some(false)),
            (404, Some(true)),
            (403, Some(true)),
            (401, Some(true)),
            (429, None),
            (500, None),
            (503, None),
            (0, None),
        ] {
            assert_eq!(closed(status), want, "{status}");
        }
    }
}
