//! What a run may use, and how its sites share that.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Limits of one run; `None` means none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Budget {
    /// Requests.
    pub max_pages: Option<u64>,
    /// Bytes of bodies as sent.
    pub max_bytes: Option<u64>,
    /// From the run's start.
    pub max_time: Option<Duration>,
}

/// What the run has used of its budget.
#[derive(Debug)]
pub(super) struct Spent {
    budget: Budget,
    pub(super) deadline: Option<Timestamp>,
    /// Half of the time is used then.
    half_time: Option<Timestamp>,
    pub(super) requests: AtomicU64,
    pub(super) bytes: AtomicU64,
    /// Requests that each site may send, whatever the others do.
    share: Option<u64>,
    /// Requests that sites which ended left of their shares.
    left: AtomicU64,
}

impl Spent {
    pub(super) fn new(budget: Budget, started: Timestamp, sites: usize) -> Self {
        let time = budget.max_time.and_then(|time| SignedDuration::try_from(time).ok());
        Self {
            budget,
            deadline: time.map(|time| started + time),
            half_time: time.map(|time| started + time / 2),
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            share: budget.max_pages.map(|limit| limit.div_ceil(sites.max(1) as u64)),
            left: AtomicU64::new(0),
        }
    }

    /// The budget that is reached, if one is.
    pub(super) fn reached(&self, now: Timestamp) -> Option<&'static str> {
        let over = |limit: Option<u64>, used: &AtomicU64| {
            limit.is_some_and(|limit| used.load(Ordering::Relaxed) >= limit)
        };
        if over(self.budget.max_pages, &self.requests) {
            return Some("max-pages");
        }
        if over(self.budget.max_bytes, &self.bytes) {
            return Some("max-bytes");
        }
        self.deadline.is_some_and(|deadline| now >= deadline).then_some("max-time")
    }

    /// Whether sites share a number of requests.
    pub(super) fn is_shared(&self) -> bool {
        self.share.is_some()
    }

    /// Whether a site that sent `used` requests, `borrowed` of them others', may send one more: from its
    /// own share, or from what others left, which is then borrowed.
    pub(super) fn may_ask(&self, used: u64, borrowed: &mut u64) -> bool {
        if self.share.is_none_or(|share| used < share.saturating_add(*borrowed)) {
            return true;
        }
        let taken =
            self.left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        *borrowed += u64::from(taken);
        taken
    }

    /// Whether a site that sent `used` requests, of its own limit if it has one, goes into the second half
    /// of its budget with the next one.
    pub(super) fn is_half_used(&self, used: u64, limit: Option<u64>, now: Timestamp) -> bool {
        let is_half =
            |limit: Option<u64>, used: u64| limit.is_some_and(|limit| used >= limit.saturating_sub(used));
        let requests = self.share.into_iter().chain(limit).min();
        is_half(requests, used + 1)
            || is_half(self.budget.max_bytes, self.bytes.load(Ordering::Relaxed))
            || self.half_time.is_some_and(|half| now >= half)
    }

    /// A site ends: what it did not use is the others'.
    pub(super) fn leave(&self, used: u64) {
        if let Some(share) = self.share {
            self.left.fetch_add(share.saturating_sub(used), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_share_a_budget_and_inherit_what_others_leave() {
        let budget = Budget { max_pages: Some(20), ..Budget::default() };
        let spent = Spent::new(budget, Timestamp::UNIX_EPOCH, 2);
        let mut borrowed = 0;
        assert!(spent.may_ask(9, &mut borrowed));
        assert!(!spent.may_ask(10, &mut borrowed));
        // The other site needed 8 of its 10.
        spent.leave(8);
        assert!(spent.may_ask(10, &mut borrowed) && spent.may_ask(11, &mut borrowed));
        assert!(!spent.may_ask(12, &mut borrowed));
        assert_eq!(borrowed, 2);
    }

    #[test]
    fn the_second_half_begins_with_the_middle_request_byte_or_second() {
        let now = Timestamp::UNIX_EPOCH;
        let of = |budget| Spent::new(budget, now, 1);
        let pages = |max| of(Budget { max_pages: Some(max), ..Budget::default() });
        let first = |max| (0..10).find(|used| pages(max).is_half_used(*used, None, now));
        assert_eq!([1, 2, 5, 20].map(first), [Some(0), Some(0), Some(2), Some(9)]);
        assert!(of(Budget::default()).is_half_used(2, Some(5), now));
        let timed = of(Budget { max_time: Some(Duration::from_mins(1)), ..Budget::default() });
        assert!(!timed.is_half_used(9, None, now + SignedDuration::from_secs(29)));
        assert!(timed.is_half_used(9, None, now + SignedDuration::from_secs(30)));
        let bytes = of(Budget { max_bytes: Some(1000), ..Budget::default() });
        assert!(!bytes.is_half_used(9, None, now));
        bytes.bytes.store(500, Ordering::Relaxed);
        assert!(bytes.is_half_used(9, None, now));
    }

    #[test]
    fn without_a_limit_nobody_is_held_back() {
        let spent = Spent::new(Budget::default(), Timestamp::UNIX_EPOCH, 3);
        assert!(spent.may_ask(u64::MAX, &mut 0) && !spent.is_shared());
    }
}
