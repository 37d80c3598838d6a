//! Progress bars on a terminal; nothing anywhere else.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::ATTENTION;
use super::failure::Failure;
use super::notify::Notifier;
use super::output::shown;
use crate::archive::{Receipt, Verdict};
use crate::config::LogFormat;
use crate::crawl::Progress;
use crate::dedup::Change;

/// A line for each site.
#[derive(Debug)]
pub(super) struct Bars {
    bars: MultiProgress,
    sites: Mutex<HashMap<String, Line>>,
}

#[derive(Debug)]
struct Line {
    bar: ProgressBar,
    requests: u64,
    new: u64,
    other: u64,
    found: usize,
}

impl Bars {
    pub(super) fn new(bars: MultiProgress) -> Self {
        Self { bars, sites: Mutex::default() }
    }

    fn line(&self, site: &str) -> Line {
        let bar = self.bars.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}  {elapsed}  {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(shown(site).into_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Line { bar, requests: 0, new: 0, other: 0, found: 0 }
    }
}

impl Progress for Bars {
    fn committed(&self, site: &str, receipt: &Receipt) {
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        if !sites.contains_key(site) {
            sites.insert(site.to_owned(), self.line(site));
        }
        let Some(line) = sites.get_mut(site) else { return };
        line.requests += u64::from(receipt.answered);
        line.found += receipt.shown.new;
        match receipt.verdict {
            Verdict::Article(Change::New) | Verdict::Duplicate => line.new += 1,
            Verdict::Article(_) | Verdict::Alias => line.other += 1,
            Verdict::Missing | Verdict::Foreign | Verdict::None => {}
        }
        let (pages, new, known, found) = (line.requests, line.new, line.other, line.found);
        line.bar
            .set_message(format!("{pages} pages · {new} new articles · {known} known · {found} URLs found"));
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        // A drawing error of the terminal is nobody's concern.
        let _ = self.bars.clear();
    }
}

/// Passes everything on, and ends the process when the crawl can't be ended from within.
#[derive(Debug)]
pub(super) struct OrExit {
    pub(super) progress: Arc<dyn Progress>,
    pub(super) notifier: Option<Notifier>,
    pub(super) format: LogFormat,
}

impl Progress for OrExit {
    fn committed(&self, site: &str, receipt: &Receipt) {
        self.progress.committed(site, receipt);
    }

    fn hangs(&self, step: &str) {
        let hint = "the process ends here; what was committed is safe, and the next run goes on";
        Failure { message: step.to_owned(), causes: Vec::new(), hint: Some(hint) }.report(self.format);
        if let Some(notifier) = &self.notifier {
            notifier.failed(step, ATTENTION);
        }
        std::process::exit(i32::from(ATTENTION));
    }
}

/// Writes log lines above the bars.
#[derive(Debug, Clone)]
pub(super) struct BarWriter(pub(super) MultiProgress);

impl Write for BarWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // There is nowhere to say that standard error is closed, and a crawl goes on without it.
        let _ = self.0.suspend(|| io::stderr().write_all(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
