//! Articles and their versions: what a look at a page changes.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Params, Row, params};
use serde_json::json;

use super::record::Verdict;
use super::urls::UrlTable;
use super::{ArchiveError, Doing, redirect};
use crate::article::{Article, Precision, Published};
use crate::capture::Digest;
use crate::dedup::{Change, compare};
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
    for (claimant, redirects) in claimants {
        let title = Some(seen.title.as_str()).filter(|title| redirects && !title.is_empty());
        if let Some(id) = article_with(connection, claimant, digest, title)? {
            set(connection, "UPDATE article SET url = ?2 WHERE id = ?1", (id, look.url))?;
            set(connection, "UPDATE url SET article = ?2 WHERE id = ?1", (look.url, id))?;
            let proof = if redirects { "redirect" } else { "canonical" };
            join(connection, claimant, look.url, id, proof, look.at)?;
            set(connection, "UPDATE url SET due_at = NULL WHERE id = ?1 AND state = 'done'", [claimant])?;
            return Ok(Some((id, look_again(connection, urls, look, id, seen, digest)?)));
        }
    }
    Ok(None)
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
    let sql = "INSERT INTO article (site, url, title, tags, breadcrumbs, text_digest, first_seen, last_seen, version_count)
               VALUES (?1, ?2, '', '', '', ?3, ?4, ?4, 0)";
    let mut insert = connection.prepare_cached(sql).doing("writing an article")?;
    insert
        .execute((look.site, look.url, &digest.0[..], look.at.as_millisecond()))
        .doing("writing an article")?;
    let id = connection.last_insert_rowid();
    write_fields(connection, id, seen, digest)?;
    add_version(connection, look, id, seen, digest, "published")?;
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
    let digest = seen.text_digest();
    if change == Change::Revised {
        store_text(connection, &seen, &digest)?;
    }
    write_fields(connection, id, &seen, &digest)?;
    match change {
        Change::Revised => add_version(connection, look, id, &seen, &digest, "edited")?,
        Change::Sharpened => add_version(connection, look, id, &seen, &digest, "sharpened")?,
        Change::New | Change::Unchanged => {}
    }
    touch(connection, urls, look, id, &seen)?;
    Ok(change)
}

/// The article as it was known, in the fields that are compared. Its text is read only when its
/// digest is another.
fn previous(
    connection: &Connection,
    id: i64,
    seen: &Article,
    digest: &Digest,
) -> Result<Article, ArchiveError> {
    let sql = "SELECT title, author, source, editor, category, tags, published, published_precision,
                      published_approximate, published_from, published_to, t.text, t.markdown
               FROM article a LEFT JOIN text t ON t.digest = a.text_digest AND a.text_digest <> ?2 WHERE a.id = ?1";
    let mut select = connection.prepare_cached(sql).doing("reading an article")?;
    select
        .query_row((id, &digest.0[..]), |row| {
            let (text, markdown) = match row.get(11)? {
                Some(text) => (text, row.get(12)?),
                None => (seen.text.clone(), seen.markdown.clone()),
            };
            Ok(Article {
                title: row.get(0)?,
                author: row.get(1)?,
                source: row.get(2)?,
                editor: row.get(3)?,
                category: row.get(4)?,
                tags: serde_json::from_str(&row.get::<_, String>(5)?).unwrap_or_default(),
                published: published(row)?,
                text,
                markdown,
                ..Article::default()
            })
        })
        .doing("reading an article")
}

fn published(row: &Row<'_>) -> rusqlite::Result<Option<Published>> {
    let Some(value) = row.get::<_, Option<String>>(6)? else { return Ok(None) };
    let seconds = |index| -> rusqlite::Result<Timestamp> {
        Ok(Timestamp::from_second(row.get(index)?).unwrap_or(Timestamp::UNIX_EPOCH))
    };
    let precision = match row.get_ref(7)?.as_str()? {
        "year" => Precision::Year,
        "month" => Precision::Month,
        "week" => Precision::Week,
        "day" => Precision::Day,
        "hour" => Precision::Hour,
        "minute" => Precision::Minute,
        _ => Precision::Second,
    };
    Ok(Some(Published { value, precision, approximate: row.get(8)?, from: seconds(9)?, to: seconds(10)? }))
}

pub(super) fn store_text(
    connection: &Connection,
    seen: &Article,
    digest: &Digest,
) -> Result<(), ArchiveError> {
    let sql = "INSERT INTO text (digest, text, markdown) VALUES (?1, ?2, ?3) ON CONFLICT (digest) DO NOTHING";
    let mut insert = connection.prepare_cached(sql).doing("writing a text")?;
    insert.execute((&digest.0[..], &seen.text, &seen.markdown)).map(drop).doing("writing a text")
}

fn write_fields(
    connection: &Connection,
    id: i64,
    seen: &Article,
    digest: &Digest,
) -> Result<(), ArchiveError> {
    let sql = "UPDATE article SET title = ?2, author = ?3, source = ?4, editor = ?5, category = ?6, tags = ?7,
                      breadcrumbs = ?8, permalink = ?9, site_name = ?10, language = ?11, views = coalesce(?12, views),
                      published = ?13, published_precision = ?14, published_approximate = ?15, published_from = ?16,
                      published_to = ?17, modified = ?18, text_digest = ?19 WHERE id = ?1";
    let mut update = connection.prepare_cached(sql).doing("writing an article")?;
    let published = seen.published.as_ref();
    update
        .execute(params![
            id,
            seen.title,
            seen.author,
            seen.source,
            seen.editor,
            seen.category,
            json!(seen.tags).to_string(),
            json!(seen.breadcrumbs).to_string(),
            seen.permalink,
            seen.site_name,
            seen.language,
            seen.views.and_then(|views| i64::try_from(views).ok()),
            published.map(|p| p.value.as_str()),
            published.map(|p| p.precision.as_str()),
            published.map(|p| p.approximate),
            published.map(|p| p.from.as_second()),
            published.map(|p| p.to.as_second()),
            seen.modified.as_ref().map(|m| m.value.as_str()),
            &digest.0[..],
        ])
        .map(drop)
        .doing("writing an article")
}

fn add_version(
    connection: &Connection,
    look: &Look<'_>,
    article: i64,
    seen: &Article,
    digest: &Digest,
    reason: &str,
) -> Result<(), ArchiveError> {
    let doing = "writing a version";
    let fields = json!({
        "title": seen.title,
        "author": seen.author,
        "source": seen.source,
        "editor": seen.editor,
        "category": seen.category,
        "tags": seen.tags,
        "published": seen.published.as_ref().map(|p| &p.value),
        "modified": seen.modified.as_ref().map(|m| &m.value),
        "views": seen.views,
        "permalink": seen.permalink,
        "language": seen.language,
        "template": seen.template,
        "unusual": seen.unusual,
        "notes": seen.notes,
    });
    let sql =
        "INSERT INTO version (article, n, seen_at, reason, text_digest, fields, origins, profile_revision)
               SELECT id, version_count + 1, ?2, ?3, ?4, ?5, ?6, ?7 FROM article WHERE id = ?1";
    let mut insert = connection.prepare_cached(sql).doing(doing)?;
    insert
        .execute(params![
            article,
            look.at.as_millisecond(),
            reason,
            &digest.0[..],
            fields.to_string(),
            json!(seen.origins).to_string(),
            look.revision,
        ])
        .doing(doing)?;
    let version = connection.last_insert_rowid();
    if let Some(capture) = look.capture {
        set(
            connection,
            "INSERT INTO version_capture (version, capture, role) VALUES (?1, ?2, 'page')",
            (version, capture),
        )?;
    }
    for part in look.parts {
        set(
            connection,
            "INSERT OR IGNORE INTO version_capture (version, capture, role) VALUES (?1, ?2, 'next_page')",
            (version, *part),
        )?;
    }
    set(connection, "UPDATE article SET version_count = version_count + 1 WHERE id = ?1", [article])?;
    write_images(connection, article, seen)
}

fn write_images(connection: &Connection, article: i64, seen: &Article) -> Result<(), ArchiveError> {
    set(connection, "DELETE FROM image WHERE article = ?1", [article])?;
    let sql = "INSERT INTO image (article, position, url, alt, caption) VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut insert = connection.prepare_cached(sql).doing("writing images")?;
    for (position, image) in seen.images.iter().enumerate() {
        insert
            .execute((article, position, &image.url, &image.alt, &image.caption))
            .doing("writing images")?;
    }
    Ok(())
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
        "UPDATE article SET last_seen = max(last_seen, ?2), gone_since = NULL WHERE id = ?1",
        (article, now),
    )?;
    let sql = "INSERT INTO link (article, target, target_url, position, title, excerpt, kind, first_seen, last_seen)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'related', ?7, ?7)
               ON CONFLICT (article, target) DO UPDATE SET last_seen = excluded.last_seen, title = excluded.title,
                   excerpt = coalesce(excluded.excerpt, excerpt)";
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

/// Whether another article has this text.
fn is_copy(connection: &Connection, id: i64, digest: &Digest) -> Result<bool, ArchiveError> {
    let doing = "looking for equal texts";
    let sql = "SELECT EXISTS (SELECT 1 FROM article WHERE text_digest = ?1 AND id <> ?2)";
    let mut select = connection.prepare_cached(sql).doing(doing)?;
    let is_shared: bool = select.query_row((&digest.0[..], id), |row| row.get(0)).doing(doing)?;
    Ok(is_shared && *digest != Digest::of(b""))
}
