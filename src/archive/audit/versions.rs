//! Current versions with all that they were read from, so that they can be read again.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row};

use super::pages::Span;
use super::{Audit, DOING, Fault};
use crate::archive::basis::{Basis, Dated};
use crate::archive::{ArchiveError, Doing, body};
use crate::article::Article;
use crate::capture::{Capture, Digest};
use crate::url::CanonicalUrl;

/// An article's current version, and what it was read from.
#[derive(Debug)]
pub struct Stored {
    /// The article's row.
    pub article: i64,
    /// Where it is.
    pub url: String,
    /// The version's number.
    pub n: i64,
    /// The version's fields, as JSON.
    pub fields: String,
    /// Where its values came from, as JSON.
    pub origins: String,
    /// Its text.
    pub text: String,
    /// The same as Markdown, when that says more.
    pub markdown: Option<String>,
    /// Row of the profile's text.
    pub revision: i64,
    /// Key of the profile, empty for the rules that know no site.
    pub profile: String,
    /// Its text, with what was learned of the site.
    pub toml: String,
    /// The version of the program that read it.
    pub extractor: String,
    /// What was known beforehand; `None` when that was not kept.
    pub basis: Option<Basis>,
    /// The text that the article had before, when it had one.
    pub known: Option<String>,
    /// What the look was compared with: the version before.
    pub previous: Option<Article>,
    /// Its pages, the first one first.
    pub pages: Vec<Capture>,
}

/// Why a version can't be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unread {
    /// Its page was not kept, as with `archive.keep = "articles"`.
    NotKept,
    /// Something that it was read from is damaged, and told as such.
    Damaged,
    /// The text that it was read beside was corrected since.
    TextGone,
}

const SELECT: &str =
    "a.id, u.url, v.id, v.n, v.fields, v.origins, t.text, t.markdown, r.id, r.profile, r.toml, r.extractor
     FROM article a JOIN url u ON u.id = a.url JOIN version v ON v.article = a.id AND v.n = a.version_count
     JOIN text t ON t.digest = v.text_digest JOIN profile_revision r ON r.id = v.profile_revision";

impl Audit {
    /// Visits the current versions of a span of articles with what they were read from. What can't be read at all is
    /// told elsewhere.
    pub fn stored(
        &self,
        span: Span,
        visit: &mut dyn FnMut(Result<Stored, Unread>) -> bool,
    ) -> Result<(), ArchiveError> {
        let basis = if self.is_sealed() { "v.basis" } else { "NULL" };
        let sql = format!("SELECT {basis}, {SELECT} WHERE a.id = ?1");
        let mut select = self.connection.prepare(&sql).doing(DOING)?;
        let mut ids = self
            .connection
            .prepare("SELECT id FROM article WHERE id >= ?1 ORDER BY id LIMIT 1")
            .doing(DOING)?;
        let mut next = span.start;
        loop {
            // A damaged page of the table is told where rows are compared with their seals.
            let Ok(Some(id)) = ids.query_row([next], |row| row.get::<_, i64>(0)).optional() else {
                return Ok(());
            };
            if id >= span.end {
                return Ok(());
            }
            next = id + 1;
            let stored = match select.query_row([id], |row| self.read(row)) {
                Ok(stored) => stored,
                Err(_) => Err(Unread::Damaged),
            };
            if !visit(stored) {
                return Ok(());
            }
        }
    }

    fn read(&self, row: &Row<'_>) -> rusqlite::Result<Result<Stored, Unread>> {
        let (article, version, n): (i64, i64, i64) = (row.get(1)?, row.get(3)?, row.get(4)?);
        let pages = match self.pages(version)? {
            Ok(pages) => pages,
            Err(why) => return Ok(Err(why)),
        };
        let basis: Option<Basis> = match row.get::<_, Option<String>>(0)? {
            None => None,
            Some(json) => match serde_json::from_str(&json) {
                Ok(basis) => Some(basis),
                Err(_) => return Ok(Err(Unread::Damaged)),
            },
        };
        let before = self.before(article, n)?;
        let known = match basis.as_ref().map(|basis| basis.known.as_deref()) {
            None => before.as_ref().map(|before| before.text.clone()),
            Some(None) => None,
            Some(Some(digest)) => match self.text("SELECT text FROM text WHERE digest = unhex(?1)", [digest])
            {
                Some(text) => Some(text),
                None => return Ok(Err(Unread::TextGone)),
            },
        };
        let previous = before.map(|before| Article {
            published: basis.as_ref().and_then(|basis| basis.published.as_ref()).map(Dated::published),
            ..before
        });
        Ok(Ok(Stored {
            article,
            url: row.get(2)?,
            n,
            fields: row.get(5)?,
            origins: row.get(6)?,
            text: row.get(7)?,
            markdown: row.get(8)?,
            revision: row.get(9)?,
            profile: row.get(10)?,
            toml: row.get(11)?,
            extractor: row.get(12)?,
            basis,
            known,
            previous,
            pages,
        }))
    }

    /// The version that the look which made the `n`-th version was compared with: one that only lost boilerplate was made
    /// by the look before it.
    fn before(&self, article: i64, n: i64) -> rusqlite::Result<Option<Article>> {
        let sql = "SELECT v.fields, t.text, t.markdown FROM version v JOIN text t ON t.digest = v.text_digest
                   WHERE v.article = ?1 AND v.n = (SELECT max(n) FROM version WHERE article = ?1 AND n <= ?2
                                                   AND reason <> 'reextracted') - 1";
        let mut select = self.connection.prepare_cached(sql)?;
        select
            .query_row((article, n), |row| Ok(compared(&row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))
            .optional()
    }

    /// The pages of a version, the first one first.
    fn pages(&self, version: i64) -> rusqlite::Result<Result<Vec<Capture>, Unread>> {
        let sql = "SELECT u.url, c.fetched_at, c.status, c.headers, c.digest, c.damage, x.role
                   FROM version_capture x JOIN capture c ON c.id = x.capture JOIN url u ON u.id = c.url
                   WHERE x.version = ?1 ORDER BY x.role = 'page' DESC, c.id";
        let mut select = self.connection.prepare_cached(sql)?;
        let rows = select.query_map([version], |row| Ok((capture(row)?, row.get::<_, String>(6)?)))?;
        let (mut pages, mut firsts) = (Vec::new(), 0);
        for row in rows {
            let (capture, role) = row?;
            firsts += usize::from(role == "page");
            // Where two articles turned out to be one, a version has the pages of both; the first one made it.
            if role == "page" && firsts > 1 {
                continue;
            }
            let Some(mut capture) = capture else { return Ok(Err(Unread::Damaged)) };
            match body::read(&self.connection, &capture.digest) {
                Ok(Some(body)) => capture.body = body,
                Ok(None) => return Ok(Err(Unread::NotKept)),
                Err(_) => return Ok(Err(Unread::Damaged)),
            }
            pages.push(capture);
        }
        Ok(if pages.is_empty() { Err(Unread::NotKept) } else { Ok(pages) })
    }

    /// The fault of an article that its page no longer gives.
    pub fn reading_fault(stored: &Stored, what: String) -> Fault {
        Fault {
            row: Some(stored.article.to_string()),
            url: Some(stored.url.clone()),
            ..Fault::of("version", what)
        }
    }
}

/// A capture without its body; nothing when its URL is none.
fn capture(row: &Row<'_>) -> rusqlite::Result<Option<Capture>> {
    let Ok(url) = CanonicalUrl::parse(&row.get::<_, String>(0)?, None) else { return Ok(None) };
    let at = Timestamp::from_millisecond(row.get(1)?).unwrap_or_default();
    let headers: String = row.get(3)?;
    let headers = headers.lines().filter_map(|line| line.split_once(": "));
    let digest = Digest(row.get(4)?);
    let page = Capture::of_page(url, at, None, Vec::new());
    Ok(Some(Capture {
        status: row.get(2)?,
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        digest,
        damage: row.get(5)?,
        ..page
    }))
}

/// The fields of a version that a look is compared with.
fn compared(fields: &str, text: String, markdown: Option<String>) -> Article {
    let fields: HashMap<String, serde_json::Value> = serde_json::from_str(fields).unwrap_or_default();
    let of = |name: &str| fields.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    let tags = fields.get("tags").and_then(|tags| tags.as_array());
    Article {
        title: of("title").unwrap_or_default(),
        author: of("author"),
        source: of("source"),
        editor: of("editor"),
        category: of("category"),
        tags: tags.into_iter().flatten().filter_map(|tag| tag.as_str()).map(str::to_owned).collect(),
        text,
        markdown,
        ..Article::default()
    }
}
