//! Takes from stored articles what was learned to be boilerplate of their site.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::{ArchiveError, Doing, index, version};
use crate::article::Article;
use crate::dedup::Boilerplate;

/// The revision of the program that reads pages.
pub const EXTRACTOR: &str = env!("CARGO_PKG_VERSION");

/// Posts that boilerplate is learned from: the latest, so that a new block is noticed.
const LEARNED_FROM: i64 = 40;

/// What was learned of a site so far.
pub(super) fn boilerplate(connection: &Connection, site: i64) -> Result<Boilerplate, ArchiveError> {
    let sql = "SELECT learned FROM site WHERE id = ?1";
    let toml: Option<String> =
        connection.query_row(sql, [site], |row| row.get(0)).optional().doing("reading what was learned")?;
    Ok(toml.map(|toml| Boilerplate::from_toml(&toml)).unwrap_or_default())
}

/// Learns what most of a site's posts end with. When that is more than was known, it is to be cut from
/// all of them.
pub(super) fn learn(connection: &Connection, site: i64) -> Result<(), ArchiveError> {
    let known = boilerplate(connection, site)?;
    let texts = latest_texts(connection, site)?;
    let learned = known.learn(texts.iter().map(String::as_str));
    if learned == known {
        return Ok(());
    }
    let update = "UPDATE site SET learned = ?2, cut_to = 0 WHERE id = ?1";
    connection.execute(update, (site, learned.to_toml())).map(drop).doing("keeping what was learned")
}

/// The texts of a site's latest articles.
fn latest_texts(connection: &Connection, site: i64) -> Result<Vec<String>, ArchiveError> {
    let doing = "reading a site's texts";
    let sql = "SELECT t.text FROM article a JOIN text t ON t.digest = a.text_digest
               WHERE a.site = ?1 ORDER BY a.id DESC LIMIT ?2";
    let mut select = connection.prepare(sql).doing(doing)?;
    let rows = select.query_map((site, LEARNED_FROM), |row| row.get(0)).doing(doing)?;
    rows.collect::<rusqlite::Result<_>>().doing(doing)
}

/// Articles worked on at a time.
const CHUNK: i64 = 200;

/// An article's current version.
struct Current {
    article: i64,
    version: i64,
    /// It was archived by the run that goes on, so nobody has seen it otherwise.
    is_fresh: bool,
    profile: String,
    toml: String,
    digest: Vec<u8>,
    seen: Article,
}

/// The next articles of a site behind `after`, by number.
fn current(
    connection: &Connection,
    site: i64,
    after: i64,
    since: Timestamp,
) -> Result<Vec<Current>, ArchiveError> {
    let doing = "looking for boilerplate";
    let sql = "SELECT a.id, v.id, v.seen_at >= ?3, r.profile, r.toml, t.text, t.markdown, a.text_digest
               FROM article a JOIN version v ON v.article = a.id AND v.n = a.version_count
               JOIN profile_revision r ON r.id = v.profile_revision JOIN text t ON t.digest = a.text_digest
               WHERE a.site = ?1 AND a.id > ?2 ORDER BY a.id LIMIT ?4";
    let mut select = connection.prepare_cached(sql).doing(doing)?;
    let rows = select
        .query_map((site, after, since.as_millisecond(), CHUNK), |row| {
            Ok(Current {
                article: row.get(0)?,
                version: row.get(1)?,
                is_fresh: row.get(2)?,
                profile: row.get(3)?,
                toml: row.get(4)?,
                seen: Article { text: row.get(5)?, markdown: row.get(6)?, ..Article::default() },
                digest: row.get(7)?,
            })
        })
        .doing(doing)?;
    rows.collect::<rusqlite::Result<_>>().doing(doing)
}

/// Cuts what was learned from the next articles of a site, in one transaction: a run that is killed
/// between two of them leaves the rest to the next. Gives the number of articles that changed, `None`
/// when there is nothing left to cut.
pub(super) fn cut_next(
    connection: &mut Connection,
    site: i64,
    (since, now): (Timestamp, Timestamp),
) -> Result<Option<usize>, ArchiveError> {
    let doing = "cutting boilerplate";
    let transaction = connection.transaction().doing(doing)?;
    let sql = "SELECT cut_to FROM site WHERE id = ?1";
    let Some(after) = transaction.query_row(sql, [site], |row| row.get(0)).doing(doing)? else {
        return Ok(None);
    };
    let learned = boilerplate(&transaction, site)?;
    let articles = current(&transaction, site, after, since)?;
    let last = articles.last().map(|article| article.article);
    let mut changed = 0;
    for mut article in articles {
        if learned.cut(&mut article.seen) {
            changed += 1;
            write(&transaction, &article, &learned, now)?;
        }
    }
    transaction.execute("UPDATE site SET cut_to = ?2 WHERE id = ?1", (site, last)).doing(doing)?;
    transaction.commit().doing(doing)?;
    Ok(Some(changed))
}

/// A version of this run is corrected, one of an earlier run gets a successor.
fn write(
    connection: &Connection,
    article: &Current,
    learned: &Boilerplate,
    now: Timestamp,
) -> Result<(), ArchiveError> {
    let doing = "cutting boilerplate";
    let digest = article.seen.text_digest();
    version::store_text(connection, &article.seen, &digest)?;
    let profile = Boilerplate::profile_of(&article.toml);
    let toml = format!("{profile}{}", learned.to_toml());
    let revision = revision(connection, &article.profile, &toml)?;
    if article.is_fresh {
        index::forget(connection, article.article)?;
        let update = "UPDATE version SET text_digest = ?2, profile_revision = ?3 WHERE id = ?1";
        connection.execute(update, (article.version, &digest.0[..], revision)).doing(doing)?;
    } else {
        let insert = "INSERT INTO version (article, n, seen_at, reason, text_digest, fields, origins, profile_revision, basis)
                      SELECT article, n + 1, ?2, 'reextracted', ?3, fields, origins, ?4, basis FROM version WHERE id = ?1";
        let values = (article.version, now.as_millisecond(), &digest.0[..], revision);
        connection.execute(insert, values).doing(doing)?;
        let captures = "INSERT INTO version_capture (version, capture, role)
                        SELECT ?2, capture, role FROM version_capture WHERE version = ?1";
        connection.execute(captures, (article.version, connection.last_insert_rowid())).doing(doing)?;
    }
    let update = "UPDATE article SET text_digest = ?2, version_count = version_count + ?3 WHERE id = ?1";
    connection.execute(update, (article.article, &digest.0[..], !article.is_fresh)).doing(doing)?;
    let unused =
        "DELETE FROM text WHERE digest = ?1 AND NOT EXISTS (SELECT 1 FROM version WHERE text_digest = ?1)
                  AND NOT EXISTS (SELECT 1 FROM article WHERE text_digest = ?1)";
    connection.execute(unused, [&article.digest]).map(drop).doing(doing)
}

/// The row of a profile's text, made when there is none.
pub(super) fn revision(connection: &Connection, profile: &str, toml: &str) -> Result<i64, ArchiveError> {
    let values = (profile, toml, EXTRACTOR);
    let insert =
        "INSERT INTO profile_revision (profile, toml, extractor) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    connection.execute(insert, values).doing("keeping the profile")?;
    let select = "SELECT id FROM profile_revision WHERE profile = ?1 AND toml = ?2 AND extractor = ?3";
    connection.query_row(select, values, |row| row.get(0)).doing("keeping the profile")
}
