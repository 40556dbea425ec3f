//! A source as it is counted: one address, or one network of IPv6, of which a customer has as many addresses as he likes.

use base::source::{Source, SourceKey};
use std::fmt;
use std::net::IpAddr;

/// A source, as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Seen {
    /// A client.
    Client(SourceKey),
    /// A proxy that does not say for whom it asks, or this process.
    Proxy(IpAddr),
    /// All that are not counted one by one.
    Others,
}

impl From<Source> for Seen {
    fn from(source: Source) -> Self {
        source
            .key()
            .map_or(Self::Proxy(source.address()), Self::Client)
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(key) => key.fmt(f),
            Self::Proxy(address) => address.fmt(f),
            Self::Others => f.write_str("others"),
        }
    }
}
