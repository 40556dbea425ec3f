//! The operators' own listener: the server's whole metrics and why it is not ready, on a socket that no caller of the
//! service reaches. By default a Unix socket in the data folder, which only its user may open; an address where something on
//! the network is to scrape it.
//!
//! It shares nothing with the public listener: neither places nor time limits, so that it answers when that one is full.

pub(crate) mod answer;
mod backup;
pub(crate) mod client;
pub(crate) mod control;
mod listener;
mod socket;
pub(crate) mod token;

pub(crate) use listener::{Listener, serve};

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The socket's name in the data folder.
const SOCKET: &str = "operations.sock";

/// Where the operators' listener is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A Unix socket.
    Socket(PathBuf),
    /// An address; where it is not loopback it needs TLS and the operators' token.
    Address(SocketAddr),
}

impl Place {
    /// Reads the setting `operations.listen`; `None` when it is neither an address nor a path.
    pub(crate) fn read(text: &str, data: &Path) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Socket(data.join(SOCKET)));
        }
        if let Ok(address) = text.parse() {
            return Some(Self::Address(address));
        }
        // A word without a slash is a slip: a port without an address, mostly.
        text.contains('/').then(|| Self::Socket(text.into()))
    }
}

/// Removes the socket that an earlier server left in the data folder, where this one listens elsewhere: nobody shall look for
/// the server there. What is no socket, or answers, stays.
pub(crate) fn remove_stale(place: &Place, data: &Path) {
    let own = data.join(SOCKET);
    if *place != Place::Socket(own.clone()) {
        socket::remove_stale(&own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_path_or_an_address() {
        let read = |text| Place::read(text, Path::new("/data"));
        let socket = |path: &str| Some(Place::Socket(path.into()));
        assert_eq!(read(""), socket("/data/operations.sock"));
        assert_eq!(read("/run/vigie/ops.sock"), socket("/run/vigie/ops.sock"));
        assert_eq!(read("./ops.sock"), socket("./ops.sock"));
        let address = Some(Place::Address("127.0.0.1:9100".parse().unwrap()));
        assert_eq!(read("127.0.0.1:9100"), address);
        for slip in ["9100", "localhost:9100", ":9100"] {
            assert_eq!(read(slip), None, "{slip}");
        }
    }
}
