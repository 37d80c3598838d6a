//! Keeps the file of metrics up to date while a run goes on.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::AbortHandle;
use tracing::warn;

use super::Shared;
use super::metrics::{Metrics, Standing};
use super::report::{RunReport, SiteReport};
use super::tally::Tally;
use super::watchdog::Pulse;
use crate::archive::{Archive, Place, free_space};

/// Between two writes.
const EVERY: Duration = Duration::from_mins(1);

/// Writes at the start, every minute and at the end; nothing when no file is configured.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    known: Option<Arc<Known>>,
    ticking: Option<AbortHandle>,
    /// Why nothing can be written.
    pub(super) failure: Option<String>,
}

/// Where the numbers come from.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) shared: Arc<Shared>,
    pub(super) tally: Tally,
    pub(super) pulses: Vec<Arc<Pulse>>,
    pub(super) place: Place,
    /// The file, until the last write.
    pub(super) file: Mutex<Option<Metrics>>,
}

impl Gauge {
    /// Begins with a write, which shows whether the file can be written at all.
    pub(super) async fn start(path: &str, known: impl FnOnce(Metrics) -> Known) -> Self {
        if path.is_empty() {
            return Self::default();
        }
        let path = PathBuf::from(path);
        match Metrics::open(&path) {
            Ok(metrics) => Self::go_on(Arc::new(known(metrics)), &path).await,
            Err(error) => Self { known: None, ticking: None, failure: Some(cannot(&path, &error)) },
        }
    }

    async fn go_on(known: Arc<Known>, path: &Path) -> Self {
        let first = Arc::clone(&known);
        let written = tokio::task::spawn_blocking(move || first.write(None)).await;
        let failure = match written {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(cannot(path, &error)),
            Err(error) => Some(cannot(path, &error)),
        };
        let again = Arc::clone(&known);
        let ticking = tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                let known = Arc::clone(&again);
                // The last write tells of a failure.
                let _ = tokio::task::spawn_blocking(move || known.write(None)).await;
            }
        });
        Self { known: Some(known), ticking: Some(ticking.abort_handle()), failure }
    }

    /// The last write, with how the run ended.
    pub(super) async fn end(mut self, report: &RunReport) {
        let Some(known) = self.known.take() else { return };
        let (now, report) = (known.shared.clock.now(), report.clone());
        let written = tokio::task::spawn_blocking(move || known.write(Some(&(now, report)))).await;
        if let Ok(Err(error)) = written
            && self.failure.is_none()
        {
            warn!("metrics could not be written: {error}");
        }
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        if let Some(ticking) = &self.ticking {
            ticking.abort();
        }
    }
}

impl Known {
    fn write(&self, end: Option<&(Timestamp, RunReport)>) -> std::io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let standing = self.standing(end);
        // Nothing is written after the end, by a write that was late.
        match if end.is_some() { file.take() } else { None } {
            Some(metrics) => metrics.write(&standing),
            None => file.as_ref().map_or(Ok(()), |metrics| metrics.write(&standing)),
        }
    }

    fn standing(&self, end: Option<&(Timestamp, RunReport)>) -> Standing {
        let path = match &self.place {
            Place::File(path) => Some(path),
            Place::Memory(_) => None,
        };
        Standing {
            started: self.shared.started,
            now: end.map_or_else(|| self.shared.clock.now(), |(now, _)| *now),
            outcome: end.map(|(_, report)| report.outcome.as_str()),
            sites: end.map_or_else(|| self.sites(), |(_, report)| report.sites.clone()),
            alarms: end.map_or(0, |(_, report)| report.alarms.len()),
            // A queue that can't be read is left as it was last known.
            queue: Archive::open_at(&self.place)
                .and_then(|archive| archive.queued(self.shared.clock.now()))
                .unwrap_or_default(),
            archive_size: path.map(|path| size_of(path)),
            archive_free: path.and_then(|path| free_space(path)),
        }
    }

    /// What is counted so far, with the requests that were sent.
    fn sites(&self) -> Vec<SiteReport> {
        let mut sites = self.tally.reports();
        for site in &mut sites {
            let pulse = self.pulses.iter().find(|pulse| pulse.name == site.site);
            site.counts.requests = pulse.map_or(0, |pulse| pulse.requests());
        }
        sites
    }
}

/// Bytes of an archive with its write-ahead log, which there is while a run goes on.
fn size_of(archive: &Path) -> u64 {
    let mut log = archive.as_os_str().to_owned();
    log.push("-wal");
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    length(archive) + length(Path::new(&log))
}

fn cannot(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("metrics can't be written to `{}`: {error}", path.display())
}
