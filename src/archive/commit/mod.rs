//! Commits outcomes: each batch is one transaction.

mod begin;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::article::{self, Look};
use super::body::Bodies;
use super::record::{Disposition, Outcome, PageResult, Receipt, Revision, Shown, Verdict};
use super::store::StoreSettings;
use super::urls::{self, FoundOn, UrlTable};
use super::{ArchiveError, Doing, looks, numbers, recut, redirect};
use crate::capture::Capture;
use crate::config::Keep;
use crate::dedup::Change;
use crate::frontier::{Candidate, Kind, Via, follows_copies};
use crate::politeness::HostState;
use crate::url::CanonicalUrl;

/// The writer's state between commits.
#[derive(Debug)]
pub(super) struct Committer {
    keep: Keep,
    recrawl: crate::config::Recrawl,
    bodies: Bodies,
    urls: UrlTable,
    revisions: HashMap<Arc<Revision>, i64>,
    run: i64,
    chain_start: Timestamp,
    full: bool,
    /// Sites whose lists are turned to the end in this run.
    sweeps: HashSet<i64>,
}

impl Committer {
    pub(super) fn new(settings: &StoreSettings) -> Self {
        Self {
            keep: settings.keep,
            recrawl: settings.recrawl.clone(),
            bodies: Bodies::default(),
            urls: UrlTable::default(),
            revisions: HashMap::new(),
            run: 0,
            chain_start: Timestamp::MIN,
            full: false,
            sweeps: HashSet::new(),
        }
    }

    pub(super) fn recrawl(&self) -> &crate::config::Recrawl {
        &self.recrawl
    }

    pub(super) fn add(
        &mut self,
        connection: &mut Connection,
        site: i64,
        candidates: &[Candidate],
        now: Timestamp,
    ) -> Result<usize, ArchiveError> {
        let found = FoundOn { site, source: None, copies: 0, now };
        self.adding(connection, |urls, transaction| {
            let mut added = 0;
            for candidate in candidates {
                let (id, is_new) = urls.note(transaction, candidate, found)?;
                added += usize::from(is_new);
                if candidate.via == Via::Seed && candidate.kind == Kind::List {
                    urls::note_first(transaction, id, candidate, now)?;
                }
            }
            Ok(added)
        })
    }

    /// When the first of the runs began that this one continues.
    pub(super) fn chain_start(&self) -> Timestamp {
        self.chain_start
    }

    pub(super) fn ask_numbers(
        &mut self,
        connection: &mut Connection,
        site: i64,
        candidates: &[Candidate],
        now: Timestamp,
    ) -> Result<(), ArchiveError> {
        let (found, chain_start) = (FoundOn { site, source: None, copies: 0, now }, self.chain_start);
        self.adding(connection, |urls, transaction| {
            for candidate in candidates {
                let (id, _) = urls.note(transaction, candidate, found)?;
                numbers::ask_again(transaction, id, chain_start, now)?;
            }
            Ok(())
        })
    }

    /// Adds URLs in a transaction of their own. When it is rolled back, the rows that are remembered are not
    /// there.
    fn adding<T>(
        &mut self,
        connection: &mut Connection,
        work: impl FnOnce(&mut UrlTable, &Connection) -> Result<T, ArchiveError>,
    ) -> Result<T, ArchiveError> {
        let transaction = connection.transaction().doing("adding URLs")?;
        let added = work(&mut self.urls, &transaction);
        let added = added.and_then(|added| transaction.commit().doing("adding URLs").map(|()| added));
        if added.is_err() {
            self.urls = UrlTable::default();
        }
        added
    }

    /// Commits a batch and empties it.
    pub(super) fn commit(
        &mut self,
        connection: &mut Connection,
        batch: &mut Vec<Outcome>,
    ) -> Result<Vec<Receipt>, ArchiveError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let transaction = connection.transaction().doing("committing")?;
        let mut receipts = Vec::with_capacity(batch.len());
        let mut hosts: HashMap<i64, HostState> = HashMap::new();
        for outcome in batch.drain(..) {
            hosts.insert(outcome.host.0, outcome.host.1);
            receipts.push(self.apply(&transaction, &outcome)?);
        }
        for (host, state) in &hosts {
            urls::keep_host_state(&transaction, *host, state)?;
        }
        transaction.commit().doing("committing")?;
        Ok(receipts)
    }

    fn apply(&mut self, connection: &Connection, outcome: &Outcome) -> Result<Receipt, ArchiveError> {
        let shown = self.note_candidates(connection, outcome)?;
        let capture = match &outcome.capture {
            Some(capture) => {
                Some(insert_capture(connection, (outcome.url, outcome.name), capture, self.run)?)
            }
            None => None,
        };
        let parts = self.note_parts(connection, outcome)?;
        let verdict = self.apply_result(connection, outcome, capture, &parts)?;
        if self.keeps_page(outcome, verdict) {
            for page in outcome.capture.iter().chain(&outcome.parts) {
                self.bodies.store(connection, outcome.site, page)?;
            }
        }
        looks::note(connection, &self.recrawl, outcome, verdict, shown.new > 0)?;
        if let Some(role) = outcome.list {
            urls::note_list(connection, outcome.url, role)?;
        }
        if matches!(outcome.result, PageResult::Redirect(_)) {
            redirect::mark_loop(connection, outcome.url)?;
        }
        if let Some(profile) = &outcome.profile {
            let update = "UPDATE site SET profile = ?2 WHERE id = ?1";
            connection.execute(update, (outcome.site, profile)).doing("noting the profile")?;
        }
        Ok(Receipt {
            site: outcome.site,
            url: outcome.url,
            name: outcome.name_after(verdict),
            verdict,
            shown,
            turned: turned(outcome),
            is_damaged: outcome.is_damaged(),
            is_retried: matches!(outcome.disposition, Disposition::Retry(_)),
            bytes: outcome.capture.iter().chain(&outcome.parts).map(|capture| capture.wire_length).sum(),
            answered: outcome.capture.is_some(),
            missing: outcome.missing.clone(),
        })
    }

    /// Notes the captures of an article's further pages; they are no articles of their own.
    fn note_parts(&mut self, connection: &Connection, outcome: &Outcome) -> Result<Vec<i64>, ArchiveError> {
        let found = FoundOn::on(outcome, 0);
        let mut captures = Vec::with_capacity(outcome.parts.len());
        for part in &outcome.parts {
            let candidate = Candidate::new(part.url.clone(), Kind::Other, Via::Part, 0);
            let (url, _) = self.urls.note(connection, &candidate, found)?;
            let update = "UPDATE url SET state = 'done', due_at = NULL, outcome = 'article_part', fetched_at = ?2, status = ?3
                          WHERE id = ?1";
            connection
                .execute(update, (url, part.fetched_at.as_millisecond(), part.status))
                .doing("noting a part of an article")?;
            captures.push(insert_capture(connection, (url, "article_part"), part, self.run)?);
        }
        Ok(captures)
    }

    /// Pages whose article is unchanged, and pages that are no articles, keep only their digest.
    fn keeps_page(&self, outcome: &Outcome, verdict: Verdict) -> bool {
        let is_page = matches!(outcome.result, PageResult::Article { .. });
        self.keep == Keep::Pages
            && is_page
            && verdict != Verdict::Article(Change::Unchanged)
            && !matches!(verdict, Verdict::Alias | Verdict::Foreign)
    }

    /// Adds what was found.
    fn note_candidates(&mut self, connection: &Connection, outcome: &Outcome) -> Result<Shown, ArchiveError> {
        let copies = if article::is_copied(connection, outcome)? { outcome.copies + 1 } else { 0 };
        if !follows_copies(copies) {
            return Ok(Shown::default());
        }
        let found = FoundOn::on(outcome, copies);
        let all = self.full || self.sweeps.contains(&outcome.site);
        let mut shown = Shown::default();
        let (mut items, mut fresh) = (0, 0);
        let (later_pages, others): (Vec<&Candidate>, Vec<&Candidate>) =
            outcome.candidates.iter().partition(|candidate| candidate.is_next_page);
        for candidate in others {
            let (id, is_new) = self.urls.note(connection, candidate, found)?;
            shown.new += usize::from(is_new);
            let is_item = matches!(candidate.via, Via::List | Via::Feed | Via::Api)
                && matches!(candidate.kind, Kind::Post | Kind::Other);
            if !later_pages.is_empty() && is_item {
                items += 1;
                let item = if is_new { Item::NEW } else { self.item(connection, id)? };
                fresh += usize::from(item.is_fresh);
                shown.articles += usize::from(item.is_article);
            }
        }
        for candidate in later_pages {
            let (id, is_new) = self.urls.note(connection, candidate, found)?;
            shown.new += usize::from(is_new);
            if !is_new {
                urls::note_later_page(connection, id, candidate)?;
            }
            let has_more = if candidate.needs_all_new { fresh == items } else { fresh > 0 };
            self.queue_list_page(connection, id, outcome.at, (all || has_more, all))?;
        }
        Ok(shown)
    }

    /// What is known of a URL that a list shows.
    fn item(&self, connection: &Connection, id: i64) -> Result<Item, ArchiveError> {
        let sql = "SELECT coalesce(discovered_at >= ?2 OR (state = 'queued' AND fetched_at IS NULL), 0), article IS NOT NULL
                   FROM url WHERE id = ?1";
        let mut item = connection.prepare_cached(sql).doing("looking at a list")?;
        let read = |row: &Row<'_>| Ok(Item { is_fresh: row.get(0)?, is_article: row.get(1)? });
        item.query_row((id, self.chain_start.as_millisecond()), read).doing("looking at a list")
    }

    /// Makes a list's later page due, once a run: when it is worth a look, or when the last one failed. `anew`
    /// asks for the page itself, also when it did not change.
    fn queue_list_page(
        &self,
        connection: &Connection,
        id: i64,
        now: Timestamp,
        (is_worth, anew): (bool, bool),
    ) -> Result<(), ArchiveError> {
        let sql = "UPDATE url SET state = 'queued', due_at = ?2, etag = iif(?5, NULL, etag),
                          last_modified = iif(?5, NULL, last_modified)
                   WHERE id = ?1 AND due_at IS NULL AND coalesce(fetched_at, 0) < ?3
                     AND (?4 AND state IN ('queued', 'done')
                          OR kind = 'list' AND (state = 'given_up' OR outcome = 'list_ended'))";
        let mut queue = connection.prepare_cached(sql).doing("turning a list's page")?;
        queue
            .execute((id, now.as_millisecond(), self.chain_start.as_millisecond(), is_worth, anew))
            .map(drop)
            .doing("turning a list's page")
    }

    fn apply_result(
        &mut self,
        connection: &Connection,
        outcome: &Outcome,
        capture: Option<i64>,
        parts: &[i64],
    ) -> Result<Verdict, ArchiveError> {
        match &outcome.result {
            PageResult::Article { article, revision, canonical, beforehand } => {
                let revision = self.revision(connection, revision)?;
                let claims = match canonical {
                    Some(named) => Some(self.urls.note(connection, named, FoundOn::on(outcome, 0))?.0),
                    None => None,
                };
                let look = Look {
                    url: outcome.url,
                    site: outcome.site,
                    at: outcome.at,
                    capture,
                    parts,
                    revision,
                    claims,
                    beforehand,
                    is_damaged: outcome.is_partial(),
                };
                urls::drop_entry_body(connection, outcome.url, article)?;
                article::apply(connection, &self.urls, &look, article)
            }
            PageResult::Redirect(target) => match self.urls.find(connection, &target.key())? {
                Some(target) => {
                    let way = (outcome.url, target);
                    redirect::note(connection, way, outcome.at, self.chain_start)
                }
                None => Ok(Verdict::None),
            },
            PageResult::NotModified => {
                let is_article = article::note_unchanged(connection, outcome.url, outcome.at)?;
                Ok(if is_article { Verdict::Article(Change::Unchanged) } else { Verdict::None })
            }
            PageResult::Missing => Ok(Verdict::Missing),
            PageResult::Nothing => Ok(Verdict::None),
        }
    }

    fn revision(&mut self, connection: &Connection, revision: &Arc<Revision>) -> Result<i64, ArchiveError> {
        if let Some(id) = self.revisions.get(revision) {
            return Ok(*id);
        }
        let id = recut::revision(connection, &revision.profile, &revision.toml)?;
        self.revisions.insert(Arc::clone(revision), id);
        Ok(id)
    }
}

/// What is known of a URL that a list shows.
#[derive(Debug, Clone, Copy)]
struct Item {
    /// Nothing was known of it before this run and those that it continues.
    is_fresh: bool,
    /// An article stands there.
    is_article: bool,
}

impl Item {
    const NEW: Self = Self { is_fresh: true, is_article: false };
}

/// The page of an outcome, where it is one of a list that goes on.
fn turned(outcome: &Outcome) -> Option<CanonicalUrl> {
    let goes_on = outcome.candidates.iter().any(|candidate| candidate.is_next_page);
    outcome.capture.as_ref().filter(|_| goes_on).map(|capture| capture.url.clone())
}

fn insert_capture(
    connection: &Connection,
    (url, outcome): (i64, &str),
    capture: &Capture,
    run: i64,
) -> Result<i64, ArchiveError> {
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO capture (url, run, fetched_at, status, http_version, ip, request_headers, headers,
                                  content_encoding, wire_length, wire_digest, digest, elapsed_ms, outcome, damage)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )
        .doing("storing a capture")?;
    let headers: Vec<String> =
        capture.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    insert
        .execute(params![
            url,
            run,
            capture.fetched_at.as_millisecond(),
            capture.status,
            capture.http_version,
            capture.ip.map(|ip| ip.to_string()),
            capture.request_headers,
            headers.join("\n"),
            capture.header("content-encoding"),
            i64::try_from(capture.wire_length).unwrap_or(i64::MAX),
            &capture.wire_digest.0[..],
            &capture.digest.0[..],
            capture.elapsed_ms,
            outcome,
            capture.damage,
        ])
        .doing("storing a capture")?;
    Ok(connection.last_insert_rowid())
}
