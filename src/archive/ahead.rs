//! An archive whose times lie in the future: a run had a clock that was ahead, or this one's is behind.
//!
//! Captures, versions and runs keep the times they were given. What the crawl plans by is measured anew,
//! or nothing would be fetched until the clock has caught up.

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use super::urls::time;
use super::{ArchiveError, Doing};

/// Machines that share an archive may differ by this much.
const TOLERATED: SignedDuration = SignedDuration::from_mins(1);
/// No host and no URL is left alone for longer: Retry-After is believed up to here.
const LONGEST_WAIT_MS: i64 = 24 * 3600 * 1000;

/// The latest moment that the last run noted, when it lies in the future.
const LATEST: &str = "SELECT max(coalesce(finished, started), started,
        coalesce((SELECT fetched_at FROM capture ORDER BY id DESC LIMIT 1), 0))
    FROM run ORDER BY id DESC LIMIT 1";

/// What plans by times in the future, set right for `?1`, with `?2` as the longest wait; both in
/// milliseconds. A host that failed or asked for patience is never asked earlier than it may have wished.
const CORRECTIONS: [&str; 4] = [
    "UPDATE host SET not_before = min(not_before, ?1 + iif(failures = 0, 0, ?2)),
            robots_at = iif(robots_at > ?1, NULL, robots_at)
     WHERE not_before > ?1 + iif(failures = 0, 0, ?2) OR robots_at > ?1",
    "UPDATE url SET due_at = ?1 + iif(failures = 0, 0, ?2)
     WHERE state = 'queued' AND due_at > ?1 + iif(failures = 0, 0, ?2)",
    "UPDATE url SET due_at = ?1 + coalesce(wait * 1000, ?2)
     WHERE state = 'done' AND due_at > ?1 + coalesce(wait * 1000, ?2)",
    "UPDATE url SET discovered_at = min(discovered_at, ?1 - 1), fetched_at = min(fetched_at, ?1 - 1)
     WHERE max(discovered_at, coalesce(fetched_at, 0)) > ?1",
];

/// Measures waits anew when the last run's times lie in the future; gives the latest of these.
pub(super) fn heed(connection: &Connection, now: Timestamp) -> Result<Option<Timestamp>, ArchiveError> {
    let doing = "comparing the clock with the last run's";
    let mut latest = connection.prepare(LATEST).doing(doing)?;
    let latest: Option<i64> =
        latest.query_map([], |row| row.get(0)).doing(doing)?.next().transpose().doing(doing)?;
    let Some(latest) = latest.map(time).filter(|at| at.duration_since(now) > TOLERATED) else {
        return Ok(None);
    };
    for correction in CORRECTIONS {
        let mut correct = connection.prepare(correction).doing("measuring waits anew")?;
        let values = [now.as_millisecond(), LONGEST_WAIT_MS];
        let used = correct.parameter_count();
        correct.execute(rusqlite::params_from_iter(&values[..used])).doing("measuring waits anew")?;
    }
    Ok(Some(latest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Place;

    const NOW: &str = "2025-03-01T00:00:00Z";

    /// An archive whose last run, two hosts and four URLs were written at `then`, each with a wait.
    fn written_at(name: &str, then: Timestamp) -> Connection {
        let connection = Place::Memory(name.to_owned()).keep().unwrap();
        let then = then.as_millisecond();
        connection
            .execute_batch(&format!(
                "INSERT INTO run (started, chain_start, full) VALUES ({then}, {then}, 0);
                 INSERT INTO site (id, key, home, added_at) VALUES (1, 's', 'h', {then});
                 INSERT INTO host (id, site, key, robots_status, robots_at, not_before, failures)
                    VALUES (1, 1, 'h', 200, {then}, {then} + 7200000, 1), (2, 1, 'i', 200, {then}, {then} + 2000, 0);
                 INSERT INTO url (site, host, url, key, kind, state, depth, rank, discovered_at, fetched_at, due_at, wait, failures)
                    VALUES (1, 1, 'a', x'01', 'post', 'queued', 1, 1, {then}, NULL, {then} + 8000, NULL, 1),
                           (1, 1, 'b', x'02', 'post', 'done', 1, 1, {then}, {then}, {then} + 172800000, 172800, 0),
                           (1, 1, 'c', x'03', 'list', 'done', 0, 1, {then}, {then}, NULL, NULL, 0),
                           (1, 1, 'd', x'04', 'post', 'queued', 1, 1, {then}, NULL, {then}, NULL, 0);"
            ))
            .unwrap();
        connection
    }

    /// Hours from now, of one column.
    fn hours(connection: &Connection, column: &str) -> Option<i64> {
        let now: Timestamp = NOW.parse().unwrap();
        let value: Option<i64> =
            connection.query_row(&format!("SELECT {column}"), [], |row| row.get(0)).unwrap();
        value.map(|at| (at - now.as_millisecond()) / 3_600_000)
    }

    #[test]
    fn waits_of_a_clock_that_was_a_year_ahead_end_in_time() {
        let now: Timestamp = NOW.parse().unwrap();
        let connection = written_at("ahead", now + SignedDuration::from_hours(8760));
        let ahead = heed(&connection, now).unwrap();
        assert_eq!(ahead, Some("2026-03-01T00:00:00Z".parse().unwrap()));
        let due = |url: &str| hours(&connection, &format!("due_at FROM url WHERE url = '{url}'"));
        assert_eq!([due("a"), due("b"), due("c"), due("d")], [Some(24), Some(48), None, Some(0)]);
        assert_eq!(hours(&connection, "not_before FROM host WHERE key = 'h'"), Some(24));
        assert_eq!(hours(&connection, "not_before FROM host WHERE key = 'i'"), Some(0));
        assert_eq!(hours(&connection, "robots_at FROM host"), None);
        assert!(hours(&connection, "max(fetched_at) FROM url") <= Some(0));
        assert!(hours(&connection, "max(discovered_at) FROM url") <= Some(0));
    }

    #[test]
    fn a_clock_that_is_right_changes_nothing() {
        let now: Timestamp = NOW.parse().unwrap();
        let connection = written_at("right", now - SignedDuration::from_hours(1));
        assert_eq!(heed(&connection, now).unwrap(), None);
        assert_eq!(hours(&connection, "not_before FROM host"), Some(1));
        assert_eq!(hours(&connection, "robots_at FROM host"), Some(-1));
        assert_eq!(hours(&connection, "due_at FROM url WHERE url = 'b'"), Some(47));
    }
}
