//! What a run may use, and how its sites share that.

use std::sync::Arc;
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

/// The key of a site's own limit of requests.
const SITE_LIMIT: &str = "scope.max_pages";

/// What the run has used of its budget.
#[derive(Debug)]
pub(super) struct Spent {
    budget: Budget,
    pub(super) deadline: Option<Timestamp>,
    /// Half of the time is used then.
    half_time: Option<Timestamp>,
    requests: AtomicU64,
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
}

/// A site's part of the budget. What it did not use when it ends, however it ends, is the others'.
#[derive(Debug)]
pub(super) struct Share {
    spent: Arc<Spent>,
    /// The site's own limit of requests.
    limit: Option<u64>,
    used: u64,
    /// Requests taken of what others left.
    borrowed: u64,
}

impl Share {
    /// The part of a site whose own limit is `max_pages`; 0 means none.
    pub(super) fn new(spent: &Arc<Spent>, max_pages: u64) -> Self {
        Self {
            spent: Arc::clone(spent),
            limit: Some(max_pages).filter(|limit| *limit > 0),
            used: 0,
            borrowed: 0,
        }
    }

    /// Requests that the site sent.
    pub(super) fn used(&self) -> u64 {
        self.used
    }

    pub(super) fn count(&mut self, requests: u64) {
        self.used += requests;
        self.spent.requests.fetch_add(requests, Ordering::Relaxed);
    }

    /// What keeps the site from one more request: its own limit, or its share when nobody left any.
    pub(super) fn reached(&mut self) -> Option<&'static str> {
        if self.limit.is_some_and(|limit| self.used >= limit) {
            return Some(SITE_LIMIT);
        }
        let has_own = self.spent.share.is_none_or(|share| self.used < share.saturating_add(self.borrowed));
        (!has_own && !self.borrow()).then_some("max-pages")
    }

    fn borrow(&mut self) -> bool {
        let take = |left: u64| left.checked_sub(1);
        let taken = self.spent.left.try_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
        self.borrowed += u64::from(taken);
        taken
    }

    /// Whether the site goes into the second half of its budget with the next request.
    pub(super) fn is_half_used(&self, now: Timestamp) -> bool {
        let is_half =
            |limit: Option<u64>, used: u64| limit.is_some_and(|limit| used >= limit.saturating_sub(used));
        let spent = &self.spent;
        is_half(spent.share.into_iter().chain(self.limit).min(), self.used + 1)
            || is_half(spent.budget.max_bytes, spent.bytes.load(Ordering::Relaxed))
            || spent.half_time.is_some_and(|half| now >= half)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if let Some(share) = self.spent.share {
            let left = share.saturating_add(self.borrowed).saturating_sub(self.used);
            self.spent.left.fetch_add(left, Ordering::Relaxed);
        }
    }
}

/// Of the budgets that ended sites, the one to name: the run's before a site's own.
pub(super) fn foremost(budgets: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    budgets.min_by_key(|budget| *budget == SITE_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares<const N: usize>(budget: Budget, limit: u64) -> (Arc<Spent>, [Share; N]) {
        let spent = Arc::new(Spent::new(budget, Timestamp::UNIX_EPOCH, N));
        let shares = std::array::from_fn(|_| Share::new(&spent, limit));
        (spent, shares)
    }

    fn pages(max_pages: u64) -> Budget {
        Budget { max_pages: Some(max_pages), ..Budget::default() }
    }

    #[test]
    fn sites_share_a_budget_and_inherit_what_others_leave() {
        let (_, [mut one, mut two, refused]) = shares(pages(30), 0);
        one.count(9);
        assert_eq!(one.reached(), None);
        one.count(1);
        assert_eq!(one.reached(), Some("max-pages"));
        // The second site needed 8 of its 10, the third was refused.
        two.count(8);
        drop((two, refused));
        assert!((0..12).all(|_| {
            let may_ask = one.reached().is_none();
            one.count(1);
            may_ask
        }));
        assert_eq!(one.reached(), Some("max-pages"));
    }

    #[test]
    fn what_ends_without_a_request_leaves_its_whole_share_and_what_it_borrowed() {
        let (spent, [mut one, two, three]) = shares(pages(30), 0);
        drop((two, three));
        one.count(10);
        assert_eq!((one.reached(), spent.left.load(Ordering::Relaxed)), (None, 19));
        drop(one);
        assert_eq!(spent.left.load(Ordering::Relaxed), 20);
    }

    #[test]
    fn the_second_half_begins_with_the_middle_request_byte_or_second() {
        let now = Timestamp::UNIX_EPOCH;
        let first = |budget: Budget, limit| {
            let (_, [mut share]) = shares(budget, limit);
            (0..10).find(|_| {
                let is_half = share.is_half_used(now);
                share.count(1);
                is_half
            })
        };
        assert_eq!([1, 2, 5, 20].map(|max| first(pages(max), 0)), [Some(0), Some(0), Some(2), Some(9)]);
        assert_eq!(first(Budget::default(), 5), Some(2));
        let timed = Budget { max_time: Some(Duration::from_mins(1)), ..Budget::default() };
        let (_, [timed]) = shares(timed, 0);
        assert!(!timed.is_half_used(now + SignedDuration::from_secs(29)));
        assert!(timed.is_half_used(now + SignedDuration::from_secs(30)));
        let (spent, [bytes]) = shares(Budget { max_bytes: Some(1000), ..Budget::default() }, 0);
        assert!(!bytes.is_half_used(now));
        spent.bytes.store(500, Ordering::Relaxed);
        assert!(bytes.is_half_used(now));
    }

    #[test]
    fn without_a_limit_nobody_is_held_back() {
        let (_, [mut one, _two]) = shares(Budget::default(), 0);
        one.count(u64::MAX / 2);
        assert_eq!(one.reached(), None);
    }

    #[test]
    fn the_runs_budget_is_named_before_a_sites_own() {
        assert_eq!(foremost([SITE_LIMIT, "max-time"].into_iter()), Some("max-time"));
        assert_eq!(foremost([SITE_LIMIT].into_iter()), Some(SITE_LIMIT));
        assert_eq!(foremost([].into_iter()), None);
        let (_, [mut share]) = shares(pages(9), 3);
        share.count(3);
        assert_eq!(share.reached(), Some(SITE_LIMIT));
    }
}
