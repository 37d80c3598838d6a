//! The canonical form of a URL, decided from the URL alone (RFC 3986 §6 plus what publishers add).
//!
//! What needs proof (http/https, www, mobile and AMP twins, trailing slashes, index pages) keeps
//! its own key; proofs become aliases in the archive.

use std::fmt;
use std::fmt::Write as _;
use std::sync::LazyLock;

use ::url::{ParseError, Url};
use regex::Regex;

use super::tracking::is_tracking;

/// The longest URL that is taken, in bytes; longer ones are traps, not articles.
const MAX_LENGTH: usize = 4096;

/// Why a string is no usable URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// The string is not a URL at all.
    #[error("`{0}` is not a URL: {1}")]
    Invalid(String, ParseError),
    /// A scheme that is not fetched, such as `javascript` or `mailto`.
    #[error("the scheme `{0}` is not fetched, only http and https are")]
    Scheme(String),
    /// More than 4,096 bytes.
    #[error("the URL has {0} bytes, more than 4,096")]
    TooLong(usize),
}

/// The identity of a document: 128 bits of BLAKE3 over the canonical form with sorted parameters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UrlKey(pub [u8; 16]);

impl fmt::Display for UrlKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for UrlKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// An http(s) URL in canonical form. There is no other constructor than [`CanonicalUrl::parse`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CanonicalUrl(Url);

impl fmt::Display for CanonicalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl fmt::Debug for CanonicalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// How HTML writes the sign between parameters.
const ESCAPED_AMPERSAND: &str = "&amp;";

impl CanonicalUrl {
    /// Reads `text`, relative to `base` when there is one, and brings it into canonical form.
    pub fn parse(text: &str, base: Option<&CanonicalUrl>) -> Result<Self, UrlError> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
        if text.len() > MAX_LENGTH {
            return Err(UrlError::TooLong(text.len()));
        }
        // Some pages escape what was escaped before.
        if text.contains(ESCAPED_AMPERSAND) {
            return Self::parse(&text.replace(ESCAPED_AMPERSAND, "&"), base);
        }
        let parsed = match base {
            Some(base) => base.0.join(text),
            None => Url::parse(text),
        };
        let url = parsed.map_err(|error| UrlError::Invalid(text.to_owned(), error))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(UrlError::Scheme(url.scheme().to_owned()));
        }
        let canonical = canonicalise(url);
        // An escape that was itself written in percents: the canonical form is that of itself.
        if canonical.as_str().contains(ESCAPED_AMPERSAND) {
            return Self::parse(canonical.as_str(), None);
        }
        Ok(Self(canonical))
    }

    /// The canonical form as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host's name or address, in lower case and punycode.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Scheme, host and port, such as `http://127.0.0.1:8080`: what one robots.txt covers.
    pub fn origin(&self) -> &str {
        let end = self.0[..::url::Position::BeforePath].len();
        &self.0.as_str()[..end]
    }

    /// Path and query, such as `/?id=17328`.
    pub fn path_and_query(&self) -> &str {
        &self.0[::url::Position::BeforePath..::url::Position::AfterQuery]
    }

    /// The path, such as `/index.php/post/17328.html`.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// Whether this is the front page of its host.
    pub fn is_front_page(&self) -> bool {
        self.0.path() == "/" && self.0.query().is_none() && self.0.fragment().is_none()
    }

    /// The same path and query on another origin.
    pub fn with_origin(&self, origin: &str) -> Result<Self, UrlError> {
        Self::parse(&format!("{origin}{}", &self.0[::url::Position::BeforePath..]), None)
    }

    /// The parsed URL.
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// The identity: equal keys are the same document. Parameters are compared without order.
    pub fn key(&self) -> UrlKey {
        let query = self.0.query().unwrap_or_default();
        let hash = if query.contains('&') {
            let mut pairs: Vec<&str> = query.split('&').collect();
            pairs.sort_by_key(|pair| pair.split('=').next().unwrap_or_default());
            let mut sorted = self.0[..::url::Position::BeforeQuery].to_owned();
            sorted.push_str(&pairs.join("&"));
            sorted.push_str(&self.0[::url::Position::AfterQuery..]);
            blake3::hash(sorted.as_bytes())
        } else {
            blake3::hash(self.0.as_str().as_bytes())
        };
        let mut key = [0; 16];
        key.copy_from_slice(&hash.as_bytes()[..16]);
        UrlKey(key)
    }
}

fn canonicalise(mut url: Url) -> Url {
    // A fragment is part of the identity only where a script routes by it.
    if url.fragment().is_some_and(|f| !(f.starts_with('/') || f.starts_with("!/"))) {
        url.set_fragment(None);
    }
    if !url.username().is_empty() || url.password().is_some() {
        // Neither call can fail on a URL that has a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    if let Some(host) = url.host_str().and_then(|host| host.strip_suffix('.')).map(str::to_owned) {
        let _ = url.set_host(Some(&host));
    }
    if let Some(path) = canonical_path(url.path()) {
        url.set_path(&path);
    }
    if let Some(query) = url.query() {
        match canonical_query(query) {
            query if query.is_empty() => url.set_query(None),
            query if Some(query.as_str()) == url.query() => {}
            query => url.set_query(Some(&query)),
        }
    }
    url
}

static SESSION_SEGMENT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)/\([AFS]\([a-z0-9]{20,}\)\)|;jsessionid=[^/?]*").ok());

/// `None` when the path is canonical already.
fn canonical_path(path: &str) -> Option<String> {
    let normal = if path.contains('%') { normalise_escapes(path, false) } else { path.to_owned() };
    let has_session = normal.contains('(') || normal.contains(";j") || normal.contains(";J");
    let normal = match SESSION_SEGMENT.as_ref().filter(|_| has_session) {
        Some(session) => session.replace_all(&normal, "").into_owned(),
        None => normal,
    };
    (normal != path).then_some(normal)
}

fn canonical_query(query: &str) -> String {
    let mut kept = String::with_capacity(query.len());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if is_tracking(name, value) {
            continue;
        }
        if !kept.is_empty() {
            kept.push('&');
        }
        kept.push_str(&normalise_escapes(pair, true));
    }
    kept
}

/// Decodes escaped unreserved characters, writes the others with capital digits (RFC 3986 §6.2.2);
/// in a query `+` becomes `%20`, which servers read alike.
fn normalise_escapes(text: &str, query: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let escaped = (bytes[i] == b'%').then(|| hex_pair(bytes, i + 1)).flatten();
        match escaped {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => out.push(byte),
            Some(_) => out.extend(bytes[i..i + 3].iter().map(u8::to_ascii_uppercase)),
            None if query && bytes[i] == b'+' => out.extend(b"%20"),
            None => out.push(bytes[i]),
        }
        i += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

fn hex_pair(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |i: usize| bytes.get(i).and_then(|b| char::from(*b).to_digit(16));
    u8::try_from(digit(at)? * 16 + digit(at + 1)?).ok()
}

/// Lets log lines and error messages stay short.
pub(crate) fn shorten(url: &str) -> String {
    let mut short: String = url.chars().take(200).collect();
    if short.len() < url.len() {
        let _ = write!(short, "… ({} bytes)", url.len());
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        CanonicalUrl::parse(text, None).unwrap().to_string()
    }

    #[test]
    fn syntax_that_means_the_same_is_written_the_same() {
        for (input, want) in [
            ("HTTP://Example.COM:80/a/./b/../c#top", "http://example.com/a/c"),
            ("https://example.com.:443", "https://example.com/"),
            ("http://example.com/%7euser/%6fne%2fx", "http://example.com/~user/one%2Fx"),
            ("http://例子.中国/新闻", "http://xn--fsqu00a.xn--fiqs8s/%E6%96%B0%E9%97%BB"),
            ("http://example.com/?a=1&&b=2&", "http://example.com/?a=1&b=2"),
            ("http://example.com/?a=1&amp;b=2", "http://example.com/?a=1&b=2"),
            ("http://example.com/?a=1&amp;amp;b=2", "http://example.com/?a=1&b=2"),
            ("http://example.com/?a=1&%61mp;b=2", "http://example.com/?a=1&b=2"),
            ("http://example.com/?", "http://example.com/"),
            ("http://example.com/s?q=a+b", "http://example.com/s?q=a%20b"),
            ("http://u:p@example.com/", "http://example.com/"),
            ("http://0x7f.1/", "http://127.0.0.1/"),
            ("http://example.com/(S(lit3py55t21z5v55vlm25s55))/a.aspx", "http://example.com/a.aspx"),
            ("http://example.com/a;jsessionid=AB12?x=1", "http://example.com/a?x=1"),
            ("  http://example.com/a\n", "http://example.com/a"),
        ] {
            assert_eq!(canonical(input), want, "{input}");
        }
    }

    #[test]
    fn what_needs_proof_keeps_its_own_key() {
        let key = |text| CanonicalUrl::parse(text, None).unwrap().key();
        for (a, b) in [
            ("http://example.com/a", "https://example.com/a"),
            ("http://example.com/a", "http://www.example.com/a"),
            ("http://example.com/a", "http://example.com/a/"),
            ("http://example.com/", "http://example.com/index.html"),
            ("http://example.com/#/post/1", "http://example.com/#/post/2"),
            ("http://example.com/?tag=a&tag=b", "http://example.com/?tag=b&tag=a"),
            ("http://example.com/a%2Fb", "http://example.com/a/b"),
        ] {
            assert_ne!(key(a), key(b), "{a} {b}");
        }
        assert_eq!(key("http://e.com/?b=2&a=1"), key("http://e.com/?a=1&b=2"));
    }

    #[test]
    fn canonical_form_is_a_fixed_point() {
        for text in
            ["http://e.com/%e4%b8%ad?q=%E4&x=a+b#/r", "http://e.com/a%25b?%3D=%26", "http://e.com/(S(x))/"]
        {
            let once = canonical(text);
            assert_eq!(canonical(&once), once);
        }
    }

    #[test]
    fn only_the_web_is_fetched() {
        for text in ["javascript:alert(1)", "mailto:a@b.c", "file:///etc/passwd", "data:text/html,x"] {
            assert!(matches!(CanonicalUrl::parse(text, None), Err(UrlError::Scheme(_))), "{text}");
        }
        assert!(matches!(CanonicalUrl::parse("http://[::1", None), Err(UrlError::Invalid(..))));
        assert!(matches!(
            CanonicalUrl::parse(&format!("http://e.com/{}", "a".repeat(5000)), None),
            Err(UrlError::TooLong(_))
        ));
    }
}
