//! Everything that an archive holds against what it says of itself, and every current article against the page that it
//! was read from.
//!
//! `archive::Audit` reads, `reading` (pure) reads pages again; here the work is parted among threads, each of which has
//! a connection of its own that sees the same moment.

mod jobs;
mod reading;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::archive::{ArchiveError, Audit, Fault};
use jobs::{Job, Shared};

/// How much is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Everything.
    Full,
    /// The file's structure and the rows, in seconds: no page is decompressed or read again, no index compared.
    Quick,
}

/// What a check found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Nothing is damaged, and everything was looked at.
    pub ok: bool,
    /// What was looked at: rows compared with their seals, pages, texts, articles that were read again.
    pub checked: BTreeMap<&'static str, u64>,
    /// What is damaged, or was changed by another program.
    pub damaged: Vec<Fault>,
    /// Articles that this version reads otherwise than the version that archived them.
    pub read_otherwise: Vec<Fault>,
    /// Articles that can't be read again, by the reason.
    pub not_read: BTreeMap<&'static str, u64>,
    /// Rows that another program inserted, by table: they have no seal.
    pub unsealed: BTreeMap<&'static str, u64>,
    /// What the check could not look at, and why.
    pub notes: Vec<String>,
    /// The digest of the last run, which stands for it and all runs before.
    pub chain: Option<String>,
}

/// How far a check is, and whether it goes on.
#[derive(Debug, Default)]
pub struct Progress {
    stopped: AtomicBool,
    done: AtomicU64,
    all: AtomicU64,
}

impl Progress {
    /// Ends the check soon.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Units of work that are done, and all of them.
    pub fn so_far(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.all.load(Ordering::Relaxed))
    }

    fn goes_on(&self, done: u64) -> bool {
        self.done.fetch_add(done, Ordering::Relaxed);
        !self.is_stopped()
    }
}

/// How often it is looked whether a long statement of SQLite has to end.
const GLANCE: Duration = Duration::from_millis(20);

/// Checks an archive with so many threads. A check that was stopped gives what it found until then, and is not `ok`.
pub fn check(path: &Path, depth: Depth, threads: usize, progress: &Progress) -> Result<Report, ArchiveError> {
    let audits = Audit::open(path, threads.max(1))?;
    let jobs: Vec<Job> = audits.first().map(|audit| jobs::all(audit, depth)).unwrap_or_default();
    progress.all.store(jobs.iter().map(Job::weight).sum(), Ordering::Relaxed);
    let interrupts: Vec<_> = audits.iter().map(Audit::interrupt).collect();
    let (shared, queue) = (Shared::new(progress), Mutex::new(jobs.into_iter()));
    let working = AtomicBool::new(true);
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = |audit: Audit| {
        while let Some(job) = next().filter(|_| !progress.is_stopped()) {
            job.run(&audit, &shared)?;
        }
        Ok(audit)
    };
    let work = &work;
    let finished: Result<Vec<Audit>, ArchiveError> = std::thread::scope(|scope| {
        scope.spawn(|| {
            while working.load(Ordering::Relaxed) {
                if progress.is_stopped() {
                    for interrupt in &interrupts {
                        interrupt.interrupt();
                    }
                }
                std::thread::sleep(GLANCE);
            }
        });
        let threads: Vec<_> = audits.into_iter().map(|audit| scope.spawn(move || work(audit))).collect();
        let ended = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(panicked())));
        let ended = ended.collect();
        working.store(false, Ordering::Relaxed);
        ended
    });
    match finished {
        Ok(audits) => shared.conclude(audits.first(), depth),
        Err(_) if progress.is_stopped() => shared.conclude(None, depth),
        Err(error) => Err(error),
    }
}

fn panicked() -> ArchiveError {
    ArchiveError::Stopped("a thread of the check panicked".to_owned())
}
