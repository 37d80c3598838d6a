//! What is written of an article: its fields, its text, its versions.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde_json::json;

use super::article::{Look, set};
use super::basis::Basis;
use super::{ArchiveError, Doing};
use crate::article::{Article, Precision, Published};
use crate::capture::Digest;
use crate::entry::Listing;

/// The article as it was known, in the fields that are compared. Its text is read only when its
/// digest is another.
pub(super) fn previous(
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
    let precision = Precision::named(row.get_ref(7)?.as_str()?);
    Ok(Some(Published { value, precision, approximate: row.get(8)?, from: seconds(9)?, to: seconds(10)? }))
}

/// Keeps a text once, however many versions have it.
pub(super) fn store_text(
    connection: &Connection,
    seen: &Article,
    digest: &Digest,
) -> Result<(), ArchiveError> {
    let sql = "INSERT INTO text (digest, text, markdown, seal) VALUES (?1, ?2, ?3, jianbao_seal('text', ?1, ?2, ?3))
               ON CONFLICT (digest) DO NOTHING";
    let mut insert = connection.prepare_cached(sql).doing("writing a text")?;
    insert.execute((&digest.0[..], &seen.text, &seen.markdown)).map(drop).doing("writing a text")
}

/// Writes an article's fields as they are now. `is_version` counts a version, which is then to be added.
pub(super) fn write_fields(
    connection: &Connection,
    id: i64,
    seen: &Article,
    digest: &Digest,
    is_version: bool,
) -> Result<(), ArchiveError> {
    let sql = "UPDATE article SET title = ?2, author = ?3, source = ?4, editor = ?5, category = ?6, tags = ?7,
                      breadcrumbs = ?8, permalink = ?9, site_name = ?10, language = ?11, views = coalesce(?12, views),
                      published = ?13, published_precision = ?14, published_approximate = ?15, published_from = ?16,
                      published_to = ?17, modified = ?18, text_digest = ?19, version_count = version_count + ?20
               WHERE id = ?1";
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
            is_version,
        ])
        .map(drop)
        .doing("writing an article")
}

/// Whether a listing's text stands in for the page's.
pub(super) fn takes_entry_body(seen: &Article) -> bool {
    let from = seen.origins.get("body").map(String::as_str);
    [Listing::Feed, Listing::Api].iter().any(|listing| from == Some(listing.as_str()))
}

/// The fields of a version, as the archive keeps them.
pub fn fields(seen: &Article) -> serde_json::Value {
    json!({
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
    })
}

/// Adds the version that [`write_fields`] counted, with what it was read from, and its images.
pub(super) fn add_version(
    connection: &Connection,
    look: &Look<'_>,
    article: i64,
    seen: &Article,
    digest: &Digest,
    (reason, before): (&str, Option<&Published>),
) -> Result<(), ArchiveError> {
    let doing = "writing a version";
    let basis = Basis::of(look.beforehand, takes_entry_body(seen), before);
    let sql =
        "INSERT INTO version (article, n, seen_at, reason, text_digest, fields, origins, profile_revision, basis)
               SELECT id, version_count, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM article WHERE id = ?1";
    let mut insert = connection.prepare_cached(sql).doing(doing)?;
    insert
        .execute(params![
            article,
            look.at.as_millisecond(),
            reason,
            &digest.0[..],
            fields(seen).to_string(),
            json!(seen.origins).to_string(),
            look.revision,
            json!(basis).to_string(),
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
