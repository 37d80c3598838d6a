//! Keeps requests off private networks: a page must not make the crawler ask the machine it runs
//! on, its neighbours, or a cloud's metadata service.
//!
//! Checked at two places, since literal addresses never reach a resolver: the host of every URL
//! before its request, and every address that a name resolves to.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::url::CanonicalUrl;

/// Which private hosts may be asked: those that crawl.toml names.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allowed: Arc<HashSet<String>>,
}

/// A request that is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a public address; only a seed in crawl.toml can allow it")]
pub struct Forbidden(pub String);

impl Guard {
    /// A guard that lets the hosts of these seeds pass.
    pub fn allowing<'a>(seeds: impl IntoIterator<Item = &'a CanonicalUrl>) -> Self {
        Self { allowed: Arc::new(seeds.into_iter().map(|seed| seed.host().to_owned()).collect()) }
    }

    /// Checks the host of a URL before it is asked.
    pub fn check(&self, url: &CanonicalUrl) -> Result<(), Forbidden> {
        let host = url.host();
        if self.allowed.contains(host) {
            return Ok(());
        }
        let literal = match url.as_url().host() {
            Some(url::Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(url::Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            _ => None,
        };
        let is_local_name =
            host == "localhost" || host.ends_with(".localhost") || host.ends_with(".internal");
        if is_local_name || literal.is_some_and(|ip| !is_public(ip)) {
            return Err(Forbidden(host.to_owned()));
        }
        Ok(())
    }

    pub(super) fn permits(&self, name: &str, address: IpAddr) -> bool {
        is_public(address) || self.allowed.contains(name)
    }
}

/// Whether an address is reachable from everywhere (IANA's special-purpose registries).
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (b == 18 || b == 19))
        || (a == 192 && b == 0 && c == 0);
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(v4) = ip.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    let segments = ip.segments();
    // NAT64 and 6to4 carry an IPv4 address inside.
    let embedded = match segments {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    };
    if let Some(v4) = embedded {
        return is_public_v4(v4);
    }
    let special = ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || ip.is_unique_local()
        || ip.is_unicast_link_local()
        // Teredo; documentation; a network's own NAT64.
        || (segments[0] == 0x2001 && matches!(segments[1], 0 | 0xdb8))
        || segments[..3] == [0x64, 0xff9b, 1]
        || segments[..6] == [0, 0, 0, 0, 0, 0];
    !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_hosts_pass_only_when_named() {
        let seed = CanonicalUrl::parse("http://127.0.0.1:8080/", None).unwrap();
        let guard = Guard::allowing([&seed]);
        for (url, want) in [
            ("http://127.0.0.1:9/", true),
            ("http://2130706433/", true),
            ("http://127.0.0.2/", false),
            ("http://localhost/", false),
            ("http://[::1]/", false),
            ("http://[::ffff:10.0.0.1]/", false),
            ("http://169.254.169.254/latest/", false),
            ("http://0177.0.0.2/", false),
            ("http://0.0.0.0/", false),
            ("http://[64:ff9b::7f00:2]/", false),
            ("http://[64:ff9b:1::a00:1]/", false),
            ("http://[2001:0:a00:1::]/", false),
            ("http://[2001:4860:4860::8888]/", true),
            ("http://93.184.216.34/", true),
            ("http://example.com/", true),
        ] {
            let url = CanonicalUrl::parse(url, None).unwrap();
            assert_eq!(guard.check(&url).is_ok(), want, "{url}");
        }
    }
}
