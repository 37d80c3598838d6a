//! What becomes of an answer: noted for the schedule, examined on a thread, committed, and followed by
//! the next page of its article.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tracing::info;

use super::examination::Examination;
use super::{Examined, Fetched, Job, SiteCrawl, Step};
use crate::archive::{ArchiveError, Claimed, Outcome, PageResult};
use crate::capture::Capture;
use crate::crawl::examine;
use crate::fetch::FetchError;
use crate::politeness::Reply;

/// A certificate with less time left is worth an alarm: those of 90 days are renewed after 60.
const CERTIFICATE_LEFT: jiff::SignedDuration = jiff::SignedDuration::from_hours(14 * 24);

/// A site that refuses everything is left alone for as long, or as long as it asks for when that is longer: hourly
/// runs then ask once more each.
const REFUSED_FOR: jiff::SignedDuration = jiff::SignedDuration::from_mins(30);

impl SiteCrawl {
    /// Notes how the request went, and hands the answer to a thread.
    pub(super) fn fetched(&mut self, fetched: Fetched) {
        let Fetched { job, answer } = fetched;
        let now = self.shared.clock.now();
        match &answer {
            Ok(capture) => {
                self.shared.spent.bytes.fetch_add(capture.wire_length, Ordering::Relaxed);
                self.moves.note(capture, |url| self.rules.territory.contains(url));
                self.alarm_if_certificate_ends(capture);
                self.begun |= capture.status < 400 && self.is_seed(&job.claimed.url);
                let elapsed = Duration::from_millis(u64::from(capture.elapsed_ms));
                if examine::is_overload(capture) {
                    self.schedule.overloaded(now, examine::retry_after(capture));
                } else {
                    self.schedule.answered(now, elapsed);
                }
            }
            Err(error) if error.concerns_host() => self.schedule.failed(now),
            Err(_) => self.schedule.gave_nothing(now),
        }
        self.stop_when_unreachable(&answer);
        self.examine(job, Some(answer));
    }

    /// A certificate that ends closes the site from one day to the next.
    fn alarm_if_certificate_ends(&mut self, capture: &Capture) {
        let left = capture.certificate_until.map(|until| until.duration_since(capture.fetched_at));
        if let Some(left) = left.filter(|left| *left < CERTIFICATE_LEFT) {
            let (days, origin) = (left.as_hours() / 24, capture.url.origin());
            self.alarm(format!("the certificate of {origin} ends in {days} days"));
        }
    }

    /// Hands the pages of a job to a thread; without an answer, what there is of an article is taken.
    pub(super) fn examine(&mut self, job: Job, answer: Option<Result<Capture, FetchError>>) {
        let now = self.shared.clock.now();
        let host = (self.hosts.0.get(job.url.origin()).map_or(0, |host| host.id), self.schedule.state());
        let step = self.pulse.begin(format_args!("examining `{}`", job.url), Duration::ZERO);
        let work = Examination {
            rules: self.rules.clone(),
            shared: Arc::clone(&self.shared),
            job,
            answer,
            host,
            now,
        };
        self.examining.spawn(work.run(step));
    }

    /// A host that does not answer at all is left to the next run. One page that never comes uses up its
    /// own tries; only when another does not come either, it is the host.
    fn stop_when_unreachable(&mut self, answer: &Result<Capture, FetchError>) {
        if let Err(error) = answer
            && error.concerns_host()
            && self.schedule.state().failures
                > self.rules.retries + u32::from(matches!(error, FetchError::Timeout { .. }))
        {
            self.close(error.to_string());
        }
    }

    /// Leaves a site alone that refuses one request after the other.
    fn stop_when_refused(&mut self, reply: Reply) {
        if let (Some(count), Reply::Refused(refusal)) = (self.refusals.note(reply), reply)
            && !self.closed
        {
            self.schedule.leave_alone(self.shared.clock.now() + REFUSED_FOR);
            let until = self.schedule.state().not_before.unwrap_or(self.shared.clock.now());
            self.close(format!(
                "the last {count} answers in a row were {}: the site is left alone until {}; then a run goes on, with what is still to be read",
                refusal.in_words(),
                until.strftime("%Y-%m-%dT%H:%M:%SZ")
            ));
        }
    }

    pub(super) fn examined(
        &mut self,
        examined: Result<Examined, tokio::task::JoinError>,
    ) -> Result<(), ArchiveError> {
        let step = examined.map_err(|error| ArchiveError::Stopped(error.to_string()))??;
        let (url, profile, reply) = match step {
            Step::Committed { url, profile, reply, alarm } => {
                if let Some(alarm) = alarm {
                    self.alarm(alarm);
                }
                (url, profile, reply)
            }
            Step::Left(url) => {
                self.busy.remove(&url);
                self.leading.remove(&url);
                self.listings.remove(&url);
                return Ok(());
            }
            Step::GoesOn(job) => {
                self.queue.push_front(*job);
                return Ok(());
            }
        };
        self.busy.remove(&url);
        self.leading.remove(&url);
        self.listings.remove(&url);
        self.stop_when_refused(reply);
        if let Some(profile) = profile
            && self.rules.territory.profile.is_none()
        {
            info!(site = %self.name(), profile = %profile.key, "is of a known layout");
            self.rules.territory.profile = Some(profile);
        }
        Ok(())
    }
}

/// One line for each URL, with its named outcome.
pub(super) fn log(site: &str, claimed: &Claimed, outcome: &Outcome) {
    let capture = outcome.capture.as_ref();
    info!(
        %site,
        url = %claimed.url,
        status = capture.map(|capture| capture.status),
        ms = capture.map(|capture| capture.elapsed_ms),
        bytes = capture.map(|capture| capture.wire_length),
        kind = claimed.kind.as_str(),
        found = outcome.candidates.len(),
        article = matches!(outcome.result, PageResult::Article { .. }),
        outcome = outcome.name,
    );
}
