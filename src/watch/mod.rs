//! Watches what a site publishes: how its articles look, and whether any come.

mod calendar;
mod drift;
mod quiet;

pub use calendar::is_holiday;
pub use drift::{BASELINE, Traits, WINDOW, Watch};
pub use quiet::{FeedHistory, Posted, Rhythm, by_section, lost_feeds, rhythm, silences};
