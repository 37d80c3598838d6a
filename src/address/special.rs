//! Addresses that are not reachable from everywhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use ipnet::IpNet;

const TABLE: &str = include_str!("../../data/special_addresses.txt");

/// A block that IANA's registries say something of.
#[derive(Debug)]
struct Block {
    network: IpNet,
    reach: Reach,
    name: &'static str,
}

#[derive(Debug, Clone, Copy)]
enum Reach {
    Everywhere,
    NotEverywhere,
    /// An IPv4 address, which decides, begins at this bit.
    Embedded(u32),
}

/// The table, the most specific block first.
static BLOCKS: LazyLock<Vec<Block>> = LazyLock::new(|| {
    let mut blocks: Vec<Block> = rows().filter_map(block).collect();
    blocks.sort_by_key(|block| std::cmp::Reverse(block.network.prefix_len()));
    blocks
});

fn rows() -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn block(row: &'static str) -> Option<Block> {
    let (network, rest) = row.split_once(' ')?;
    let (reach, name) = rest.trim_start().split_once(' ')?;
    let (reach, name) = match reach {
        "yes" => (Reach::Everywhere, name),
        "no" => (Reach::NotEverywhere, name),
        "embeds" => {
            let (bit, name) = name.trim_start().split_once(' ')?;
            (Reach::Embedded(bit.parse().ok()?), name)
        }
        _ => return None,
    };
    Some(Block { network: network.parse().ok()?, reach, name: name.trim() })
}

/// The purpose of an address that is not reachable from everywhere, such as `loopback`; `None` of one that is.
pub fn purpose(ip: IpAddr) -> Option<&'static str> {
    let block = BLOCKS.iter().find(|block| block.network.contains(&ip));
    match (block, ip) {
        (Some(Block { reach: Reach::NotEverywhere, name, .. }), _) => Some(name),
        (Some(Block { reach: Reach::Embedded(bit), .. }), IpAddr::V6(ip)) => {
            purpose(IpAddr::V4(embedded(ip, *bit)))
        }
        (_, IpAddr::V6(ip)) => purpose(IpAddr::V4(isatap(ip)?)),
        (_, IpAddr::V4(_)) => None,
    }
}

fn embedded(ip: Ipv6Addr, bit: u32) -> Ipv4Addr {
    let [a, b, c, d, ..] = (ip.to_bits() << bit).to_be_bytes();
    Ipv4Addr::new(a, b, c, d)
}

/// The IPv4 address at the end of an address of the Intra-Site Automatic Tunnel Addressing Protocol (RFC 5214
/// §6.1), under whatever prefix.
fn isatap(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    const UNIVERSAL: u16 = 0x0200;
    const ISATAP: u16 = 0x5efe;
    let [_, _, _, _, flags, kind, _, _] = ip.segments();
    (flags & !UNIVERSAL == 0 && kind == ISATAP).then(|| embedded(ip, 96))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_read() {
        assert!(rows().all(|row| block(row).is_some_and(|block| block.network.trunc() == block.network)));
        assert_eq!(BLOCKS.len(), rows().count());
    }

    /// Each block: its first and last address, whether they are public, and the addresses before and after it with
    /// the same of them.
    #[test]
    fn each_block_begins_and_ends_where_the_registry_says() {
        let table = [
            // before, first, last, after
            ("-", "0.0.0.0 no", "0.255.255.255 no", "1.0.0.0 yes"),
            ("9.255.255.255 yes", "10.0.0.0 no", "10.255.255.255 no", "11.0.0.0 yes"),
            ("100.63.255.255 yes", "100.64.0.0 no", "100.127.255.255 no", "100.128.0.0 yes"),
            ("126.255.255.255 yes", "127.0.0.0 no", "127.255.255.255 no", "128.0.0.0 yes"),
            ("169.253.255.255 yes", "169.254.0.0 no", "169.254.255.255 no", "169.255.0.0 yes"),
            ("172.15.255.255 yes", "172.16.0.0 no", "172.31.255.255 no", "172.32.0.0 yes"),
            ("191.255.255.255 yes", "192.0.0.0 no", "192.0.0.8 no", "192.0.0.9 yes"),
            ("192.0.0.8 no", "192.0.0.9 yes", "192.0.0.10 yes", "192.0.0.11 no"),
            ("192.0.0.169 no", "192.0.0.170 no", "192.0.0.171 no", "192.0.0.172 no"),
            ("192.0.0.254 no", "192.0.0.255 no", "192.0.0.255 no", "192.0.1.0 yes"),
            ("192.0.1.255 yes", "192.0.2.0 no", "192.0.2.255 no", "192.0.3.0 yes"),
            ("192.31.195.255 yes", "192.31.196.0 yes", "192.31.196.255 yes", "192.31.197.0 yes"),
            ("192.52.192.255 yes", "192.52.193.0 yes", "192.52.193.255 yes", "192.52.194.0 yes"),
            ("192.88.98.255 yes", "192.88.99.0 no", "192.88.99.255 no", "192.88.100.0 yes"),
            ("192.167.255.255 yes", "192.168.0.0 no", "192.168.255.255 no", "192.169.0.0 yes"),
            ("192.175.47.255 yes", "192.175.48.0 yes", "192.175.48.255 yes", "192.175.49.0 yes"),
            ("198.17.255.255 yes", "198.18.0.0 no", "198.19.255.255 no", "198.20.0.0 yes"),
            ("198.51.99.255 yes", "198.51.100.0 no", "198.51.100.255 no", "198.51.101.0 yes"),
            ("203.0.112.255 yes", "203.0.113.0 no", "203.0.113.255 no", "203.0.114.0 yes"),
            ("223.255.255.255 yes", "224.0.0.0 no", "239.255.255.255 no", "240.0.0.0 no"),
            ("239.255.255.255 no", "240.0.0.0 no", "255.255.255.254 no", "255.255.255.255 no"),
            ("-", ":: no", "::1 no", "::2 no"),
            ("::2 no", "::3 no", "::ffff:ffff no", "::1:0:0 yes"),
            ("::fffe:ffff:ffff yes", "::ffff:0:0 no", "::ffff:ffff:ffff no", "::1:0:0:0 yes"),
            ("::fffe:ffff:ffff:ffff yes", "::ffff:0:0:0 no", "::ffff:0:ffff:ffff no", "::ffff:1:0:0 yes"),
            ("64:ff9a:ffff:: yes", "64:ff9b:: no", "64:ff9b::ffff:ffff no", "64:ff9b::1:0:0 yes"),
            (
                "64:ff9b:0:ffff:: yes",
                "64:ff9b:1:: no",
                "64:ff9b:1:ffff:ffff:ffff:ffff:ffff no",
                "64:ff9b:2:: yes",
            ),
            ("ff:ffff:: yes", "100:: no", "100::ffff:ffff:ffff:ffff no", "100:0:0:2:: yes"),
            ("100:: no", "100:0:0:1:: no", "100:0:0:1:ffff:ffff:ffff:ffff no", "100:0:0:2:: yes"),
            ("2000:ffff:: yes", "2001:: no", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff no", "2001:1:: no"),
            ("2001:1:: no", "2001:1::1 yes", "2001:1::3 yes", "2001:1::4 no"),
            ("2001:1:ffff:: no", "2001:2:: no", "2001:2:0:ffff:ffff:ffff:ffff:ffff no", "2001:2:1:: no"),
            ("2001:2:ffff:: no", "2001:3:: yes", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff yes", "2001:4:: no"),
            (
                "2001:4:111:ffff:: no",
                "2001:4:112:: yes",
                "2001:4:112:ffff:ffff:ffff:ffff:ffff yes",
                "2001:4:113:: no",
            ),
            ("2001:f:ffff:: no", "2001:10:: no", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff no", "2001:20:: yes"),
            (
                "2001:1f:ffff:: no",
                "2001:20:: yes",
                "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff yes",
                "2001:30:: yes",
            ),
            (
                "2001:2f:ffff:: yes",
                "2001:30:: yes",
                "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff yes",
                "2001:40:: no",
            ),
            (
                "2001:3f:ffff:: yes",
                "2001:40:: no",
                "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff no",
                "2001:200:: yes",
            ),
            (
                "2001:db7:ffff:: yes",
                "2001:db8:: no",
                "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff no",
                "2001:db9:: yes",
            ),
            ("2001:ffff:: yes", "2002:: no", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff no", "2003:: yes"),
            (
                "2620:4f:7fff:: yes",
                "2620:4f:8000:: yes",
                "2620:4f:8000:ffff:ffff:ffff:ffff:ffff yes",
                "2620:4f:8001:: yes",
            ),
            ("3ffe:ffff:: yes", "3fff:: no", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff no", "3fff:1000:: yes"),
            ("5eff:ffff:: yes", "5f00:: no", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff no", "5f01:: yes"),
            ("fbff:ffff:: yes", "fc00:: no", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff no", "fe00:: yes"),
            ("fe7f:ffff:: yes", "fe80:: no", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff no", "fec0:: no"),
            ("febf:ffff:: no", "fec0:: no", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff no", "ff00:: no"),
            ("feff:ffff:: no", "ff00:: no", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff no", "-"),
        ];
        for (before, first, last, after) in table {
            for cell in [before, first, last, after].into_iter().filter(|cell| *cell != "-") {
                let (address, want) = cell.split_once(' ').unwrap();
                assert_eq!(purpose(address.parse().unwrap()).is_none(), want == "yes", "{address}");
            }
        }
    }

    #[test]
    fn an_embedded_address_decides() {
        for (address, want) in [
            ("64:ff9b::8.8.8.8", None),
            ("64:ff9b::10.0.0.1", Some("private use")),
            ("2002:808:808::1", None),
            ("2002:7f00:1::", Some("loopback")),
            ("2002:a9fe:a9fe::", Some("link local")),
            ("2606:4700::5efe:10.0.0.1", Some("private use")),
            ("2606:4700::200:5efe:192.168.1.1", Some("private use")),
            ("2606:4700::5efe:8.8.8.8", None),
            ("2606:4700::100:5efe:10.0.0.1", None),
            ("::ffff:8.8.8.8", Some("IPv4-mapped")),
            ("::ffff:0:127.0.0.1", Some("IPv4-translated")),
            ("::127.0.0.1", Some("IPv4-compatible, deprecated")),
            ("8.8.8.8", None),
        ] {
            assert_eq!(purpose(address.parse().unwrap()), want, "{address}");
        }
    }
}
