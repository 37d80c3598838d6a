//! The examination of an answer, on a thread: beside others, or alone where the last process died of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use tracing::warn;

use super::answers::log;
use super::{Examined, Job, Step};
use crate::archive::{ArchiveError, Outcome, Store};
use crate::capture::Capture;
use crate::crawl::Shared;
use crate::crawl::examine::{self, Examined as Answered, Rules};
use crate::crawl::trial::Verdict;
use crate::crawl::watchdog::Doing;
use crate::fetch::FetchError;
use crate::frontier::Care;
use crate::politeness::{HostState, Reply};
use crate::profile::Profile;
use crate::watch::Watch;

/// An answer to be examined.
pub(super) struct Examination {
    pub(super) rules: Rules,
    pub(super) shared: Arc<Shared>,
    pub(super) job: Job,
    /// `None` takes what there is of an article on several pages.
    pub(super) answer: Option<Result<Capture, FetchError>>,
    pub(super) host: (i64, HostState),
    pub(super) now: Timestamp,
}

impl Examination {
    /// Waits for its turn, then examines.
    pub(super) async fn run(mut self, step: Doing) -> Examined {
        let Self { shared, job, answer, .. } = &self;
        let _permit = Arc::clone(&shared.workers).acquire_owned().await;
        let is_listing = job.claimed.kind.is_listing();
        let _listing =
            if is_listing { Some(Arc::clone(&shared.listings).acquire_owned().await) } else { None };
        let care = Care::after(job.claimed.crashes, job.claimed.leads);
        let _turn = Turn::take(&shared.examining, care).await;
        if !is_listing && matches!(answer, Some(Ok(capture)) if capture.status == 200) {
            watch(&self.rules, &shared.store).await?;
        }
        let work = tokio::task::spawn_blocking(move || {
            let _step = step;
            let (shared, url) = (Arc::clone(&self.shared), self.job.claimed.id);
            if is_listing {
                shared.store.wait_for_room();
            }
            shared.store.begin_examination(url);
            let examined = self.trial(care).unwrap_or_else(|| self.understand());
            shared.store.end_examination(url);
            examined.conclude(&shared.store)
        });
        work.await.map_err(|error| ArchiveError::Stopped(error.to_string()))?
    }

    /// Tries the page in a process of its own, where that is called for; gives what that came to when it was the end.
    fn trial(&self, care: Care) -> Option<Concluded> {
        let (Care::Alone, Some(Ok(capture)), Some(trials)) = (care, &self.answer, &self.shared.trials) else {
            return None;
        };
        let claimed = &self.job.claimed;
        match trials.survives(capture, || self.shared.is_cut()) {
            Verdict::Survived => None,
            Verdict::Untried(why) => {
                warn!(url = %claimed.url, "the page could not be tried in a process of its own: {why}");
                None
            }
            Verdict::Stopped => Some(Concluded::Step(Step::Left(claimed.id))),
            Verdict::Died(why) => {
                let outcome = examine::set_aside(&self.rules, claimed, self.host, self.now);
                log(&self.rules.territory.site.name, claimed, &outcome);
                let alarm = Some(examine::set_aside_alarm(claimed, &why));
                let step = Step::Committed { url: claimed.id, profile: None, reply: Reply::Served, alarm };
                Some(Concluded::Outcome(Box::new(outcome), step))
            }
        }
    }

    fn understand(&mut self) -> Concluded {
        let Self { rules, job, host, now, .. } = self;
        let claimed = job.claimed.clone();
        let (job, answer) = (std::mem::replace(job, Job::from(claimed.clone())), self.answer.take());
        // One page must not end its site's crawl, in this run and in each that follows.
        let read = catch_unwind(AssertUnwindSafe(|| understand(rules, job, answer, *host, *now)));
        let (outcome, profile) = match read {
            Ok(Understood::GoesOn(job)) => return Concluded::Step(Step::GoesOn(job)),
            Ok(Understood::Done(outcome, profile)) => (outcome, profile),
            Err(_) => (Box::new(examine::panicked(rules, &claimed, *host, *now)), None),
        };
        log(&rules.territory.site.name, &claimed, &outcome);
        let (url, reply) = (claimed.id, examine::reply(&outcome));
        Concluded::Outcome(outcome, Step::Committed { url, profile, reply, alarm: None })
    }
}

/// An examination that is over.
enum Concluded {
    /// There is nothing to commit.
    Step(Step),
    /// What is to be committed, and the step once it is.
    Outcome(Box<Outcome>, Step),
}

impl Concluded {
    fn conclude(self, store: &Store) -> Examined {
        match self {
            Self::Step(step) => Ok(step),
            Self::Outcome(outcome, step) => store.commit(*outcome).map(|()| step),
        }
    }
}

/// The right to examine a page, held meanwhile.
#[derive(Debug)]
#[expect(dead_code, reason = "the guards are there to be dropped")]
enum Turn {
    Shared(OwnedRwLockReadGuard<()>),
    Alone(OwnedRwLockWriteGuard<()>),
}

impl Turn {
    async fn take(examining: &Arc<RwLock<()>>, care: Care) -> Self {
        let examining = Arc::clone(examining);
        match care {
            Care::Ordinary => Self::Shared(examining.read_owned().await),
            Care::Alone | Care::SetAside => Self::Alone(examining.write_owned().await),
        }
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
        Some(Ok(capture)) if !is_part || capture.status == 200 && capture.damage.is_none() => {
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
