//! Pages and texts against their digests.

use std::collections::HashMap;

use rusqlite::Row;
use zstd::bulk::Decompressor;

use super::{Audit, DOING, Fault};
use crate::archive::body::unpack;
use crate::archive::damage::{OTHER_TEXT, is_damage};
use crate::archive::walk::Gap;
use crate::archive::{ArchiveError, Doing};
use crate::capture::Digest;

/// Rows of a table, by their numbers: the first one, and the one behind the last.
pub type Span = std::ops::Range<i64>;

impl Audit {
    /// Decompresses the pages of a span and compares them with their digests.
    pub fn bodies(&self, span: Span, goes_on: &dyn Fn(u64) -> bool) -> Result<Vec<Fault>, ArchiveError> {
        let mut dictionaries = HashMap::new();
        self.each("body", "rowid, digest, dictionary, length, bytes", span, goes_on, &mut |row| {
            let (number, digest): (i64, [u8; 32]) = (row.get(0)?, row.get(1)?);
            let dictionary: Option<i64> = row.get(2)?;
            let reader = match dictionaries.entry(dictionary) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(new) => new.insert(self.reader(dictionary)?),
            };
            let Some(reader) = reader else {
                return Ok(Some(self.body_fault(number, &digest, "its dictionary is not there".to_owned())));
            };
            let page = unpack(reader, row.get_ref(4)?.as_blob()?, row.get(3)?, &Digest(digest));
            Ok(page.err().map(|error| self.body_fault(number, &digest, error.to_string())))
        })
    }

    /// What unpacks the pages of a dictionary; nothing when that is not there.
    fn reader(&self, dictionary: Option<i64>) -> rusqlite::Result<Option<Decompressor<'static>>> {
        use rusqlite::OptionalExtension as _;
        let bytes: Option<Vec<u8>> = match dictionary {
            None => Some(Vec::new()),
            Some(id) => self
                .connection
                .query_row("SELECT bytes FROM dictionary WHERE id = ?1", [id], |row| row.get(0))
                .optional()?,
        };
        Ok(bytes.and_then(|bytes| Decompressor::with_dictionary(&bytes).ok()))
    }

    fn body_fault(&self, number: i64, digest: &[u8; 32], what: String) -> Fault {
        let url = self.url_of("body", &number.to_string());
        Fault { row: Some(Digest(*digest).to_string()), url, ..Fault::of("body", what) }
    }

    /// Compares the texts of a span with their digests.
    pub fn texts(&self, span: Span, goes_on: &dyn Fn(u64) -> bool) -> Result<Vec<Fault>, ArchiveError> {
        self.each("text", "rowid, digest, text", span, goes_on, &mut |row| {
            let (number, digest): (i64, [u8; 32]) = (row.get(0)?, row.get(1)?);
            let text = row.get_ref(2)?.as_bytes()?;
            let found = Digest::of(text);
            if found == Digest(digest) {
                return Ok(None);
            }
            // Where the digest is what is damaged, articles name the text by the one that it has.
            let by_text =
                "SELECT u.url FROM version v JOIN article a ON a.id = v.article JOIN url u ON u.id = a.url
                           WHERE v.text_digest = ?1 LIMIT 1";
            let url = self.url_of("text", &number.to_string()).or_else(|| self.text(by_text, [&found.0[..]]));
            Ok(Some(Fault { row: Some(Digest(digest).to_string()), url, ..Fault::of("text", OTHER_TEXT) }))
        })
    }

    /// Visits the rows of a span; what can't be read is a fault, and what stands behind it is visited.
    pub(super) fn each(
        &self,
        table: &str,
        columns: &str,
        span: Span,
        goes_on: &dyn Fn(u64) -> bool,
        visit: &mut dyn FnMut(&Row<'_>) -> rusqlite::Result<Option<Fault>>,
    ) -> Result<Vec<Fault>, ArchiveError> {
        let sql = format!(
            "SELECT {columns} FROM {table} NOT INDEXED WHERE rowid >= ?1 AND rowid < ?2 ORDER BY rowid"
        );
        let mut select = self.connection.prepare(&sql).doing(DOING)?;
        let (mut faults, mut next) = (Vec::new(), span.start);
        while next < span.end {
            let mut rows = select.query((next, span.end)).doing(DOING)?;
            let error = loop {
                let row = match rows.next() {
                    Ok(Some(row)) => row,
                    Ok(None) => return Ok(faults),
                    Err(error) => break error,
                };
                let number: i64 = row.get(0).doing(DOING)?;
                next = number + 1;
                match visit(row) {
                    Ok(fault) => faults.extend(fault),
                    Err(error) if is_damage(&error) => {
                        let url = self.url_of(table, &number.to_string());
                        let row = Some(number.to_string());
                        faults.push(Fault { row, url, ..Fault::of(table, error.to_string()) });
                    }
                    Err(error) => return Err(error).doing(DOING),
                }
                if !goes_on(1) {
                    return Ok(faults);
                }
            };
            drop(rows);
            if !is_damage(&error) {
                return Err(error).doing(DOING);
            }
            let gap = Gap::behind(&self.connection, (table, "rowid"), next - 1).doing(DOING)?;
            let url = gap.row().and_then(|row| self.url_of(table, &row.to_string()));
            faults.push(Fault { url, ..Fault::of(table, format!("{error}; {gap}")) });
            next = gap.end().map_or(span.end, |end| end + 1);
        }
        Ok(faults)
    }
}
