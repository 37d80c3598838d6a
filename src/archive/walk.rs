//! Ways past a page of the file that can't be read: rows are asked for by their numbers.

use std::fmt;

use rusqlite::{Connection, OptionalExtension as _};

/// Rows that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    /// The number of the last row before them.
    after: i64,
    /// The number of the last of them; `None` when there is nothing behind them that can be read.
    until: Option<i64>,
}

impl Gap {
    /// The rows of a table behind `after` that can't be read, when the next one could not be. The table's rows stand in
    /// the order of `column`.
    pub(super) fn behind(
        connection: &Connection,
        (table, column): (&str, &str),
        after: i64,
    ) -> rusqlite::Result<Self> {
        let sql = format!(
            "SELECT {column} FROM {table} NOT INDEXED WHERE {column} >= ?1 ORDER BY {column} LIMIT 1"
        );
        let mut select = connection.prepare(&sql)?;
        let mut seek = |from: i64| select.query_row([from], |row| row.get::<_, i64>(0)).optional();
        let start = after.max(0);
        // The row's number can be read, and nothing else of it.
        if let Ok(Some(row)) = seek(after.saturating_add(1)) {
            return Ok(Self { after, until: Some(row) });
        }
        let (mut bad, mut good) = (start, None);
        for from in (0..62).map(|power| start.saturating_add(1 << power)) {
            if seek(from).is_ok() {
                good = Some(from);
                break;
            }
            bad = from;
        }
        let Some(mut good) = good else { return Ok(Self { after, until: None }) };
        while good - bad > 1 {
            let middle = bad + (good - bad) / 2;
            if seek(middle).is_ok() { good = middle } else { bad = middle }
        }
        Ok(Self { after, until: seek(good)?.map(|next| next - 1).filter(|until| *until > after) })
    }

    /// Behind which row reading goes on.
    pub(super) fn end(self) -> Option<i64> {
        self.until
    }

    /// The row, when it is one only.
    pub(super) fn row(self) -> Option<i64> {
        self.until.filter(|until| until.saturating_sub(1) == self.after)
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.after, self.until) {
            (_, Some(until)) if self.row().is_some() => write!(f, "row {until} can't be read"),
            (after, Some(until)) if after > 0 => write!(f, "rows behind {after} up to {until} can't be read"),
            (_, Some(until)) => write!(f, "rows up to {until} can't be read"),
            (after, None) => write!(f, "rows behind {} can't be read", after.max(0)),
        }
    }
}
