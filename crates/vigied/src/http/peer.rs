//! The other end of a connection: the address it came from, or the one that a PROXY header names.

use std::net::IpAddr;

/// Where a connection came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(super) IpAddr);

impl Peer {
    /// Its address.
    pub(crate) const fn address(self) -> IpAddr {
        self.0
    }

    /// Whether the other end is this machine (or a proxy on it).
    pub(crate) const fn is_this_machine(self) -> bool {
        self.0.to_canonical().is_loopback()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_this_machine() {
        let is_here = |text: &str| Peer(text.parse().unwrap()).is_this_machine();
        for here in ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"] {
            assert!(is_here(here), "{here}");
        }
        for elsewhere in ["10.0.0.1", "192.0.2.7", "::", "::ffff:192.0.2.7", "fe80::1"] {
            assert!(!is_here(elsewhere), "{elsewhere}");
        }
    }
}
