//! Where the operators' listener is.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The socket's name in the data folder.
const SOCKET: &str = "operations.sock";

/// Where the operators' listener is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OperationsAddress {
    /// A Unix socket.
    Socket(PathBuf),
    /// An address; unless it is loopback, it needs TLS and the operators' token.
    Address(SocketAddr),
}

impl OperationsAddress {
    /// Parses the setting `operations.listen`; `None` if it is neither an address nor a path.
    pub(crate) fn read(text: &str, data: &Path) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Socket(Self::socket_of(data)));
        }
        if let Ok(address) = text.parse() {
            return Some(Self::Address(address));
        }
        // A word without a slash is a mistake, mostly a port without an address.
        text.contains('/').then(|| Self::Socket(text.into()))
    }

    /// The default socket.
    pub(crate) fn socket_of(data: &Path) -> PathBuf {
        data.join(SOCKET)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_path_or_an_address() {
        let read = |text| OperationsAddress::read(text, Path::new("/data"));
        let socket = |path: &str| Some(OperationsAddress::Socket(path.into()));
        assert_eq!(read(""), socket("/data/operations.sock"));
        assert_eq!(read("/run/vigie/ops.sock"), socket("/run/vigie/ops.sock"));
        assert_eq!(read("./ops.sock"), socket("./ops.sock"));
        let address = Some(OperationsAddress::Address(
            "127.0.0.1:9100".parse().unwrap(),
        ));
        assert_eq!(read("127.0.0.1:9100"), address);
        for slip in ["9100", "localhost:9100", ":9100"] {
            assert_eq!(read(slip), None, "{slip}");
        }
    }
}
