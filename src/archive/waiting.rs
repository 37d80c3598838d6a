//! What waits to be fetched.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Archive, ArchiveError};

/// URLs that are due for longer than this are overdue.
pub const OVERDUE_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// URLs of a site that are due.
#[derive(Debug, Clone, Serialize)]
pub struct Waiting {
    /// The site's name.
    pub site: String,
    /// Due now.
    pub due: i64,
    /// Of these, since more than [`OVERDUE_AFTER`].
    pub overdue: i64,
}

impl Archive {
    /// For each site, how many URLs wait to be fetched at a moment.
    pub fn queued(&self, now: Timestamp) -> Result<Vec<(String, i64)>, ArchiveError> {
        let sql =
            "SELECT s.key, (SELECT count(*) FROM url WHERE site = s.id AND state = 'queued' AND due_at <= ?1)
                   FROM site s";
        self.list(sql, [now.as_millisecond()], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// For each site, what is due at a moment.
    pub fn waiting(&self, now: Timestamp) -> Result<Vec<Waiting>, ArchiveError> {
        let sql = "SELECT s.key, count(u.id), count(iif(u.due_at < ?2, 1, NULL)) FROM site s
                   LEFT JOIN url u ON u.site = s.id AND u.due_at <= ?1
                       AND (u.state = 'queued' OR u.state = 'done' AND u.article IS NOT NULL) GROUP BY s.id";
        let overdue = now - OVERDUE_AFTER;
        self.list(sql, (now.as_millisecond(), overdue.as_millisecond()), |row| {
            Ok(Waiting { site: row.get(0)?, due: row.get(1)?, overdue: row.get(2)? })
        })
    }
}
