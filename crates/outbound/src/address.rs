//! Which addresses are on the public internet. Whatever is not, is refused unless the operator allowed it; the
//! addresses where clouds hand out machine credentials are refused always.
//!
//! Sources: IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890), RFC 6052 (NAT64), RFC 3056 (6to4).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks, their prefix length, and what they are for.
const SPECIAL_V4: [([u8; 4], u32, &str); 15] = [
    ([0, 0, 0, 0], 8, "it is unspecified"),
    ([10, 0, 0, 0], 8, "it is private"),
    ([100, 64, 0, 0], 10, "it is a carrier's shared address"),
    ([127, 0, 0, 0], 8, "it is this machine"),
    ([169, 254, 0, 0], 16, "it is link-local"),
    ([172, 16, 0, 0], 12, "it is private"),
    ([192, 0, 0, 0], 24, "it is reserved"),
    ([192, 0, 2, 0], 24, "it is for documentation"),
    ([192, 88, 99, 0], 24, "it is a 6to4 relay"),
    ([192, 168, 0, 0], 16, "it is private"),
    ([198, 18, 0, 0], 15, "it is for benchmarks"),
    ([198, 51, 100, 0], 24, "it is for documentation"),
    ([203, 0, 113, 0], 24, "it is for documentation"),
    ([224, 0, 0, 0], 4, "it is multicast"),
    ([240, 0, 0, 0], 4, "it is reserved"),
];

/// Parts of 2000::/3 that are not for ordinary hosts.
const SPECIAL_V6: [([u16; 3], u32, &str); 4] = [
    ([0x2001, 0, 0], 23, "it is reserved for protocols"),
    ([0x2001, 0x0db8, 0], 32, "it is for documentation"),
    ([0x2002, 0, 0], 16, "it hides an IPv4 address (6to4)"),
    ([0x3fff, 0, 0], 20, "it is for documentation"),
];

/// Where clouds hand out credentials of the machine: link-local ones of most, Alibaba's, Azure's, Oracle's.
const METADATA_V4: [[u8; 4]; 6] = [
    [169, 254, 169, 254],
    [169, 254, 170, 2],
    [169, 254, 170, 23],
    [100, 100, 100, 200],
    [168, 63, 129, 16],
    [192, 0, 0, 192],
];

/// The same over IPv6, at Amazon.
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254),
    Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0023),
    Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254),
];

/// Why an address is not one of the public internet; none if it is.
pub(crate) fn special(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => special_v4(ip),
        IpAddr::V6(ip) => special_v6(ip),
    }
}

/// Whether a cloud hands out credentials of the machine there, in whatever form the address is written.
pub(crate) fn metadata(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => METADATA_V4.contains(&ip.octets()),
        IpAddr::V6(ip) => {
            METADATA_V6.contains(&ip) || embedded(ip).is_some_and(|inner| METADATA_V4.contains(&inner.octets()))
        }
    }
}

fn special_v4(ip: Ipv4Addr) -> Option<&'static str> {
    let bits = u32::from(ip);
    let within = |net: [u8; 4], prefix: u32| (bits ^ u32::from_be_bytes(net)) >> (32 - prefix) == 0;
    if METADATA_V4.contains(&ip.octets()) {
        return Some("it is a cloud's metadata service");
    }
    SPECIAL_V4.into_iter().find(|(net, prefix, _)| within(*net, *prefix)).map(|(_, _, why)| why)
}

fn special_v6(ip: Ipv6Addr) -> Option<&'static str> {
    if embedded(ip).is_some() {
        return Some("it hides an IPv4 address");
    }
    // Only 2000::/3 is given out as global unicast: ::1, ::, fc00::/7, fe80::/10, ff00::/8 and the rest are outside.
    if u128::from(ip) >> 125 != 0b001 {
        return Some("it is not a global unicast address");
    }
    let within = |net: [u16; 3], prefix: u32| {
        let [first, second, third] = net;
        let net = Ipv6Addr::new(first, second, third, 0, 0, 0, 0, 0);
        (u128::from(ip) ^ u128::from(net)) >> (128 - prefix) == 0
    };
    SPECIAL_V6.into_iter().find(|(net, prefix, _)| within(*net, *prefix)).map(|(_, _, why)| why)
}

/// The IPv4 address that an IPv6 one stands for: mapped, compatible, NAT64 (well-known and local), 6to4, Teredo.
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    let joined = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => Some(joined(g, h)),
        [0x64, 0xff9b, 1, ..] => Some(joined(g, h)),
        [0, 0, 0, 0, 0, 0] if g != 0 => Some(joined(g, h)),
        [0x2002, high, low, ..] => Some(joined(high, low)),
        [0x2001, 0, ..] => Some(joined(!g, !h)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn public_addresses_pass() {
        for text in
            ["8.8.8.8", "142.250.74.10", "100.128.0.1", "172.32.0.1", "2a00:1450:4001:81b::200a", "2606:4700::1"]
        {
            assert_eq!(special(ip(text)), None, "{text}");
        }
    }

    #[test]
    fn attack_35_every_special_range_is_refused_at_both_ends() {
        for text in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.0.1",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "224.0.0.1",
            "239.255.255.255",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "64:ff9b::808:808",
            "64:ff9b:1::7f00:1",
            "2002:7f00:1::",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:db8::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "3fff:1::1",
            "100::1",
        ] {
            assert!(special(ip(text)).is_some(), "{text}");
        }
    }

    #[test]
    fn metadata_is_known_in_every_disguise() {
        for text in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "fd00:ec2::254",
            "100.100.100.200",
        ] {
            assert!(metadata(ip(text)), "{text}");
        }
        assert!(!metadata(ip("127.0.0.1")));
    }
}
