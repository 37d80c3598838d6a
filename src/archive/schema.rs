//! The schema and its migrations, on `PRAGMA user_version`.

use std::path::Path;

use rusqlite::Connection;

use super::open::unopened;
use super::{ArchiveError, Doing, seal};

/// The schema that this version writes.
pub const SCHEMA_VERSION: i64 = 2;
/// Marks the file as ours (`PRAGMA application_id`): "jibo".
const APPLICATION_ID: i64 = 0x6a69_626f;

/// Each takes an archive one version further; never changed once released.
const MIGRATIONS: [&str; 2] = [include_str!("schema.sql"), include_str!("schema_2.sql")];

/// Brings the archive to [`SCHEMA_VERSION`], each step in one transaction.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), ArchiveError> {
    let version = check(connection, path)?;
    for (step, sql) in (0..).zip(MIGRATIONS).skip(usize::try_from(version).unwrap_or(0)) {
        let transaction = connection.transaction().doing("migrating")?;
        transaction.execute_batch(sql).doing("migrating")?;
        if step + 1 == seal::SINCE_SCHEMA {
            seal::seal_all(&transaction).doing("migrating")?;
        }
        transaction.pragma_update(None, "user_version", step + 1_i64).doing("migrating")?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).doing("migrating")?;
        transaction.commit().doing("migrating")?;
    }
    Ok(())
}

/// The file's schema version: 0 for an empty file. Files of others and of later versions are refused.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<i64, ArchiveError> {
    let pragma = |name: &str| -> Result<i64, ArchiveError> {
        connection.pragma_query_value(None, name, |row| row.get(0)).map_err(|error| unopened(path, error))
    };
    let version = pragma("user_version")?;
    let application = pragma("application_id")?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .doing("reading the schema")?;
    if application != APPLICATION_ID && (tables > 0 || version != 0) {
        return Err(ArchiveError::Foreign(path.to_owned()));
    }
    if version < 1 && tables > 0 {
        let reason = "it has tables, and no version of their schema: its header is damaged".to_owned();
        return Err(ArchiveError::Open { path: path.to_owned(), reason });
    }
    if version > SCHEMA_VERSION {
        return Err(ArchiveError::Newer { path: path.to_owned(), found: version, known: SCHEMA_VERSION });
    }
    Ok(version)
}
