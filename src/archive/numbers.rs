//! Counted numbers: what the archive knows of them.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::record::NumberState;
use super::{ArchiveError, Doing};
use crate::capture::Digest;
use crate::url::{CanonicalUrl, UrlKey, UrlPattern};

const DOING: &str = "counting numbers";

/// Numbers of the articles on `origin` whose URLs have the form `pattern`.
pub(super) fn known(
    connection: &Connection,
    site: i64,
    origin: &str,
    pattern: &UrlPattern,
) -> Result<Vec<i64>, ArchiveError> {
    let sql =
        "SELECT url FROM url WHERE site = ?1 AND article IS NOT NULL AND substr(url, 1, length(?2)) = ?2";
    let mut select = connection.prepare(sql).doing(DOING)?;
    let rows = select.query_map((site, origin), |row| row.get::<_, String>(0)).doing(DOING)?;
    let mut numbers = Vec::new();
    for url in rows {
        let url = CanonicalUrl::parse(&url.doing(DOING)?, None);
        numbers.extend(url.ok().and_then(|url| pattern.id(&url)));
    }
    Ok(numbers)
}

/// What is known of each URL's number. `chain_start` is when the first of the runs began that this one
/// continues.
pub(super) fn states(
    connection: &Connection,
    urls: &[CanonicalUrl],
    chain_start: Timestamp,
) -> Result<Vec<NumberState>, ArchiveError> {
    let sql = "SELECT article IS NOT NULL, state <> 'queued' AND coalesce(fetched_at, 0) < ?2 FROM url WHERE key = ?1";
    let mut find = connection.prepare_cached(sql).doing(DOING)?;
    let mut state = |url: &CanonicalUrl| {
        let row = find
            .query_row((&url.key().0[..], chain_start.as_millisecond()), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .doing(DOING)?;
        Ok(match row {
            None => NumberState::Unknown,
            Some((true, _)) => NumberState::Article,
            Some((false, true)) => NumberState::MissingBefore,
            Some((false, false)) => NumberState::Missing,
        })
    };
    urls.iter().map(&mut state).collect()
}

/// Makes a number due that was missing at an earlier run.
pub(super) fn ask_again(
    connection: &Connection,
    url: i64,
    chain_start: Timestamp,
    now: Timestamp,
) -> Result<(), ArchiveError> {
    let sql = "UPDATE url SET state = 'queued', due_at = ?3 WHERE id = ?1 AND state IN ('given_up', 'done')
               AND article IS NULL AND coalesce(fetched_at, 0) < ?2";
    let mut update = connection.prepare_cached(sql).doing(DOING)?;
    update.execute((url, chain_start.as_millisecond(), now.as_millisecond())).map(drop).doing(DOING)
}

/// Texts that several articles share, with the URLs of those that nothing but counting led to.
pub(super) fn texts(connection: &Connection, site: i64) -> Result<Vec<(Digest, UrlKey)>, ArchiveError> {
    let sql = "SELECT a.text_digest, u.key FROM article a JOIN url u ON u.id = a.url
               WHERE a.site = ?1 AND EXISTS (SELECT 1 FROM article b WHERE b.text_digest = a.text_digest AND b.id <> a.id)
                 AND (SELECT group_concat(d.route) FROM discovery d WHERE d.url = u.id) = 'id'";
    let mut select = connection.prepare(sql).doing(DOING)?;
    let rows = select.query_map([site], |row| Ok((Digest(row.get(0)?), UrlKey(row.get(1)?)))).doing(DOING)?;
    rows.collect::<rusqlite::Result<_>>().doing(DOING)
}

/// Title and text of the last articles, so many, that nothing but counting led to and that state no date.
pub(super) fn last(
    connection: &Connection,
    site: i64,
    count: usize,
) -> Result<Vec<(UrlKey, String)>, ArchiveError> {
    let sql =
        "SELECT u.key, coalesce(a.title, '') || char(10) || t.text FROM article a JOIN url u ON u.id = a.url
               JOIN text t ON t.digest = a.text_digest
               WHERE a.site = ?1 AND a.published_from IS NULL
                 AND (SELECT group_concat(d.route) FROM discovery d WHERE d.url = u.id) = 'id'
               ORDER BY a.id DESC LIMIT ?2";
    let mut select = connection.prepare(sql).doing(DOING)?;
    let rows = select.query_map((site, count), |row| Ok((UrlKey(row.get(0)?), row.get(1)?))).doing(DOING)?;
    rows.collect::<rusqlite::Result<_>>().doing(DOING)
}
