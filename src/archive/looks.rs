//! What a look means for its URL: its state, when it is looked at next, and whether an article that
//! stood there is gone.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::record::{Disposition, GoneCheck, Outcome, PageResult, Verdict};
use super::{ArchiveError, Doing, urls};
use crate::capture::{Capture, Digest};
use crate::config::Recrawl;
use crate::dedup::Change;
use crate::frontier::{FIRST_ARTICLE_RANK, POSTPONED_RANK, next_list_look, next_look, next_missing_look};

/// What a page that has lost its article looks like: the server gave it, and no article can be read.
const LOST: [&str; 4] = ["no_article", "no_text", "shell", "redirect_stub"];
/// Fewer missing articles than this are no crowd, whatever their share.
const CROWD: u64 = 5;

/// Notes a look.
pub(super) fn note(
    connection: &Connection,
    recrawl: &Recrawl,
    outcome: &Outcome,
    verdict: Verdict,
    found_new: bool,
) -> Result<(), ArchiveError> {
    if outcome.disposition == Disposition::Postponed {
        return urls::postpone(connection, outcome.url);
    }
    let now = outcome.at.as_millisecond();
    let wait = match outcome.disposition {
        Disposition::Done => next_wait(connection, recrawl, outcome, verdict, found_new)?,
        _ => None,
    };
    let (state, due) = match outcome.disposition {
        Disposition::Done => ("done", wait.map(|wait| now.saturating_add(millis(wait)))),
        Disposition::Retry(at) | Disposition::Rest(at) | Disposition::SetAside(at) => {
            ("queued", Some(at.as_millisecond()))
        }
        Disposition::GivenUp => ("given_up", None),
        Disposition::Excluded => ("excluded", None),
        Disposition::Postponed => ("queued", Some(now)),
    };
    write(connection, outcome, outcome.name_after(verdict), (state, due, wait))?;
    match verdict {
        Verdict::Missing => suspect(connection, outcome.url, now)?,
        Verdict::Article(_) | Verdict::Duplicate | Verdict::Alias => {
            acquit(connection, outcome)?;
            let found = "UPDATE site SET lost = 0 WHERE id = ?1 AND lost > 0";
            connection
                .prepare_cached(found)
                .and_then(|mut s| s.execute([outcome.site]))
                .doing("noting a look")?;
        }
        Verdict::Foreign => lose(connection, outcome)?,
        Verdict::None if LOST.contains(&outcome.name) => lose(connection, outcome)?,
        Verdict::None => {}
    }
    match outcome.missing_text {
        Some(text) => keep_missing_text(connection, outcome.site, &text),
        None => Ok(()),
    }
}

fn write(
    connection: &Connection,
    outcome: &Outcome,
    name: &str,
    (state, due, wait): (&str, Option<i64>, Option<Duration>),
) -> Result<(), ArchiveError> {
    let answered = outcome.capture.as_ref();
    // Who sends the validators of an answer that was of no use is told that it still holds.
    let usable = answered.filter(|capture| is_whole(outcome, capture));
    let header = |name| usable.and_then(|capture| capture.header(name));
    let failed = matches!(outcome.disposition, Disposition::Retry(_));
    // A page that was set aside is tried with care when its time has come.
    let crashes = match outcome.disposition {
        Disposition::SetAside(_) => Some(1),
        _ => answered.map(|_| 0),
    };
    let mut update = connection
        .prepare_cached(
            "UPDATE url SET state = ?2, due_at = ?3, wait = coalesce(?4, wait), outcome = ?5,
                    fetched_at = CASE WHEN ?6 THEN ?7 ELSE fetched_at END, status = coalesce(?8, status),
                    failures = CASE WHEN ?9 THEN failures + 1 ELSE 0 END, looks = looks + ?6,
                    etag = CASE WHEN ?10 THEN ?11 ELSE etag END,
                    last_modified = CASE WHEN ?10 THEN ?12 ELSE last_modified END,
                    rank = CASE WHEN rank >= ?13 AND ?6 AND kind IN ('feed', 'sitemap', 'api') THEN depth ELSE rank END,
                    crashes = coalesce(?14, crashes)
             WHERE id = ?1",
        )
        .doing("noting a look")?;
    update
        .execute(params![
            outcome.url,
            state,
            due,
            wait.and_then(|wait| i64::try_from(wait.as_secs()).ok()),
            name,
            answered.is_some(),
            outcome.at.as_millisecond(),
            answered.map(|capture| capture.status),
            failed,
            answered.is_some_and(|capture| capture.status == 200),
            header("etag"),
            header("last-modified"),
            POSTPONED_RANK,
            crashes,
        ])
        .map(drop)
        .doing("noting a look")
}

/// Whether an answer showed what should stand there, and all of it was read.
fn is_whole(outcome: &Outcome, capture: &Capture) -> bool {
    outcome.disposition == Disposition::Done
        && !matches!(outcome.result, PageResult::Missing)
        && capture.damage.is_none()
        && !outcome.missing.contains(&"part")
}

/// The wait until the next look; `None` for never.
fn next_wait(
    connection: &Connection,
    recrawl: &Recrawl,
    outcome: &Outcome,
    verdict: Verdict,
    found_new: bool,
) -> Result<Option<Duration>, ArchiveError> {
    let sql = "SELECT u.wait, u.kind, u.rank, u.suspicions, a.published_from, a.first_seen, a.url = u.id
               FROM url u LEFT JOIN article a ON a.id = u.article WHERE u.id = ?1";
    let is_redirect = matches!(outcome.result, PageResult::Redirect(_));
    let mut select = connection.prepare_cached(sql).doing("planning the next look")?;
    select
        .query_row([outcome.url], |row| {
            let last = row.get::<_, Option<u64>>(0)?.map(Duration::from_secs);
            let age = || -> rusqlite::Result<Duration> {
                let published: Option<i64> = row.get(4)?;
                let seen: Option<i64> = row.get(5)?;
                let since = published.map(|seconds| seconds.saturating_mul(1000)).or(seen);
                let age = since.map_or(0, |since| outcome.at.as_millisecond().saturating_sub(since));
                Ok(Duration::from_millis(u64::try_from(age).unwrap_or(0)))
            };
            Ok(match verdict {
                Verdict::Article(change) => Some(next_look(recrawl, last, change, age()?)),
                Verdict::Duplicate => Some(next_look(recrawl, None, Change::New, age()?)),
                Verdict::Missing => Some(next_missing_look(recrawl, row.get::<_, u32>(3)? + 1)),
                // It is soon itself again.
                Verdict::Foreign => Some(next_look(recrawl, last, Change::Revised, age()?)),
                Verdict::Alias => None,
                // What an article led to is looked at first.
                Verdict::None if is_redirect && row.get::<_, Option<bool>>(6)? == Some(true) => {
                    Some(next_missing_look(recrawl, 1))
                }
                // A list's later page is looked at when its list says so.
                Verdict::None if row.get::<_, i64>(2)? >= FIRST_ARTICLE_RANK => None,
                Verdict::None => match row.get_ref(1)?.as_str()? {
                    "list" | "feed" | "api" => Some(next_list_look(recrawl, false, last, found_new)),
                    "sitemap" => Some(next_list_look(recrawl, true, last, found_new)),
                    _ => None,
                },
            })
        })
        .doing("planning the next look")
}

fn millis(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}

fn suspect(connection: &Connection, url: i64, now: i64) -> Result<(), ArchiveError> {
    let sql =
        "UPDATE url SET suspected_at = coalesce(suspected_at, ?2), suspicions = suspicions + 1 WHERE id = ?1";
    let mut update = connection.prepare_cached(sql).doing("noting a missing article")?;
    update.execute((url, now)).map(drop).doing("noting a missing article")
}

/// Clears an article that is there. Where one comes back others may: those that are still missed are looked
/// at in this run, once a day at most.
fn acquit(connection: &Connection, outcome: &Outcome) -> Result<(), ArchiveError> {
    let doing = "noting a look";
    let sql = "UPDATE url SET suspected_at = NULL, suspicions = 0 WHERE id = ?1 AND suspected_at IS NOT NULL";
    let mut clear = connection.prepare_cached(sql).doing(doing)?;
    if clear.execute([outcome.url]).doing(doing)? == 0 {
        return Ok(());
    }
    let sql = "UPDATE url SET due_at = ?2 WHERE site = ?1 AND suspected_at IS NOT NULL AND state = 'done'
                 AND due_at > ?2 AND fetched_at < ?3
                 AND article IN (SELECT id FROM article WHERE gone_since IS NULL)";
    let mut hurry = connection.prepare_cached(sql).doing(doing)?;
    let yesterday = outcome.at - SignedDuration::from_hours(24);
    let times = (outcome.site, outcome.at.as_millisecond(), yesterday.as_millisecond());
    hurry.execute(times).map(drop).doing(doing)
}

/// Counts a known article whose page shows none any more.
fn lose(connection: &Connection, outcome: &Outcome) -> Result<(), ArchiveError> {
    let sql = "UPDATE site SET lost = lost + 1 WHERE id = ?1
               AND EXISTS (SELECT 1 FROM url WHERE id = ?2 AND article IS NOT NULL)";
    let mut update = connection.prepare_cached(sql).doing("noting a look")?;
    update.execute((outcome.site, outcome.url)).map(drop).doing("noting a look")
}

/// Notes the profile that a run reads a site with. When it is another one, posts that showed no article
/// are due again: the fault may have been the profile's.
pub(super) fn note_layout(
    connection: &Connection,
    site: i64,
    layout: Option<Digest>,
    now: Timestamp,
) -> Result<(), ArchiveError> {
    let doing = "noting a site's profile";
    let layout = layout.map(|digest| digest.0);
    let changed = "UPDATE site SET layout = ?2 WHERE id = ?1 AND layout IS NOT ?2";
    if connection.execute(changed, (site, layout)).doing(doing)? == 0 {
        return Ok(());
    }
    let names = LOST.map(|name| format!("'{name}'")).join(", ");
    let again = format!(
        "UPDATE url SET state = 'queued', due_at = ?2, failures = 0, etag = NULL, last_modified = NULL
         WHERE site = ?1 AND outcome IN ({names}) AND (kind = 'post' OR article IS NOT NULL)"
    );
    connection.execute(&again, (site, now.as_millisecond())).map(drop).doing(doing)
}

/// Looks at known articles, the last in a row, that showed no article.
pub(super) fn lost(connection: &Connection, site: i64) -> Result<u64, ArchiveError> {
    let select = "SELECT lost FROM site WHERE id = ?1";
    connection.query_row(select, [site], |row| row.get(0)).doing("reading how a site does")
}

/// A site's articles that robots.txt forbids to look at again, and a seed that it forbids.
pub(super) fn forbidden(connection: &Connection, site: i64) -> Result<(u64, Option<String>), ArchiveError> {
    let sql = "SELECT count(u.article), min(u.url) FILTER (WHERE d.url IS NOT NULL)
               FROM url u LEFT JOIN discovery d ON d.url = u.id AND d.route = 'seed'
               WHERE u.host IN (SELECT id FROM host WHERE site = ?1) AND u.site = ?1 AND u.state = 'excluded'
                 AND u.outcome = 'robots_excluded'";
    let mut select = connection.prepare_cached(sql).doing("reading what robots.txt forbids")?;
    select.query_row([site], |row| Ok((row.get(0)?, row.get(1)?))).doing("reading what robots.txt forbids")
}

/// Whether a site has ever given an article.
pub(super) fn has_article(connection: &Connection, site: i64) -> Result<bool, ArchiveError> {
    let select = "SELECT EXISTS (SELECT 1 FROM article WHERE site = ?1)";
    connection.query_row(select, [site], |row| row.get(0)).doing("reading how a site does")
}

fn keep_missing_text(connection: &Connection, site: i64, text: &Digest) -> Result<(), ArchiveError> {
    let sql = "INSERT INTO missing_text (site, digest) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    let mut insert = connection.prepare_cached(sql).doing("noting what a site says of missing pages")?;
    insert.execute((site, &text.0[..])).map(drop).doing("noting what a site says of missing pages")
}

/// What a site says where nothing stands.
pub(super) fn missing_texts(connection: &Connection, site: i64) -> Result<Vec<Digest>, ArchiveError> {
    let doing = "reading what a site says of missing pages";
    let mut select = connection.prepare("SELECT digest FROM missing_text WHERE site = ?1").doing(doing)?;
    let rows = select.query_map([site], |row| row.get(0).map(Digest)).doing(doing)?;
    rows.collect::<rusqlite::Result<_>>().doing(doing)
}

/// Confirms articles that were missed often and long enough, the last time since `run` began: they are gone
/// since the first look that missed them. Where a large share of a site is missing, the site is broken, and
/// nothing is confirmed; what is missing counts for that however long ago it was looked at, since it is looked
/// at ever more rarely.
pub(super) fn confirm_gone(
    connection: &Connection,
    recrawl: &Recrawl,
    site: i64,
    (run, now): (Timestamp, Timestamp),
) -> Result<GoneCheck, ArchiveError> {
    let doing = "confirming what is gone";
    let after = SignedDuration::try_from(recrawl.gone_after.0).unwrap_or(SignedDuration::MAX);
    let long_ago = now.checked_sub(after).unwrap_or(Timestamp::MIN).as_millisecond();
    let suspected = "SELECT 1 FROM url u JOIN article a ON a.id = u.article AND a.url = u.id
                     WHERE u.site = ?1 AND u.suspected_at IS NOT NULL AND a.gone_since IS NULL LIMIT 1";
    if connection.query_row(suspected, [site], |_| Ok(())).optional().doing(doing)?.is_none() {
        return Ok(GoneCheck::default());
    }
    let looked_at = "SELECT count(*), count(u.suspected_at) FROM article a JOIN url u ON u.id = a.url
                     WHERE a.site = ?1 AND a.gone_since IS NULL
                       AND (u.fetched_at >= ?2 OR u.suspected_at IS NOT NULL)";
    let (looks, missing): (u64, u64) = connection
        .query_row(looked_at, (site, long_ago), |row| Ok((row.get(0)?, row.get(1)?)))
        .doing(doing)?;
    let share = |part: u64| f64::from(u32::try_from(part).unwrap_or(u32::MAX));
    if missing >= CROWD && share(missing) > recrawl.gone_most * share(looks) {
        return Ok(GoneCheck { confirmed: 0, mass: Some((missing, looks)) });
    }
    let confirm = "UPDATE article SET gone_since = u.suspected_at FROM url u
                   WHERE u.id = article.url AND u.article = article.id AND article.gone_since IS NULL
                     AND u.site = ?1 AND u.suspected_at <= ?2 AND u.suspicions >= ?3 AND u.fetched_at >= ?4";
    let values = (site, long_ago, recrawl.gone_looks, run.as_millisecond());
    let confirmed = connection.execute(confirm, values).doing(doing)?;
    Ok(GoneCheck { confirmed: confirmed as u64, mass: None })
}
