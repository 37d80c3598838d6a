//! Reading everything there is, to find what is damaged: each part says what of it does not hold, and goes on.
//!
//! It judges by what the archive itself says (SQLite's check, seals, digests, what follows from what). Whether an article
//! is what its page gives is for `verify` to say.

mod index;
mod links;
mod pages;
mod rows;
mod runs;
mod structure;
mod versions;

use std::path::Path;

use rusqlite::{Connection, InterruptHandle, OptionalExtension as _};
use serde::Serialize;

use super::damage::{Checks, is_damage};
use super::open::{open_reader, schema_version};
use super::seal::SINCE_SCHEMA;
use super::{ArchiveError, Doing, SCHEMA_VERSION};
pub use index::{Part as IndexPart, Sums};
pub use pages::Span;
pub use rows::Seals;
pub use versions::{Stored, Unread};

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// The table, or the index.
    pub table: String,
    /// The row's key, where it is one row that can be named.
    pub row: Option<String>,
    /// The URL that the row belongs to, where it belongs to one that can be read.
    pub url: Option<String>,
    /// What does not hold.
    pub what: String,
}

impl Fault {
    fn of(table: &str, what: impl Into<String>) -> Self {
        Self { table: table.to_owned(), row: None, url: None, what: what.into() }
    }
}

/// Tries to see the same moment on all connections, while a crawl commits.
const TRIES: usize = 1000;
const DOING: &str = "checking the archive";

/// A connection that reads the archive as it was when it was opened.
#[derive(Debug)]
pub struct Audit {
    connection: Connection,
    checks: Checks,
}

impl Audit {
    /// Opens an archive as often as it is read at the same time; all see one moment, whatever a crawl commits
    /// meanwhile.
    pub fn open(path: &Path, count: usize) -> Result<Vec<Self>, ArchiveError> {
        let watch = open_reader(path)?;
        let commits =
            || -> rusqlite::Result<i64> { watch.pragma_query_value(None, "data_version", |row| row.get(0)) };
        for _ in 0..TRIES {
            let before = commits().doing(DOING)?;
            let opened: Vec<Self> = (0..count).map(|_| Self::begin(path)).collect::<Result<_, _>>()?;
            if commits().doing(DOING)? == before {
                return Ok(opened);
            }
        }
        Err(ArchiveError::Busy { doing: DOING })
    }

    fn begin(path: &Path) -> Result<Self, ArchiveError> {
        let connection = open_reader(path)?;
        index::prepare(&connection).doing(DOING)?;
        connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;").doing(DOING)?;
        let checks = Checks::of(&connection).doing(DOING)?;
        Ok(Self { connection, checks })
    }

    /// Whether its rows have seals; those of archives that an older version wrote have none until a crawl opens them.
    pub fn is_sealed(&self) -> bool {
        schema_version(&self.connection).is_ok_and(|version| version >= SINCE_SCHEMA)
    }

    /// Ends what it does, from another thread.
    pub fn interrupt(&self) -> InterruptHandle {
        self.connection.get_interrupt_handle()
    }

    /// Rows of a table, or 0 when they can't be counted.
    pub fn count(&self, table: &str) -> u64 {
        self.connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap_or(0)
    }

    /// The largest row number of a table, or 0.
    pub fn last(&self, table: &str) -> i64 {
        let sql = format!("SELECT coalesce(max(rowid), 0) FROM {table}");
        self.connection.query_row(&sql, [], |row| row.get(0)).unwrap_or(0)
    }

    /// Rows that a query gives as faults: key, URL and what.
    fn faults(&self, table: &str, sql: &str) -> Result<Vec<Fault>, ArchiveError> {
        let read = || {
            let mut select = self.connection.prepare(sql)?;
            let rows = select.query_map([], |row| {
                Ok(Fault { table: table.to_owned(), row: row.get(0)?, url: row.get(1)?, what: row.get(2)? })
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        unless_damaged(table, read())
    }

    fn text(&self, sql: &str, values: impl rusqlite::Params) -> Option<String> {
        self.connection.query_row(sql, values, |row| row.get(0)).optional().ok().flatten()
    }
}

/// Damage that ends a reading is what was to be found, and no failure.
fn unless_damaged(table: &str, read: rusqlite::Result<Vec<Fault>>) -> Result<Vec<Fault>, ArchiveError> {
    match read {
        Err(error) if is_damage(&error) => Ok(vec![Fault::of(table, error.to_string())]),
        read => read.doing(DOING),
    }
}

/// The schema version that an audit knows all of.
pub(super) fn known_schema() -> i64 {
    SCHEMA_VERSION
}
