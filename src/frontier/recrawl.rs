//! When a known article is looked at again, as one function of its history.

use std::time::Duration;

use crate::config::Recrawl;
use crate::dedup::Change;

/// The wait until the next look, given the wait before this one.
///
/// | this look found | next wait |
/// |---|---|
/// | a new article | `first` |
/// | a revision | half of the last wait, at least `first` |
/// | nothing new | the last wait × `unchanged_factor`, at most `longest` |
pub fn next_look(settings: &Recrawl, previous: Option<Duration>, change: Change) -> Duration {
    let first = settings.first.0;
    let longest = settings.longest.0.max(first);
    match (change, previous) {
        (Change::New, _) | (_, None) => first,
        (Change::Revised, Some(previous)) => (previous / 2).clamp(first, longest),
        (Change::Unchanged | Change::Sharpened, Some(previous)) => {
            let factor =
                if settings.unchanged_factor.is_finite() { settings.unchanged_factor.max(1.0) } else { 1.0 };
            let grown = previous.as_secs_f64() * factor;
            Duration::from_secs_f64(grown.min(longest.as_secs_f64())).max(first)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: u64 = 86_400;

    #[test]
    fn quiet_articles_are_left_alone_longer_each_time() {
        let settings = Recrawl::default();
        let mut waits = vec![next_look(&settings, None, Change::New)];
        for _ in 0..9 {
            waits.push(next_look(&settings, waits.last().copied(), Change::Unchanged));
        }
        let days: Vec<u64> = waits.iter().map(|wait| wait.as_secs() / DAY).collect();
        assert_eq!(days, [1, 2, 4, 8, 16, 32, 64, 90, 90, 90]);
        assert_eq!(
            next_look(&settings, Some(Duration::from_secs(16 * DAY)), Change::Revised).as_secs(),
            8 * DAY
        );
    }

    proptest! {
        #[test]
        fn the_wait_stays_within_its_limits(previous in 0..u64::from(u32::MAX), factor in -2.0..10.0_f64, changed: bool) {
            let settings = Recrawl { unchanged_factor: factor, ..Recrawl::default() };
            let change = if changed { Change::Revised } else { Change::Unchanged };
            let wait = next_look(&settings, Some(Duration::from_secs(previous)), change);
            prop_assert!(wait >= settings.first.0 && wait <= settings.longest.0);
        }
    }
}
