//! The scripted web: hosts that answer from what they know and the time it is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::capture::Capture;
use crate::clock::{Clock as _, ManualClock};
use crate::demo::text::Dice;
use crate::fetch::{Answering, Fetch, FetchError, Request};

/// A scripted host.
pub trait Host: Send + Sync + std::fmt::Debug {
    /// Its name, as in URLs.
    fn name(&self) -> &str;

    /// Answers a GET of `path`, which may have a query; `None` when it can't be reached.
    fn answer(&self, path: &str, etag: Option<&str>, now: Timestamp) -> Option<Reply>;
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Header lines.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// When the host's certificate ends.
    pub certificate_until: Option<Timestamp>,
}

impl Reply {
    /// A page with status 200.
    pub fn page(body: String) -> Self {
        Self::with_type("text/html; charset=utf-8", body)
    }

    /// A body of some type with status 200.
    pub fn with_type(content_type: &str, body: String) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { status: 200, headers, body, certificate_until: None }
    }

    /// The same with another status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// All scripted hosts. Others do not resolve.
#[derive(Debug)]
pub struct Web {
    hosts: Mutex<HashMap<String, Arc<dyn Host>>>,
    clock: Arc<ManualClock>,
    dice: Mutex<Dice>,
    requests: AtomicU64,
    is_dead: AtomicBool,
    killed: Notify,
}

impl Web {
    /// A web without hosts. `seed` decides how long answers take.
    pub fn new(seed: u64, clock: Arc<ManualClock>) -> Self {
        Self {
            hosts: Mutex::default(),
            clock,
            dice: Mutex::new(Dice::new(seed)),
            requests: AtomicU64::new(0),
            is_dead: AtomicBool::new(false),
            killed: Notify::new(),
        }
    }

    /// Adds a host.
    pub fn add(&self, host: Arc<dyn Host>) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.insert(host.name().to_owned(), host);
    }

    /// Requests so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// From now on no request is answered.
    pub(super) fn kill(&self) {
        self.is_dead.store(true, Ordering::SeqCst);
    }

    pub(super) fn revive(&self) {
        self.is_dead.store(false, Ordering::SeqCst);
    }

    /// Ends at the first request of a process that was killed.
    pub(super) async fn killed(&self) {
        self.killed.notified().await;
    }

    fn ask(&self, request: &Request) -> Result<Capture, FetchError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let url = request.url.to_string();
        let host = self.hosts.lock().unwrap_or_else(PoisonError::into_inner).get(request.url.host()).cloned();
        let Some(host) = host else {
            return Err(FetchError::Resolve { url, reason: "there is no such host".to_owned() });
        };
        let elapsed = 40 + self.dice.lock().unwrap_or_else(PoisonError::into_inner).below(160);
        self.clock.advance(Duration::from_millis(elapsed as u64));
        let path = request.url.path_and_query();
        let Some(reply) = host.answer(path, request.etag.as_deref(), self.clock.now()) else {
            return Err(FetchError::Connect { url, reason: "connection refused".to_owned() });
        };
        let mut capture =
            Capture::of_page(request.url.clone(), self.clock.now(), None, reply.body.into_bytes());
        capture.status = reply.status;
        capture.headers = reply.headers;
        capture.certificate_until = reply.certificate_until;
        capture.elapsed_ms = u32::try_from(elapsed).unwrap_or(u32::MAX);
        Ok(capture)
    }
}

impl Fetch for Web {
    fn fetch<'a>(&'a self, request: &'a Request) -> Answering<'a> {
        Box::pin(async move {
            if self.is_dead.load(Ordering::SeqCst) {
                self.killed.notify_one();
                return std::future::pending().await;
            }
            self.ask(request)
        })
    }
}
