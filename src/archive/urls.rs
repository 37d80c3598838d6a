//! Rows of sites, hosts and URLs.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::record::{Claimed, HostRecord, ListRole, OnlyBy, Outcome, RobotsCopy, SiteRecord};
use super::version::takes_entry_body;
use super::{ArchiveError, Doing};
use crate::article::Article;
use crate::entry::Entry;
use crate::frontier::{Candidate, FIRST_ARTICLE_RANK, First, Kind, LATER_LIST_RANK, POSTPONED_RANK};
use crate::politeness::HostState;
use crate::url::{CanonicalUrl, UrlKey};

/// A timestamp of the archive; out-of-range values become the nearest one.
pub(super) fn time(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

pub(super) fn site(
    connection: &Connection,
    key: &str,
    seeds: &[CanonicalUrl],
    now: Timestamp,
) -> Result<SiteRecord, ArchiveError> {
    let doing = "finding the site";
    for seed in seeds {
        check_host(connection, seed.origin(), key)?;
    }
    let home = seeds.first().map(CanonicalUrl::as_str).unwrap_or_default();
    connection
        .execute(
            "INSERT INTO site (key, home, added_at) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO NOTHING",
            (key, home, now.as_millisecond()),
        )
        .doing(doing)?;
    let (id, profile, runs): (i64, Option<String>, u32) = connection
        .query_row("SELECT id, profile, runs FROM site WHERE key = ?1", [key], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .doing(doing)?;
    for seed in seeds {
        host(connection, id, seed.origin())?;
    }
    let mut statement = connection
        .prepare("SELECT key, id, robots, robots_status, robots_at, not_before, latency, failures FROM host WHERE site = ?1")
        .doing(doing)?;
    let hosts: rusqlite::Result<HashMap<String, HostRecord>> =
        statement.query_map([id], |row| Ok((row.get(0)?, host_record(row)?))).doing(doing)?.collect();
    Ok(SiteRecord { id, profile, runs, hosts: hosts.doing(doing)? })
}

/// A host belongs to one site for good: its URLs do.
fn check_host(connection: &Connection, origin: &str, site: &str) -> Result<(), ArchiveError> {
    let sql = "SELECT s.key FROM host h JOIN site s ON s.id = h.site WHERE h.key = ?1 AND s.key <> ?2";
    let known = connection.query_row(sql, (origin, site), |row| row.get(0)).optional();
    match known.doing("finding the site")? {
        Some(known) => Err(ArchiveError::OtherSite { host: origin.to_owned(), known, site: site.to_owned() }),
        None => Ok(()),
    }
}

fn host_record(row: &Row<'_>) -> rusqlite::Result<HostRecord> {
    let status: Option<u16> = row.get(3)?;
    let at: Option<i64> = row.get(4)?;
    let body: Option<Vec<u8>> = row.get(2)?;
    Ok(HostRecord {
        id: row.get(1)?,
        robots: status.zip(at).map(|(status, at)| RobotsCopy {
            status,
            body: body.unwrap_or_default(),
            at: time(at),
        }),
        state: HostState {
            not_before: row.get::<_, Option<i64>>(5)?.map(time),
            latency_ms: row.get(6)?,
            failures: row.get(7)?,
        },
    })
}

pub(super) fn host(connection: &Connection, site: i64, origin: &str) -> Result<i64, ArchiveError> {
    let mut find = connection.prepare_cached("SELECT id FROM host WHERE key = ?1").doing("finding a host")?;
    if let Some(id) = find.query_row([origin], |row| row.get(0)).optional().doing("finding a host")? {
        return Ok(id);
    }
    connection
        .execute("INSERT INTO host (site, key) VALUES (?1, ?2)", (site, origin))
        .doing("adding a host")?;
    Ok(connection.last_insert_rowid())
}

/// Keeps a robots.txt. What the one before forbade is asked of a new one again.
pub(super) fn keep_robots(connection: &Connection, host: i64, copy: &RobotsCopy) -> Result<(), ArchiveError> {
    let body = (!copy.body.is_empty()).then_some(&copy.body);
    let again = "UPDATE url SET state = 'queued', due_at = ?2 WHERE host = ?1 AND state = 'excluded'
                 AND (SELECT robots IS NOT ?3 OR robots_status IS NOT ?4 FROM host WHERE id = ?1)";
    connection
        .execute(again, (host, copy.at.as_millisecond(), body, copy.status))
        .doing("keeping robots.txt")?;
    connection
        .execute(
            "UPDATE host SET robots = ?2, robots_status = ?3, robots_at = ?4 WHERE id = ?1",
            (host, body, copy.status, copy.at.as_millisecond()),
        )
        .map(drop)
        .doing("keeping robots.txt")
}

pub(super) fn keep_host_state(
    connection: &Connection,
    host: i64,
    state: &HostState,
) -> Result<(), ArchiveError> {
    let mut update = connection
        .prepare_cached("UPDATE host SET not_before = ?2, latency = ?3, failures = ?4 WHERE id = ?1")
        .doing("keeping a host's schedule")?;
    let not_before = state.not_before.map(Timestamp::as_millisecond);
    update
        .execute((host, not_before, state.latency_ms, state.failures))
        .map(drop)
        .doing("keeping a host's schedule")
}

const CLAIMED: &str =
    "id, url, kind, depth, hops, etag, last_modified, failures, entry,
     (SELECT t.text FROM article a JOIN text t ON t.digest = a.text_digest WHERE a.id = url.article), rank, entry_body, kind IN ('feed', 'sitemap', 'api')
     AND EXISTS (SELECT 1 FROM capture c WHERE c.url = url.id AND c.outcome IN (url.kind, url.kind || '_cut', url.kind || '_damaged')),
     (SELECT group_concat(d.route) FROM discovery d WHERE d.url = url.id), copies, discovered_at >= ?4, crashes";

/// Feeds, sitemaps and first pages of lists, which say what the others will need: those that were not
/// looked at for longest come first, so that all have their turn however small the runs are; those that never
/// answered come last.
const LEADING: &str = "state = 'queued' AND rank < 2000 AND crashes = 0 AND due_at <= ?2
     ORDER BY fetched_at IS NULL AND failures > 0, fetched_at, rank, id";
/// Everything else that is queued.
const FOLLOWING: &str =
    "state = 'queued' AND rank >= 2000 AND crashes = 0 AND due_at <= ?2 ORDER BY rank, id";
/// Articles that are due again: once a run, or one that never ends would look at them for ever.
const AGAIN: &str = "state = 'done' AND crashes = 0 AND due_at <= ?2 AND article IS NOT NULL
     AND coalesce(fetched_at, 0) < ?4 ORDER BY due_at";
/// Whatever may have ended an earlier process: once everything else is done.
const SUSPECTED: &str = "crashes > 0 AND due_at <= ?2
     AND (state = 'queued' OR state = 'done' AND article IS NOT NULL AND coalesce(fetched_at, 0) < ?4)
     ORDER BY rank, id";

/// What is claimed: the first of these that there is anything of.
fn orders(first: First) -> [&'static str; 4] {
    match first {
        First::Lists => [LEADING, FOLLOWING, AGAIN, SUSPECTED],
        First::Articles => [FOLLOWING, AGAIN, LEADING, SUSPECTED],
    }
}

/// The next URLs of a site that are due, of one kind, without those in `except`.
pub(super) fn claim(
    connection: &Connection,
    site: i64,
    (now, chain_start): (Timestamp, Timestamp),
    (first, limit): (First, usize),
    except: &[i64],
) -> Result<Vec<Claimed>, ArchiveError> {
    let doing = "choosing what is next";
    let mut claimed: Vec<Claimed> = Vec::new();
    let mut unreadable = Vec::new();
    for order in orders(first) {
        let sql = format!("SELECT {CLAIMED} FROM url WHERE site = ?1 AND {order} LIMIT ?3");
        let mut statement = connection.prepare_cached(&sql).doing(doing)?;
        let rows = statement
            .query_map(
                (site, now.as_millisecond(), limit + except.len(), chain_start.as_millisecond()),
                |row| Ok(read_claimed(row)),
            )
            .doing(doing)?;
        for row in rows {
            match row.doing(doing)?.doing(doing)? {
                Ok(next) if !except.contains(&next.id) => claimed.push(next),
                Ok(_) => {}
                Err(id) => unreadable.push(id),
            }
        }
        if !claimed.is_empty() {
            break;
        }
    }
    if !unreadable.is_empty() {
        give_up_unreadable(connection, &unreadable)?;
        return claim(connection, site, (now, chain_start), (first, limit), except);
    }
    claimed.truncate(limit);
    Ok(claimed)
}

/// Notes that a process died while a URL's page was examined.
pub(super) fn note_crash(connection: &Connection, id: i64) -> Result<(), ArchiveError> {
    let sql = "UPDATE url SET crashes = crashes + 1 WHERE id = ?1";
    connection.execute(sql, [id]).map(drop).doing("noting pages whose examination did not end")
}

/// Puts a URL behind all others of its site.
pub(super) fn postpone(connection: &Connection, id: i64) -> Result<(), ArchiveError> {
    let sql = "UPDATE url SET rank = ?2 + min(depth, 999) WHERE id = ?1";
    let mut update = connection.prepare_cached(sql).doing("postponing a URL")?;
    update.execute((id, POSTPONED_RANK)).map(drop).doing("postponing a URL")
}

/// URLs that show which forms were left aside: there are few forms.
const LEFT_ASIDE: u32 = 10_000;

/// URLs of a site that were left aside.
pub(super) fn left_aside(
    connection: &Connection,
    site: i64,
) -> Result<Vec<(CanonicalUrl, Kind)>, ArchiveError> {
    let doing = "reading what was left aside";
    let sql =
        "SELECT url, kind FROM url WHERE site = ?1 AND state = 'queued' AND outcome = 'left_aside' LIMIT ?2";
    let mut select = connection.prepare(sql).doing(doing)?;
    let rows = select
        .query_map((site, LEFT_ASIDE), |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
        .doing(doing)?;
    let read =
        |(url, kind): (String, String)| Some((CanonicalUrl::parse(&url, None).ok()?, Kind::from_name(&kind)));
    let rows: Vec<_> = rows.collect::<rusqlite::Result<_>>().doing(doing)?;
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Rows that can't be asked for would be due for ever.
fn give_up_unreadable(connection: &Connection, ids: &[i64]) -> Result<(), ArchiveError> {
    let doing = "giving up what is no URL";
    let sql = "UPDATE url SET state = 'given_up', due_at = NULL, outcome = 'bad_url' WHERE id = ?1";
    let mut update = connection.prepare_cached(sql).doing(doing)?;
    ids.iter().try_for_each(|id| update.execute([id]).map(drop)).doing(doing)
}

/// The row's number alone where its URL is none that this version would write.
fn read_claimed(row: &Row<'_>) -> rusqlite::Result<Result<Claimed, i64>> {
    let Ok(url) = CanonicalUrl::parse(&row.get::<_, String>(1)?, None) else { return Ok(Err(row.get(0)?)) };
    let entry: Option<String> = row.get(8)?;
    let body: Option<String> = row.get(11)?;
    let routes: Option<String> = row.get(13)?;
    let kind = Kind::from_name(&row.get::<_, String>(2)?);
    let rank: i64 = row.get(10)?;
    let is_postponed = rank >= POSTPONED_RANK;
    Ok(Ok(Claimed {
        id: row.get(0)?,
        url,
        kind,
        depth: row.get(3)?,
        hops: row.get(4)?,
        etag: row.get(5)?,
        last_modified: row.get(6)?,
        failures: row.get(7)?,
        entry: entry.and_then(|json| read_entry(&json)).map(|entry| Box::new(Entry { body, ..entry })),
        known: row.get(9)?,
        has_worked: row.get(12)?,
        only_by: OnlyBy::of(routes.as_deref().unwrap_or_default()),
        is_new: row.get(15)?,
        crashes: row.get(16)?,
        leads: rank < FIRST_ARTICLE_RANK || is_postponed && kind.is_listing(),
        copies: row.get(14)?,
        rank,
    }))
}

pub(super) fn next_due(connection: &Connection, site: i64) -> Result<Option<Timestamp>, ArchiveError> {
    let sql = "SELECT min(due_at) FROM url WHERE site = ?1 AND state = 'queued'";
    let due: Option<i64> =
        connection.query_row(sql, [site], |row| row.get(0)).doing("looking at the queue")?;
    Ok(due.map(time))
}

/// What the writer remembers of a URL, so that the links that every page repeats cost nothing.
#[derive(Debug, Clone, Copy)]
struct Known {
    id: i64,
    /// A bit for each route it was noted under in this process.
    routes: u16,
}

/// URLs seen lately; emptied when full, which only costs look-ups.
const REMEMBERED: usize = 1 << 16;

/// Finds and adds URLs.
#[derive(Debug, Default)]
pub(super) struct UrlTable {
    known: HashMap<UrlKey, Known>,
    hosts: HashMap<String, i64>,
}

/// Where and when candidates were found.
#[derive(Debug, Clone, Copy)]
pub(super) struct FoundOn {
    pub(super) site: i64,
    pub(super) source: Option<i64>,
    /// Copies in a row, with the page they were found on.
    pub(super) copies: u32,
    pub(super) now: Timestamp,
}

impl FoundOn {
    /// On the page of an outcome; `copies` as in the field.
    pub(super) fn on(outcome: &Outcome, copies: u32) -> Self {
        Self { site: outcome.site, source: Some(outcome.url), copies, now: outcome.at }
    }
}

impl UrlTable {
    /// The row of a candidate's URL, made when there is none; the flag says that it was made.
    pub(super) fn note(
        &mut self,
        connection: &Connection,
        candidate: &Candidate,
        found: FoundOn,
    ) -> Result<(i64, bool), ArchiveError> {
        let key = candidate.url.key();
        let route = 1_u16 << (candidate.via as u16);
        if let Some(known) = self.known.get(&key)
            && known.routes & route != 0
            && candidate.entry.is_none()
            && candidate.kind != Kind::Sitemap
        {
            return Ok((known.id, false));
        }
        let (id, is_new) = match self.find(connection, &key)? {
            Some(id) => (id, false),
            None => (self.insert(connection, candidate, found)?, true),
        };
        note_route(connection, id, candidate, found)?;
        if let Some(entry) = candidate.entry.as_deref() {
            note_entry(connection, id, entry)?;
        }
        if candidate.kind == Kind::Sitemap {
            note_lastmod(connection, id, candidate.lastmod, found.now)?;
        }
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        let routes = self.known.get(&key).map_or(0, |known| known.routes) | route;
        self.known.insert(key, Known { id, routes });
        Ok((id, is_new))
    }

    /// The row of a URL, if there is one.
    pub(super) fn find(&self, connection: &Connection, key: &UrlKey) -> Result<Option<i64>, ArchiveError> {
        if let Some(known) = self.known.get(key) {
            return Ok(Some(known.id));
        }
        let mut find =
            connection.prepare_cached("SELECT id FROM url WHERE key = ?1").doing("finding a URL")?;
        find.query_row([&key.0[..]], |row| row.get(0)).optional().doing("finding a URL")
    }

    fn insert(
        &mut self,
        connection: &Connection,
        candidate: &Candidate,
        found: FoundOn,
    ) -> Result<i64, ArchiveError> {
        let origin = candidate.url.origin();
        let host = if let Some(host) = self.hosts.get(origin) {
            *host
        } else {
            let host = host(connection, found.site, origin)?;
            self.hosts.insert(origin.to_owned(), host);
            host
        };
        let now = found.now.as_millisecond();
        let mut insert = connection
            .prepare_cached(
                "INSERT INTO url (site, host, url, key, kind, state, depth, hops, rank, due_at, discovered_at, copies)
                 VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?6, ?7, ?8, ?9, ?10, ?11)",
            )
            .doing("adding a URL")?;
        // A later page of a list waits until its list proves to be worth it.
        let due = (!candidate.is_next_page).then_some(now);
        insert
            .execute(params![
                found.site,
                host,
                candidate.url.as_str(),
                &candidate.url.key().0[..],
                candidate.kind.as_str(),
                candidate.depth,
                candidate.hops,
                candidate.rank(),
                due,
                now,
                found.copies
            ])
            .doing("adding a URL")?;
        Ok(connection.last_insert_rowid())
    }
}

/// A newer entry replaces an older one, unless that comes from a better listing. The text is kept
/// beside it until the page shows its own.
fn note_entry(connection: &Connection, id: i64, entry: &Entry) -> Result<(), ArchiveError> {
    let doing = "noting what a listing says";
    let mut select = connection.prepare_cached("SELECT entry FROM url WHERE id = ?1").doing(doing)?;
    let known: Option<String> = select.query_row([id], |row| row.get(0)).doing(doing)?;
    if known.as_deref().and_then(read_entry).is_some_and(|known| known.from > entry.from) {
        return Ok(());
    }
    let json = serde_json::to_string(entry).unwrap_or_default();
    let sql = "UPDATE url SET entry = ?2, entry_body = CASE WHEN article IS NULL OR entry_body IS NOT NULL
                   THEN coalesce(?3, entry_body) END
               WHERE id = ?1 AND (entry IS NOT ?2 OR entry_body IS NOT ?3)";
    let mut update = connection.prepare_cached(sql).doing(doing)?;
    update.execute((id, json, entry.body.as_deref())).map(drop).doing(doing)
}

/// `None` for what this version would not write.
fn read_entry(json: &str) -> Option<Entry> {
    serde_json::from_str(json).ok()
}

/// A page turned out to be a list: it is looked at as the lists that were known to be, or not any more.
pub(super) fn note_list(connection: &Connection, id: i64, role: ListRole) -> Result<(), ArchiveError> {
    let rank = match role {
        ListRole::Leads => FIRST_ARTICLE_RANK - 1,
        ListRole::Over => LATER_LIST_RANK,
    };
    let sql = "UPDATE url SET kind = 'list', rank = ?2, due_at = iif(?3, NULL, due_at) WHERE id = ?1";
    let mut update = connection.prepare_cached(sql).doing("noting a list")?;
    update.execute((id, rank, role == ListRole::Over)).map(drop).doing("noting a list")
}

/// A URL that was known as something else turned out to be a list's later page: it is no nearer or farther
/// than its list.
pub(super) fn note_later_page(
    connection: &Connection,
    id: i64,
    page: &Candidate,
) -> Result<(), ArchiveError> {
    let sql = "UPDATE url SET kind = 'list', rank = ?2, depth = min(depth, ?3)
               WHERE id = ?1 AND kind = 'other' AND article IS NULL";
    let mut update = connection.prepare_cached(sql).doing("noting a list's page")?;
    update.execute((id, page.rank(), page.depth)).map(drop).doing("noting a list's page")
}

/// A URL was made a seed, or a profile's first list, that was known as something else.
pub(super) fn note_first(
    connection: &Connection,
    id: i64,
    first: &Candidate,
    now: Timestamp,
) -> Result<(), ArchiveError> {
    let sql = "UPDATE url SET kind = 'list', depth = 0, rank = ?2, state = 'queued', due_at = ?3
               WHERE id = ?1 AND article IS NULL AND (rank > ?2 OR state = 'given_up')";
    let mut update = connection.prepare_cached(sql).doing("noting a seed")?;
    update.execute((id, first.rank(), now.as_millisecond())).map(drop).doing("noting a seed")
}

/// The page has shown a text of its own: the listing's is not needed any more.
pub(super) fn drop_entry_body(
    connection: &Connection,
    id: i64,
    article: &Article,
) -> Result<(), ArchiveError> {
    if takes_entry_body(article) {
        return Ok(());
    }
    let sql = "UPDATE url SET entry_body = NULL WHERE id = ?1 AND entry_body IS NOT NULL";
    let mut update = connection.prepare_cached(sql).doing("noting that a page has a text")?;
    update.execute([id]).map(drop).doing("noting that a page has a text")
}

/// Whether a sitemap may have changed since it was read, by its index's word. A word that is older than
/// that is believed for a week. `?2` is the present.
pub(super) const IS_CHANGED: &str =
    "(lastmod IS NULL OR lastmod >= fetched_at OR fetched_at < ?2 - 7 * 86400000)";

/// Notes what an index says of a sitemap; one that changed since it was read is due.
fn note_lastmod(
    connection: &Connection,
    id: i64,
    lastmod: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), ArchiveError> {
    let doing = "noting when a sitemap changed";
    let lastmod = lastmod.map(Timestamp::as_millisecond);
    let sql = "UPDATE url SET lastmod = ?2, state = iif(state = 'done' AND fetched_at < ?2, 'queued', state),
                   due_at = iif(state = 'done' AND fetched_at < ?2, ?3, due_at)
               WHERE id = ?1 AND (lastmod IS NOT ?2 OR state = 'done' AND fetched_at < ?2)";
    let mut update = connection.prepare_cached(sql).doing(doing)?;
    update.execute((id, lastmod, now.as_millisecond())).map(drop).doing(doing)
}

fn note_route(
    connection: &Connection,
    id: i64,
    candidate: &Candidate,
    found: FoundOn,
) -> Result<(), ArchiveError> {
    let mut upsert = connection
        .prepare_cached(
            "INSERT INTO discovery (url, route, source, first_seen, last_seen, seal)
             VALUES (?1, ?2, ?3, ?4, ?4, jianbao_seal('discovery', ?1, ?2, ?3, ?4, ?4))
             ON CONFLICT (url, route) DO UPDATE SET last_seen = excluded.last_seen,
                 seal = jianbao_seal('discovery', url, route, source, first_seen, excluded.last_seen)",
        )
        .doing("noting how a URL was found")?;
    upsert
        .execute((id, candidate.via.as_str(), found.source, found.now.as_millisecond()))
        .map(drop)
        .doing("noting how a URL was found")
}
