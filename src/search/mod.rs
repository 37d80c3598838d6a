//! Searching: what a text's tokens are, what a query asks for, where it stands in a text.
//!
//! Pure: the archive runs what is decided here. docs/search.md describes the query language.

pub mod fold;
mod parse;
pub mod plan;
pub mod query;
pub mod rank;
pub mod segment;
pub mod sentence;
pub mod snippet;
pub mod term;
pub mod trend;

pub use plan::Plan;
pub use query::{Facts, Query, QueryError};
pub use term::Term;
pub use trend::Trend;
