//! The other end of a connection: the address it came from, or the one that a PROXY header names.

use std::net::IpAddr;

/// Where a connection came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    address: IpAddr,
    may_name_clients: bool,
}

impl Peer {
    /// The peer of the connection, or the client that the PROXY header names.
    pub(super) const fn at(address: IpAddr) -> Self {
        Self {
            address,
            may_name_clients: true,
        }
    }

    /// A proxy whose PROXY header names nobody. It passes bytes on: what a request says about its client is from there, and
    /// anybody may have written it.
    pub(super) const fn unnamed(proxy: IpAddr) -> Self {
        Self {
            address: proxy,
            may_name_clients: false,
        }
    }

    /// Its address.
    pub(crate) const fn address(self) -> IpAddr {
        self.address
    }

    /// Whether its requests may name their clients, where it is a trusted proxy.
    pub(super) const fn may_name_clients(self) -> bool {
        self.may_name_clients
    }
}
