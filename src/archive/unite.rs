//! Two articles that turn out to be one: a new place was read before the old one was seen to lead there.

use rusqlite::{Connection, Params};

use super::{ArchiveError, Doing, index};

const DOING: &str = "uniting two articles";

/// Makes one article of two, under the number of the one that was known first: with the versions of both in
/// the order they were seen, and the fields of the last of them. Gives that number.
pub(super) fn unite(connection: &Connection, one: i64, other: i64) -> Result<i64, ArchiveError> {
    let (kept, dropped) = (one.min(other), one.max(other));
    if kept != dropped {
        index::forget(connection, dropped)?;
        drop_first_version(connection, kept, dropped)?;
        if is_later(connection, dropped, kept)? {
            take_fields(connection, kept, dropped)?;
        }
        take_versions(connection, kept, dropped)?;
        take_over(connection, kept, dropped)?;
    }
    Ok(kept)
}

fn run(connection: &Connection, sql: &str, values: impl Params) -> Result<(), ArchiveError> {
    connection.prepare_cached(sql).and_then(|mut statement| statement.execute(values)).map(drop).doing(DOING)
}

/// Where the second article began with the text that the first one had by then, that is no version of its own:
/// what it was read from is kept with the first one's.
fn drop_first_version(connection: &Connection, kept: i64, dropped: i64) -> Result<(), ArchiveError> {
    let sql = "SELECT v.id, (SELECT w.id FROM version w WHERE w.article = ?1 AND w.seen_at <= v.seen_at
                             ORDER BY w.n DESC LIMIT 1) AS twin
               FROM version v WHERE v.article = ?2 AND v.n = 1
                 AND v.text_digest = (SELECT text_digest FROM version WHERE id = twin)";
    let mut select = connection.prepare_cached(sql).doing(DOING)?;
    let found = select.query_map((kept, dropped), |row| Ok((row.get(0)?, row.get(1)?))).doing(DOING)?;
    let found: Vec<(i64, i64)> = found.collect::<rusqlite::Result<_>>().doing(DOING)?;
    for (version, twin) in found {
        let take = "UPDATE OR IGNORE version_capture SET version = ?2 WHERE version = ?1";
        run(connection, take, (version, twin))?;
        run(connection, "DELETE FROM version_capture WHERE version = ?1", [version])?;
        run(connection, "DELETE FROM version WHERE id = ?1", [version])?;
    }
    Ok(())
}

/// Whether the last version of an article was seen after another one's.
fn is_later(connection: &Connection, article: i64, other: i64) -> Result<bool, ArchiveError> {
    let sql = "SELECT coalesce((SELECT max(seen_at) FROM version WHERE article = ?1)
                      >= (SELECT max(seen_at) FROM version WHERE article = ?2), 0)";
    connection
        .prepare_cached(sql)
        .and_then(|mut select| select.query_row((article, other), |row| row.get(0)))
        .doing(DOING)
}

fn take_fields(connection: &Connection, kept: i64, dropped: i64) -> Result<(), ArchiveError> {
    let sql = "UPDATE article SET (title, author, source, editor, category, tags, breadcrumbs, permalink, site_name,
                      language, views, published, published_precision, published_approximate, published_from,
                      published_to, modified, text_digest)
               = (SELECT title, author, source, editor, category, tags, breadcrumbs, permalink, site_name,
                      language, views, published, published_precision, published_approximate, published_from,
                      published_to, modified, text_digest FROM article WHERE id = ?2) WHERE id = ?1";
    run(connection, sql, (kept, dropped))?;
    run(connection, "DELETE FROM image WHERE article = ?1", [kept])?;
    run(connection, "UPDATE image SET article = ?1 WHERE article = ?2", (kept, dropped))
}

fn take_versions(connection: &Connection, kept: i64, dropped: i64) -> Result<(), ArchiveError> {
    // Numbers are unique at each moment: none of the new ones is negative.
    let away = "UPDATE version SET article = ?1, n = -id WHERE article IN (?1, ?2)";
    run(connection, away, (kept, dropped))?;
    let number = "UPDATE version SET n = (SELECT count(*) FROM version o WHERE o.article = ?1
                      AND (o.seen_at, o.id) <= (version.seen_at, version.id)) WHERE article = ?1";
    run(connection, number, [kept])?;
    let edited = "UPDATE version SET reason = 'edited' WHERE article = ?1 AND n > 1 AND reason = 'published'";
    run(connection, edited, [kept])
}

/// Gives everything else that names the dropped article to the kept one.
fn take_over(connection: &Connection, kept: i64, dropped: i64) -> Result<(), ArchiveError> {
    let sql = "UPDATE article SET (first_seen, last_seen, gone_since, version_count)
               = (SELECT min(article.first_seen, d.first_seen), max(article.last_seen, d.last_seen), d.gone_since,
                         (SELECT count(*) FROM version WHERE article = ?1)
                  FROM article d WHERE d.id = ?2) WHERE id = ?1";
    run(connection, sql, (kept, dropped))?;
    run(connection, "UPDATE url SET article = ?1 WHERE article = ?2", (kept, dropped))?;
    run(connection, "UPDATE OR IGNORE link SET article = ?1 WHERE article = ?2", (kept, dropped))?;
    for table in ["link", "image", "pending_index"] {
        run(connection, &format!("DELETE FROM {table} WHERE article = ?1"), [dropped])?;
    }
    run(connection, "DELETE FROM article WHERE id = ?1", [dropped])
}
