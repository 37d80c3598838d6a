//! The file itself: SQLite's own check, what refers to what, and the schema.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::{Audit, DOING, Fault, known_schema, unless_damaged};
use crate::archive::open::{Place, schema_version};
use crate::archive::{ArchiveError, Doing};

/// Faults of the file's structure that are told; where there are more, it says so.
const MOST: usize = 1000;
/// Tables that FTS5 keeps for itself are checked by it.
const SCHEMA: &str = "SELECT name, type || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_schema
                      WHERE name NOT LIKE 'sqlite_stat%'";

impl Audit {
    /// SQLite's own check of the file; the quick one does not compare indexes with their tables.
    pub fn structure(&self, is_quick: bool) -> Result<Vec<Fault>, ArchiveError> {
        let check = if is_quick { "quick_check" } else { "integrity_check" };
        let roots = self.roots();
        let read = || {
            let mut select = self.connection.prepare(&format!("PRAGMA {check}({MOST})"))?;
            let lines = select.query_map([], |row| row.get::<_, String>(0))?;
            lines.collect::<rusqlite::Result<Vec<_>>>()
        };
        let lines = match read() {
            Ok(lines) => lines,
            Err(error) => return unless_damaged("the file", Err(error)),
        };
        let lines = lines.iter().flat_map(|text| text.lines()).filter(|line| *line != "ok");
        Ok(lines.map(|line| self.named(line, &roots)).collect())
    }

    /// A line of SQLite's with the table that it is about, and the URL of its row.
    fn named(&self, line: &str, roots: &BTreeMap<String, String>) -> Fault {
        let line = line.strip_prefix("*** in database main ***").unwrap_or(line).trim();
        let after = |start: &str| {
            let rest = line.split_once(start)?.1;
            rest.split(|c: char| c.is_whitespace() || c == '.' || c == ':').next().map(str::to_owned)
        };
        let index = after("missing from index ").or_else(|| after("in index "));
        let table = index
            .as_deref()
            .and_then(|index| self.text("SELECT tbl_name FROM sqlite_schema WHERE name = ?1", [index]));
        let by_root = || after("Tree ").and_then(|root| roots.get(&root).cloned());
        let by_value = || line.contains("value in ").then(|| after("value in ")).flatten();
        let by_fts = || after("FTS5 table main");
        let table =
            table.or_else(by_root).or_else(by_value).or_else(by_fts).unwrap_or_else(|| "the file".to_owned());
        let row = line.strip_prefix("row ").and_then(|rest| rest.split(' ').next()).map(str::to_owned);
        let url = row.as_deref().and_then(|row| self.url_of(&table, row));
        Fault { table, row, url, what: line.to_owned() }
    }

    /// The table of each page that one begins at.
    fn roots(&self) -> BTreeMap<String, String> {
        let sql = "SELECT CAST(rootpage AS TEXT), tbl_name FROM sqlite_schema WHERE rootpage > 0";
        let read = || {
            let mut select = self.connection.prepare(sql)?;
            let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<_>>()
        };
        let mut roots: BTreeMap<String, String> = read().unwrap_or_default();
        roots.insert("1".to_owned(), "sqlite_schema".to_owned());
        roots
    }

    /// Rows that name a row which is not there.
    pub fn references(&self) -> Result<Vec<Fault>, ArchiveError> {
        let read = || {
            let mut select = self.connection.prepare("PRAGMA foreign_key_check")?;
            let rows = select.query_map([], |row| {
                let (table, row, parent): (String, Option<i64>, String) =
                    (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok((table, row.map(|row| row.to_string()), parent))
            })?;
            rows.take(MOST).collect::<rusqlite::Result<Vec<_>>>()
        };
        let named = read().map(|found| {
            let fault = |(table, row, parent): (String, Option<String>, String)| {
                let url = row.as_deref().and_then(|row| self.url_of(&table, row));
                Fault { what: format!("names a row of `{parent}` that is not there"), table, row, url }
            };
            found.into_iter().map(fault).collect()
        });
        unless_damaged("the file", named)
    }

    /// Tables, views, indexes and triggers that are not as this version makes them. What others added is theirs.
    pub fn schema(&self) -> Result<Vec<Fault>, ArchiveError> {
        if schema_version(&self.connection).doing(DOING)? != known_schema() {
            return Ok(Vec::new());
        }
        let place = Place::Memory(format!("schema-{}-{:p}", std::process::id(), self));
        let wanted = read_schema(&place.keep()?).doing(DOING)?;
        let found = match read_schema(&self.connection) {
            Ok(found) => found,
            Err(error) => return unless_damaged("sqlite_schema", Err(error)),
        };
        let differs = wanted.iter().filter(|(name, sql)| found.get(*name) != Some(sql));
        Ok(differs
            .map(|(name, _)| Fault::of(name, "its definition in sqlite_schema is another one"))
            .collect())
    }
}

fn read_schema(connection: &Connection) -> rusqlite::Result<BTreeMap<String, String>> {
    let mut select = connection.prepare(SCHEMA)?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
