//! When a site posted, and how its feeds answered.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::Connection;

use super::read::Archive;
use super::{ArchiveError, Doing, urls};
use crate::watch::{FeedHistory, Posted};

const DOING: &str = "reading when a site posted";

/// The posts of a site, the oldest first, and its feeds.
pub type Posting = (Vec<Posted>, Vec<FeedHistory>);

/// A site that was looked at: its name, when one of its lists or feeds was last read, and what it posted.
pub type LookedAt = (String, Timestamp, Posting);

impl Archive {
    /// When each site posted, and how its feeds answered. A site without a list or feed that was ever read
    /// is left out.
    pub fn postings(&self) -> Result<Vec<LookedAt>, ArchiveError> {
        let sql = "SELECT s.id, s.key, max(u.fetched_at) FROM site s JOIN url u ON u.site = s.id
                   WHERE u.kind IN ('list', 'feed', 'sitemap', 'api') AND u.status < 400
                   GROUP BY s.id HAVING max(u.fetched_at) IS NOT NULL ORDER BY s.key";
        let sites: Vec<(i64, String, i64)> =
            self.list(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let posting = |(id, key, looked)| Ok((key, urls::time(looked), posting(&self.connection, id)?));
        sites.into_iter().map(posting).collect()
    }
}

/// When a site posted, and how its feeds answered.
pub(super) fn posting(connection: &Connection, site: i64) -> Result<Posting, ArchiveError> {
    let dated = dated(connection, site)?;
    let given = given(connection, site)?;
    let by_any: HashSet<i64> = given.values().flatten().copied().collect();
    let feeds = feeds(connection, site)?.into_iter().map(|mut feed| {
        if let Some((since, given)) = feed.first.zip(given.get(&feed.id)) {
            // Where several feeds show a post, only the first one is known: it says nothing of the others.
            let tells = |article: &i64| given.contains(article) || !by_any.contains(article);
            let since = dated.iter().filter(|(article, post)| post.day >= since && tells(article));
            feed.history.gave = since.map(|(article, _)| given.contains(article)).collect();
        }
        feed.history
    });
    let feeds = feeds.collect();
    Ok((dated.into_iter().map(|(_, post)| post).collect(), feeds))
}

/// A site's articles in the order of their days: the day that an article is dated, or the day it was
/// first seen where it bears no date. One whose date is a month or a year has no day, and is left out.
fn dated(connection: &Connection, site: i64) -> Result<Vec<(i64, Posted)>, ArchiveError> {
    let sql = "SELECT id, CASE WHEN published IS NULL THEN date(first_seen / 1000, 'unixepoch')
                               ELSE substr(published, 1, 10) END AS day, category
               FROM article WHERE site = ?1 AND (published IS NULL OR length(published) >= 10)
               ORDER BY day, first_seen, id";
    let mut select = connection.prepare(sql).doing(DOING)?;
    let rows = select
        .query_map([site], |row| {
            let (id, day, section): (_, String, _) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(day.parse().ok().map(|day| (id, Posted { day, section })))
        })
        .doing(DOING)?;
    Ok(rows.collect::<rusqlite::Result<Vec<_>>>().doing(DOING)?.into_iter().flatten().collect())
}

/// A feed while its answers are counted.
struct Feed {
    id: i64,
    /// The day of the first answer that was a feed.
    first: Option<Date>,
    history: FeedHistory,
}

impl Feed {
    fn note(&mut self, at: i64, outcome: &str) {
        if matches!(outcome, "feed" | "feed_cut" | "feed_damaged" | "not_modified") {
            let day = urls::time(at).to_zoned(TimeZone::UTC).date();
            self.first = self.first.or(Some(day));
            self.history.last_success = Some(day);
            self.history.successes += 1;
            self.history.failures = 0;
        } else {
            self.history.failures += 1;
        }
    }
}

/// A site's feeds and their answers.
fn feeds(connection: &Connection, site: i64) -> Result<Vec<Feed>, ArchiveError> {
    let sql = "SELECT u.id, u.url, coalesce(u.outcome, ''), c.fetched_at, c.outcome
               FROM url u JOIN capture c ON c.url = u.id WHERE u.site = ?1 AND u.kind = 'feed' ORDER BY u.id, c.id";
    let mut select = connection.prepare(sql).doing(DOING)?;
    let mut rows = select.query([site]).doing(DOING)?;
    let mut feeds: Vec<Feed> = Vec::new();
    while let Some(row) = rows.next().doing(DOING)? {
        let id: i64 = row.get(0).doing(DOING)?;
        if feeds.last().is_none_or(|feed| feed.id != id) {
            let (url, outcome) = (row.get(1).doing(DOING)?, row.get(2).doing(DOING)?);
            feeds.push(Feed {
                id,
                first: None,
                history: FeedHistory { url, outcome, ..FeedHistory::default() },
            });
        }
        if let Some(feed) = feeds.last_mut() {
            feed.note(row.get(3).doing(DOING)?, &row.get::<_, String>(4).doing(DOING)?);
        }
    }
    Ok(feeds)
}

/// For each feed, the articles that it was the first to show.
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
