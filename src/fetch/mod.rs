//! One request, one answer. No retries, no waiting, no robots, no redirects: others decide those.

mod guard;
mod http;
mod lookup;
mod webhook;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub use guard::{Forbidden, Guard};
pub use http::{Client, ClientError, ClientSettings};
pub use lookup::Lookup;
pub use webhook::{WebhookError, post_json};

use crate::capture::Capture;
use crate::url::CanonicalUrl;

/// An answer that is still to come.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<Capture, FetchError>> + Send + 'a>>;

/// Whether a host's name resolves, which is still to be seen.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = Result<(), FetchError>> + Send + 'a>>;

/// Sends one request and reads its answer to the end: over the network ([`Client`]), or from a script.
pub trait Fetch: Send + Sync + fmt::Debug + 'static {
    /// Asks once.
    fn fetch<'a>(&'a self, request: &'a Request) -> Answering<'a>;

    /// Finds the host that a request will go to. Asked for before a connection is taken up, of which there
    /// are few: a name may take long, and keeps nobody else waiting.
    fn resolve<'a>(&'a self, url: &'a CanonicalUrl) -> Resolving<'a> {
        let _ = url;
        Box::pin(std::future::ready(Ok(())))
    }
}

/// What to ask for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where.
    pub url: CanonicalUrl,
    /// `If-None-Match`, from an earlier answer.
    pub etag: Option<String>,
    /// `If-Modified-Since`, from an earlier answer.
    pub last_modified: Option<String>,
    /// The largest body, when it is more than the client's own limit.
    pub max_body: Option<u64>,
    /// Bytes of the body, as sent and as decoded, that are enough: no more are read, and where it goes on, ends
    /// early or would be too large is no error then.
    pub read_up_to: Option<u64>,
}

impl Request {
    /// An unconditional request.
    pub fn new(url: CanonicalUrl) -> Self {
        Self { url, etag: None, last_modified: None, max_body: None, read_up_to: None }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The host is not a public one.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The name does not resolve.
    #[error("the host of `{url}` does not resolve: {reason}")]
    Resolve {
        /// What was asked for.
        url: String,
        /// What the resolver says.
        reason: String,
    },
    /// No connection.
    #[error("could not connect for `{url}`: {reason}")]
    Connect {
        /// What was asked for.
        url: String,
        /// What the system says.
        reason: String,
    },
    /// The certificate or the handshake failed.
    #[error("TLS failed for `{url}`: {reason}")]
    Tls {
        /// What was asked for.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The answer took longer than allowed.
    #[error("`{url}` did not answer in full within {limit:?}")]
    Timeout {
        /// What was asked for.
        url: String,
        /// The limit.
        limit: Duration,
    },
    /// The answer is not HTTP, or ended early.
    #[error("`{url}` did not answer properly: {reason}")]
    Protocol {
        /// What was asked for.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The body is larger than allowed.
    #[error("`{url}` is larger than {limit} bytes")]
    TooLarge {
        /// What was asked for.
        url: String,
        /// The limit.
        limit: u64,
    },
    /// The body's content encoding can't be undone.
    #[error("the body of `{url}` can't be decoded: {reason}")]
    Encoding {
        /// What was asked for.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl FetchError {
    /// The outcome's stable name, for logs and the archive.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Forbidden(_) => "forbidden_address",
            Self::Resolve { .. } => "unresolved",
            Self::Connect { .. } => "unreachable",
            Self::Tls { .. } => "tls_failed",
            Self::Timeout { .. } => "timeout",
            Self::Protocol { .. } => "bad_answer",
            Self::TooLarge { .. } => "too_large",
            Self::Encoding { .. } => "undecodable",
        }
    }

    /// Whether a later try may succeed.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Forbidden(forbidden) => forbidden.is_by_name(),
            Self::TooLarge { .. } | Self::Encoding { .. } => false,
            _ => true,
        }
    }

    /// Whether it is the host that failed, rather than this one page. An answer that never comes may be
    /// either's fault.
    pub fn concerns_host(&self) -> bool {
        matches!(self, Self::Resolve { .. } | Self::Connect { .. } | Self::Tls { .. } | Self::Timeout { .. })
    }
}
