//! When the hosts of one site may be asked next.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use jiff::{SignedDuration, Timestamp};

use super::retry;
use crate::clock::{Clock, GovernorClock};

type Limiter = RateLimiter<NotKeyed, InMemoryState, GovernorClock, NoOpMiddleware<Nanos>>;

/// The delays between requests to one site.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// From one request to the next, at least.
    pub delay: Duration,
    /// Or this many times the last answer's duration, whichever is longer …
    pub delay_factor: f64,
    /// … up to this.
    pub max_delay: Duration,
    /// Requests at the same time.
    pub concurrency: usize,
}

/// What outlives the process: the row of the `host` table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostState {
    /// No request before this moment.
    pub not_before: Option<Timestamp>,
    /// Duration of recent answers in milliseconds, smoothed.
    pub latency_ms: Option<u32>,
    /// Failures in a row that concern the host.
    pub failures: u32,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Ask now.
    Now,
    /// Not before this moment.
    At(Timestamp),
    /// As many requests are under way as may be.
    Busy,
}

/// The schedule of one site: a token bucket for the pace, a deadline for everything else.
#[derive(Debug)]
pub struct Schedule {
    pace: Pace,
    limiter: Option<Limiter>,
    clock: Arc<dyn Clock>,
    state: HostState,
    under_way: usize,
}

impl Schedule {
    /// A schedule that continues from a stored state.
    pub fn new(pace: Pace, state: HostState, clock: Arc<dyn Clock>) -> Self {
        let limiter = limiter(pace.delay, &clock);
        Self { pace, limiter, clock, state, under_way: 0 }
    }

    /// Slows down to a robots.txt's Crawl-delay; never speeds up.
    pub fn heed_crawl_delay(&mut self, delay: Duration) {
        if delay > self.pace.delay {
            self.pace.delay = delay;
            self.limiter = limiter(delay, &self.clock);
        }
    }

    /// Whether a request may start at `now`. [`Turn::Now`] takes the turn.
    pub fn take_turn(&mut self, now: Timestamp) -> Turn {
        if self.under_way >= self.pace.concurrency {
            return Turn::Busy;
        }
        if let Some(not_before) = self.state.not_before.filter(|at| *at > now) {
            return Turn::At(not_before);
        }
        if let Some(limiter) = &self.limiter
            && let Err(not_until) = limiter.check()
        {
            let wait = not_until.wait_time_from(limiter.clock().now());
            return Turn::At(now + SignedDuration::try_from(wait).unwrap_or(SignedDuration::from_secs(1)));
        }
        self.under_way += 1;
        Turn::Now
    }

    /// Notes an answer that took `elapsed`.
    pub fn answered(&mut self, now: Timestamp, elapsed: Duration) {
        self.under_way = self.under_way.saturating_sub(1);
        self.state.failures = 0;
        let millis = u32::try_from(elapsed.as_millis()).unwrap_or(u32::MAX);
        let smoothed = self.state.latency_ms.map_or(millis, |old| old / 4 * 3 + millis / 4);
        self.state.latency_ms = Some(smoothed);
        let adaptive = elapsed.mul_f64(self.pace.delay_factor.max(0.0)).min(self.pace.max_delay);
        self.hold_until(now + self.pace.delay.max(adaptive));
    }

    /// Notes that the host did not answer.
    pub fn failed(&mut self, now: Timestamp) {
        self.under_way = self.under_way.saturating_sub(1);
        self.state.failures += 1;
        self.hold_until(now + retry::backoff(self.state.failures).max(self.pace.delay));
    }

    /// Notes that the host is overloaded (429, 503), and until when it wants to be left alone.
    pub fn overloaded(&mut self, now: Timestamp, retry_at: Option<Timestamp>) {
        self.under_way = self.under_way.saturating_sub(1);
        self.state.failures += 1;
        // What the host says replaces our guess.
        self.hold_until(retry_at.unwrap_or_else(|| now + retry::overload_backoff(self.state.failures)));
        self.hold_until(now + self.pace.delay);
    }

    /// Notes a request that says nothing of the site's hosts: one page that could not be read, another
    /// host that is closed. Only the pace goes on.
    pub fn gave_nothing(&mut self, now: Timestamp) {
        self.under_way = self.under_way.saturating_sub(1);
        self.hold_until(now + self.pace.delay);
    }

    /// Leaves the site alone until then.
    pub fn leave_alone(&mut self, until: Timestamp) {
        self.hold_until(until);
    }

    /// Takes a turn back that led to no request.
    pub fn unused(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// The state to keep for the next process.
    pub fn state(&self) -> HostState {
        self.state
    }

    fn hold_until(&mut self, at: Timestamp) {
        self.state.not_before = Some(self.state.not_before.map_or(at, |old| old.max(at)));
    }
}

/// One token every `delay`; none for a delay of zero.
fn limiter(delay: Duration, clock: &Arc<dyn Clock>) -> Option<Limiter> {
    let quota = Quota::with_period(delay)?.allow_burst(NonZeroU32::MIN);
    Some(RateLimiter::direct_with_clock(quota, GovernorClock(Arc::clone(clock))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    const PACE: Pace = Pace {
        delay: Duration::from_secs(2),
        delay_factor: 5.0,
        max_delay: Duration::from_secs(30),
        concurrency: 1,
    };

    fn start() -> (Arc<ManualClock>, Schedule) {
        let clock = Arc::new(ManualClock::new("2025-03-01T00:00:00Z".parse().unwrap()));
        let schedule = Schedule::new(PACE, HostState::default(), Arc::clone(&clock) as Arc<dyn Clock>);
        (clock, schedule)
    }

    fn wait(schedule: &mut Schedule, clock: &ManualClock) -> Option<u64> {
        match schedule.take_turn(clock.now()) {
            Turn::Now => Some(0),
            Turn::At(at) => u64::try_from(at.duration_since(clock.now()).as_secs()).ok(),
            Turn::Busy => None,
        }
    }

    #[test]
    fn one_request_at_a_time_and_a_delay_after_each() {
        let (clock, mut schedule) = start();
        assert_eq!(wait(&mut schedule, &clock), Some(0));
        assert_eq!(wait(&mut schedule, &clock), None);
        clock.advance(Duration::from_millis(100));
        schedule.answered(clock.now(), Duration::from_millis(100));
        assert_eq!(wait(&mut schedule, &clock), Some(2));
        clock.advance(Duration::from_secs(2));
        assert_eq!(wait(&mut schedule, &clock), Some(0));
    }

    #[test]
    fn a_slow_host_is_asked_less_often_up_to_a_ceiling() {
        let (clock, mut schedule) = start();
        for (elapsed, want) in [(3, 15), (60, 30)] {
            assert_eq!(wait(&mut schedule, &clock), Some(0));
            schedule.answered(clock.now(), Duration::from_secs(elapsed));
            assert_eq!(wait(&mut schedule, &clock), Some(want));
            clock.advance(Duration::from_secs(want));
        }
    }

    #[test]
    fn retry_after_outlasts_the_delay_but_never_shortens_it() {
        let (clock, mut schedule) = start();
        for (retry, want) in [(60, 60), (1, 2)] {
            assert_eq!(wait(&mut schedule, &clock), Some(0));
            let at = clock.now() + SignedDuration::from_secs(retry);
            schedule.overloaded(clock.now(), Some(at));
            assert_eq!(wait(&mut schedule, &clock), Some(want));
            clock.advance(Duration::from_secs(want));
        }
    }

    #[test]
    fn a_crawl_delay_slows_down_and_never_speeds_up() {
        let (clock, mut schedule) = start();
        schedule.heed_crawl_delay(Duration::from_secs(10));
        schedule.heed_crawl_delay(Duration::from_secs(1));
        assert_eq!(wait(&mut schedule, &clock), Some(0));
        schedule.answered(clock.now(), Duration::ZERO);
        assert_eq!(wait(&mut schedule, &clock), Some(10));
    }

    #[test]
    fn a_request_that_says_nothing_keeps_the_pace_and_what_is_known() {
        let (clock, mut schedule) = start();
        assert_eq!(wait(&mut schedule, &clock), Some(0));
        schedule.failed(clock.now());
        let known = schedule.state();
        clock.advance(Duration::from_secs(2));
        assert_eq!(wait(&mut schedule, &clock), Some(0));
        schedule.gave_nothing(clock.now());
        let state = schedule.state();
        assert_eq!((state.failures, state.latency_ms), (known.failures, known.latency_ms));
        assert_eq!(wait(&mut schedule, &clock), Some(2));
    }

    #[test]
    fn a_stored_deadline_holds_in_the_next_process() {
        let (clock, mut schedule) = start();
        assert_eq!(wait(&mut schedule, &clock), Some(0));
        schedule.overloaded(clock.now(), None);
        let stored = schedule.state();
        assert_eq!(stored.failures, 1);
        let mut next = Schedule::new(PACE, stored, Arc::clone(&clock) as Arc<dyn Clock>);
        assert_eq!(wait(&mut next, &clock), Some(30));
    }
}
