//! Seals: 64 bits of a digest over a row, by which a row that was damaged, or changed by another program, is known.
//!
//! Triggers of our writer's connection keep them up to date, so that no statement can forget them; the statements that run
//! most often write the seal themselves, which costs half as much, and the triggers leave these rows alone. Other clients have
//! neither the triggers nor the function, and write as before: what they insert has no seal, what they change no
//! longer agrees with its own.

use std::cell::RefCell;
use std::fmt::Write as _;

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;

/// The tables whose rows have a seal. Others follow from them and are compared with them; pages (`body`) are known
/// by their digests.
pub(super) const TABLES: [&str; 18] = [
    "site",
    "host",
    "url",
    "missing_text",
    "discovery",
    "alias",
    "run",
    "capture",
    "dictionary",
    "profile_revision",
    "text",
    "article",
    "version",
    "version_capture",
    "link",
    "image",
    "article_meta",
    "dup_edge",
];
/// Those of the search index, whose own statements write the seals: a statement with a trigger would make the index
/// write out what it has gathered, once for each article, which doubles the work of indexing.
const WITHOUT_TRIGGERS: [&str; 2] = ["article_meta", "dup_edge"];
/// The column, and the schema version that it came with.
const COLUMN: &str = "seal";
pub(super) const SINCE_SCHEMA: i64 = 2;
/// The function that SQL of ours computes a seal with.
const FUNCTION: &str = "jianbao_seal";

/// A sealed table.
#[derive(Debug, Clone)]
pub(super) struct Sealed {
    pub(super) name: &'static str,
    /// All columns but the seal. New ones come behind them.
    columns: Vec<String>,
    /// SQL that is true of a row that no program can have written: a value is missing, or of another type.
    impossible: String,
    /// What tells its rows apart.
    pub(super) key: Vec<String>,
}

impl Sealed {
    /// Reads what the table consists of.
    pub(super) fn read(connection: &Connection, name: &'static str) -> rusqlite::Result<Self> {
        let sql = format!(
            "SELECT name, pk, lower(type), \"notnull\" OR pk FROM pragma_table_info('{name}') ORDER BY cid"
        );
        let mut select = connection.prepare(&sql)?;
        let (mut all, mut impossible): (Vec<(String, i64)>, Vec<String>) = (Vec::new(), Vec::new());
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let (column, place): (String, i64) = (row.get(0)?, row.get(1)?);
            let (kind, is_needed): (String, bool) = (row.get(2)?, row.get(3)?);
            let or_null = if is_needed { "" } else { ", 'null'" };
            impossible.push(format!("typeof(ROW.{column}) NOT IN ('{kind}'{or_null})"));
            all.push((column, place));
        }
        let mut key: Vec<&(String, i64)> = all.iter().filter(|(_, place)| *place > 0).collect();
        key.sort_by_key(|(_, place)| *place);
        let key = key.into_iter().map(|(name, _)| name.clone()).collect();
        let columns = all.into_iter().map(|(name, _)| name).filter(|name| name != COLUMN).collect();
        Ok(Self { name, columns, key, impossible: impossible.join(" OR ") })
    }

    /// Whether its rows stand in the order of a number, the first column of its key.
    pub(super) fn is_numbered(&self) -> bool {
        !matches!(self.name, "text")
    }

    /// SQL of the seal that a row of the table under this name should have.
    pub(super) fn expression(&self, alias: &str) -> String {
        let mut sql = format!("{FUNCTION}('{}'", self.name);
        for column in &self.columns {
            let _ = write!(sql, ", {alias}.{column}");
        }
        sql + ")"
    }

    /// SQL that is true of a row whose seal does not agree with it. One without a seal was written by another program.
    pub(super) fn is_broken(&self, alias: &str) -> String {
        let impossible = self.impossible.replace("ROW.", &format!("{alias}."));
        format!("coalesce({alias}.{COLUMN} <> {}, {impossible})", self.expression(alias))
    }

    fn triggers(&self) -> String {
        let Self { name, columns, key, .. } = self;
        let row: Vec<String> = key.iter().map(|column| format!("{column} = new.{column}")).collect();
        let seal =
            format!("UPDATE {name} SET {COLUMN} = {} WHERE {};", self.expression(name), row.join(" AND "));
        format!(
            "CREATE TEMP TRIGGER IF NOT EXISTS {name}_sealed AFTER INSERT ON main.{name} WHEN new.{COLUMN} IS NULL BEGIN {seal} END;
             CREATE TEMP TRIGGER IF NOT EXISTS {name}_sealed_anew AFTER UPDATE OF {} ON main.{name}
             WHEN new.{COLUMN} IS old.{COLUMN} BEGIN {seal} END;",
            columns.join(", ")
        )
    }
}

/// Lets a connection compute seals.
pub(super) fn teach(connection: &Connection) -> rusqlite::Result<()> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function(FUNCTION, -1, flags, |context| {
        SCRATCH.with_borrow_mut(|bytes| {
            bytes.clear();
            for place in 0..context.len() {
                put(bytes, place, &context.get_raw(place));
            }
            Ok(seal_of(bytes))
        })
    })
}

thread_local! {
    /// Rows are sealed by the hundred: their bytes are put together in one place.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A value with its place, its kind and its length, so that no two rows give the same bytes. An absent one is left
/// out: a column that is added changes no seal.
fn put(bytes: &mut Vec<u8>, place: usize, value: &ValueRef<'_>) {
    let number;
    let (kind, data): (u8, &[u8]) = match value {
        ValueRef::Null => return,
        ValueRef::Integer(value) => {
            number = value.to_le_bytes();
            (1, &number)
        }
        ValueRef::Real(value) => {
            number = value.to_le_bytes();
            (2, &number)
        }
        ValueRef::Text(text) => (3, text),
        ValueRef::Blob(blob) => (4, blob),
    };
    bytes.push(u8::try_from(place).unwrap_or(u8::MAX));
    bytes.push(kind);
    bytes.extend_from_slice(&(data.len() as u64).to_le_bytes());
    bytes.extend_from_slice(data);
}

fn seal_of(bytes: &[u8]) -> i64 {
    let digest = blake3::hash(bytes);
    let mut head = [0; 8];
    head.copy_from_slice(&digest.as_bytes()[..8]);
    i64::from_le_bytes(head)
}

/// Keeps the seals of all that this connection writes.
pub(super) fn keep(connection: &Connection) -> rusqlite::Result<()> {
    for name in TABLES.into_iter().filter(|name| !WITHOUT_TRIGGERS.contains(name)) {
        connection.execute_batch(&Sealed::read(connection, name)?.triggers())?;
    }
    Ok(())
}

/// Seals all rows as they are.
pub(super) fn seal_all(connection: &Connection) -> rusqlite::Result<()> {
    for name in TABLES {
        let seal = Sealed::read(connection, name)?.expression(name);
        connection.execute(&format!("UPDATE {name} SET {COLUMN} = {seal}"), [])?;
    }
    Ok(())
}
