//! The HTTP client: reqwest over rustls, with everything clever switched off.

use std::collections::HashMap;
use std::error::Error as _;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, USER_AGENT,
};
use rustls::InvalidMessage;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::guard::port_of;
use super::lookup::Resolver;
use super::{Answering, Fetch, FetchError, Forbidden, Guard, Lookup, Request, Resolving};
use crate::capture::{Capture, Digest};
use crate::clock::Clock;
use crate::inflate::{inflate, inflate_start};
use crate::url::CanonicalUrl;

const ACCEPTED_TYPES: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const ACCEPTED_ENCODINGS: &str = "gzip, deflate, br, zstd";
/// Lines of an answer's head. Sites that set a cookie for each of their partners send hundreds; the client's own
/// limit would be 100.
const MOST_HEADERS: usize = 1000;

/// What a client needs to know.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// The `User-Agent` header.
    pub user_agent: String,
    /// For one request as a whole.
    pub timeout: Duration,
    /// Bytes of a body, as sent and as decoded.
    pub max_body: u64,
    /// Connections at the same time to one address.
    pub per_ip: usize,
    /// Which addresses may be asked.
    pub guard: Guard,
    /// Who knows the addresses of names.
    pub lookup: Lookup,
}

/// The client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("could not set up the HTTP client: {0}")]
pub struct ClientError(String);

/// Asks hosts for pages.
#[derive(Debug, Clone)]
pub struct Client {
    /// For ports that the guard does not tell from each other.
    others: Connector,
    /// For those that it does.
    by_port: HashMap<u16, Connector>,
    /// Why no certificate can be checked, where none can.
    no_roots: Option<String>,
    settings: ClientSettings,
    clock: Arc<dyn Clock>,
    /// Permits by address; the addresses are known after a host's first answer.
    addresses: Arc<Mutex<Addresses>>,
}

/// Connects to one port, or to all that no exemption names: a resolver is told a name and no port.
#[derive(Debug, Clone)]
struct Connector {
    http: reqwest::Client,
    resolver: Resolver,
}

#[derive(Debug, Default)]
struct Addresses {
    of_host: HashMap<String, IpAddr>,
    permits: HashMap<IpAddr, Arc<Semaphore>>,
}

impl Fetch for Client {
    fn fetch<'a>(&'a self, request: &'a Request) -> Answering<'a> {
        Box::pin(self.ask(request))
    }

    fn resolve<'a>(&'a self, url: &'a CanonicalUrl) -> Resolving<'a> {
        Box::pin(self.look_ahead(url))
    }
}

impl Client {
    /// A client with these settings.
    pub fn new(settings: ClientSettings, clock: Arc<dyn Clock>) -> Result<Self, ClientError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(ACCEPTED_TYPES));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED_ENCODINGS));
        let agent = HeaderValue::from_str(&settings.user_agent)
            .map_err(|_| ClientError(format!("`{}` can't be sent as User-Agent", settings.user_agent)))?;
        headers.insert(USER_AGENT, agent);
        let resolver = Resolver::new(settings.lookup.clone(), settings.guard.clone(), settings.timeout);
        let ports = settings.guard.ports().map(|port| (port, resolver.on_port(port)));
        let by_port: Result<_, ClientError> =
            ports.map(|(port, resolver)| Ok((port, connector(&settings, &headers, resolver)?.0))).collect();
        let (others, no_roots) = connector(&settings, &headers, resolver.clone())?;
        Ok(Self { others, by_port: by_port?, no_roots, settings, clock, addresses: Arc::default() })
    }

    /// Who connects for a URL.
    fn connector(&self, url: &CanonicalUrl) -> &Connector {
        self.by_port.get(&port_of(url)).unwrap_or(&self.others)
    }

    /// The headers that every request carries, for the archive.
    pub fn request_headers(&self) -> String {
        format!(
            "user-agent: {}\naccept: {ACCEPTED_TYPES}\naccept-encoding: {ACCEPTED_ENCODINGS}",
            self.settings.user_agent
        )
    }

    /// Looks a name up that no answer came from so far; what has an address needs none.
    async fn look_ahead(&self, url: &CanonicalUrl) -> Result<(), FetchError> {
        self.settings.guard.check(url)?;
        let is_name = matches!(url.as_url().host(), Some(url::Host::Domain(_)));
        let addresses = |addresses: &Addresses| addresses.of_host.contains_key(url.host());
        if !is_name || addresses(&self.addresses.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(());
        }
        self.connector(url).resolver.look_ahead(url.host()).await.map_err(|error| {
            match error.downcast::<Forbidden>() {
                Ok(forbidden) => FetchError::Forbidden(*forbidden),
                Err(error) => {
                    FetchError::Resolve { url: crate::url::shorten(url.as_str()), reason: innermost(&*error) }
                }
            }
        })
    }

    async fn ask(&self, request: &Request) -> Result<Capture, FetchError> {
        self.settings.guard.check(&request.url)?;
        self.check_roots(&request.url)?;
        let _permit = self.permit(request.url.host()).await;
        let began = Instant::now();
        let mut builder = self.connector(&request.url).http.get(request.url.as_url().clone());
        let mut sent = self.request_headers();
        for (name, value) in [(IF_NONE_MATCH, &request.etag), (IF_MODIFIED_SINCE, &request.last_modified)] {
            if let Some(value) = value {
                builder = builder.header(&name, value);
                let _ = write!(sent, "\n{name}: {value}");
            }
        }
        let mut response = builder.send().await.map_err(|error| self.explain(&request.url, &error))?;
        let address = response.remote_addr();
        // A second line: connections go to permitted addresses only.
        address.map_or(Ok(()), |address| self.settings.guard.check_address(&request.url, address))?;
        let ip = address.map(|address| address.ip());
        self.remember(request.url.host(), ip);
        let (body, broke) = match request.read_up_to {
            Some(most) => self.read_start(&mut response, &request.url, most).await,
            None => (self.read_body(&mut response, request).await?, None),
        };
        let status = response.status().as_u16();
        let headers = printable(response.headers());
        let http_version = format!("{:?}", response.version());
        let certificate = response.extensions().get::<reqwest::tls::TlsInfo>();
        let certificate_until = certificate.and_then(|tls| end_of(tls.peer_certificate()?));
        let answer = Answer { status, headers, http_version, ip, body, began, sent, certificate_until };
        let capture = self.capture(request, answer)?;
        let is_enough = request.read_up_to.is_some_and(|most| capture.body.len() as u64 >= most);
        match broke {
            Some(error) if !is_enough => Err(error),
            _ => Ok(capture),
        }
    }

    /// Without root certificates nothing but `http` can be asked for.
    fn check_roots(&self, url: &CanonicalUrl) -> Result<(), FetchError> {
        match &self.no_roots {
            Some(reason) if url.as_url().scheme() == "https" => {
                Err(FetchError::Tls { url: crate::url::shorten(url.as_str()), reason: reason.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Bytes of a body, as sent and as decoded.
    fn limit(&self, request: &Request) -> u64 {
        request.max_body.map_or(self.settings.max_body, |own| own.max(self.settings.max_body))
    }

    /// The beginning of a body, and why there is no more of it.
    async fn read_start(
        &self,
        response: &mut reqwest::Response,
        url: &CanonicalUrl,
        most: u64,
    ) -> (Vec<u8>, Option<FetchError>) {
        let mut body = Vec::new();
        while (body.len() as u64) < most {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => return (body, Some(self.explain(url, &error))),
            }
        }
        body.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        (body, None)
    }

    async fn read_body(
        &self,
        response: &mut reqwest::Response,
        request: &Request,
    ) -> Result<Vec<u8>, FetchError> {
        let (url, limit) = (&request.url, self.limit(request));
        let too_large = || FetchError::TooLarge { url: url.to_string(), limit };
        let announced = response.content_length().unwrap_or(0);
        if announced > limit {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or(0));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.explain(url, &error))? {
            if body.len() as u64 + chunk.len() as u64 > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn capture(&self, request: &Request, answer: Answer) -> Result<Capture, FetchError> {
        let wire_length = answer.body.len() as u64;
        let encoding = joined(&answer.headers, "content-encoding");
        let wire_digest = Digest::of(&answer.body);
        let inflated = match request.read_up_to {
            Some(most) => inflate_start(answer.body, encoding.as_deref(), most),
            None => inflate(answer.body, encoding.as_deref(), self.limit(request)),
        };
        let inflated = inflated.map_err(|error| FetchError::Encoding {
            url: request.url.to_string(),
            reason: error.to_string(),
        })?;
        let digest = if encoding.is_some() { Digest::of(&inflated.bytes) } else { wire_digest };
        Ok(Capture {
            url: request.url.clone(),
            fetched_at: self.clock.now(),
            status: answer.status,
            http_version: answer.http_version,
            ip: answer.ip,
            request_headers: answer.sent,
            headers: answer.headers,
            body: inflated.bytes,
            wire_length,
            wire_digest,
            digest,
            elapsed_ms: u32::try_from(answer.began.elapsed().as_millis()).unwrap_or(u32::MAX),
            damage: inflated.damage,
            certificate_until: answer.certificate_until,
        })
    }

    /// Waits for a connection's permit, once the host's address is known.
    async fn permit(&self, host: &str) -> Option<OwnedSemaphorePermit> {
        let semaphore = {
            let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
            let ip = *addresses.of_host.get(host)?;
            let permits = self.settings.per_ip.max(1);
            Arc::clone(addresses.permits.entry(ip).or_insert_with(|| Arc::new(Semaphore::new(permits))))
        };
        semaphore.acquire_owned().await.ok()
    }

    fn remember(&self, host: &str, ip: Option<IpAddr>) {
        let Some(ip) = ip else { return };
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if addresses.of_host.get(host) != Some(&ip) {
            addresses.of_host.insert(host.to_owned(), ip);
        }
    }

    fn explain(&self, target: &CanonicalUrl, error: &reqwest::Error) -> FetchError {
        let reason = innermost(error);
        let url = crate::url::shorten(target.as_str());
        if let Some(forbidden) = causes(error).find_map(|cause| cause.downcast_ref::<Forbidden>()) {
            return forbidden.clone().into();
        }
        for cause in causes(error) {
            match tls_error(cause) {
                Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
                    let port = target.as_url().port_or_known_default().unwrap_or_default();
                    let reason = format!(
                        "the server speaks no TLS on port {port}; the site may be there by `http` only"
                    );
                    return FetchError::Tls { url, reason };
                }
                Some(_) => return FetchError::Tls { url, reason },
                None => {}
            }
            if cause.to_string().contains("dns error") {
                return FetchError::Resolve { url, reason };
            }
        }
        if error.is_timeout() {
            return FetchError::Timeout { url, limit: self.settings.timeout };
        }
        if reason.contains("certificate") || reason.contains("tls") {
            return FetchError::Tls { url, reason };
        }
        if error.is_connect() {
            FetchError::Connect { url, reason }
        } else {
            FetchError::Protocol { url, reason }
        }
    }
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    http_version: String,
    ip: Option<IpAddr>,
    body: Vec<u8>,
    began: Instant,
    sent: String,
    certificate_until: Option<Timestamp>,
}

/// A client with these settings; where it can trust nobody, why.
fn connector(
    settings: &ClientSettings,
    headers: &HeaderMap,
    resolver: Resolver,
) -> Result<(Connector, Option<String>), ClientError> {
    let built = build(|| {
        reqwest::Client::builder()
            .default_headers(headers.clone())
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .tls_info(true)
            .timeout(settings.timeout)
            .read_timeout(settings.timeout)
            .dns_resolver(resolver.clone())
            .pool_max_idle_per_host(settings.per_ip)
            .http1_max_headers(MOST_HEADERS)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
    });
    let (http, no_roots) = built.map_err(|error| ClientError(innermost(&error)))?;
    Ok((Connector { http, resolver }, no_roots))
}

/// A client of the system's root certificates; where it has none, one that trusts nobody, and why. `make`
/// gives all settings but these.
pub(super) fn build(
    make: impl Fn() -> reqwest::ClientBuilder,
) -> Result<(reqwest::Client, Option<String>), reqwest::Error> {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match make().build() {
        Ok(client) => Ok((client, None)),
        Err(error) => {
            let reason = format!(
                "no root certificates were found: install the package ca-certificates, or name a file of them in SSL_CERT_FILE ({})",
                innermost(&error)
            );
            Ok((make().tls_certs_only([]).build()?, Some(reason)))
        }
    }
}

/// When a certificate ends (RFC 5280 §4.1.2.5); `None` when it can't be read.
fn end_of(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}

/// Header values as text: Chinese servers put raw UTF-8 into `Location`.
fn printable(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect()
}

fn joined(headers: &[(String, String)], name: &str) -> Option<String> {
    let values: Vec<&str> = headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// What rustls says, by itself or inside of what the connection says.
fn tls_error<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let inner = |cause: &'a (dyn std::error::Error + 'static)| {
        let inner = cause.downcast_ref::<std::io::Error>()?.get_ref()?;
        Some(inner as &(dyn std::error::Error + 'static))
    };
    std::iter::successors(Some(cause), |cause| inner(*cause)).find_map(|cause| cause.downcast_ref())
}

/// What an error stems from, the root last.
fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |cause| (*cause).source())
}

/// The message of the error at the root, which says what happened.
pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `openssl req -x509 -days 90`; its end is what `openssl x509 -enddate` says.
    const CERTIFICATE: &str = "MIIBbTCCAROgAwIBAgIUQWymWW3NebV2lOnRkYk9+CeV+lcwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBZTAeFw0yNj\
        ExMjQyMDQ3MzlaFw0yNzAyMjIyMDQ3MzlaMAwxCjAIBgNVBAMMAWUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR9\
        jue7K2GKl3GOzPsSMkB/KR+H0RREgjUwbdUbGAW88hbJOHHmzvGjjZ1slduEaTYCn12+4V/74gXQHHtmStgoo1MwUT\
        AdBgNVHQ4EFgQUtewJniBPX4yNUcrA0m0a7102eOcwHwYDVR0jBBgwFoAUtewJniBPX4yNUcrA0m0a7102eOcwDwYD\
        VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAsoUVTFwItYdzoRHtzSFYKsffEBTY6eqjm9xKuE5Uq/ICIC\
        4q6kKHbDCe3zrHz2cmzsfSQaOOSULm+Sz6M4nbLZ5B";

    #[test]
    fn a_certificate_says_when_it_ends() {
        use base64::Engine as _;
        let der = base64::engine::general_purpose::STANDARD.decode(CERTIFICATE).unwrap();
        assert_eq!(end_of(&der), "2027-02-22T20:47:39Z".parse().ok());
        assert_eq!(end_of(&der[..60]), None);
    }
}
