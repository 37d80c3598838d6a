//! Internet addresses: whether one is reachable from everywhere, and what a configuration allows all the same.

mod allowed;
mod special;

use std::net::IpAddr;

pub use allowed::{Allowed, AllowedError};
pub use special::purpose;

/// Whether a name stands for the machine that resolves it (RFC 6761 §6.3): `localhost` and names below it.
pub fn is_localhost_name(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// Whether the host of a URL is this machine: a loopback address, or a name for it.
pub fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    is_localhost_name(host) || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
