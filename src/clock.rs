//! The one clock: everything that waits or asks the time does it through [`Clock`], so that a
//! test can own time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use governor::nanos::Nanos;
use jiff::{SignedDuration, Timestamp};

/// A wait that ends at a moment of the clock it came from.
pub type Sleep<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Tells the time and waits for it.
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Ends when [`Clock::now`] has reached `at`; at once when it already has.
    fn sleep_until(&self, at: Timestamp) -> Sleep<'_>;

    /// How far the machine's clock was set back behind this one.
    fn set_back(&self) -> SignedDuration {
        SignedDuration::ZERO
    }
}

/// The machine's clock, except that it never goes back within a process: when the machine's does,
/// this one runs on as it was, so that waits stay as long as they were meant to be.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

static STEADY: Steady = Steady::new();
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        STEADY.at(Timestamp::now(), BEGAN.elapsed())
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep<'_> {
        let wait = Duration::try_from(at.duration_since(self.now())).unwrap_or_default();
        Box::pin(tokio::time::sleep(wait))
    }

    fn set_back(&self) -> SignedDuration {
        self.now().duration_since(Timestamp::now())
    }
}

/// The furthest that the machine's clock was ever ahead of the process's age, in microseconds.
#[derive(Debug)]
struct Steady(AtomicI64);

impl Steady {
    const fn new() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }

    /// The time when the machine's clock shows `shown` and the process has run for `ran`.
    fn at(&self, shown: Timestamp, ran: Duration) -> Timestamp {
        let ran = i64::try_from(ran.as_micros()).unwrap_or(i64::MAX);
        let ahead = shown.as_microsecond().saturating_sub(ran);
        let furthest = self.0.fetch_max(ahead, Ordering::SeqCst).max(ahead);
        Timestamp::from_microsecond(furthest.saturating_add(ran)).unwrap_or(shown)
    }
}

/// A clock that stands still until told otherwise; a sleep moves it to the sleep's end.
#[derive(Debug)]
pub struct ManualClock {
    micros: AtomicI64,
}

impl ManualClock {
    /// A clock that shows `at`.
    pub fn new(at: Timestamp) -> Self {
        Self { micros: AtomicI64::new(at.as_microsecond()) }
    }

    /// Sets the clock, forwards or back.
    pub fn set(&self, at: Timestamp) {
        self.micros.store(at.as_microsecond(), Ordering::SeqCst);
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.micros.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.micros.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep<'_> {
        self.micros.fetch_max(at.as_microsecond(), Ordering::SeqCst);
        Box::pin(std::future::ready(()))
    }
}

/// Lets governor's rate limiters run on a [`Clock`].
#[derive(Debug, Clone)]
pub struct GovernorClock(pub Arc<dyn Clock>);

impl governor::clock::Clock for GovernorClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(u64::try_from(self.0.now().as_nanosecond()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_runs_on_as_it_was() {
        let steady = Steady::new();
        for (shown, ran, want) in [
            ("2025-03-01T12:00:00Z", 0, "2025-03-01T12:00:00Z"),
            ("2025-03-01T12:00:10Z", 10, "2025-03-01T12:00:10Z"),
            // Back by an hour, and on from there.
            ("2025-03-01T11:00:20Z", 20, "2025-03-01T12:00:20Z"),
            ("2025-03-01T11:00:30Z", 30, "2025-03-01T12:00:30Z"),
            // Forward, as after a sleep of the machine: followed.
            ("2025-03-01T15:00:00Z", 40, "2025-03-01T15:00:00Z"),
        ] {
            let now = steady.at(shown.parse().unwrap(), Duration::from_secs(ran));
            assert_eq!(now, want.parse::<Timestamp>().unwrap(), "{shown}");
        }
    }
}
