//! Opening the file: for the one writer, which holds the run lock; for readers, at any time.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::schema::{check, migrate};
use super::store::PATIENCE;
use super::{ArchiveError, Doing, index, seal};

const OPENING: &str = "opening the archive";
/// How long a reader waits for a program that has the database for itself alone.
const READERS_PATIENCE: Duration = Duration::from_secs(10);

/// Where an archive is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    File(PathBuf),
    /// In this process's memory, under a name of its own. It lasts while a connection to it is open:
    /// see [`Place::keep`].
    Memory(String),
}

impl Place {
    /// The file's path, or the name in memory: for messages.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Memory(name) => Path::new(name),
        }
    }

    /// A connection that keeps an archive in memory alive between its users.
    pub fn keep(&self) -> Result<Connection, ArchiveError> {
        open_writer(self, PATIENCE)
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        match self {
            Self::File(path) => Connection::open(path),
            Self::Memory(name) => Connection::open(format!("file:/{name}?vfs=memdb")),
        }
    }
}

/// Opens the archive for writing and brings its schema up to date. Other programs that write are waited for
/// as long as `patience`.
pub(super) fn open_writer(place: &Place, patience: Duration) -> Result<Connection, ArchiveError> {
    let path = place.path();
    let open = |error: rusqlite::Error| unopened(path, error);
    let mut connection = place.connect().map_err(open)?;
    connection.busy_timeout(patience).map_err(open)?;
    check(&connection, path)?;
    connection
        .execute_batch(
            "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = OFF;
             PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;
             PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;",
        )
        .map_err(open)?;
    seal::teach(&connection).map_err(open)?;
    migrate(&mut connection, path)?;
    seal::keep(&connection).map_err(open)?;
    index::adopt_tables(&mut connection)?;
    keep_plans(&connection).map_err(open)?;
    connection.set_prepared_statement_cache_capacity(96);
    // A transaction that begins by reading would not wait for another program's writing to end.
    connection.set_transaction_behavior(TransactionBehavior::Immediate);
    Ok(connection)
}

/// Opens the archive for reading only. A reader never blocks the writer, nor it the reader.
pub fn open_reader(path: &Path) -> Result<Connection, ArchiveError> {
    is_there(path)?;
    // With the right to write, though nothing is written: the last connection to close then tidies the
    // write-ahead log away, and an archive at rest stays one file.
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let opened =
        Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(readable);
    let failed = |error: rusqlite::Error| unopened(path, error);
    let connection = match opened {
        Ok(connection) => connection,
        // Without that right, a file at rest can still be read as it is.
        Err(error) if is_missing_right(&error) => {
            is_at_rest(path)?;
            let text = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
            let flags = flags | OpenFlags::SQLITE_OPEN_READ_ONLY;
            let opened = Connection::open_with_flags(format!("file:{text}?immutable=1"), flags);
            opened.and_then(readable).map_err(failed)?
        }
        Err(error) => return Err(failed(error)),
    };
    let version = check(&connection, path)?;
    if version == 0 {
        return Err(ArchiveError::Absent(path.to_owned()));
    }
    Ok(connection)
}

/// Why an archive could not be opened.
pub(super) fn unopened(path: &Path, error: rusqlite::Error) -> ArchiveError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => ArchiveError::Foreign(path.to_owned()),
        Some(ErrorCode::DatabaseBusy) => ArchiveError::Busy { doing: OPENING },
        Some(ErrorCode::DatabaseCorrupt) => ArchiveError::Sqlite { doing: OPENING, source: error },
        _ => ArchiveError::Open { path: path.to_owned(), reason: error.to_string() },
    }
}

fn is_there(path: &Path) -> Result<(), ArchiveError> {
    match std::fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(ArchiveError::Folder(path.to_owned())),
        Ok(_) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Err(ArchiveError::Absent(path.to_owned()))
        }
        Err(error) => Err(ArchiveError::Open { path: path.to_owned(), reason: error.to_string() }),
    }
}

/// What is committed stands there until it is merged into the file.
pub(super) fn write_ahead_log(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    PathBuf::from(log)
}

/// Refuses a file beside which a run that was killed left committed data.
fn is_at_rest(path: &Path) -> Result<(), ArchiveError> {
    let log = write_ahead_log(path);
    match std::fs::metadata(&log) {
        Ok(file) if file.len() > 0 => Err(ArchiveError::Unmerged { archive: path.to_owned(), log }),
        _ => Ok(()),
    }
}

/// Opens an archive for reading only, wherever it is.
pub(super) fn open_reader_at(place: &Place) -> Result<Connection, ArchiveError> {
    match place {
        Place::File(path) => open_reader(path),
        Place::Memory(_) => place.connect().and_then(readable).doing(OPENING),
    }
}

/// Plans must not depend on bound values, or SQLite prepares statements anew at every binding.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// A connection that can read the schema, and writes nothing.
fn readable(connection: Connection) -> rusqlite::Result<Connection> {
    connection.busy_timeout(READERS_PATIENCE)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    connection.pragma_update(None, "query_only", true)?;
    // In KiB: what one search touches, so that the next finds it without asking the system for it.
    connection.pragma_update(None, "cache_size", -32_000)?;
    keep_plans(&connection)?;
    seal::teach(&connection)?;
    Ok(connection)
}

/// The schema version of an archive that was opened.
pub(super) fn schema_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn is_missing_right(error: &rusqlite::Error) -> bool {
    use ErrorCode::{CannotOpen, PermissionDenied, ReadOnly};
    matches!(error.sqlite_error_code(), Some(CannotOpen | PermissionDenied | ReadOnly))
}
