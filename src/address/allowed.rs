//! Addresses that a configuration allows though they are not public: `fetch.allow` of crawl.toml.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An address or a network, on one port or on all: `10.0.0.7`, `127.0.0.1:8080`, `10.1.0.0/16`, `[fd00::]/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    network: IpNet,
    port: Option<u16>,
}

/// Why a text names no such thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AllowedError {
    /// Something else, such as a name.
    #[error(
        "`{0}` is neither an address nor a network: write \"10.0.0.7\", \"127.0.0.1:8080\", \"10.1.0.0/16\" or \"[fd00::]/8\"; a host's name is not taken, since it can resolve to any address"
    )]
    Unreadable(String),
    /// A network whose address goes on behind its prefix.
    #[error("`{text}` names an address within a network: write \"{network}\" for all of the network")]
    WithinNetwork {
        /// As written.
        text: String,
        /// The whole network.
        network: String,
    },
    /// A port that is none.
    #[error("`{0}` ends in no port: a port is a number from 1 to 65535")]
    Port(String),
}

impl Allowed {
    /// An address on one port, or on all.
    pub fn address(address: IpAddr, port: Option<u16>) -> Self {
        Self { network: address.into(), port }
    }

    /// Whether an address on a port is among them; `None` is a port that no rule names.
    pub fn covers(&self, address: IpAddr, port: Option<u16>) -> bool {
        self.network.contains(&address) && (self.port.is_none() || self.port == port)
    }

    /// The port, when there is one only.
    pub fn port(&self) -> Option<u16> {
        self.port
    }
}

impl FromStr for Allowed {
    type Err = AllowedError;

    fn from_str(text: &str) -> Result<Self, AllowedError> {
        let unreadable = || AllowedError::Unreadable(text.to_owned());
        let (network, port) = split(text).ok_or_else(unreadable)?;
        let port = match port {
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                let number = port.parse().ok().filter(|port| *port > 0);
                Some(number.ok_or_else(|| AllowedError::Port(text.to_owned()))?)
            }
            Some(_) => return Err(AllowedError::Port(text.to_owned())),
            None => None,
        };
        let network = network.parse::<IpNet>().or_else(|_| network.parse::<IpAddr>().map(IpNet::from));
        let network = network.map_err(|_| unreadable())?;
        if network.trunc() != network {
            let network = Self { network: network.trunc(), port }.to_string();
            return Err(AllowedError::WithinNetwork { text: text.to_owned(), network });
        }
        Ok(Self { network, port })
    }
}

/// The address or network, without brackets, and what stands in the place of a port.
fn split(text: &str) -> Option<(String, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest.split_once(']')?;
        if !address.contains(':') {
            return None;
        }
        let (length, port) = match rest.split_once(':') {
            Some((length, port)) => (length, Some(port)),
            None => (rest, None),
        };
        return Some((format!("{address}{length}"), port));
    }
    match text.split_once(':') {
        // More than one colon and no brackets: all of it is an address.
        Some((address, port)) if !port.contains(':') => Some((address.to_owned(), Some(port))),
        _ => Some((text.to_owned(), None)),
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.network {
            IpNet::V4(network) => write!(f, "{}", network.addr())?,
            IpNet::V6(network) => write!(f, "[{}]", network.addr())?,
        }
        if self.network.prefix_len() < self.network.max_prefix_len() {
            write!(f, "/{}", self.network.prefix_len())?;
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl<'de> Deserialize<'de> for Allowed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Allowed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_are_read_with_and_without_a_port() {
        for (text, inside, outside) in [
            ("10.0.0.7", "10.0.0.7:80", "10.0.0.8:80"),
            ("127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1:8081"),
            ("10.1.0.0/16", "10.1.255.255:1", "10.2.0.0:1"),
            ("10.1.0.0/16:443", "10.1.0.1:443", "10.1.0.1:80"),
            ("[fd00::]/8", "[fdff::1]:9", "[fc00::1]:9"),
            ("fd00::/8", "[fdff::1]:9", "[fe00::1]:9"),
            ("::1", "[::1]:9", "127.0.0.1:9"),
            ("[::1]:8080", "[::1]:8080", "[::1]:80"),
            ("[fd00::/8]:80", "[fd00::1]:80", "[fd00::1]:81"),
            ("[fd00::]/8:80", "[fd00::1]:80", "[fd00::1]:81"),
            ("0.0.0.0/0", "10.0.0.1:80", "[::1]:80"),
        ] {
            let allowed: Allowed = text.parse().unwrap();
            let covers = |at: &str| {
                let at: std::net::SocketAddr = at.parse().unwrap();
                allowed.covers(at.ip(), Some(at.port()))
            };
            assert!(covers(inside) && !covers(outside), "{text}");
            assert_eq!(allowed.to_string().parse::<Allowed>(), Ok(allowed), "{text}");
        }
        assert!(!"10.0.0.7:80".parse::<Allowed>().unwrap().covers([10, 0, 0, 7].into(), None));
    }

    #[test]
    fn what_is_none_is_refused_with_a_reason() {
        for (text, part) in [
            ("", "neither an address nor a network"),
            ("intranet.example", "a host's name is not taken"),
            ("intranet.example:80", "a host's name is not taken"),
            ("localhost", "a host's name is not taken"),
            ("http://10.0.0.7/", "ends in no port"),
            ("10.0.0", "neither"),
            ("10.0.0.7/33", "neither"),
            ("010.0.0.7", "neither"),
            ("[10.0.0.7]:80", "neither"),
            ("[::1", "neither"),
            ("::1/64", "write \"[::]/64\""),
            ("10.1.2.3/16", "write \"10.1.0.0/16\""),
            ("10.0.0.7:0", "a number from 1 to 65535"),
            ("10.0.0.7:65536", "a number from 1 to 65535"),
            ("10.0.0.7:+80", "a number from 1 to 65535"),
            ("10.0.0.7:", "a number from 1 to 65535"),
            (" 10.0.0.7", "neither"),
        ] {
            let error = text.parse::<Allowed>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
