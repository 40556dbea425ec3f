//! Where a request came from, as limits, log and audit see it: one notion for all of them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The other end of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    address: IpAddr,
    counts: bool,
}

/// The unit that limits by source count: an IPv4 address, or an IPv6 /64, which is what one customer of a network gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceKey(u128);

impl Source {
    /// A client, by its address.
    #[must_use]
    pub const fn client(address: IpAddr) -> Self {
        Self {
            address: address.to_canonical(),
            counts: true,
        }
    }

    /// A trusted proxy that does not say for whom it asks: never slowed or limited as a source.
    #[must_use]
    pub const fn proxy(address: IpAddr) -> Self {
        Self {
            address: address.to_canonical(),
            counts: false,
        }
    }

    /// This process itself, as in the operator's commands: never slowed or limited as a source.
    #[must_use]
    pub const fn here() -> Self {
        Self::proxy(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    /// The address, for log and audit.
    #[must_use]
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// The source that limits count it under; `None` if it is exempt from limits by source.
    #[must_use]
    pub fn key(self) -> Option<SourceKey> {
        self.counts.then(|| SourceKey::of(self.address))
    }
}

impl SourceKey {
    /// The key of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.to_ipv6_mapped().to_bits()),
            IpAddr::V6(address) => Self(address.to_bits() >> 64 << 64),
        }
    }

    /// Its bytes, for keyed hashes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl fmt::Display for SourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = Ipv6Addr::from_bits(self.0);
        match address.to_ipv4_mapped() {
            Some(address) => address.fmt(f),
            None => write!(f, "{address}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> SourceKey {
        SourceKey::of(text.parse().unwrap())
    }

    #[test]
    fn ipv4_counts_by_address_and_ipv6_by_its_64() {
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("192.0.2.1").to_string(), "192.0.2.1");
        assert_eq!(key("2001:db8:1:2::1").to_string(), "2001:db8:1:2::/64");
    }

    #[test]
    fn a_proxy_is_never_counted() {
        let address = "192.0.2.1".parse().unwrap();
        assert_eq!(Source::client(address).key(), Some(SourceKey::of(address)));
        assert_eq!(Source::proxy(address).key(), None);
        assert_eq!(Source::proxy(address).address(), address);
    }
}
