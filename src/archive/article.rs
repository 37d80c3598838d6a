//! Articles and their versions: what a look at a page changes.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Params};

use super::basis::Beforehand;
use super::record::{Outcome, PageResult, Verdict};
use super::unite::unite;
use super::urls::UrlTable;
use super::version::{add_version, previous, store_text, write_fields};
use super::{ArchiveError, Doing, redirect};
use crate::article::Article;
use crate::capture::Digest;
use crate::dedup::{Change, compare, is_another};
use crate::url::CanonicalUrl;

/// A look at a page that shows an article.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) url: i64,
    pub(super) site: i64,
    pub(super) at: Timestamp,
    pub(super) capture: Option<i64>,
    /// Captures of the article's further pages.
    pub(super) parts: &'a [i64],
    pub(super) revision: i64,
    /// The URL that `rel=canonical` names.
    pub(super) claims: Option<i64>,
    /// The listing entry and the text by which the page was read.
    pub(super) beforehand: &'a Beforehand,
    /// The answer was cut off or changed on its way, or not all of its parts came.
    pub(super) is_damaged: bool,
}

/// Writes what the look found: a new article, a new version, a sharper date, or only that it was seen.
pub(super) fn apply(
    connection: &Connection,
    urls: &UrlTable,
    look: &Look<'_>,
    seen: &Article,
) -> Result<Verdict, ArchiveError> {
    let digest = seen.text_digest();
    redirect::end(connection, look.url)?;
    if let Some(id) = article_of(connection, look.url)? {
        if is_foreign(connection, look.site, id, seen, &digest)? {
            return Ok(Verdict::Foreign);
        }
        redirect::settle(connection, look.url, id)?;
        return Ok(Verdict::Article(look_again(connection, urls, look, id, seen, &digest)?));
    }
    // The page names another URL as its own: proved when that one's text is equal.
    if let Some(target) = look.claims {
        if let Some(id) = article_with(connection, target, &digest, None)? {
            join(connection, look.url, target, id, "canonical", look.at)?;
            touch(connection, urls, look, id, seen)?;
            return Ok(Verdict::Alias);
        }
        set(connection, "UPDATE url SET claims = ?2 WHERE id = ?1", (look.url, target))?;
    }
    if let Some(shown) = same_as_source(connection, look.url, seen, &digest)? {
        join(connection, look.url, shown.url, shown.article, "equal_text", look.at)?;
        touch(connection, urls, look, shown.article, seen)?;
        return Ok(Verdict::Alias);
    }
    if let Some((id, change)) = move_here(connection, urls, look, seen, &digest)? {
        join_redirects(connection, look, id)?;
        return Ok(Verdict::Article(change));
    }
    let id = insert(connection, look, seen, &digest)?;
    touch(connection, urls, look, id, seen)?;
    set(connection, "UPDATE url SET article = ?2 WHERE id = ?1", (look.url, id))?;
    join_redirects(connection, look, id)?;
    let is_copy = is_copy(connection, id, &digest)?;
    Ok(if is_copy { Verdict::Duplicate } else { Verdict::Article(Change::New) })
}

/// An article and its URL.
struct Shown {
    url: i64,
    article: i64,
}

/// The article on the page that leads to a URL, when the URL shows the same under the same title: a version to
/// print, or a site that answers any address below an article with it.
fn same_as_source(
    connection: &Connection,
    url: i64,
    seen: &Article,
    digest: &Digest,
) -> Result<Option<Shown>, ArchiveError> {
    if seen.text.is_empty() {
        return Ok(None);
    }
    let sql =
        "SELECT a.url, a.id FROM discovery d JOIN url s ON s.id = d.source JOIN article a ON a.id = s.article
               WHERE d.url = ?1 AND d.route = 'related' AND a.text_digest = ?2 AND a.title = ?3";
    let mut find = connection.prepare_cached(sql).doing("reading an article")?;
    find.query_row((url, &digest.0[..], &seen.title), |row| {
        Ok(Shown { url: row.get(0)?, article: row.get(1)? })
    })
    .optional()
    .doing("reading an article")
}

/// Moves an article here from a URL that named this one as its own before it was seen, by `rel=canonical` or
/// by a redirect. An equal text proves it, and for a redirect an equal title.
fn move_here(
    connection: &Connection,
    urls: &UrlTable,
    look: &Look<'_>,
    seen: &Article,
    digest: &Digest,
) -> Result<Option<(i64, Change)>, ArchiveError> {
    let sql = "SELECT id, redirects_to IS ?1 FROM url
               WHERE (claims = ?1 OR redirects_to = ?1) AND article IS NOT NULL ORDER BY id";
    let mut select = connection.prepare_cached(sql).doing("reading an article")?;
    let rows =
        select.query_map([look.url], |row| Ok((row.get(0)?, row.get(1)?))).doing("reading an article")?;
    let claimants: Vec<(i64, bool)> = rows.collect::<rusqlite::Result<_>>().doing("reading an article")?;
    let mut moved = None;
    for (claimant, redirects) in claimants {
        let title = Some(seen.title.as_str()).filter(|title| redirects && !title.is_empty());
        let Some(claimed) = article_with(connection, claimant, digest, title)? else { continue };
        // Several may have named this one as their own, as with and without a parameter.
        let id = moved.map_or(Ok(claimed), |first| unite(connection, first, claimed))?;
        set(connection, "UPDATE article SET url = ?2 WHERE id = ?1", (id, look.url))?;
        set(connection, "UPDATE url SET article = ?2 WHERE id = ?1", (look.url, id))?;
        let proof = if redirects { "redirect" } else { "canonical" };
        join(connection, claimant, look.url, id, proof, look.at)?;
        set(connection, "UPDATE url SET due_at = NULL WHERE id = ?1 AND state = 'done'", [claimant])?;
        moved = Some(id);
    }
    moved.map(|id| Ok((id, look_again(connection, urls, look, id, seen, digest)?))).transpose()
}

/// What redirects here is another name of the article, unless an article of its own stood there.
fn join_redirects(connection: &Connection, look: &Look<'_>, article: i64) -> Result<(), ArchiveError> {
    let sql = "SELECT id FROM url WHERE redirects_to = ?1 AND article IS NULL";
    for from in ids(connection, sql, look.url)? {
        join(connection, from, look.url, article, "redirect", look.at)?;
    }
    Ok(())
}

/// Notes a look whose validators still held.
///
/// `false` when the URL is no article's, as with a list.
pub(super) fn note_unchanged(connection: &Connection, url: i64, at: Timestamp) -> Result<bool, ArchiveError> {
    let sql = "UPDATE article SET last_seen = ?2, gone_since = NULL WHERE id = (SELECT article FROM url WHERE id = ?1)";
    let mut statement = connection.prepare_cached(sql).doing("writing an article")?;
    let changed = statement.execute((url, at.as_millisecond())).doing("writing an article")?;
    Ok(changed > 0)
}

pub(super) fn set(connection: &Connection, sql: &str, values: impl Params) -> Result<(), ArchiveError> {
    let mut statement = connection.prepare_cached(sql).doing("writing an article")?;
    statement.execute(values).map(drop).doing("writing an article")
}

fn ids(connection: &Connection, sql: &str, key: i64) -> Result<Vec<i64>, ArchiveError> {
    let mut statement = connection.prepare_cached(sql).doing("reading an article")?;
    let rows = statement.query_map([key], |row| row.get(0)).doing("reading an article")?;
    rows.collect::<rusqlite::Result<_>>().doing("reading an article")
}

pub(super) fn article_of(connection: &Connection, url: i64) -> Result<Option<i64>, ArchiveError> {
    let mut find =
        connection.prepare_cached("SELECT article FROM url WHERE id = ?1").doing("reading an article")?;
    find.query_row([url], |row| row.get(0)).optional().map(Option::flatten).doing("reading an article")
}

/// The article at a URL, when it has this text or this title.
fn article_with(
    connection: &Connection,
    url: i64,
    digest: &Digest,
    title: Option<&str>,
) -> Result<Option<i64>, ArchiveError> {
    let sql = "SELECT a.id FROM url u JOIN article a ON a.id = u.article
               WHERE u.id = ?1 AND (a.text_digest = ?2 OR a.title = ?3)";
    let mut find = connection.prepare_cached(sql).doing("reading an article")?;
    find.query_row((url, &digest.0[..], title), |row| row.get(0)).optional().doing("reading an article")
}

/// Makes `from` another name of `target`'s article.
pub(super) fn join(
    connection: &Connection,
    from: i64,
    target: i64,
    article: i64,
    proof: &str,
    at: Timestamp,
) -> Result<(), ArchiveError> {
    let sql = "INSERT INTO alias (url, target, proof, proved_at) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (url) DO UPDATE SET target = excluded.target, proof = excluded.proof";
    let mut insert = connection.prepare_cached(sql).doing("noting an alias")?;
    insert.execute((from, target, proof, at.as_millisecond())).doing("noting an alias")?;
    set(connection, "UPDATE url SET article = ?2 WHERE id = ?1", (from, article))
}

fn insert(
    connection: &Connection,
    look: &Look<'_>,
    seen: &Article,
    digest: &Digest,
) -> Result<i64, ArchiveError> {
    store_text(connection, seen, digest)?;
    // Its seal comes with its fields.
    let sql = "INSERT INTO article (site, url, title, tags, breadcrumbs, text_digest, first_seen, last_seen, version_count, seal)
               VALUES (?1, ?2, '', '', '', ?3, ?4, ?4, 0, 0)";
    let mut insert = connection.prepare_cached(sql).doing("writing an article")?;
    insert
        .execute((look.site, look.url, &digest.0[..], look.at.as_millisecond()))
        .doing("writing an article")?;
    let id = connection.last_insert_rowid();
    write_fields(connection, id, seen, digest, true)?;
    add_version(connection, look, id, seen, digest, ("published", None))?;
    Ok(id)
}

fn look_again(
    connection: &Connection,
    urls: &UrlTable,
    look: &Look<'_>,
    id: i64,
    seen: &Article,
    digest: &Digest,
) -> Result<Change, ArchiveError> {
    let previous = previous(connection, id, seen, digest)?;
    let mut seen = seen.clone();
    let change = compare(&previous, &mut seen);
    let was_damaged = is_from_damaged(connection, id)?;
    if change != Change::Unchanged && look.is_damaged && !was_damaged {
        // The difference may have come about on the way.
        return Ok(Change::Unchanged);
    }
    let digest = seen.text_digest();
    if change == Change::Revised {
        store_text(connection, &seen, &digest)?;
    }
    let is_version = matches!(change, Change::Revised | Change::Sharpened);
    write_fields(connection, id, &seen, &digest, is_version)?;
    let before = previous.published.as_ref();
    match change {
        // The site did not change what is read whole for the first time.
        Change::Revised if was_damaged => {
            add_version(connection, look, id, &seen, &digest, ("reextracted", before))?;
        }
        Change::Revised => add_version(connection, look, id, &seen, &digest, ("edited", before))?,
        Change::Sharpened => add_version(connection, look, id, &seen, &digest, ("sharpened", before))?,
        Change::New | Change::Unchanged => {}
    }
    touch(connection, urls, look, id, &seen)?;
    Ok(change)
}

/// Whether an article's current version was read from an answer that was damaged.
fn is_from_damaged(connection: &Connection, article: i64) -> Result<bool, ArchiveError> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM article a JOIN version v ON v.article = a.id AND v.n = a.version_count
                              JOIN version_capture x ON x.version = v.id JOIN capture c ON c.id = x.capture
                              WHERE a.id = ?1 AND c.damage IS NOT NULL)";
    let mut find = connection.prepare_cached(sql).doing("reading an article")?;
    find.query_row([article], |row| row.get(0)).doing("reading an article")
}

/// What every look writes: that the article was there, and the related links it showed.
fn touch(
    connection: &Connection,
    urls: &UrlTable,
    look: &Look<'_>,
    article: i64,
    seen: &Article,
) -> Result<(), ArchiveError> {
    let now = look.at.as_millisecond();
    set(
        connection,
        "UPDATE article SET last_seen = max(last_seen, ?2), gone_since = NULL
         WHERE id = ?1 AND (last_seen < ?2 OR gone_since IS NOT NULL)",
        (article, now),
    )?;
    let sql = "INSERT INTO link (article, target, target_url, position, title, excerpt, kind, first_seen, last_seen, seal)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'related', ?7, ?7,
                       jianbao_seal('link', ?1, ?2, ?3, ?4, ?5, ?6, 'related', ?7, ?7))
               ON CONFLICT (article, target) DO UPDATE SET last_seen = excluded.last_seen, title = excluded.title,
                   excerpt = coalesce(excluded.excerpt, excerpt),
                   seal = jianbao_seal('link', article, target, target_url, position, excluded.title,
                       coalesce(excluded.excerpt, excerpt), kind, first_seen, excluded.last_seen)";
    let mut insert = connection.prepare_cached(sql).doing("writing related links")?;
    for (position, related) in seen.related.iter().enumerate() {
        let target = match CanonicalUrl::parse(&related.url, None) {
            Ok(url) => urls.find(connection, &url.key())?,
            Err(_) => None,
        };
        insert
            .execute((article, &related.url, target, position, &related.title, &related.excerpt, now))
            .doing("writing related links")?;
    }
    Ok(())
}

/// Whether the text that a known article's URL shows now is another article's of the site, and nothing of its
/// own is left in it. A site that is being mended, or asks for money, shows one notice everywhere.
fn is_foreign(
    connection: &Connection,
    site: i64,
    id: i64,
    seen: &Article,
    digest: &Digest,
) -> Result<bool, ArchiveError> {
    let doing = "looking for equal texts";
    let sql = "SELECT t.text FROM article a JOIN text t ON t.digest = a.text_digest
               WHERE a.id = ?1 AND a.text_digest <> ?2
                 AND EXISTS (SELECT 1 FROM article b WHERE b.text_digest = ?2 AND b.id <> ?1 AND +b.site = ?3)";
    let mut select = connection.prepare_cached(sql).doing(doing)?;
    let known: Option<String> =
        select.query_row((id, &digest.0[..], site), |row| row.get(0)).optional().doing(doing)?;
    Ok(known.is_some_and(|known| is_another(&known, &seen.text)))
}

/// Whether a page of which no article was known says what an article of the site says.
pub(super) fn is_copied(connection: &Connection, outcome: &Outcome) -> Result<bool, ArchiveError> {
    let PageResult::Article { article, .. } = &outcome.result else { return Ok(false) };
    let doing = "looking for equal texts";
    // The text tells more than the site: the plus keeps SQLite from walking all articles of the site.
    let sql =
        "SELECT u.article IS NULL AND EXISTS (SELECT 1 FROM article WHERE text_digest = ?2 AND +site = ?3)
               FROM url u WHERE u.id = ?1";
    let mut select = connection.prepare_cached(sql).doing(doing)?;
    let values = (outcome.url, &article.text_digest().0[..], outcome.site);
    select.query_row(values, |row| row.get(0)).optional().map(Option::unwrap_or_default).doing(doing)
}

/// Whether another article has this text.
fn is_copy(connection: &Connection, id: i64, digest: &Digest) -> Result<bool, ArchiveError> {
    let doing = "looking for equal texts";
    let sql = "SELECT EXISTS (SELECT 1 FROM article WHERE text_digest = ?1 AND id <> ?2)";
    let mut select = connection.prepare_cached(sql).doing(doing)?;
    let is_shared: bool = select.query_row((&digest.0[..], id), |row| row.get(0)).doing(doing)?;
    Ok(is_shared && *digest != Digest::of(b""))
}
