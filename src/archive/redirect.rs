//! Redirects: where an article has moved to, and which of them lead nowhere.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::article::{article_of, join, set};
use super::record::Verdict;
use super::unite::unite;
use super::{ArchiveError, Doing};
use crate::frontier::FIRST_ARTICLE_RANK;

const DOING: &str = "following redirects";
/// Redirects that are followed in search of a loop: `?2`.
const LONGEST_LOOP: i64 = 12;
/// The URLs on the way from `?1`, as far as it is known.
const WAY: &str =
    "WITH RECURSIVE way (id, hops) AS (SELECT ?1, 0 UNION ALL SELECT u.redirects_to, way.hops + 1
    FROM way JOIN url u ON u.id = way.id WHERE u.redirects_to IS NOT NULL AND way.hops < ?2)";

/// Notes that `from` redirects to `target`: it is another name of the article that stands there. One that
/// stood at `from` itself moves when `target` is seen to show it ([`super::article::apply`]); where that
/// shows something else it is missing. `chain_start` is when the first of the runs began that this one
/// continues.
pub(super) fn note(
    connection: &Connection,
    (from, target): (i64, i64),
    at: Timestamp,
    chain_start: Timestamp,
) -> Result<Verdict, ArchiveError> {
    set(connection, "UPDATE url SET redirects_to = ?2 WHERE id = ?1", (from, target))?;
    let own = article_of(connection, from)?;
    let shows_other = shows_other(connection, target)?;
    if own.is_some() {
        look_anew(connection, target, at, chain_start)?;
    }
    if is_loop(connection, from)? {
        return Ok(Verdict::None);
    }
    match (own, article_of(connection, target)?) {
        (None, Some(id)) => join(connection, from, target, id, "redirect", at).map(|()| Verdict::None),
        (Some(own), Some(id)) if is_same(connection, own, id)? => {
            let id = unite(connection, own, id)?;
            settle(connection, target, id)?;
            join(connection, from, target, id, "redirect", at).map(|()| Verdict::None)
        }
        (Some(_), _) if shows_other => Ok(Verdict::Missing),
        _ => Ok(Verdict::None),
    }
}

/// Whether two articles are one, or equal in text or title: what a redirect needs besides for a proof.
fn is_same(connection: &Connection, one: i64, other: i64) -> Result<bool, ArchiveError> {
    let sql = "SELECT a.text_digest = b.text_digest OR a.title = b.title AND a.title <> ''
               FROM article a JOIN article b ON b.id = ?2 WHERE a.id = ?1";
    connection
        .prepare_cached(sql)
        .and_then(|mut find| find.query_row((one, other), |row| row.get(0)))
        .doing(DOING)
}

/// Whether what stands at a URL was seen. Who is asked for a name there, or is told to come back later, has seen
/// nothing of it.
fn shows_other(connection: &Connection, url: i64) -> Result<bool, ArchiveError> {
    let sql =
        "SELECT fetched_at IS NOT NULL AND coalesce(outcome, '') NOT IN ('login', 'challenge', 'refused',
                      'too_many_requests', 'unavailable', 'server_error', 'empty_body', 'damaged_body')
               FROM url WHERE id = ?1";
    let mut find = connection.prepare_cached(sql).doing(DOING)?;
    find.query_row([url], |row| row.get(0)).optional().map(Option::unwrap_or_default).doing(DOING)
}

/// Where an article is said to have moved to is looked at in the same run, whatever it was before, unless it
/// failed and waits for another try.
fn look_anew(
    connection: &Connection,
    url: i64,
    at: Timestamp,
    chain_start: Timestamp,
) -> Result<(), ArchiveError> {
    let sql = "UPDATE url SET state = 'queued', due_at = ?2, redirects_to = NULL
               WHERE id = ?1 AND state <> 'excluded' AND coalesce(fetched_at, 0) < ?3
                 AND NOT (state = 'queued' AND failures > 0)";
    let mut update = connection.prepare_cached(sql).doing(DOING)?;
    let (at, start) = (at.as_millisecond(), chain_start.as_millisecond());
    update.execute((url, at, start)).map(drop).doing(DOING)
}

/// An article is seen at `url`, which so redirects nowhere.
pub(super) fn end(connection: &Connection, url: i64) -> Result<(), ArchiveError> {
    let sql = "UPDATE url SET redirects_to = NULL WHERE id = ?1 AND redirects_to IS NOT NULL";
    connection.prepare_cached(sql).and_then(|mut update| update.execute([url])).map(drop).doing(DOING)
}

/// The article stands at `url`, when what it stood at redirects there.
pub(super) fn settle(connection: &Connection, url: i64, article: i64) -> Result<(), ArchiveError> {
    let sql =
        "UPDATE article SET url = ?2 WHERE id = ?1 AND url IN (SELECT id FROM url WHERE redirects_to = ?2)";
    set(connection, sql, (article, url))
}

fn is_loop(connection: &Connection, url: i64) -> Result<bool, ArchiveError> {
    let sql = format!("{WAY} SELECT count(*) > 1 FROM way WHERE id = ?1");
    let mut select = connection.prepare_cached(&sql).doing(DOING)?;
    select.query_row((url, LONGEST_LOOP), |row| row.get(0)).doing(DOING)
}

/// Names the redirects that lead from `url` back to it, which so lead nowhere. They are given up, but for
/// those that show new articles and those where an article stood.
pub(super) fn mark_loop(connection: &Connection, url: i64) -> Result<(), ArchiveError> {
    if !is_loop(connection, url)? {
        return Ok(());
    }
    let sql = format!(
        "{WAY} UPDATE url SET outcome = 'redirect_loop',
            state = iif(rank < ?3 OR article IS NOT NULL, state, 'given_up'),
            due_at = iif(rank < ?3 OR article IS NOT NULL, due_at, NULL)
         WHERE id IN (SELECT id FROM way)"
    );
    let mut update = connection.prepare_cached(&sql).doing(DOING)?;
    update.execute((url, LONGEST_LOOP, FIRST_ARTICLE_RANK)).map(drop).doing(DOING)
}
