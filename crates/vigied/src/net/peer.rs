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
}
