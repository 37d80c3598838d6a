//! The search index, what else follows from texts, and what is still owed of it.
//!
//! A commit only notes an article in `pending_index` (triggers do, so no way into the archive can
//! forget it); the index is brought up in large batches, at the end of a run and now and then during
//! a long one. `article_meta` says which version of an article is indexed, so that the tokens to be
//! deleted follow from what the archive holds.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::copies::{self, Added};
use super::{ArchiveError, Doing};
use crate::search::fold::{changes, fold_text, kinds, revision};
use crate::search::segment::{characters, tokens};

/// Articles indexed in one transaction: about a second's work, for which a stop waits.
const BATCH: i64 = 1000;
/// During a run, so many pending articles are indexed at once; until then they are searched one by one.
const DEBT: i64 = 2000;

const DOING: &str = "bringing the search index up";

/// Fills the tables that fold characters; when they were another revision's, everything is indexed anew.
pub(super) fn adopt_tables(connection: &mut Connection) -> Result<(), ArchiveError> {
    let known: Option<String> = connection
        .query_row("SELECT revision FROM fold_revision", [], |row| row.get(0))
        .optional()
        .doing(DOING)?;
    let revision = revision();
    if known.as_deref() == Some(revision) {
        return Ok(());
    }
    let transaction = connection.transaction().doing(DOING)?;
    if known.is_some() {
        let anew = "INSERT INTO article_fts (article_fts) VALUES ('delete-all');
                    INSERT INTO article_char (article_char) VALUES ('delete-all');
                    INSERT OR IGNORE INTO pending_index SELECT id FROM article;
                    DELETE FROM article_meta; DELETE FROM month_total;
                    DELETE FROM sketch; DELETE FROM dup_edge; UPDATE article SET cluster = NULL WHERE cluster IS NOT NULL;
                    DELETE FROM fold_map; DELETE FROM char_kind; DELETE FROM fold_revision;";
        transaction.execute_batch(anew).doing(DOING)?;
    }
    fill_tables(&transaction, revision).doing(DOING)?;
    transaction.commit().doing(DOING)
}

fn fill_tables(connection: &Connection, revision: &str) -> rusqlite::Result<()> {
    let mut insert = connection.prepare("INSERT INTO fold_map (f, t) VALUES (?1, ?2)")?;
    for (from, to) in changes() {
        insert.execute((from.to_string(), to.to_string()))?;
    }
    let mut insert = connection.prepare("INSERT INTO char_kind (first, kind) VALUES (?1, ?2)")?;
    for (first, kind) in kinds() {
        insert.execute((first, kind.as_str()))?;
    }
    connection.execute("INSERT INTO fold_revision VALUES (?1)", [revision]).map(drop)
}

/// Indexes what is pending once it has become too much to be searched one by one.
pub(super) fn keep_up(connection: &mut Connection) -> Result<(), ArchiveError> {
    let mut count = connection.prepare_cached("SELECT count(*) FROM pending_index").doing(DOING)?;
    let debt: i64 = count.query_row([], |row| row.get(0)).doing(DOING)?;
    drop(count);
    if debt >= DEBT { bring_up(connection).map(drop) } else { Ok(()) }
}

/// Indexes a batch of what is pending, in one transaction; gives the number of articles. On a full
/// disk nothing is indexed: what is pending is searched all the same, and the articles need the room.
pub(super) fn bring_up(connection: &mut Connection) -> Result<usize, ArchiveError> {
    match index_batch(connection) {
        Err(ArchiveError::Sqlite { source, .. })
            if source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) =>
        {
            Ok(0)
        }
        indexed => indexed,
    }
}

fn index_batch(connection: &mut Connection) -> Result<usize, ArchiveError> {
    let transaction = connection.transaction().doing(DOING)?;
    let mut select = transaction
        .prepare_cached("SELECT article FROM pending_index ORDER BY article LIMIT ?1")
        .doing(DOING)?;
    let rows = select.query_map([BATCH], |row| row.get(0)).doing(DOING)?;
    let articles: Vec<i64> = rows.collect::<rusqlite::Result<_>>().doing(DOING)?;
    drop(select);
    let (mut months, mut added) = (HashMap::new(), Added::default());
    for article in &articles {
        index(&transaction, *article, (&mut months, &mut added)).doing(DOING)?;
    }
    added.relate(&transaction).doing(DOING)?;
    add_to_months(&transaction, &months).doing(DOING)?;
    if let Some(last) = articles.last() {
        transaction.execute("DELETE FROM pending_index WHERE article <= ?1", [last]).doing(DOING)?;
    }
    transaction.commit().doing(DOING)?;
    Ok(articles.len())
}

/// Takes an article out of the index, before something that the index was made from is dropped; it
/// stays pending.
pub(super) fn forget(connection: &Connection, article: i64) -> Result<(), ArchiveError> {
    let mut months = HashMap::new();
    if let Some(known) = indexed(connection, article).doing(DOING)? {
        delete(connection, article, &known, &mut months).doing(DOING)?;
        add_to_months(connection, &months).doing(DOING)?;
        let mut pend =
            connection.prepare_cached("INSERT OR IGNORE INTO pending_index VALUES (?1)").doing(DOING)?;
        pend.execute([article]).doing(DOING)?;
    }
    Ok(())
}

/// Months and by how much their number of articles changes.
type Months = HashMap<i64, i64>;

/// A version's content, as it is or was indexed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) title: String,
    digest: [u8; 32],
    pub(super) text: String,
}

pub(super) struct Indexed {
    day: i64,
    pub(super) content: Content,
}

struct Current {
    version: i64,
    site: i64,
    day: i64,
    published: Option<i64>,
    category: Option<String>,
    author: Option<String>,
    content: Content,
}

fn index(
    connection: &Connection,
    article: i64,
    (months, added): (&mut Months, &mut Added),
) -> rusqlite::Result<()> {
    let known = indexed(connection, article)?;
    let current = current(connection, article)?;
    let is_same = matches!((&known, &current), (Some(a), Some(b)) if a.content == b.content);
    if let Some(known) = &known {
        if is_same {
            *months.entry(known.day / 100).or_default() -= 1;
        } else {
            delete(connection, article, known, months)?;
        }
    }
    let Some(current) = current else { return Ok(()) };
    *months.entry(current.day / 100).or_default() += 1;
    let meta = "INSERT INTO article_meta (id, version, site, day, published, category, author, seal)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, jianbao_seal('article_meta', ?1, ?2, ?3, ?4, ?5, ?6, ?7, 0))
                ON CONFLICT (id) DO UPDATE SET version = excluded.version, site = excluded.site, day = excluded.day,
                    published = excluded.published, category = excluded.category, author = excluded.author,
                    seal = jianbao_seal('article_meta', id, excluded.version, excluded.site, excluded.day,
                                        excluded.published, excluded.category, excluded.author, shingles)";
    connection.prepare_cached(meta)?.execute(params![
        article,
        current.version,
        current.site,
        current.day,
        current.published.unwrap_or(0),
        current.category,
        current.author
    ])?;
    if is_same {
        return copies::put_in_time(connection, article);
    }
    let folded = Folded::of(&current.content);
    let Segmented { body, title, characters } = folded.segmented();
    let insert = "INSERT INTO article_fts (rowid, body, title) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(insert)?.execute((article, body, title))?;
    let insert = "INSERT INTO article_char (rowid, characters) VALUES (?1, ?2)";
    connection.prepare_cached(insert)?.execute((article, characters))?;
    added.note(connection, article, &folded.body)
}

pub(super) struct Folded {
    pub(super) body: String,
    title: String,
}

impl Folded {
    pub(super) fn of(content: &Content) -> Self {
        Self { body: fold_text(&content.text), title: fold_text(&content.title) }
    }

    pub(super) fn segmented(&self) -> Segmented {
        let Self { body, title } = self;
        Segmented { body: tokens(body), title: tokens(title), characters: characters(&[body, title]) }
    }
}

pub(super) struct Segmented {
    pub(super) body: String,
    pub(super) title: String,
    pub(super) characters: String,
}

fn delete(
    connection: &Connection,
    article: i64,
    known: &Indexed,
    months: &mut Months,
) -> rusqlite::Result<()> {
    *months.entry(known.day / 100).or_default() -= 1;
    let folded = Folded::of(&known.content);
    copies::remove(connection, article, &folded.body)?;
    let Segmented { body, title, characters } = folded.segmented();
    let delete = "INSERT INTO article_fts (article_fts, rowid, body, title) VALUES ('delete', ?1, ?2, ?3)";
    connection.prepare_cached(delete)?.execute((article, body, title))?;
    let delete = "INSERT INTO article_char (article_char, rowid, characters) VALUES ('delete', ?1, ?2)";
    connection.prepare_cached(delete)?.execute((article, characters))?;
    connection.prepare_cached("DELETE FROM article_meta WHERE id = ?1")?.execute([article]).map(drop)
}

pub(super) fn indexed(connection: &Connection, article: i64) -> rusqlite::Result<Option<Indexed>> {
    let sql = "SELECT json_extract(v.fields, '$.title'), t.digest, t.text, m.day FROM article_meta m
               JOIN version v ON v.id = m.version JOIN text t ON t.digest = v.text_digest WHERE m.id = ?1";
    let read = |row: &Row<'_>| Ok(Indexed { day: row.get(3)?, content: content(row)? });
    connection.prepare_cached(sql)?.query_row([article], read).optional()
}

fn current(connection: &Connection, article: i64) -> rusqlite::Result<Option<Current>> {
    let sql = "SELECT json_extract(v.fields, '$.title'), t.digest, t.text, v.id, a.site, a.published, a.published_from,
                      a.category, a.author
               FROM article a JOIN version v ON v.article = a.id AND v.n = a.version_count
               JOIN text t ON t.digest = v.text_digest WHERE a.id = ?1";
    let read = |row: &Row<'_>| {
        Ok(Current {
            version: row.get(3)?,
            site: row.get(4)?,
            day: row.get::<_, Option<String>>(5)?.map_or(0, |published| day_number(&published)),
            published: row.get(6)?,
            category: row.get(7)?,
            author: row.get(8)?,
            content: content(row)?,
        })
    };
    connection.prepare_cached(sql)?.query_row([article], read).optional()
}

fn content(row: &Row<'_>) -> rusqlite::Result<Content> {
    let title = row.get::<_, Option<String>>(0)?.unwrap_or_default();
    Ok(Content { title: until_nul(title), digest: row.get(1)?, text: until_nul(row.get(2)?) })
}

/// SQL takes the character NUL for the end of a text, and the views have to give the same tokens.
fn until_nul(mut text: String) -> String {
    text.truncate(text.find('\0').unwrap_or(text.len()));
    text
}

/// `2023-02-27T15:05+08:00` as 20230227; what is not known is 0: 20230200, 20230000.
pub(super) fn day_number(published: &str) -> i64 {
    let date = published.split('T').next().unwrap_or_default();
    let mut parts = date.split('-').map(|part| part.parse::<i64>().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    part() * 10_000 + part() * 100 + part()
}

fn add_to_months(connection: &Connection, months: &Months) -> rusqlite::Result<()> {
    let mut add = connection.prepare_cached(
        "INSERT INTO month_total (month, n) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET n = n + excluded.n",
    )?;
    for (month, change) in months.iter().filter(|(_, change)| **change != 0) {
        add.execute((month, change))?;
    }
    Ok(())
}
