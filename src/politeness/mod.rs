//! When a host may be asked, and for what. Pure: the time comes in as an argument.

mod refusals;
pub mod retry;
pub mod robots;
mod schedule;

pub use refusals::{Refusal, Refusals, Reply};
pub use schedule::{HostState, Pace, Schedule, Turn};
