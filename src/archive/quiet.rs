//! When a site posted, and how its feeds answered.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::Connection;

use super::read::Archive;
use super::{ArchiveError, Doing, urls};
use crate::watch::{FeedHistory, Posted};

const DOING: &str = "reading when a site posted";

/// The day of an article: the one it is dated, or the one it was first seen on when it bears no date.
/// A date that is a month or a year has none.
const DAY: &str = "CASE WHEN length(a.published) >= 10 THEN substr(a.published, 1, 10)
                        WHEN a.published IS NULL THEN date(a.first_seen / 1000, 'unixepoch') END";

/// A site with its posts and feeds.
pub type Posting = (String, Vec<Posted>, Vec<FeedHistory>);

impl Archive {
    /// For each site, when it posted, and how its feeds answered.
    pub fn posting(&self) -> Result<Vec<Posting>, ArchiveError> {
        let sites: Vec<(i64, String)> =
            self.list("SELECT id, key FROM site ORDER BY key", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let of = |(id, key)| Ok((key, posted(&self.connection, id)?, feeds(&self.connection, id)?));
        sites.into_iter().map(of).collect()
    }

    /// When the last run that looked everywhere ended.
    pub fn last_look(&self) -> Result<Option<Timestamp>, ArchiveError> {
        let sql = "SELECT max(finished) FROM run WHERE outcome = 'finished'";
        let ends: Vec<Option<i64>> = self.list(sql, [], |row| row.get(0))?;
        Ok(ends.into_iter().flatten().next().map(urls::time))
    }
}

/// The days of all articles of a site.
pub(super) fn posted(connection: &Connection, site: i64) -> Result<Vec<Posted>, ArchiveError> {
    let sql = format!("SELECT {DAY}, a.category FROM article a WHERE a.site = ?1");
    let mut select = connection.prepare(&sql).doing(DOING)?;
    let rows = select
        .query_map([site], |row| {
            let section = row.get(1)?;
            Ok(day(row.get(0)?).map(|day| Posted { day, section }))
        })
        .doing(DOING)?;
    Ok(rows.collect::<rusqlite::Result<Vec<_>>>().doing(DOING)?.into_iter().flatten().collect())
}

fn day(text: Option<String>) -> Option<Date> {
    text?.parse().ok()
}

/// What is known of a site's feeds.
pub(super) fn feeds(connection: &Connection, site: i64) -> Result<Vec<FeedHistory>, ArchiveError> {
    let sql = "SELECT u.id, u.url, coalesce(u.outcome, ''), count(*) FILTER (WHERE c.outcome IN ('feed', 'not_modified')),
                      date(min(c.fetched_at) FILTER (WHERE c.outcome = 'feed') / 1000, 'unixepoch'),
                      date(max(c.fetched_at) FILTER (WHERE c.outcome IN ('feed', 'not_modified')) / 1000, 'unixepoch'),
                      count(*) FILTER (WHERE c.fetched_at > (SELECT max(fetched_at) FROM capture
                          WHERE url = u.id AND outcome IN ('feed', 'not_modified')))
               FROM url u JOIN capture c ON c.url = u.id WHERE u.site = ?1 AND u.kind = 'feed' GROUP BY u.id ORDER BY u.url";
    let mut select = connection.prepare(sql).doing(DOING)?;
    let rows = select
        .query_map([site], |row| {
            let feed = FeedHistory {
                url: row.get(1)?,
                outcome: row.get(2)?,
                successes: row.get(3)?,
                last_success: day(row.get(5)?),
                failures: row.get(6)?,
                gave: Vec::new(),
            };
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(4)?, feed))
        })
        .doing(DOING)?;
    let mut feeds = rows.collect::<rusqlite::Result<Vec<_>>>().doing(DOING)?;
    let given = given(connection, site)?;
    for (id, since, feed) in &mut feeds {
        feed.gave = gave(connection, site, since.as_deref().unwrap_or("9999"), given.get(id))?;
    }
    Ok(feeds.into_iter().map(|(.., feed)| feed).collect())
}

/// For each feed, the articles that it showed.
fn given(connection: &Connection, site: i64) -> Result<HashMap<i64, HashSet<i64>>, ArchiveError> {
    let sql = "SELECT d.source, u.article FROM url u JOIN discovery d ON d.url = u.id AND d.route = 'feed'
               WHERE u.site = ?1 AND u.article IS NOT NULL AND d.source IS NOT NULL";
    let mut select = connection.prepare(sql).doing(DOING)?;
    let rows = select.query_map([site], |row| Ok((row.get(0)?, row.get(1)?))).doing(DOING)?;
    let mut given: HashMap<i64, HashSet<i64>> = HashMap::new();
    for row in rows {
        let (feed, article) = row.doing(DOING)?;
        given.entry(feed).or_default().insert(article);
    }
    Ok(given)
}

/// For each article published since a day, whether it is among the given ones.
fn gave(
    connection: &Connection,
    site: i64,
    since: &str,
    given: Option<&HashSet<i64>>,
) -> Result<Vec<bool>, ArchiveError> {
    let sql = format!(
        "SELECT a.id FROM article a WHERE a.site = ?1 AND {DAY} >= ?2 ORDER BY {DAY}, a.first_seen, a.id"
    );
    let mut select = connection.prepare(&sql).doing(DOING)?;
    let rows = select.query_map((site, since), |row| row.get::<_, i64>(0)).doing(DOING)?;
    let ids = rows.collect::<rusqlite::Result<Vec<_>>>().doing(DOING)?;
    Ok(ids.iter().map(|id| given.is_some_and(|given| given.contains(id))).collect())
}
