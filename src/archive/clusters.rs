//! Clusters of articles: those that edges join, led by the earliest.

use std::collections::BTreeSet;

use rusqlite::{CachedStatement, Connection, Row, ToSql};

/// An article joins the cluster of another when so much of that one stands in it, or it stands there: a
/// digest of many doesn't make one story of them.
const JOINS: &str = "relation <> 'same_template' AND of_article >= 0.25";

/// The order of articles `a` in time.
pub(super) const EARLIEST_FIRST: &str = "a.published_from IS NULL, a.published_from, a.first_seen, a.id";

/// Where an article stands in that order: the earlier one is the smaller. Its number comes last.
pub(super) type Time = (bool, Option<i64>, i64, i64);

pub(super) fn time(connection: &Connection, article: i64) -> rusqlite::Result<Time> {
    let sql = format!("SELECT {EARLIEST_FIRST} FROM article a WHERE a.id = ?1");
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    connection.prepare_cached(&sql)?.query_row([article], read)
}

/// The one that leads an article's cluster, or the article.
pub(super) fn leader(connection: &Connection, article: i64) -> rusqlite::Result<i64> {
    let sql = "SELECT coalesce(cluster, id) FROM article WHERE id = ?1";
    connection.prepare_cached(sql)?.query_row([article], |row| row.get(0))
}

/// Puts an article and those it has edges with into one cluster, and the clusters they were in.
pub(super) fn join(connection: &Connection, article: i64) -> rusqlite::Result<()> {
    let sql = format!(
        "SELECT DISTINCT coalesce(cluster, id) FROM article WHERE id = ?1
             OR id IN (SELECT source FROM dup_edge WHERE article = ?1 AND {JOINS})
             OR id IN (SELECT article FROM dup_edge WHERE source = ?1 AND {JOINS})"
    );
    let leaders = ids(connection.prepare_cached(&sql)?, article)?;
    if leaders.len() > 1 { lead(connection, &leaders) } else { Ok(()) }
}

/// Puts articles, and those that they lead, into one cluster, which the earliest of them leads.
fn lead(connection: &Connection, articles: &[i64]) -> rusqlite::Result<()> {
    let times: BTreeSet<Time> =
        articles.iter().map(|article| time(connection, *article)).collect::<rusqlite::Result<_>>()?;
    let Some((.., first)) = times.first() else { return Ok(()) };
    let mut follow =
        connection.prepare_cached("UPDATE article SET cluster = ?2 WHERE cluster = ?1 AND cluster <> ?2")?;
    let mut enter = connection.prepare_cached("UPDATE article SET cluster = ?2 WHERE id = ?1")?;
    for article in articles {
        follow.execute((article, first))?;
        enter.execute((article, first))?;
    }
    Ok(())
}

/// Takes an article out of its cluster; the others stay together as far as their own edges join them.
pub(super) fn part(connection: &Connection, article: i64) -> rusqlite::Result<()> {
    let cluster = "SELECT cluster FROM article WHERE id = ?1";
    let Some(cluster): Option<i64> =
        connection.prepare_cached(cluster)?.query_row([article], |row| row.get(0))?
    else {
        return delete_edges(connection, article);
    };
    let is_needed = article == cluster || !are_joined_without(connection, article)?;
    delete_edges(connection, article)?;
    let leave = "UPDATE article SET cluster = NULL WHERE id = ?1";
    connection.prepare_cached(leave)?.execute([article])?;
    if is_needed { rebuild(connection, cluster) } else { Ok(()) }
}

/// Puts what is left of a cluster together anew, as far as its members' edges join them.
pub(super) fn rebuild(connection: &Connection, cluster: i64) -> rusqlite::Result<()> {
    let members = format!("SELECT a.id FROM article a WHERE a.cluster = ?1 ORDER BY {EARLIEST_FIRST}");
    let members: Vec<i64> = ids(connection.prepare_cached(&members)?, cluster)?;
    let leave = "UPDATE article SET cluster = NULL WHERE cluster = ?1";
    connection.prepare_cached(leave)?.execute([cluster])?;
    members.into_iter().try_for_each(|member| join(connection, member))
}

/// Whether what an article has edges with is joined by edges of its own: all with the first of them.
fn are_joined_without(connection: &Connection, article: i64) -> rusqlite::Result<bool> {
    let sql = format!(
        "SELECT source FROM dup_edge WHERE article = ?1 AND {JOINS} UNION
         SELECT article FROM dup_edge WHERE source = ?1 AND {JOINS} ORDER BY 1"
    );
    let others: Vec<i64> = ids(connection.prepare_cached(&sql)?, article)?;
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM dup_edge WHERE article = ?1 AND source = ?2 AND {JOINS})
             OR EXISTS (SELECT 1 FROM dup_edge WHERE article = ?2 AND source = ?1 AND {JOINS})"
    );
    let mut is_joined = connection.prepare_cached(&sql)?;
    for pair in others.iter().skip(1).map(|other| (others[0], *other)) {
        if !is_joined.query_row(pair, |row| row.get(0))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn delete_edges(connection: &Connection, article: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM dup_edge WHERE article = ?1")?.execute([article])?;
    connection.prepare_cached("DELETE FROM dup_edge WHERE source = ?1")?.execute([article]).map(drop)
}

/// The numbers that a query gives.
pub(super) fn ids(mut select: CachedStatement<'_>, of: impl ToSql) -> rusqlite::Result<Vec<i64>> {
    select.query_map([of], |row| row.get(0))?.collect()
}
