//! Values that a key can take, checked while the file is read, so that the error shows the line.

use serde::{Deserialize, Deserializer, de};

use super::units::{Length, Size};
use crate::visible::is_hidden;

/// Reads a value and refuses it, in words, unless it `fits`.
fn checked<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
    fits: impl FnOnce(&T) -> bool,
    what: &str,
) -> Result<T, D::Error> {
    let value = T::deserialize(deserializer)?;
    if fits(&value) { Ok(value) } else { Err(de::Error::custom(what)) }
}

/// A number of things at the same time: 1 or more.
pub(super) fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    checked(deserializer, |value| *value >= 1, "must be 1 or more: with 0 nothing would ever be fetched")
}

/// Looks that are needed: 1 or more.
pub(super) fn some_looks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    checked(deserializer, |value| *value >= 1, "must be 1 or more: nothing is gone without a look")
}

/// A share: 0 or more.
pub(super) fn not_negative<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    checked(deserializer, |value: &f64| value.is_finite() && *value >= 0.0, "must be a number of 0 or more")
}

/// A factor of a wait: 0 to 1000.
pub(super) fn wait_factor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    checked(deserializer, |value| (0.0..=1000.0).contains(value), "must be a number from 0 to 1000")
}

/// Growth: 1 or more.
pub(super) fn growth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    checked(deserializer, |value: &f64| value.is_finite() && *value >= 1.0, "must be a number of 1 or more")
}

/// A limit of time that leaves time.
pub(super) fn some_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Length, D::Error> {
    checked(
        deserializer,
        |value: &Length| !value.0.is_zero(),
        "must be longer than 0: nothing can be done in no time",
    )
}

/// Patience with what should have ended.
pub(super) fn some_patience<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Length, D::Error> {
    checked(
        deserializer,
        |value: &Length| value.0 >= std::time::Duration::from_secs(1),
        "must be 1s or longer: every step would count as stuck",
    )
}

/// A limit of size that leaves room.
pub(super) fn some_room<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Size, D::Error> {
    checked(deserializer, |value: &Size| value.0 > 0, "must be larger than 0: every request would fail")
}

/// A product token (RFC 9309 §2.2.1): what robots.txt files call the crawler.
pub(super) fn product_token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let is_token = |name: &String| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '_' | '-'))
    };
    checked(deserializer, is_token, "may hold the letters a to z, `_` and `-` only, and at least one of them")
}

/// What commands and reports call a site.
pub(super) fn site_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let is_name =
        |name: &String| !name.trim().is_empty() && !name.contains(|c: char| c.is_control() || is_hidden(c));
    checked(
        deserializer,
        is_name,
        "must be a name to call the site by, without control characters and hidden ones",
    )
}

/// Where the owner of a site can complain; empty when not filled in.
pub(super) fn contact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let is_contact = |text: &String| {
        let is_header = text.chars().all(|c| c.is_ascii_graphic());
        text.is_empty() || (is_header && (text.contains('@') || text.contains("://")))
    };
    checked(
        deserializer,
        is_contact,
        "must be a URL or an e-mail address in ASCII, such as \"news@example.org\"",
    )
}

/// An address on the web; empty when there is none.
pub(super) fn web_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let is_address = |text: &String| text.is_empty() || crate::url::CanonicalUrl::parse(text, None).is_ok();
    checked(deserializer, is_address, "must be a URL that begins with http:// or https://")
}
