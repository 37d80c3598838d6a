//! The counts of a run while it goes on: each URL once, however often it is tried.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::report::SiteReport;
use super::site::End;
use crate::archive::Receipt;
use crate::discover::Yields;
use crate::frontier::Kind;

/// The sites of a run, by their rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Arc<Mutex<HashMap<i64, Site>>>);

#[derive(Debug)]
struct Site {
    report: SiteReport,
    yields: Arc<Yields>,
    /// The last receipt of each URL that is tried again.
    retried: HashMap<i64, Receipt>,
}

impl Tally {
    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Site>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a site.
    pub(super) fn begin(&self, site: i64, report: SiteReport, yields: Arc<Yields>) {
        self.lock().insert(site, Site { report, yields, retried: HashMap::new() });
    }

    /// Counts a committed outcome; gives the site's name.
    pub(super) fn count(&self, receipt: &Receipt) -> Option<String> {
        let mut sites = self.lock();
        let site = sites.get_mut(&receipt.site)?;
        if let Some(before) = site.retried.remove(&receipt.url) {
            site.report.forget(&before);
        }
        site.report.count(receipt);
        if receipt.is_retried {
            site.retried.insert(receipt.url, receipt.clone());
        }
        if let Some(list) = receipt.turned.as_ref().filter(|_| receipt.shown.articles > 0) {
            site.yields.note_known(list, Kind::List);
        }
        Some(site.report.site.clone())
    }

    /// The reports as they stand.
    pub(super) fn reports(&self) -> Vec<SiteReport> {
        self.lock().values().map(|site| site.report.clone()).collect()
    }

    /// The reports with how each site ended. Nothing is counted afterwards.
    pub(super) fn conclude(&self, ends: &[End]) -> Vec<SiteReport> {
        let mut sites = std::mem::take(&mut *self.lock());
        for end in ends {
            if let Some(site) = sites.get_mut(&end.site) {
                site.report.left_aside = site.yields.left_aside();
                site.report.conclude(end);
            }
        }
        sites.into_values().map(|site| site.report).collect()
    }
}
