//! When a page is looked at again: pure functions of what the look found.

use std::time::Duration;

use crate::config::Recrawl;
use crate::dedup::Change;

/// An unchanged list is looked at again after this, and then at growing intervals.
const LIST_FIRST: Duration = Duration::from_mins(15);
/// A sitemap checks what feeds and lists have told; it is read no more often than this.
const SITEMAP_FIRST: Duration = Duration::from_hours(6);

/// The wait until the next look at an article, given its age and the wait before this look.
///
/// | this look found | next wait |
/// |---|---|
/// | a new article | a quarter of its age |
/// | a revision | half of the last wait |
/// | nothing new | the last wait × `unchanged_factor` |
///
/// always at least `first` and at most `longest`. Most edits come in an article's first two days: with
/// `first = "6h"` a fresh article is looked at after 6, 18 and 42 hours, one of two years after 90 days.
pub fn next_look(settings: &Recrawl, previous: Option<Duration>, change: Change, age: Duration) -> Duration {
    let first = settings.first.0;
    let longest = settings.longest.0.max(first);
    let wait = match (change, previous) {
        (Change::New, _) | (_, None) => age / 4,
        (Change::Revised, Some(previous)) => previous / 2,
        (Change::Unchanged | Change::Sharpened, Some(previous)) => {
            grown(previous, settings.unchanged_factor, longest)
        }
    };
    wait.clamp(first, longest)
}

/// The wait until the next look at a list, feed or sitemap, by the rate at which it shows new articles.
///
/// | this look found | next wait |
/// |---|---|
/// | something new | half of the last wait; none below 15 minutes |
/// | nothing new | twice the last wait, from 15 minutes up to `lists_longest` |
///
/// A sitemap waits 6 hours at least. The front page and feeds are looked at by every run, whatever
/// their rate: they tell what is new for the price of one request.
pub fn next_list_look(
    settings: &Recrawl,
    is_sitemap: bool,
    previous: Option<Duration>,
    found_new: bool,
) -> Duration {
    let previous = previous.unwrap_or_default();
    let longest = settings.lists_longest.0;
    let wait = if !found_new {
        (previous * 2).clamp(LIST_FIRST.min(longest), longest)
    } else if previous < LIST_FIRST {
        Duration::ZERO
    } else {
        previous / 2
    };
    if is_sitemap { wait.max(SITEMAP_FIRST.min(longest)) } else { wait }
}

/// The wait until the next look at an article that was missing `looks` times in a row: so often that
/// it can be confirmed in time, then ever more rarely, in case it comes back.
pub fn next_missing_look(settings: &Recrawl, looks: u32) -> Duration {
    let needed = settings.gone_looks.max(1);
    let step = settings.gone_after.0 / needed;
    let beyond = looks.saturating_sub(needed).min(16);
    let first = settings.first.0;
    (step * 2_u32.saturating_pow(beyond)).clamp(first, settings.longest.0.max(first))
}

fn grown(wait: Duration, factor: f64, longest: Duration) -> Duration {
    let factor = if factor.is_finite() { factor.max(1.0) } else { 1.0 };
    Duration::from_secs_f64((wait.as_secs_f64() * factor).min(longest.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: u64 = 3600;
    const DAY: u64 = 24 * HOUR;

    fn hours(wait: Duration) -> u64 {
        wait.as_secs() / HOUR
    }

    #[test]
    fn fresh_articles_are_looked_at_often_and_quiet_ones_ever_more_rarely() {
        let settings = Recrawl::default();
        let mut waits = vec![next_look(&settings, None, Change::New, Duration::ZERO)];
        for _ in 0..10 {
            waits.push(next_look(&settings, waits.last().copied(), Change::Unchanged, Duration::ZERO));
        }
        let waits: Vec<u64> = waits.into_iter().map(hours).collect();
        assert_eq!(waits, [6, 12, 24, 48, 96, 192, 384, 768, 1536, 2160, 2160]);
        let last = Some(Duration::from_secs(16 * DAY));
        assert_eq!(hours(next_look(&settings, last, Change::Revised, Duration::ZERO)), 8 * 24);
    }

    #[test]
    fn an_old_article_found_late_is_not_looked_at_at_once() {
        let settings = Recrawl::default();
        let wait = |age| hours(next_look(&settings, None, Change::New, Duration::from_secs(age)));
        assert_eq!([wait(8 * DAY), wait(40 * DAY), wait(730 * DAY)], [48, 240, 2160]);
    }

    #[test]
    fn a_list_is_looked_at_by_its_rate() {
        let settings = Recrawl::default();
        let next = |previous: u64, found| {
            let previous = Some(Duration::from_mins(previous));
            next_list_look(&settings, false, previous, found).as_secs() / 60
        };
        assert_eq!(
            [next(0, false), next(15, false), next(960, false), next(1440, false)],
            [15, 30, 1440, 1440]
        );
        assert_eq!([next(0, true), next(14, true), next(60, true)], [0, 0, 30]);
        assert_eq!(hours(next_list_look(&settings, true, None, true)), 6);
    }

    #[test]
    fn a_missing_article_is_looked_at_often_enough_to_be_confirmed() {
        let settings = Recrawl::default();
        let mut days = 0;
        let looks = (1..).take_while(|looks| {
            days += hours(next_missing_look(&settings, *looks));
            days <= 7 * 24
        });
        assert!(looks.count() + 1 >= 3);
        assert_eq!(hours(next_missing_look(&settings, 40)), 2160);
    }

    proptest! {
        #[test]
        fn the_wait_stays_within_its_limits(
            previous in 0..u64::from(u32::MAX), age in 0..u64::from(u32::MAX), factor in -2.0..10.0_f64, changed: bool
        ) {
            let settings = Recrawl { unchanged_factor: factor, ..Recrawl::default() };
            let change = if changed { Change::Revised } else { Change::Unchanged };
            let previous = Some(Duration::from_secs(previous));
            let wait = next_look(&settings, previous, change, Duration::from_secs(age));
            prop_assert!(wait >= settings.first.0 && wait <= settings.longest.0);
        }

        #[test]
        fn a_change_never_makes_the_wait_longer_nor_quiet_shorter(previous in 0..10_000_000_u64, age in 0..10_000_000_u64) {
            let settings = Recrawl::default();
            let (age, last) = (Duration::from_secs(age), Duration::from_secs(previous));
            let within = last.clamp(settings.first.0, settings.longest.0);
            prop_assert!(next_look(&settings, Some(last), Change::Revised, age) <= within);
            prop_assert!(next_look(&settings, Some(last), Change::Unchanged, age) >= within);
            prop_assert!(next_list_look(&settings, false, Some(last), true) <= last);
            prop_assert!(next_list_look(&settings, false, Some(last), false) >= last.min(settings.lists_longest.0));
        }
    }
}
