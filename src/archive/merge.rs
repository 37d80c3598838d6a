//! When the pieces of the search index are made one.
//!
//! FTS5 adds to an index in pieces (segments), and a query has to look into each of them: a phrase is
//! found in a third of the time when there is one. At the end of a run, pieces of about the same size are
//! merged where there are some; once much of the index is outside of its largest piece, everything is.
//! <https://www.sqlite.org/fts5.html#the_merge_command>

use rusqlite::Connection;

use super::{ArchiveError, Doing};

/// Pages merged in one transaction: a fraction of a second, for which a stop waits.
const STEP: i64 = 4000;
/// The largest piece has to be so many times what is outside of it. Everything is merged each time an
/// index has grown by a quarter, so over the years an article is moved about five times for it.
const SETTLED: i64 = 4;

/// They get the same articles in the same batches, so that what is true of the first is of the other.
const INDEXES: [&str; 2] = ["article_fts", "article_char"];
const DOING: &str = "merging the search index";

/// Whether so much of the index is outside of its largest piece that merging is worth its work.
pub(super) fn is_scattered(connection: &Connection) -> Result<bool, ArchiveError> {
    let pages = "SELECT coalesce(sum(n), 0), coalesce(max(n), 0)
                 FROM (SELECT count(*) AS n FROM article_fts_idx GROUP BY segid)";
    let (all, largest): (i64, i64) =
        connection.query_row(pages, [], |row| Ok((row.get(0)?, row.get(1)?))).doing(DOING)?;
    let outside = all - largest;
    Ok(outside * SETTLED > largest)
}

/// Merges a step further, in one transaction; says whether there was anything to do. With `everything`
/// the index becomes one piece, else pieces are merged where four or more are alike (FTS5's
/// `usermerge`). On a full disk there is nothing to do: the index is whole as it is.
pub(super) fn step(connection: &Connection, everything: bool) -> Result<bool, ArchiveError> {
    let pages = if everything { -STEP } else { STEP };
    for index in INDEXES {
        let before = connection.total_changes();
        let merge = format!("INSERT INTO {index} ({index}, rank) VALUES ('merge', ?1)");
        match connection.execute(&merge, [pages]) {
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => continue,
            merged => merged.doing(DOING)?,
        };
        // The statement itself counts as one change.
        if connection.total_changes() - before > 1 {
            return Ok(true);
        }
    }
    Ok(false)
}
