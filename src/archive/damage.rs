//! What is read of an article is compared with its seals and digests: nothing damaged is given as if it were whole.

use std::fmt;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _};

use super::open::schema_version;
use super::seal::{SINCE_SCHEMA, Sealed};

/// Something of an article that can't be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The article's row.
    pub article: i64,
    /// Where it is, as far as that can be read.
    pub url: Option<String>,
    /// The table that the damaged row stands in.
    pub table: &'static str,
    /// What does not hold.
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { article, url, table, what } = self;
        let url = url.as_deref().unwrap_or("its URL can't be read");
        write!(f, "article {article} ({url}), table `{table}`: {what}")
    }
}

/// A row that does not agree with its seal.
pub(super) const BROKEN: &str =
    "a row does not agree with its seal: it was damaged, or changed by another program";
/// A row that another one names and that is not there.
const MISSING: &str = "a row that belongs to it is missing";
/// A text that is not the one that its digest names.
pub(super) const OTHER_TEXT: &str = "the text does not agree with its digest";

/// SQL by which a reader's connection compares rows with their seals.
#[derive(Debug, Clone, Default)]
pub(super) struct Checks {
    /// The tables; none in an archive whose schema has no seals yet.
    tables: Vec<Sealed>,
}

impl Checks {
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        if schema_version(connection)? < SINCE_SCHEMA {
            return Ok(Self::default());
        }
        let tables = super::seal::TABLES.iter().map(|name| Sealed::read(connection, name));
        Ok(Self { tables: tables.collect::<rusqlite::Result<_>>()? })
    }

    pub(super) fn tables(&self) -> &[Sealed] {
        &self.tables
    }

    /// SQL that is true of a row of `table`, under the name `alias`, whose seal is broken.
    pub(super) fn broken(&self, table: &str, alias: &str) -> String {
        let sealed = self.tables.iter().find(|sealed| sealed.name == table);
        sealed.map_or_else(|| "0".to_owned(), |sealed| sealed.is_broken(alias))
    }

    /// SQL that is true of a version of ours that nothing says any more what it was read from: each has its page.
    pub(super) fn is_without_page(&self) -> &'static str {
        if self.tables.is_empty() {
            "0"
        } else {
            "v.seal IS NOT NULL AND (x.version IS NULL OR c.id IS NULL)"
        }
    }

    /// SQL that gives the first table, of these with their names in a query, whose row is broken, or NULL.
    pub(super) fn first_broken(&self, tables: &[(&str, &str)]) -> String {
        let case =
            |(table, alias): &(&str, &str)| format!("WHEN {} THEN '{table}'", self.broken(table, alias));
        format!("CASE {} END", tables.iter().map(case).collect::<Vec<_>>().join(" "))
    }
}

/// The name of a table as the program has it.
pub(super) fn table_name(name: &str) -> &'static str {
    let known = super::seal::TABLES.iter().chain(&["body"]);
    known.copied().find(|known| *known == name).unwrap_or("article")
}

/// What an article is made of, each with SQL that reads all of it, in the order in which one leads to the other.
const PARTS: [(&str, &str); 9] = [
    ("article", "SELECT * FROM article WHERE id = ?1"),
    ("site", "SELECT s.* FROM article a JOIN site s ON s.id = a.site WHERE a.id = ?1"),
    ("url", "SELECT u.* FROM article a JOIN url u ON u.id = a.url WHERE a.id = ?1"),
    ("text", "SELECT t.* FROM article a JOIN text t ON t.digest = a.text_digest WHERE a.id = ?1"),
    (
        "version",
        "SELECT v.* FROM article a JOIN version v ON v.article = a.id AND v.n = a.version_count WHERE a.id = ?1",
    ),
    (
        "version_capture",
        "SELECT x.* FROM version v JOIN version_capture x ON x.version = v.id WHERE v.article = ?1",
    ),
    (
        "capture",
        "SELECT c.* FROM version v JOIN version_capture x ON x.version = v.id JOIN capture c ON c.id = x.capture WHERE v.article = ?1",
    ),
    ("link", "SELECT * FROM link WHERE article = ?1"),
    ("image", "SELECT * FROM image WHERE article = ?1"),
];
/// The first of [`PARTS`] that an article can't be without.
const NEEDED: usize = 5;

/// Which part of an article is missing or can't be read, and why.
pub(super) fn find(connection: &Connection, article: i64) -> Damage {
    let url = url_of(connection, article);
    let damage = |table, what| Damage { article, url: url.clone(), table, what };
    for (place, (table, sql)) in PARTS.into_iter().enumerate() {
        match count(connection, sql, article) {
            Err(error) => return damage(table, error.to_string()),
            Ok(0) if place < NEEDED => return damage(table, MISSING.to_owned()),
            Ok(_) => {}
        }
    }
    damage("article", "it can't be read".to_owned())
}

/// Reads every value of the rows.
fn count(connection: &Connection, sql: &str, article: i64) -> rusqlite::Result<usize> {
    let mut select = connection.prepare(sql)?;
    let columns = select.column_count();
    let mut rows = select.query([article])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            row.get_ref(column)?;
        }
        count += 1;
    }
    Ok(count)
}

/// Where an article is, when that can be read.
pub(super) fn url_of(connection: &Connection, article: i64) -> Option<String> {
    let sql = "SELECT u.url FROM article a JOIN url u ON u.id = a.url WHERE a.id = ?1";
    let found = connection.query_row(sql, [article], |row| row.get(0)).optional().ok().flatten();
    let other = "SELECT url FROM url WHERE article = ?1 ORDER BY id LIMIT 1";
    found.or_else(|| connection.query_row(other, [article], |row| row.get(0)).ok())
}

/// Whether an error says that what was to be read is damaged, and not that reading failed.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{
        FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, QueryReturnedNoRows, Utf8Error,
    };
    match error {
        FromSqlConversionFailure(..)
        | IntegralValueOutOfRange(..)
        | InvalidColumnType(..)
        | QueryReturnedNoRows
        | Utf8Error(..) => true,
        other => other.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt),
    }
}
