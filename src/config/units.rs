//! Durations and sizes as people write them: `500ms`, `2s`, `30m`, `1d`; `64KiB`, `8MiB`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time in configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length(pub Duration);

/// A number of bytes in configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

/// A text that is no length or size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Not a number with a unit of time, or more than a hundred years.
    #[error(
        "`{0}` is not a length of time up to 36500d; write a number with ms, s, m, h or d, such as \"2s\""
    )]
    Length(String),
    /// Not a number with a unit of size.
    #[error("`{0}` is not a size; write a number with B, KiB, MiB or GiB, such as \"8MiB\"")]
    Size(String),
}

const TIMES: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
/// A hundred years: with more, a moment from now may be none.
const LONGEST: u64 = 36_500 * 86_400_000;
const SIZES: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

fn split(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..digits].parse().ok()?, text[digits..].trim()))
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, unit) = split(text.trim())?;
    let scale = units.iter().find(|(name, _)| *name == unit)?.1;
    number.checked_mul(scale)
}

/// The largest unit that writes the value without a fraction.
fn write(value: u64, units: &[(&str, u64)], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let fits = units.iter().find(|(_, scale)| value >= *scale && value.is_multiple_of(*scale));
    match fits {
        Some((unit, scale)) => write!(f, "{}{unit}", value / scale),
        None => write!(f, "{value}{}", if units[0].0 == "d" { "s" } else { "B" }),
    }
}

impl FromStr for Length {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        scaled(text, &TIMES)
            .filter(|ms| *ms <= LONGEST)
            .map(|ms| Self(Duration::from_millis(ms)))
            .ok_or_else(|| UnitError::Length(text.to_owned()))
    }
}

impl FromStr for Size {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        scaled(text, &SIZES).map(Self).ok_or_else(|| UnitError::Size(text.to_owned()))
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX), &TIMES, f)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0, &SIZES, f)
    }
}

macro_rules! as_text {
    ($type:ty) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}
as_text!(Length);
as_text!(Size);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_sizes_read_back_what_they_write() {
        for text in ["500ms", "2s", "90s", "30m", "5h", "7d", "0s"] {
            assert_eq!(text.parse::<Length>().unwrap().to_string(), text);
        }
        for text in ["8MiB", "1GiB", "100B", "64KiB"] {
            assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_wrong_unit_is_named() {
        for text in ["2", "2 weeks", "s", "-1s", "99999999999999999d", "9999999d"] {
            assert!(text.parse::<Length>().unwrap_err().to_string().contains(text), "{text}");
        }
        assert!("8MB".parse::<Size>().is_err());
    }
}
