//! When a host may be asked, and for what. Pure: the time comes in as an argument.

pub mod retry;
pub mod robots;
mod schedule;

pub use schedule::{HostState, Pace, Schedule, Turn};
