//! An article with all that is known of it, as one row.

use jiff::Timestamp;
use rusqlite::Row;
use serde::Serialize;
use serde_json::value::RawValue;

use super::damage::{BROKEN, Checks, OTHER_TEXT, table_name};
use crate::article::paragraphs_as_markdown;
use crate::capture::Digest;

/// An article as `export --format jsonl` and `show --json` give it.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the fields are the JSON contract, described in docs/archive.md")]
pub struct ArticleRecord {
    pub id: i64,
    pub url: String,
    pub site: String,
    pub title: String,
    pub author: Option<String>,
    pub source: Option<String>,
    pub category: Option<String>,
    pub published: Option<String>,
    pub published_precision: Option<String>,
    pub published_approximate: Option<bool>,
    pub language: Option<String>,
    pub views: Option<i64>,
    pub tags: Box<RawValue>,
    pub body: String,
    pub markdown: String,
    pub related: Vec<crate::article::Related>,
    pub images: Vec<crate::article::Image>,
    pub first_seen: String,
    pub last_seen: String,
    pub gone_since: Option<String>,
    pub version: i64,
    pub versions: i64,
    pub cluster: Option<i64>,
    pub origins: Box<RawValue>,
    pub capture: Option<CaptureRecord>,
    pub editor: Option<String>,
    pub breadcrumbs: Box<RawValue>,
    pub permalink: Option<String>,
    pub modified: Option<String>,
    pub site_name: Option<String>,
    /// Other URLs proved to be this article.
    pub aliases: Vec<String>,
    /// The first moment at which it can have been published; ISO 8601.
    pub published_from: Option<String>,
    /// The last one.
    pub published_to: Option<String>,
}

/// The capture that a version was read from.
#[derive(Debug, Clone, Serialize)]
pub struct CaptureRecord {
    /// ISO 8601.
    pub fetched_at: String,
    /// HTTP status.
    pub status: i64,
    /// BLAKE3 of the decoded body, in hexadecimal digits.
    pub digest: String,
    /// What the body suffered on its way, in words; null when it came whole.
    pub damage: Option<String>,
}

/// An article's row with the first table whose row is broken, if any; lists that stand in other tables are added to
/// it.
pub(super) fn select_article(checks: &Checks) -> String {
    let broken = checks.first_broken(&[
        ("article", "a"),
        ("site", "s"),
        ("url", "u"),
        ("text", "t"),
        ("version", "v"),
        ("version_capture", "x"),
        ("capture", "c"),
    ]);
    let broken =
        format!("coalesce({broken}, CASE WHEN {} THEN 'version_capture' END)", checks.is_without_page());
    format!("SELECT {COLUMNS}, {broken}, t.digest {TABLES} WHERE a.id = ?1")
}

const COLUMNS: &str =
    "a.id, u.url, s.key, a.title, a.author, a.source, a.category, a.published, a.published_precision,
            a.published_approximate, a.language, a.views, a.tags, t.text, t.markdown, a.first_seen, a.last_seen,
            a.gone_since, a.version_count, a.cluster, v.origins, c.fetched_at, c.status, c.digest, a.editor,
            a.breadcrumbs, a.permalink, a.modified, a.site_name, a.published_from, a.published_to, c.damage";
const TABLES: &str = "FROM article a JOIN site s ON s.id = a.site JOIN url u ON u.id = a.url JOIN text t ON t.digest = a.text_digest
     JOIN version v ON v.article = a.id AND v.n = a.version_count
     LEFT JOIN version_capture x ON x.version = v.id AND x.role = 'page' LEFT JOIN capture c ON c.id = x.capture";

/// A moment in UTC seconds, as the views show it.
fn iso(second: i64) -> String {
    Timestamp::from_second(second).unwrap_or_default().to_string()
}

/// The same of milliseconds; what is less than a second is cut off.
fn iso_milliseconds(milliseconds: i64) -> String {
    iso(milliseconds.div_euclid(1000))
}

/// Reads a row of [`select_article`]: the article, or which table of it does not hold, and what.
pub(super) fn read_article(
    row: &Row<'_>,
) -> rusqlite::Result<Result<ArticleRecord, (&'static str, &'static str)>> {
    if let Some(table) = row.get::<_, Option<String>>(32)? {
        return Ok(Err((table_name(&table), BROKEN)));
    }
    let article = record(row)?;
    let holds = Digest(row.get(33)?) == Digest::of(article.body.as_bytes());
    Ok(if holds { Ok(article) } else { Err(("text", OTHER_TEXT)) })
}

fn record(row: &Row<'_>) -> rusqlite::Result<ArticleRecord> {
    let digest: Option<[u8; 32]> = row.get(23)?;
    let capture = match (row.get(21)?, row.get(22)?, digest) {
        (Some(fetched_at), Some(status), Some(digest)) => Some(CaptureRecord {
            fetched_at: iso_milliseconds(fetched_at),
            status,
            digest: Digest(digest).to_string(),
            damage: row.get(31)?,
        }),
        _ => None,
    };
    let versions: i64 = row.get(18)?;
    let body: String = row.get(13)?;
    let markdown: Option<String> = row.get(14)?;
    Ok(ArticleRecord {
        id: row.get(0)?,
        url: row.get(1)?,
        site: row.get(2)?,
        title: row.get(3)?,
        author: row.get(4)?,
        source: row.get(5)?,
        category: row.get(6)?,
        published: row.get(7)?,
        published_precision: row.get(8)?,
        published_approximate: row.get(9)?,
        language: row.get(10)?,
        views: row.get(11)?,
        tags: raw(row.get(12)?),
        markdown: markdown.unwrap_or_else(|| paragraphs_as_markdown(&body)),
        body,
        related: Vec::new(),
        images: Vec::new(),
        first_seen: iso_milliseconds(row.get(15)?),
        last_seen: iso_milliseconds(row.get(16)?),
        gone_since: row.get::<_, Option<i64>>(17)?.map(iso_milliseconds),
        version: versions,
        versions,
        cluster: row.get(19)?,
        origins: raw(row.get(20)?),
        capture,
        editor: row.get(24)?,
        breadcrumbs: raw(row.get(25)?),
        permalink: row.get(26)?,
        modified: row.get(27)?,
        site_name: row.get(28)?,
        aliases: Vec::new(),
        published_from: row.get::<_, Option<i64>>(29)?.map(iso),
        published_to: row.get::<_, Option<i64>>(30)?.map(iso),
    })
}

/// JSON of a column as it is; what is not JSON becomes null.
pub(super) fn raw(json: String) -> Box<RawValue> {
    RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
