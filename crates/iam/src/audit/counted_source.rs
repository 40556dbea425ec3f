//! A source as the audit counts it: one IPv4 address, or one IPv6 network, because a customer has many IPv6 addresses.

use base::source::{Source, SourceKey};
use std::fmt;
use std::net::IpAddr;

/// A counted source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CountedSource {
    /// A client.
    Client(SourceKey),
    /// A proxy that does not name its client, or this process.
    Proxy(IpAddr),
    /// All sources that are not counted one by one.
    Others,
}

impl From<Source> for CountedSource {
    fn from(source: Source) -> Self {
        source
            .key()
            .map_or(Self::Proxy(source.address()), Self::Client)
    }
}

impl fmt::Display for CountedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(key) => key.fmt(f),
            Self::Proxy(address) => address.fmt(f),
            Self::Others => f.write_str("others"),
        }
    }
}
