//! URLs as identities: two equal [`CanonicalUrl`] keys are the same document.

mod canonical;
mod pattern;
mod tracking;

pub(crate) use canonical::shorten;
pub use canonical::{CanonicalUrl, UrlError, UrlKey};
pub use pattern::{PatternError, UrlPattern};
