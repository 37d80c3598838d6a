//! What to do after an answer, or after none: retry, when, or give up.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};

/// Retry-After beyond this is not believed: some servers send years.
pub const LONGEST_RETRY_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// The first wait after a failure; it grows fourfold with each further one.
const FIRST_BACKOFF: Duration = Duration::from_secs(2);
/// The first wait for a host that says it is overloaded; it doubles with each further answer of that kind.
const FIRST_OVERLOAD_BACKOFF: Duration = Duration::from_secs(30);
/// The longest wait between two tries of one host.
const LONGEST_BACKOFF: Duration = Duration::from_hours(1);

static IMF_FIXDATE: DateTimeParser = DateTimeParser::new();

/// The deadline that a `Retry-After` header sets (RFC 9110 §10.2.3): seconds or a date.
pub fn retry_after(value: &str, now: Timestamp) -> Option<Timestamp> {
    let value = value.trim();
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let deadline = if is_number {
        // More than fits is more than is believed.
        let seconds = value.parse().unwrap_or(i64::MAX).min(LONGEST_RETRY_AFTER.as_secs());
        now + SignedDuration::from_secs(seconds)
    } else {
        IMF_FIXDATE.parse_timestamp(value).ok()?
    };
    Some(deadline.clamp(now, now + LONGEST_RETRY_AFTER))
}

/// How long to leave alone what has failed `failures` times in a row.
pub fn backoff(failures: u32) -> Duration {
    FIRST_BACKOFF.saturating_mul(4_u32.saturating_pow(failures.saturating_sub(1))).min(LONGEST_BACKOFF)
}

/// How long to leave alone a host that answered 429 or 503 `failures` times in a row without saying
/// for how long.
pub fn overload_backoff(failures: u32) -> Duration {
    FIRST_OVERLOAD_BACKOFF
        .saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)))
        .min(LONGEST_BACKOFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_a_deadline_in_both_its_forms() {
        let now: Timestamp = "2025-03-01T12:00:00Z".parse().unwrap();
        for (value, want) in [
            ("120", Some("2025-03-01T12:02:00Z")),
            (" 0 ", Some("2025-03-01T12:00:00Z")),
            ("Sat, 01 Mar 2025 12:10:00 GMT", Some("2025-03-01T12:10:00Z")),
            ("Fri, 28 Feb 2025 12:10:00 GMT", Some("2025-03-01T12:00:00Z")),
            ("999999999", Some("2025-03-02T12:00:00Z")),
            ("99999999999999999999999", Some("2025-03-02T12:00:00Z")),
            ("", None),
            ("-5", None),
            ("soon", None),
        ] {
            let want: Option<Timestamp> = want.map(|w| w.parse().unwrap());
            assert_eq!(retry_after(value, now), want, "{value}");
        }
    }

    #[test]
    fn waits_grow_with_each_failure_up_to_an_hour() {
        assert_eq!([1, 2, 3, 40].map(|n| backoff(n).as_secs()), [2, 8, 32, 3600]);
        assert_eq!([1, 2, 3, 40].map(|n| overload_backoff(n).as_secs()), [30, 60, 120, 3600]);
    }
}
