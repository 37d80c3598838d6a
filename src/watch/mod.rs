//! Watches what a site publishes: how its articles look, and whether any come.

mod calendar;
mod drift;
mod quiet;

pub use calendar::is_holiday;
pub use drift::{BASELINE, Traits, WINDOW, Watch};
pub use quiet::{FeedHistory, Posted, Rhythm, by_section, lost_feeds, rhythm, silences};

/// A count as a number to reckon with.
fn real(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
