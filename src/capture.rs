//! A response as it was sent, with the content encoding undone.

use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;

use crate::url::{CanonicalUrl, UrlError};

/// A BLAKE3 digest of 256 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// One answer to one request; a redirect is a capture of its own.
#[derive(Debug, Clone)]
pub struct Capture {
    /// What was asked for.
    pub url: CanonicalUrl,
    /// When the answer was complete.
    pub fetched_at: Timestamp,
    /// The HTTP status code.
    pub status: u16,
    /// Such as `HTTP/1.1`.
    pub http_version: String,
    /// The address that answered.
    pub ip: Option<IpAddr>,
    /// The request's header lines, `Name: value` each.
    pub request_headers: String,
    /// The answer's headers, names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The body with its content encoding undone.
    pub body: Vec<u8>,
    /// Bytes of the body as sent.
    pub wire_length: u64,
    /// Digest of the body as sent; equal to [`Capture::digest`] when it was not encoded.
    pub wire_digest: Digest,
    /// Digest of [`Capture::body`].
    pub digest: Digest,
    /// From sending the request to the last byte.
    pub elapsed_ms: u32,
    /// What the body suffered, such as a decompression that ended early.
    pub damage: Option<String>,
    /// When the certificate of the host ends.
    pub certificate_until: Option<Timestamp>,
}

impl Capture {
    /// A capture of a page that did not come over the network, such as a saved file.
    pub fn of_page(
        url: CanonicalUrl,
        fetched_at: Timestamp,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Self {
        let digest = Digest::of(&body);
        Self {
            url,
            fetched_at,
            status: 200,
            http_version: String::new(),
            ip: None,
            request_headers: String::new(),
            headers: content_type.map(|v| ("content-type".to_owned(), v.to_owned())).into_iter().collect(),
            wire_length: body.len() as u64,
            wire_digest: digest,
            digest,
            body,
            elapsed_ms: 0,
            damage: None,
            certificate_until: None,
        }
    }

    /// The first header of that name (given in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Where a redirect leads; `None` for other answers, and for a redirect that does not say.
    pub fn redirect_target(&self) -> Option<Result<CanonicalUrl, UrlError>> {
        let location = self.header("location").filter(|_| self.is_redirect())?;
        Some(CanonicalUrl::parse(location, Some(&self.url)))
    }

    /// Whether it says that what was asked for is elsewhere.
    pub fn is_redirect(&self) -> bool {
        matches!(self.status, 301 | 302 | 303 | 307 | 308)
    }

    /// The `Content-Type` header.
    pub fn content_type(&self) -> Option<&str> {
        self.header("content-type")
    }
}
