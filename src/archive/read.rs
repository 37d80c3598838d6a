//! Reading an archive: short queries over a connection of their own.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};
use serde::Serialize;
use serde_json::value::RawValue;

use super::article_record::{ArticleRecord, raw, read_article, select_article};
use super::damage::{self, Checks, Damage};
use super::open::{open_reader_at, write_ahead_log};
use super::scan::{Filter, conditions, limit};
use super::{ArchiveError, Doing, Place, body, open_reader};
use crate::capture::Digest;
use crate::url::CanonicalUrl;

/// An archive opened for reading.
#[derive(Debug)]
pub struct Archive {
    pub(super) connection: Connection,
    path: PathBuf,
    pub(super) checks: Checks,
    /// Reads an article; made once.
    select_article: String,
}

/// A version of an article.
#[derive(Debug, Clone, Serialize)]
pub struct VersionRecord {
    /// Counted from 1.
    pub n: i64,
    /// ISO 8601.
    pub seen_at: String,
    /// `published`, `edited`, `sharpened` or `reextracted`.
    pub reason: String,
    /// The fields, as JSON.
    pub fields: Box<RawValue>,
    /// The text.
    pub body: String,
}

/// A line of a list of articles.
#[derive(Debug, Clone, Serialize)]
pub struct Listing {
    /// Row in `article`.
    pub id: i64,
    /// ISO 8601, as precise as known.
    pub published: Option<String>,
    /// The section.
    pub category: Option<String>,
    /// The headline.
    pub title: String,
}

/// URLs of a site by state.
#[derive(Debug, Clone, Default, Serialize)]
pub struct QueueCounts {
    /// To be fetched.
    pub queued: i64,
    /// Fetched.
    pub done: i64,
    /// Forbidden by robots.txt.
    pub excluded: i64,
    /// Not tried any more.
    pub given_up: i64,
}

/// A host's schedule.
#[derive(Debug, Clone, Serialize)]
pub struct HostRow {
    /// Scheme, name and port.
    pub origin: String,
    /// HTTP status of robots.txt; 0 when the host did not answer.
    pub robots_status: Option<i64>,
    /// No request before; ISO 8601.
    pub not_before: Option<String>,
    /// Failures in a row.
    pub failures: i64,
}

/// A site at a glance.
#[derive(Debug, Clone, Serialize)]
pub struct SiteStatus {
    /// The site's name.
    pub site: String,
    /// When it was crawled first; ISO 8601.
    pub added_at: String,
    /// Articles.
    pub articles: i64,
    /// Publication of the newest, as precise as known.
    pub newest: Option<String>,
    /// When the last article was first seen; ISO 8601.
    pub last_new: Option<String>,
    /// The profile in use.
    pub profile: Option<String>,
    /// Its URLs.
    pub urls: QueueCounts,
    /// Its hosts.
    pub hosts: Vec<HostRow>,
}

/// A run.
#[derive(Debug, Clone, Serialize)]
pub struct RunRow {
    /// Row in `run`.
    pub id: i64,
    /// ISO 8601.
    pub started: String,
    /// ISO 8601; none while it runs or when it was killed.
    pub finished: Option<String>,
    /// `finished`, `budget`, `interrupted`; none while it runs or when it was killed.
    pub outcome: Option<String>,
    /// The report of `crawl --json`.
    pub report: Option<Box<RawValue>>,
}

const ISO: &str = "%Y-%m-%dT%H:%M:%SZ";

impl Archive {
    /// Opens an archive that exists.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        Self::over(open_reader(path)?, path)
    }

    /// Opens an archive wherever it is.
    pub fn open_at(place: &Place) -> Result<Self, ArchiveError> {
        Self::over(open_reader_at(place)?, place.path())
    }

    fn over(connection: Connection, path: &Path) -> Result<Self, ArchiveError> {
        let checks = Checks::of(&connection).doing("reading the schema")?;
        let select_article = select_article(&checks);
        Ok(Self { connection, path: path.to_owned(), checks, select_article })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The archive's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that it takes on its disk, with what was committed last and is not yet in the file itself.
    pub fn bytes(&self) -> u64 {
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        length(&self.path) + length(&write_ahead_log(&self.path))
    }

    /// Whether a site of this name was ever crawled into the archive.
    pub fn has_site(&self, name: &str) -> Result<bool, ArchiveError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM site WHERE key = ?1)";
        self.connection.query_row(sql, [name], |row| row.get(0)).doing("looking for a site")
    }

    /// The article of that row, if there is one.
    ///
    /// # Errors
    /// When something of it is damaged.
    pub fn article(&self, id: i64) -> Result<Option<ArticleRecord>, ArchiveError> {
        self.at_one_moment(|| {
            let exists = "SELECT EXISTS (SELECT 1 FROM article WHERE id = ?1)";
            if !self.connection.query_row(exists, [id], |row| row.get(0)).doing("reading an article")? {
                return Ok(None);
            }
            self.whole_article(id)?.map(Some).map_err(ArchiveError::Damaged)
        })
    }

    /// An article that is there, or what of it is damaged.
    pub(super) fn whole_article(&self, id: i64) -> Result<Result<ArticleRecord, Damage>, ArchiveError> {
        let damaged = |(table, what): (&'static str, &str)| Damage {
            article: id,
            url: damage::url_of(&self.connection, id),
            table,
            what: what.to_owned(),
        };
        let read = || {
            let mut select = self.connection.prepare_cached(&self.select_article)?;
            let mut article = match select.query_row([id], read_article)? {
                Ok(article) => article,
                Err(broken) => return Ok(Err(damaged(broken))),
            };
            Ok(self
                .complete(&mut article)?
                .map_or(Ok(article), |table| Err(damaged((table, damage::BROKEN)))))
        };
        match read() {
            Err(error) if damage::is_damage(&error) => Ok(Err(damage::find(&self.connection, id))),
            read => read.doing("reading an article"),
        }
    }

    /// The article at a URL, or at one proved to be the same.
    pub fn article_at(&self, url: &CanonicalUrl) -> Result<Option<ArticleRecord>, ArchiveError> {
        self.number_at(url)?.map_or(Ok(None), |id| self.article(id))
    }

    /// The number of the article at a URL, or at one proved to be the same.
    pub fn number_at(&self, url: &CanonicalUrl) -> Result<Option<i64>, ArchiveError> {
        let sql = "SELECT article FROM url WHERE key = ?1";
        let number = self.connection.query_row(sql, [&url.key().0[..]], |row| row.get(0)).optional();
        number.map(Option::flatten).doing("looking up a URL")
    }

    /// All versions of an article, the first one first.
    pub fn versions(&self, article: i64) -> Result<Vec<VersionRecord>, ArchiveError> {
        let sql = format!(
            "SELECT v.n, strftime('{ISO}', v.seen_at / 1000.0, 'unixepoch'), v.reason, v.fields, t.text, {}, t.digest
             FROM version v JOIN text t ON t.digest = v.text_digest WHERE v.article = ?1 ORDER BY v.n",
            self.checks.first_broken(&[("version", "v"), ("text", "t")])
        );
        let read = |row: &Row<'_>| {
            if let Some(table) = row.get::<_, Option<String>>(5)? {
                return Ok(Err((damage::table_name(&table), damage::BROKEN)));
            }
            let version = VersionRecord {
                n: row.get(0)?,
                seen_at: row.get(1)?,
                reason: row.get(2)?,
                fields: raw(row.get(3)?),
                body: row.get(4)?,
            };
            let holds = Digest(row.get(6)?) == Digest::of(version.body.as_bytes());
            Ok(if holds { Ok(version) } else { Err(("text", damage::OTHER_TEXT)) })
        };
        let versions: Result<Vec<VersionRecord>, _> = self.list(&sql, [article], read)?.into_iter().collect();
        versions.map_err(|(table, what)| self.damaged(article, table, what))
    }

    fn damaged(&self, article: i64, table: &'static str, what: &str) -> ArchiveError {
        let url = damage::url_of(&self.connection, article);
        ArchiveError::Damaged(Damage { article, url, table, what: what.to_owned() })
    }

    /// The page that the article's newest version was read from; `None` when it was not kept.
    ///
    /// # Errors
    /// When it, or what leads to it, is damaged.
    pub fn page(&self, article: i64) -> Result<Option<Vec<u8>>, ArchiveError> {
        let sql = format!(
            "SELECT c.digest, {} FROM version v JOIN version_capture x ON x.version = v.id
             JOIN capture c ON c.id = x.capture WHERE v.article = ?1 AND x.role = 'page' ORDER BY v.n DESC LIMIT 1",
            self.checks.first_broken(&[("version", "v"), ("version_capture", "x"), ("capture", "c")])
        );
        let found: Option<([u8; 32], Option<String>)> = self
            .connection
            .query_row(&sql, [article], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .doing("reading a page")?;
        match found {
            None => Ok(None),
            Some((_, Some(table))) => Err(self.damaged(article, damage::table_name(&table), damage::BROKEN)),
            Some((digest, None)) => match body::read(&self.connection, &Digest(digest)) {
                Err(ArchiveError::Body(error)) => Err(self.damaged(article, "body", &error.to_string())),
                page => page,
            },
        }
    }

    /// The newest articles first.
    pub fn newest(&self, filter: &Filter) -> Result<Vec<Listing>, ArchiveError> {
        let (conditions, values) = conditions(filter);
        let sql = format!(
            "SELECT a.id, a.published, a.category, a.title FROM article a JOIN site s ON s.id = a.site
             WHERE {conditions} ORDER BY a.published_from DESC, a.id DESC LIMIT {}",
            limit(filter)
        );
        self.list(&sql, params_from_iter(values), |row| {
            Ok(Listing { id: row.get(0)?, published: row.get(1)?, category: row.get(2)?, title: row.get(3)? })
        })
    }

    /// Every site at a glance.
    pub fn sites(&self) -> Result<Vec<SiteStatus>, ArchiveError> {
        let sql = format!(
            "SELECT s.id, s.key, s.profile, (SELECT count(*) FROM article WHERE site = s.id),
                    (SELECT published FROM article WHERE site = s.id ORDER BY published_from DESC LIMIT 1),
                    (SELECT strftime('{ISO}', max(first_seen) / 1000.0, 'unixepoch') FROM article WHERE site = s.id),
                    strftime('{ISO}', s.added_at / 1000.0, 'unixepoch')
             FROM site s ORDER BY s.key"
        );
        let mut sites = self.list(&sql, [], |row| {
            let status = SiteStatus {
                site: row.get(1)?,
                profile: row.get(2)?,
                articles: row.get(3)?,
                newest: row.get(4)?,
                last_new: row.get(5)?,
                added_at: row.get(6)?,
                urls: QueueCounts::default(),
                hosts: Vec::new(),
            };
            Ok((row.get::<_, i64>(0)?, status))
        })?;
        for (id, status) in &mut sites {
            status.urls = self.queue(*id)?;
            status.hosts = self.hosts(*id)?;
        }
        Ok(sites.into_iter().map(|(_, status)| status).collect())
    }

    /// The last runs, the newest first.
    pub fn runs(&self, count: u32) -> Result<Vec<RunRow>, ArchiveError> {
        let sql = "SELECT id, started, finished, outcome, report FROM runs ORDER BY id DESC LIMIT ?1";
        self.list(sql, [count], read_run)
    }

    /// Visits runs, the newest first.
    pub fn visit_runs(&self, visit: &mut dyn FnMut(RunRow) -> ControlFlow<()>) -> Result<(), ArchiveError> {
        let doing = "reading runs";
        let sql = "SELECT id, started, finished, outcome, report FROM runs ORDER BY id DESC";
        let mut select = self.connection.prepare_cached(sql).doing(doing)?;
        let mut rows = select.query([]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            if visit(read_run(row).doing(doing)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// One run.
    pub fn run(&self, id: i64) -> Result<Option<RunRow>, ArchiveError> {
        let sql = "SELECT id, started, finished, outcome, report FROM runs WHERE id = ?1";
        Ok(self.list(sql, [id], read_run)?.pop())
    }

    /// URLs of a site that are due at a moment (UTC milliseconds), in their order.
    pub fn due(&self, site: &str, now: i64, count: u32) -> Result<Vec<String>, ArchiveError> {
        let sql = "SELECT u.url FROM url u JOIN site s ON s.id = u.site
                   WHERE s.key = ?1 AND u.due_at <= ?2 AND (u.state = 'queued' OR u.state = 'done' AND u.article IS NOT NULL) ORDER BY u.rank, u.id LIMIT ?3";
        self.list(sql, (site, now, count), |row| row.get(0))
    }

    fn queue(&self, site: i64) -> Result<QueueCounts, ArchiveError> {
        let rows: Vec<(String, i64)> =
            self.list("SELECT state, count(*) FROM url WHERE site = ?1 GROUP BY state", [site], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let count = |state: &str| rows.iter().find(|(name, _)| name == state).map_or(0, |(_, count)| *count);
        Ok(QueueCounts {
            queued: count("queued"),
            done: count("done"),
            excluded: count("excluded"),
            given_up: count("given_up"),
        })
    }

    fn hosts(&self, site: i64) -> Result<Vec<HostRow>, ArchiveError> {
        let sql = format!(
            "SELECT key, robots_status, strftime('{ISO}', not_before / 1000.0, 'unixepoch'), failures FROM host WHERE site = ?1"
        );
        self.list(&sql, [site], |row| {
            Ok(HostRow {
                origin: row.get(0)?,
                robots_status: row.get(1)?,
                not_before: row.get(2)?,
                failures: row.get(3)?,
            })
        })
    }

    /// Adds what stands in other tables; gives the first one that has a broken row.
    fn complete(&self, article: &mut ArticleRecord) -> rusqlite::Result<Option<&'static str>> {
        let broken = |table, alias| self.checks.broken(table, alias);
        let related = format!(
            "SELECT {}, target, title, excerpt FROM link l WHERE article = ?1 AND kind IS NOT 'outlink'
             ORDER BY first_seen, position, target",
            broken("link", "l")
        );
        let Some(related) = self.whole_rows(&related, article.id, |row| {
            Ok(crate::article::Related { url: row.get(1)?, title: row.get(2)?, excerpt: row.get(3)? })
        })?
        else {
            return Ok(Some("link"));
        };
        let images = format!(
            "SELECT {}, url, alt, caption FROM image i WHERE article = ?1 ORDER BY position",
            broken("image", "i")
        );
        let Some(images) = self.whole_rows(&images, article.id, |row| {
            Ok(crate::article::Image { url: row.get(1)?, alt: row.get(2)?, caption: row.get(3)? })
        })?
        else {
            return Ok(Some("image"));
        };
        let aliases = format!(
            "SELECT {} OR {}, u.url FROM alias x JOIN url u ON u.id = x.url WHERE u.article = ?1 ORDER BY u.url",
            broken("alias", "x"),
            broken("url", "u")
        );
        let Some(aliases) = self.whole_rows(&aliases, article.id, |row| row.get(1))? else {
            return Ok(Some("alias"));
        };
        (article.related, article.images, article.aliases) = (related, images, aliases);
        Ok(None)
    }

    /// What a query gives of an article, whose first column says which rows are broken; nothing when one is.
    fn whole_rows<T>(
        &self,
        sql: &str,
        article: i64,
        mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Option<Vec<T>>> {
        let mut select = self.connection.prepare_cached(sql)?;
        let rows =
            select.query_map([article], |row| Ok(if row.get(0)? { None } else { Some(read(row)?) }))?;
        rows.collect()
    }

    /// The rows of a query.
    pub(super) fn list<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, ArchiveError> {
        let mut statement = self.connection.prepare_cached(sql).doing("reading the archive")?;
        let rows = statement.query_map(values, read).doing("reading the archive")?;
        rows.collect::<rusqlite::Result<_>>().doing("reading the archive")
    }
}

fn read_run(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        id: row.get(0)?,
        started: row.get(1)?,
        finished: row.get(2)?,
        outcome: row.get(3)?,
        report: row.get::<_, Option<String>>(4)?.map(raw),
    })
}
