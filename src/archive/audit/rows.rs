//! Rows against their seals, and the URLs that rows belong to.

use rusqlite::Row;

use super::{Audit, Fault};
use crate::archive::damage::{BROKEN, is_damage};
use crate::archive::seal::Sealed;
use crate::archive::walk::Gap;
use crate::archive::{ArchiveError, Doing};

/// What comparing rows with their seals came to.
#[derive(Debug, Default)]
pub struct Seals {
    /// Rows that were read.
    pub rows: u64,
    /// Rows that another program inserted: they never had a seal.
    pub unsealed: u64,
    /// Rows that do not agree with theirs, and rows that can't be read.
    pub faults: Vec<Fault>,
}

impl Audit {
    /// Tables whose rows have seals.
    pub fn sealed_tables(&self) -> Vec<&'static str> {
        self.checks.tables().iter().map(|sealed| sealed.name).collect()
    }

    /// Compares the rows of a table with their seals. `goes_on` is asked now and then.
    pub fn seals(&self, table: &str, goes_on: &dyn Fn(u64) -> bool) -> Result<Seals, ArchiveError> {
        let mut seals = Seals::default();
        let Some(sealed) = self.checks.tables().iter().find(|sealed| sealed.name == table) else {
            return Ok(seals);
        };
        // Tables whose key is a text or a digest stand in the order of their row numbers.
        let walked = if sealed.is_numbered() { sealed.key[0].as_str() } else { "rowid" };
        let sql = format!(
            "SELECT {walked}, {}, r.seal IS NULL, {} FROM {table} r NOT INDEXED WHERE {walked} > ?1 ORDER BY {walked}",
            sealed.is_broken("r"),
            key_text(sealed)
        );
        let mut select = self.connection.prepare(&sql).doing(super::DOING)?;
        let mut last = i64::MIN;
        loop {
            let mut rows = select.query([last]).doing(super::DOING)?;
            let error = loop {
                match rows.next().and_then(|row| row.map(|row| self.note(table, row, &mut seals)).transpose())
                {
                    Ok(Some(number)) => last = number,
                    Ok(None) => return Ok(seals),
                    Err(error) => break error,
                }
                if seals.rows.is_multiple_of(1024) && !goes_on(1024) {
                    return Ok(seals);
                }
            };
            drop(rows);
            if !is_damage(&error) {
                return Err(error).doing(super::DOING);
            }
            let gap = Gap::behind(&self.connection, (table, walked), last).doing(super::DOING)?;
            let url = gap.row().and_then(|row| self.url_of(table, &row.to_string()));
            seals.faults.push(Fault { url, ..Fault::of(table, format!("{error}; {gap}")) });
            match gap.end() {
                Some(end) => last = end,
                None => return Ok(seals),
            }
        }
    }

    fn note(&self, table: &str, row: &Row<'_>, seals: &mut Seals) -> rusqlite::Result<i64> {
        let number: i64 = row.get(0)?;
        seals.rows += 1;
        seals.unsealed += u64::from(row.get::<_, bool>(2)?);
        if row.get(1)? {
            let key: Option<String> = row.get(3)?;
            let url = self.url_of(table, &number.to_string());
            seals.faults.push(Fault { row: key, url, ..Fault::of(table, BROKEN) });
        }
        Ok(number)
    }

    /// The URL that a row belongs to; a table's row is named by the first column of its key, or its row number.
    pub(super) fn url_of(&self, table: &str, row: &str) -> Option<String> {
        let row: i64 = row.parse().ok()?;
        let of_article = "SELECT u.url FROM article a JOIN url u ON u.id = a.url WHERE a.id = ?1";
        let sql = match table {
            "url" | "discovery" | "alias" => "SELECT url FROM url WHERE id = ?1",
            "capture" => "SELECT u.url FROM capture c JOIN url u ON u.id = c.url WHERE c.id = ?1",
            "article" | "link" | "image" | "article_meta" | "dup_edge" | "pending_index" | "article_fts"
            | "article_char" => of_article,
            "version" | "version_capture" => {
                "SELECT u.url FROM version v JOIN article a ON a.id = v.article JOIN url u ON u.id = a.url WHERE v.id = ?1"
            }
            "text" => {
                "SELECT u.url FROM text t JOIN version v ON v.text_digest = t.digest JOIN article a ON a.id = v.article
                 JOIN url u ON u.id = a.url WHERE t.rowid = ?1 LIMIT 1"
            }
            "host" => "SELECT key FROM host WHERE id = ?1",
            "site" | "missing_text" => "SELECT home FROM site WHERE id = ?1",
            "dictionary" => "SELECT s.home FROM dictionary d JOIN site s ON s.id = d.site WHERE d.id = ?1",
            "body" => {
                "SELECT u.url FROM body b JOIN capture c ON c.digest = b.digest JOIN url u ON u.id = c.url WHERE b.rowid = ?1"
            }
            _ => return None,
        };
        self.text(sql, [row])
    }
}

/// SQL that gives a row's key as a text.
fn key_text(sealed: &Sealed) -> String {
    let part =
        |column: &String| format!("coalesce(iif(typeof({column}) = 'blob', hex({column}), {column}), '')");
    sealed.key.iter().map(part).collect::<Vec<_>>().join(" || ' ' || ")
}
