//! The check in pieces, so that all cores have work.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::reading::{self, Reader, Reading};
use super::{Depth, Progress, Report};
use crate::archive::{ArchiveError, Audit, Fault, IndexPart, Span, Stored, Sums, Unread};

/// Rows of a piece.
const ROWS: i64 = 500;
/// Where the index's tokens are parted: most begin with a Han character.
const HAN: std::ops::Range<u32> = 0x4e00..0xa000;
const HAN_PARTS: u32 = 24;
/// Faults of one table that are told; of more, their number is.
const MOST: usize = 200;

/// A piece of the check.
#[derive(Debug)]
pub(super) enum Job {
    Structure { is_quick: bool },
    References,
    Schema,
    Seals { table: &'static str, rows: u64 },
    Keys(Span),
    Bodies(Span),
    Texts(Span),
    Articles,
    Runs,
    BesideIndex,
    Wanted(Span),
    Held { part: IndexPart, from: String, to: Option<String>, weight: u64 },
    Readings(Span),
}

/// All pieces, those that can't be parted first.
pub(super) fn all(audit: &Audit, depth: Depth) -> Vec<Job> {
    let is_quick = depth == Depth::Quick;
    let mut jobs = vec![Job::Structure { is_quick }, Job::Schema, Job::Articles, Job::Runs];
    for table in audit.sealed_tables() {
        jobs.push(Job::Seals { table, rows: audit.count(table) });
    }
    if is_quick {
        return jobs;
    }
    jobs.push(Job::References);
    jobs.push(Job::BesideIndex);
    let spans = |table: &str| {
        let last = audit.last(table);
        (0..=last / ROWS)
            .map(|piece| piece * ROWS..(piece * ROWS + ROWS).min(last + 1))
            .collect::<Vec<Span>>()
    };
    jobs.extend(spans("article").into_iter().map(Job::Readings));
    if audit.is_index_current() {
        jobs.extend(held(audit.count("article_meta")));
        jobs.extend(spans("article_meta").into_iter().map(Job::Wanted));
    }
    jobs.extend(spans("body").into_iter().map(Job::Bodies));
    jobs.extend(spans("text").into_iter().map(Job::Texts));
    if !audit.is_sealed() {
        jobs.extend(spans("url").into_iter().map(Job::Keys));
    }
    jobs
}

fn held(articles: u64) -> Vec<Job> {
    let step = (HAN.end - HAN.start) / HAN_PARTS;
    let han = (0..HAN_PARTS).filter_map(|part| char::from_u32(HAN.start + part * step)).map(String::from);
    let bounds: Vec<String> = std::iter::once(String::new()).chain(han).collect();
    let weight = articles / u64::from(HAN_PARTS);
    let part = |(place, from): (usize, &String)| Job::Held {
        part: IndexPart::Tokens,
        from: from.clone(),
        to: bounds.get(place + 1).cloned(),
        weight,
    };
    let characters = Job::Held { part: IndexPart::Characters, from: String::new(), to: None, weight };
    bounds.iter().enumerate().map(part).chain([characters]).collect()
}

impl Job {
    /// How much work it is, about, in hundredths of a millisecond.
    pub(super) fn weight(&self) -> u64 {
        let rows = |span: &Span| u64::try_from(span.end - span.start).unwrap_or(0);
        match self {
            Self::Seals { rows, .. } => rows / 4,
            Self::Bodies(span) => rows(span) * 6,
            Self::Texts(span) | Self::Keys(span) => rows(span),
            Self::Wanted(span) => rows(span) * 20,
            Self::Held { weight, .. } => weight * 50,
            Self::Readings(span) => rows(span) * 150,
            Self::Structure { .. }
            | Self::References
            | Self::Schema
            | Self::Articles
            | Self::Runs
            | Self::BesideIndex => 0,
        }
    }

    pub(super) fn run(self, audit: &Audit, shared: &Shared<'_>) -> Result<(), ArchiveError> {
        let weight = self.weight();
        // What is done is counted at the end of each piece.
        let goes_on = |_: u64| !shared.progress.is_stopped();
        match self {
            Self::Structure { is_quick } => shared.damaged(audit.structure(is_quick)?),
            Self::References => shared.damaged(audit.references()?),
            Self::Schema => shared.damaged(audit.schema()?),
            Self::Seals { table, .. } => {
                let seals = audit.seals(table, &goes_on)?;
                let mut report = shared.report();
                *report.checked.entry("rows").or_default() += seals.rows;
                if seals.unsealed > 0 {
                    report.unsealed.insert(table, seals.unsealed);
                }
                report.damaged.extend(seals.faults);
            }
            Self::Keys(span) => shared.damaged(audit.keys(span, &goes_on)?),
            Self::Bodies(span) => {
                let (faults, count) = counted(&goes_on, |goes_on| audit.bodies(span, goes_on))?;
                shared.count("pages", count);
                shared.damaged(faults);
            }
            Self::Texts(span) => {
                let (faults, count) = counted(&goes_on, |goes_on| audit.texts(span, goes_on))?;
                shared.count("texts", count);
                shared.damaged(faults);
            }
            Self::Articles => shared.damaged(audit.articles()?),
            Self::Runs => {
                let (faults, chain) = (audit.runs()?, audit.chain()?);
                let mut report = shared.report();
                report.chain = chain;
                report.damaged.extend(faults);
            }
            Self::BesideIndex => shared.damaged(audit.beside_index()?),
            Self::Wanted(span) => {
                let (sums, faults) = audit.wanted(span, &goes_on)?;
                shared.index().wanted.add(sums);
                shared.damaged(faults);
            }
            Self::Held { part, from, to, .. } => {
                let (sums, faults) = audit.held(part, (&from, to.as_deref()), &goes_on)?;
                let mut index = shared.index();
                index.is_unreadable |= !faults.is_empty();
                index.held.add(sums);
                drop(index);
                shared.damaged(faults);
            }
            Self::Readings(span) => audit.stored(span, &mut |stored| {
                shared.read(stored);
                goes_on(0)
            })?,
        }
        shared.progress.goes_on(weight);
        Ok(())
    }
}

/// Counts what a piece went through.
fn counted(
    goes_on: &dyn Fn(u64) -> bool,
    work: impl FnOnce(&dyn Fn(u64) -> bool) -> Result<Vec<Fault>, ArchiveError>,
) -> Result<(Vec<Fault>, u64), ArchiveError> {
    let count = std::cell::Cell::new(0);
    let faults = work(&|done| {
        count.set(count.get() + done);
        goes_on(done)
    })?;
    Ok((faults, count.get()))
}

#[derive(Debug, Default)]
struct Index {
    wanted: Sums,
    held: Sums,
    /// A part of it could not be read, and is told already.
    is_unreadable: bool,
}

/// What the threads put together.
#[derive(Debug)]
pub(super) struct Shared<'p> {
    progress: &'p Progress,
    report: Mutex<Report>,
    index: Mutex<Index>,
    /// By the row of the profile's text.
    profiles: Mutex<HashMap<i64, Reader>>,
}

impl<'p> Shared<'p> {
    pub(super) fn new(progress: &'p Progress) -> Self {
        Self { progress, report: Mutex::default(), index: Mutex::default(), profiles: Mutex::default() }
    }

    fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn damaged(&self, faults: Vec<Fault>) {
        self.report().damaged.extend(faults);
    }

    fn count(&self, what: &'static str, count: u64) {
        *self.report().checked.entry(what).or_default() += count;
    }

    /// Reads an article's page again, and notes what differs.
    fn read(&self, stored: Result<Stored, Unread>) {
        let stored = match stored {
            Ok(stored) => stored,
            Err(why) => return self.not_read(why_not(why)),
        };
        let profile = self.profile(&stored);
        match reading::read(&stored, &profile) {
            Reading::Same => self.count("articles", 1),
            Reading::Unknown(why) => self.not_read(why),
            Reading::Differs { what, is_other_extractor } => {
                self.count("articles", 1);
                let fault = Audit::reading_fault(&stored, what);
                let mut report = self.report();
                let class = if is_other_extractor { &mut report.read_otherwise } else { &mut report.damaged };
                class.push(fault);
            }
        }
    }

    fn not_read(&self, why: &'static str) {
        *self.report().not_read.entry(why).or_default() += 1;
    }

    /// What a version was read with.
    fn profile(&self, stored: &Stored) -> Reader {
        let mut known = self.profiles.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(stored.revision).or_insert_with(|| Reader::of(stored)).clone()
    }

    /// What all pieces together say.
    pub(super) fn conclude(self, audit: Option<&Audit>, depth: Depth) -> Result<Report, ArchiveError> {
        let mut report = self.report.into_inner().unwrap_or_else(PoisonError::into_inner);
        let index = self.index.into_inner().unwrap_or_else(PoisonError::into_inner);
        let is_stopped = self.progress.is_stopped();
        if let Some(audit) = audit.filter(|_| !is_stopped) {
            if depth == Depth::Full && audit.is_index_current() {
                if !index.is_unreadable {
                    let differing = index.wanted.differing(&index.held);
                    report.damaged.extend(differing.into_iter().map(|found| audit.index_fault(found)));
                }
                report.damaged.extend(audit.lengths_and_sketches(&index.wanted)?);
            }
            note_limits(&mut report, audit, depth);
        }
        if is_stopped {
            report.notes.push("the check was stopped before its end".to_owned());
        }
        tidy(&mut report);
        report.ok = report.damaged.is_empty() && !is_stopped;
        Ok(report)
    }
}

fn why_not(why: Unread) -> &'static str {
    match why {
        Unread::NotKept => "the page was not kept",
        Unread::Damaged => "something that it was read from is damaged",
        Unread::TextGone => "the text that it was read beside was corrected since",
    }
}

fn note_limits(report: &mut Report, audit: &Audit, depth: Depth) {
    if !audit.is_sealed() {
        let note = "the archive is of an older version, whose rows have no seals: the next crawl gives them";
        report.notes.push(note.to_owned());
    }
    if depth == Depth::Full && !audit.is_index_current() {
        let note =
            "the search index is of another version's tables of characters: the next crawl makes it anew";
        report.notes.push(note.to_owned());
    }
}

/// In an order that does not depend on threads, each once. Where a run's captures are damaged, its digest is too.
fn tidy(report: &mut Report) {
    let is_root = |fault: &Fault| {
        matches!(fault.table.as_str(), "capture" | "url") || fault.table == "run" && fault.row.is_none()
    };
    if report.damaged.iter().any(is_root) {
        report.damaged.retain(|fault| fault.table != "run" || !fault.what.contains("digest"));
    }
    for faults in [&mut report.damaged, &mut report.read_otherwise] {
        faults.sort();
        faults.dedup();
        let mut of_table: BTreeMap<String, usize> = BTreeMap::new();
        faults.retain(|fault| {
            let count = of_table.entry(fault.table.clone()).or_default();
            *count += 1;
            *count <= MOST
        });
        for (table, count) in of_table.into_iter().filter(|(_, count)| *count > MOST) {
            let what = format!("{} more of this table are not listed", count - MOST);
            faults.push(Fault { table, row: None, url: None, what });
        }
    }
}
