//! The bound on what is on its way to the writer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A page waits while more URLs than this are on their way, unless it is alone: the links of ordinary pages never do, and
/// of two sitemaps with 50,000 the second one does.
const URLS_IN_TRANSIT: usize = 10_000;

/// The URLs on their way to the writer, which are most of what an outcome takes of memory.
#[derive(Debug, Default)]
pub(super) struct Load {
    urls: Mutex<usize>,
    less: Condvar,
    /// The writer has ended: nobody waits for it.
    ended: AtomicBool,
}

impl Load {
    /// Waits until there is room for so many, or nothing else is on its way.
    pub(super) fn add(&self, urls: usize) {
        let mut load = self.urls.lock().unwrap_or_else(PoisonError::into_inner);
        while *load > 0 && *load + urls > URLS_IN_TRANSIT && !self.ended.load(Ordering::Acquire) {
            load = self.less.wait(load).unwrap_or_else(PoisonError::into_inner);
        }
        *load += urls;
    }

    /// Waits until little is on its way.
    pub(super) fn wait_until_light(&self) {
        let mut load = self.urls.lock().unwrap_or_else(PoisonError::into_inner);
        while *load > URLS_IN_TRANSIT && !self.ended.load(Ordering::Acquire) {
            load = self.less.wait(load).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Adds without waiting.
    pub(super) fn force(&self, urls: usize) {
        *self.urls.lock().unwrap_or_else(PoisonError::into_inner) += urls;
    }

    /// Notes that so many were committed, or will not be.
    pub(super) fn take(&self, urls: usize) {
        *self.urls.lock().unwrap_or_else(PoisonError::into_inner) -= urls;
        self.less.notify_all();
    }
}

/// The end of the writer, however it comes.
#[derive(Debug)]
pub(super) struct Ending(Arc<Load>);

impl Ending {
    /// To be held by the writer's thread.
    pub(super) fn of(load: Arc<Load>) -> Self {
        Self(load)
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Release);
        // Who looked before is waiting by now, and who looks later does not begin to.
        drop(self.0.urls.lock());
        self.0.less.notify_all();
    }
}
