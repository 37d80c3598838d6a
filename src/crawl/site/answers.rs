//! What becomes of an answer: noted for the schedule, examined on a thread, committed, and followed by
//! the next page of its article.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tracing::{info, warn};

use super::{Examined, Fetched, Job, SiteCrawl, Step};
use crate::archive::{ArchiveError, Claimed, Outcome, PageResult, Store};
use crate::capture::Capture;
use crate::crawl::examine::{self, Examined as Answered, Rules};
use crate::fetch::FetchError;
use crate::politeness::HostState;
use crate::profile::Profile;
use crate::watch::Watch;

/// A certificate with less time left is worth an alarm: those of 90 days are renewed after 60.
const CERTIFICATE_LEFT: jiff::SignedDuration = jiff::SignedDuration::from_hours(14 * 24);

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
        let rules = self.rules.clone();
        let shared = Arc::clone(&self.shared);
        let step = self.pulse.begin(format_args!("examining `{}`", job.url), Duration::ZERO);
        self.examining.spawn(async move {
            let _permit = Arc::clone(&shared.workers).acquire_owned().await;
            if !job.claimed.kind.is_listing() && matches!(&answer, Some(Ok(capture)) if capture.status == 200)
            {
                watch(&rules, &shared.store).await?;
            }
            let work = tokio::task::spawn_blocking(move || {
                let _step = step;
                let claimed = job.claimed.clone();
                // One page must not end its site's crawl, in this run and in each that follows.
                let read = catch_unwind(AssertUnwindSafe(|| understand(&rules, job, answer, host, now)));
                let (outcome, profile) = match read {
                    Ok(Understood::GoesOn(job)) => return Ok(Step::GoesOn(job)),
                    Ok(Understood::Done(outcome, profile)) => (*outcome, profile),
                    Err(_) => (examine::panicked(&rules, &claimed, host, now), None),
                };
                log(&rules.territory.site.name, &claimed, &outcome);
                shared.store.commit(outcome).map(|()| Step::Committed(claimed.id, profile))
            });
            work.await.map_err(|error| ArchiveError::Stopped(error.to_string()))?
        });
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

    pub(super) fn examined(
        &mut self,
        examined: Result<Examined, tokio::task::JoinError>,
    ) -> Result<(), ArchiveError> {
        let (id, profile) = match examined.map_err(|error| ArchiveError::Stopped(error.to_string()))?? {
            Step::Committed(id, profile) => (id, profile),
            Step::GoesOn(job) => {
                self.queue.push_front(*job);
                return Ok(());
            }
        };
        self.busy.remove(&id);
        self.leading.remove(&id);
        if let Some(profile) = profile
            && self.rules.territory.profile.is_none()
        {
            info!(site = %self.name(), profile = %profile.key, "is of a known layout");
            self.rules.territory.profile = Some(profile);
        }
        Ok(())
    }
}

/// Reads what the site's articles are like, which takes a while, before the first of them is examined.
async fn watch(rules: &Rules, store: &Store) -> Result<(), ArchiveError> {
    let begin = async || Ok(Mutex::new(Watch::new(store.traits(rules.site).await?)));
    rules.watch.get_or_try_init(begin).await.map(drop)
}

/// What a job's pages came to.
enum Understood {
    /// The outcome, and the profile that the page gave.
    Done(Box<Outcome>, Option<Arc<Profile>>),
    /// Its article goes on at another URL.
    GoesOn(Box<Job>),
}

/// Examines the pages of a job, with the last answer.
fn understand(
    rules: &Rules,
    mut job: Job,
    answer: Option<Result<Capture, FetchError>>,
    host: (i64, HostState),
    now: Timestamp,
) -> Understood {
    let is_part = job.is_part();
    let mut may_go_on = false;
    match answer {
        Some(Err(error)) if !is_part => {
            warn!(site = %rules.territory.site.name, url = %job.claimed.url, "{error}");
            let outcome = examine::failure(rules, &job.claimed, &error, host, now);
            return Understood::Done(Box::new(outcome), None);
        }
        Some(Ok(capture)) if !is_part || capture.status == 200 => {
            job.pages.captures.push(capture);
            may_go_on = true;
        }
        _ => {}
    }
    match examine::answer(rules, &job.claimed, job.pages, host, may_go_on) {
        Answered::GoesOn { pages, url } => {
            Understood::GoesOn(Box::new(Job { claimed: job.claimed, url, pages }))
        }
        Answered::Done { outcome, profile } => Understood::Done(outcome, profile),
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
