//! A list of addresses and networks, the value of `trusted_proxies`: `10.0.0.7, 10.1.0.0/16, 2001:db8::/32`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Maximum entries of a list.
const ENTRIES_MAX: usize = 256;

/// Addresses and networks of both families.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Networks(Vec<Network>);

/// Address and prefix length in IPv6; an IPv4 address is mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    bits: u128,
    prefix: u32,
}

/// Why a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NetworksError {
    #[error("must be addresses or networks like `10.0.0.7, 10.1.0.0/16, 2001:db8::/32`, not `{0}`")]
    Entry(String),
    #[error("must have at most {max} bits after the slash, not `{entry}`")]
    Prefix { entry: String, max: u32 },
    #[error("has bits set beyond its prefix in `{entry}`; write `{network}`")]
    HostBits { entry: String, network: String },
    #[error("must not hold `{0}`: everybody could then say to be anybody")]
    Everybody(String),
    #[error("must have at most {ENTRIES_MAX} entries, not {0}")]
    TooMany(usize),
}

impl Networks {
    /// Whether the list contains the address.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Network {
    pub(super) fn contains(self, address: IpAddr) -> bool {
        mapped(address) & mask(self.prefix) == self.bits
    }

    /// How narrow it is: the larger, the fewer addresses.
    pub(super) const fn prefix(self) -> u32 {
        self.prefix
    }
}

/// The address mapped to IPv6, where the two families do not overlap.
fn mapped(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn mask(prefix: u32) -> u128 {
    u128::MAX.checked_shl(128 - prefix).unwrap_or(0)
}

pub(super) fn entry(text: &str) -> Result<Network, NetworksError> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let wrong = || NetworksError::Entry(text.to_owned());
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => width,
        Some(digits) if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) => {
            return Err(wrong());
        }
        Some(digits) => match digits.parse::<u32>() {
            Ok(prefix) if prefix <= width => prefix,
            _ => {
                return Err(NetworksError::Prefix {
                    entry: text.to_owned(),
                    max: width,
                });
            }
        },
    };
    if prefix == 0 {
        return Err(NetworksError::Everybody(text.to_owned()));
    }
    let number = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    };
    let counted = prefix + 128 - width;
    let bits = number & mask(counted);
    if bits != number {
        let begin = Ipv6Addr::from_bits(bits);
        let begin = match address {
            IpAddr::V4(_) => IpAddr::V4(begin.to_ipv4_mapped().unwrap_or(Ipv4Addr::UNSPECIFIED)),
            IpAddr::V6(_) => IpAddr::V6(begin),
        };
        return Err(NetworksError::HostBits {
            entry: text.to_owned(),
            network: format!("{begin}/{prefix}"),
        });
    }
    Ok(Network {
        bits,
        prefix: counted,
    })
}

impl FromStr for Networks {
    type Err = NetworksError;

    fn from_str(text: &str) -> Result<Self, NetworksError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let count = text.split(',').count();
        if count > ENTRIES_MAX {
            return Err(NetworksError::TooMany(count));
        }
        let entries = text.split(',').map(|part| entry(part.trim()));
        entries.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Networks {
        text.parse().unwrap()
    }

    #[test]
    fn both_families_addresses_and_networks() {
        let networks = read(" 10.0.0.7, 10.1.0.0/16 ,2001:db8::/32, ::1");
        let is_in = |text: &str| networks.contains(text.parse().unwrap());
        for inside in [
            "10.0.0.7",
            "::ffff:10.0.0.7",
            "10.1.0.0",
            "10.1.255.255",
            "2001:db8:ffff::1",
            "::1",
        ] {
            assert!(is_in(inside), "{inside}");
        }
        for outside in ["10.0.0.8", "10.2.0.0", "2001:db9::", "::2", "::a00:7"] {
            assert!(!is_in(outside), "{outside}");
        }
        assert!(read("").is_empty() && !read("").contains("::1".parse().unwrap()));
        assert!(read("127.0.0.0/8").contains("127.9.9.9".parse().unwrap()));
        assert!(!read("::/1").contains("8000::".parse().unwrap()));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_can() {
        let error = |text: &str| text.parse::<Networks>().unwrap_err().to_string();
        insta::assert_snapshot!(error("10.0.0.1/8"), @"has bits set beyond its prefix in `10.0.0.1/8`; write `10.0.0.0/8`");
        insta::assert_snapshot!(error("2001:db8::1/64"), @"has bits set beyond its prefix in `2001:db8::1/64`; write `2001:db8::/64`");
        insta::assert_snapshot!(error("::1, proxy.example"), @"must be addresses or networks like `10.0.0.7, 10.1.0.0/16, 2001:db8::/32`, not `proxy.example`");
        insta::assert_snapshot!(error("10.0.0.0/33"), @"must have at most 32 bits after the slash, not `10.0.0.0/33`");
        insta::assert_snapshot!(error("0.0.0.0/0"), @"must not hold `0.0.0.0/0`: everybody could then say to be anybody");
        for wrong in [
            "10.0.0.1,",
            ",",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "::/-1",
        ] {
            assert!(wrong.parse::<Networks>().is_err(), "{wrong}");
        }
        let many = vec!["10.0.0.1"; ENTRIES_MAX + 1].join(",");
        insta::assert_snapshot!(error(&many), @"must have at most 256 entries, not 257");
    }
}
