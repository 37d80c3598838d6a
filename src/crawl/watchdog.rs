//! Sees to it that a run ends, whatever gets stuck in it.
//!
//! What may take long says what it is and how long that may take ([`Pulse`]). A thread of its own looks
//! every few seconds: a site whose step outlasts its limit is abandoned, and the others go on. When the
//! archive or the runtime no longer answers, or the run does not end, there is nobody left to ask, and
//! [`Progress::hangs`] is told, so that the process can be ended. Nothing is lost by that: what was
//! committed is committed. All of it is measured on the monotonic clock; the day's may jump.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};
use tracing::error;

use super::{Progress, Shared};
use crate::archive::ArchiveError;

/// The longest time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What a site, or the run itself, is doing: told while it is done.
#[derive(Debug)]
pub(super) struct Pulse {
    /// A site's name.
    pub(super) name: String,
    /// Requests sent so far.
    requests: AtomicU64,
    steps: Mutex<Steps>,
    /// The step for which it was abandoned.
    abandoned: watch::Sender<Option<String>>,
    ended: AtomicBool,
}

#[derive(Debug, Default)]
struct Steps {
    begun: u64,
    running: BTreeMap<u64, Step>,
}

#[derive(Debug)]
struct Step {
    what: String,
    since: Instant,
    limit: Duration,
}

/// A step under way; it ends when this is dropped.
#[derive(Debug)]
#[must_use]
pub(super) struct Doing {
    pulse: Arc<Pulse>,
    number: u64,
}

impl Pulse {
    pub(super) fn new(name: &str) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            requests: AtomicU64::new(0),
            steps: Mutex::default(),
            abandoned: watch::channel(None).0,
            ended: AtomicBool::new(false),
        })
    }

    /// Begins a step that may take as long as `limit` by itself.
    pub(super) fn begin(self: &Arc<Self>, what: impl Display, limit: Duration) -> Doing {
        let step = Step { what: what.to_string(), since: Instant::now(), limit };
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.begun += 1;
        let number = steps.begun;
        steps.running.insert(number, step);
        Doing { pulse: Arc::clone(self), number }
    }

    /// Ends when the site is abandoned, with the reason.
    pub(super) async fn abandoned(&self) -> String {
        let mut receiver = self.abandoned.subscribe();
        // The sender lives as long as `self`.
        let reason = receiver.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
        reason.unwrap_or_default()
    }

    pub(super) fn count_requests(&self, requests: u64) {
        self.requests.fetch_add(requests, Ordering::Relaxed);
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Nothing more is to come.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// The first step that has outlasted its limit by `patience`, in words.
    fn stuck(&self, now: Instant, patience: Duration) -> Option<String> {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.running.values().find_map(|step| {
            let lasted = now.saturating_duration_since(step.since);
            (lasted > step.limit.saturating_add(patience))
                .then(|| format!("{} has taken {} s and does not end", step.what, lasted.as_secs()))
        })
    }
}

impl Drop for Doing {
    fn drop(&mut self) {
        let mut steps = self.pulse.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.running.remove(&self.number);
    }
}

/// What the thread watches.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) run: Arc<Pulse>,
    pub(super) sites: Vec<Arc<Pulse>>,
    pub(super) patience: Duration,
    pub(super) progress: Arc<dyn Progress>,
}

/// The thread; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Watchdog {
    _lead: Sender<()>,
}

impl Watchdog {
    /// Starts the thread. To be called within the runtime that is to be watched.
    pub(super) fn start(watched: Watched, shared: Arc<Shared>) -> Result<Self, ArchiveError> {
        let (lead, let_go) = channel();
        let beats = Beats {
            archive: Beat::default(),
            runtime: Beat::default(),
            handle: tokio::runtime::Handle::current(),
        };
        std::thread::Builder::new()
            .name("watchdog".to_owned())
            .spawn(move || watch_over(&watched, beats, &shared, &let_go))
            .map_err(|error| ArchiveError::Stopped(format!("could not watch over it: {error}")))?;
        Ok(Self { _lead: lead })
    }
}

fn watch_over(watched: &Watched, mut beats: Beats, shared: &Shared, let_go: &Receiver<()>) {
    let every = (watched.patience / 4).min(LOOK_EVERY);
    let mut given_up: Vec<(Arc<Pulse>, Instant)> = Vec::new();
    while let_go.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        let now = Instant::now();
        let stuck = beats
            .missing(shared, now, watched.patience)
            .or_else(|| watched.run.stuck(now, watched.patience))
            .or_else(|| never_ended(&given_up, now, watched.patience));
        if let Some(step) = stuck {
            error!("{step}");
            return watched.progress.hangs(&step);
        }
        abandon_stuck(watched, now, &mut given_up);
    }
}

/// Abandons each site of which a step is stuck.
fn abandon_stuck(watched: &Watched, now: Instant, given_up: &mut Vec<(Arc<Pulse>, Instant)>) {
    for site in watched.sites.iter().filter(|site| !site.ended.load(Ordering::Acquire)) {
        if given_up.iter().any(|(known, _)| Arc::ptr_eq(known, site)) {
            continue;
        }
        if let Some(step) = site.stuck(now, watched.patience) {
            error!(site = %site.name, "{step}");
            site.abandoned.send_replace(Some(format!("{step}: the site is left to the next run")));
            given_up.push((Arc::clone(site), now));
        }
    }
}

/// A site that was abandoned and did not even end.
fn never_ended(given_up: &[(Arc<Pulse>, Instant)], now: Instant, patience: Duration) -> Option<String> {
    let late = given_up.iter().find(|(site, at)| {
        !site.ended.load(Ordering::Acquire) && now.saturating_duration_since(*at) > patience
    });
    late.map(|(site, _)| format!("the crawl of `{}` was abandoned and does not end", site.name))
}

/// Questions that must be answered before long.
#[derive(Debug)]
struct Beats {
    archive: Beat,
    runtime: Beat,
    handle: tokio::runtime::Handle,
}

/// A question on its way, and since when.
#[derive(Debug, Default)]
struct Beat {
    asked: Option<(Instant, Option<oneshot::Receiver<()>>)>,
}

impl Beats {
    /// What did not answer in time.
    fn missing(&mut self, shared: &Shared, now: Instant, patience: Duration) -> Option<String> {
        self.archive.look(now, || shared.store.ping());
        let handle = self.handle.clone();
        self.runtime.look(now, || {
            let (answer, receiver) = oneshot::channel();
            // Nobody waits any more when the run has ended.
            handle.spawn(async move { answer.send(()) });
            Some(receiver)
        });
        [("the archive's writer", self.archive.age(now)), ("the crawl's runtime", self.runtime.age(now))]
            .into_iter()
            .find(|(_, age)| *age > patience)
            .map(|(who, age)| format!("{who} has not answered for {} s", age.as_secs()))
    }
}

impl Beat {
    /// Takes the answer when it is there, else asks when nothing is asked.
    fn look(&mut self, now: Instant, ask: impl FnOnce() -> Option<oneshot::Receiver<()>>) {
        match &mut self.asked {
            // Who dropped the question has ended, and its error is told elsewhere.
            Some((_, Some(receiver))) => match receiver.try_recv() {
                Ok(()) | Err(oneshot::error::TryRecvError::Closed) => self.asked = None,
                Err(oneshot::error::TryRecvError::Empty) => {}
            },
            Some((since, None)) => self.asked = Some((*since, ask())),
            None => self.asked = Some((now, ask())),
        }
    }

    fn age(&self, now: Instant) -> Duration {
        self.asked.as_ref().map_or(Duration::ZERO, |(since, _)| now.saturating_duration_since(*since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_mins(10);

    #[test]
    fn a_step_is_stuck_when_it_outlasts_its_own_limit_and_our_patience() {
        let pulse = Pulse::new("site");
        let short = pulse.begin("asking for `http://a.example/1`", Duration::from_secs(30));
        let _long = pulse.begin("waiting", Duration::from_hours(1));
        let began = Instant::now();
        let after = |seconds| pulse.stuck(began + Duration::from_secs(seconds), PATIENCE);
        assert_eq!(after(600), None);
        assert_eq!(
            after(640).as_deref(),
            Some("asking for `http://a.example/1` has taken 640 s and does not end")
        );
        drop(short);
        assert_eq!(after(640), None);
        assert!(after(4300).unwrap().starts_with("waiting has taken"));
    }

    #[test]
    fn a_question_ages_until_it_is_answered() {
        let began = Instant::now();
        let mut beat = Beat::default();
        // The queue is full: not even asked.
        beat.look(began, || None);
        let later = began + Duration::from_mins(1);
        let (answer, receiver) = oneshot::channel();
        beat.look(later, || Some(receiver));
        assert_eq!(beat.age(later), Duration::from_mins(1));
        answer.send(()).unwrap();
        beat.look(later, || None);
        assert_eq!(beat.age(later), Duration::ZERO);
    }
}
