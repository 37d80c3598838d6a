//! Keeps requests off private networks: a page must not make the crawler ask the machine it runs
//! on, its neighbours, or a cloud's metadata service.
//!
//! What counts is the address that is connected to. Literal addresses never reach a resolver, so the host of every
//! URL is checked before its request; each address that a name resolves to is checked before each connection; and the
//! address that answered is checked once more.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::address::{Allowed, is_localhost_name, purpose};
use crate::url::CanonicalUrl;

/// Which addresses may be asked: public ones, what crawl.toml allows, and what its seeds say literally.
#[derive(Debug, Clone, Default)]
pub struct Guard(Arc<Exempt>);

/// What may be asked though it is not public.
#[derive(Debug, Default)]
struct Exempt {
    /// Seeds whose host is an address.
    literals: HashSet<SocketAddr>,
    /// Seeds whose host is a name of this machine, with their ports.
    localhosts: HashSet<(String, u16)>,
    allowed: Vec<Allowed>,
    /// Ports that an exemption of a name depends on.
    ports: HashSet<u16>,
}

/// A request that is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}, and crawl.toml does not name it: `fetch.allow = [\"{allow}\"]` would allow it", self.said())]
pub struct Forbidden {
    host: String,
    /// The address, when the host is a name.
    resolved: Option<IpAddr>,
    /// What the address is for.
    purpose: &'static str,
    /// What would allow it.
    allow: Allowed,
}

impl Forbidden {
    fn said(&self) -> String {
        let Self { host, purpose, .. } = self;
        match self.resolved {
            Some(address) => {
                format!("`{host}` resolves to {address}, which is not a public address ({purpose})")
            }
            None => format!("`{host}` is not a public address ({purpose})"),
        }
    }

    /// Whether a name led there: it may lead elsewhere later.
    pub fn is_by_name(&self) -> bool {
        self.resolved.is_some()
    }
}

/// A host on a port. Ports that no exemption names are alike, and are `None`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Destination<'a> {
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
}

impl Guard {
    /// A guard that lets pass what is public, what is allowed, and of the seeds' hosts those that are literal
    /// addresses or names of this machine, on their ports.
    pub fn new<'a>(seeds: impl IntoIterator<Item = &'a CanonicalUrl>, allowed: &[Allowed]) -> Self {
        let mut exempt = Exempt { allowed: allowed.to_vec(), ..Exempt::default() };
        for seed in seeds {
            let port = port_of(seed);
            if let Some(address) = literal(seed) {
                exempt.literals.insert(SocketAddr::new(address, port));
            } else if is_localhost_name(seed.host()) {
                exempt.localhosts.insert((seed.host().to_owned(), port));
            }
        }
        let allowed = allowed.iter().filter_map(Allowed::port);
        exempt.ports = allowed.chain(exempt.localhosts.iter().map(|(_, port)| *port)).collect();
        Self(Arc::new(exempt))
    }

    /// Checks the host of a URL before it is asked, as far as it is an address.
    pub fn check(&self, url: &CanonicalUrl) -> Result<(), Forbidden> {
        match literal(url) {
            Some(address) => self.check_address(url, SocketAddr::new(address, port_of(url))),
            None => Ok(()),
        }
    }

    /// Checks the address that a URL's request went to.
    pub(super) fn check_address(&self, url: &CanonicalUrl, asked: SocketAddr) -> Result<(), Forbidden> {
        if literal(url) == Some(asked.ip()) && self.0.literals.contains(&asked) {
            return Ok(());
        }
        let (host, port) = (url.host(), self.port_class(asked.port()));
        self.judge(Destination { host, port }, asked.ip()).map_err(|forbidden| {
            let resolved = forbidden.resolved.filter(|_| literal(url).is_none());
            Forbidden { resolved, allow: Allowed::address(asked.ip(), Some(asked.port())), ..forbidden }
        })
    }

    /// Checks an address that a name resolved to.
    pub(super) fn judge(&self, to: Destination<'_>, address: IpAddr) -> Result<(), Forbidden> {
        let Destination { host, port } = to;
        let exempt = &self.0;
        let refused = |purpose| {
            let allow = Allowed::address(address, port);
            Err(Forbidden { host: host.to_owned(), resolved: Some(address), purpose, allow })
        };
        if exempt.allowed.iter().any(|allowed| allowed.covers(address, port)) {
            return Ok(());
        }
        if is_localhost_name(host) {
            let is_seed = port.is_some_and(|port| exempt.localhosts.contains(&(host.to_owned(), port)));
            return match purpose(address) {
                Some(_) if is_seed && address.is_loopback() => Ok(()),
                purpose => refused(purpose.unwrap_or("another machine's")),
            };
        }
        purpose(address).map_or(Ok(()), refused)
    }

    /// Ports that an exemption of a name depends on.
    pub(super) fn ports(&self) -> impl Iterator<Item = u16> + '_ {
        self.0.ports.iter().copied()
    }

    fn port_class(&self, port: u16) -> Option<u16> {
        self.0.ports.contains(&port).then_some(port)
    }
}

/// The port that a URL's request goes to.
pub(super) fn port_of(url: &CanonicalUrl) -> u16 {
    url.as_url().port_or_known_default().unwrap_or_default()
}

/// The host of a URL, when it is an address.
fn literal(url: &CanonicalUrl) -> Option<IpAddr> {
    match url.as_url().host()? {
        url::Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
        url::Host::Ipv6(ip) => Some(IpAddr::V6(ip)),
        url::Host::Domain(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> CanonicalUrl {
        CanonicalUrl::parse(text, None).unwrap()
    }

    #[test]
    fn literal_private_addresses_pass_only_as_a_seed_or_when_allowed() {
        let allowed = ["10.1.0.0/16", "10.0.0.7:80", "[fd00::]/8"].map(|text| text.parse().unwrap());
        let seeds = [url("http://127.0.0.1:8080/"), url("http://news.example/"), url("http://localhost:81/")];
        let guard = Guard::new(&seeds, &allowed);
        for (text, want) in [
            ("http://127.0.0.1:8080/a", true),
            ("http://2130706433:8080/", true),
            ("http://0x7f.1:8080/", true),
            ("http://127.0.0.1:9/", false),
            ("https://127.0.0.1/", false),
            ("http://127.0.0.2:8080/", false),
            ("http://[::1]:8080/", false),
            ("http://[::ffff:127.0.0.1]:8080/", false),
            ("http://0.0.0.0:8080/", false),
            ("http://10.1.2.3:99/", true),
            ("http://10.2.2.3:99/", false),
            ("http://10.0.0.7/", true),
            ("https://10.0.0.7/", false),
            ("http://[fd12::1]/", true),
            ("http://[fec0::1]/", false),
            ("http://[::ffff:10.0.0.1]/", false),
            ("http://169.254.169.254/latest/", false),
            ("http://0177.0.0.2/", false),
            ("http://[64:ff9b::7f00:2]/", false),
            ("http://[2001:0:a00:1::]/", false),
            ("http://[2606:4700::1]/", true),
            ("http://8.8.8.8/", true),
            // Names are judged by what they resolve to.
            ("http://example.com/", true),
            ("http://localhost:82/", true),
        ] {
            assert_eq!(guard.check(&url(text)).is_ok(), want, "{text}");
        }
        let error = guard.check(&url("http://10.0.0.8:81/")).unwrap_err().to_string();
        assert_eq!(
            error,
            "`10.0.0.8` is not a public address (private use), and crawl.toml does not name it: `fetch.allow = [\"10.0.0.8:81\"]` would allow it"
        );
    }

    #[test]
    fn a_name_is_judged_by_its_address_whatever_it_is_called() {
        let allowed = ["10.0.0.7:80", "10.1.0.0/16"].map(|text| text.parse().unwrap());
        let seeds = ["http://127.0.0.1:8080/", "http://news.example/", "http://localhost:81/"].map(url);
        let guard = Guard::new(&seeds, &allowed);
        for (host, port, address, want) in [
            ("news.example", None, "8.8.8.8", true),
            ("news.example", None, "127.0.0.1", false),
            ("news.example", None, "10.1.0.1", true),
            ("news.example", Some(80), "10.0.0.7", true),
            ("news.example", None, "10.0.0.7", false),
            ("news.example", Some(81), "127.0.0.1", false),
            ("localhost", Some(81), "127.0.0.1", true),
            ("localhost", Some(81), "::1", true),
            ("localhost", Some(81), "::ffff:127.0.0.1", false),
            ("localhost", Some(81), "10.0.0.1", false),
            ("localhost", Some(81), "8.8.8.8", false),
            ("localhost", None, "127.0.0.1", false),
            ("a.localhost", Some(81), "127.0.0.1", false),
            ("localhost.example", Some(81), "127.0.0.1", false),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(guard.judge(Destination { host, port }, address).is_ok(), want, "{host} {address}");
        }
        let to = Destination { host: "news.example", port: None };
        let error = guard.judge(to, [169, 254, 169, 254].into()).unwrap_err();
        assert!(error.is_by_name());
        assert!(error.to_string().starts_with(
            "`news.example` resolves to 169.254.169.254, which is not a public address (link local), and"
        ));
    }
}
