//! Reports the server's state to the service manager with systemd's protocol: one datagram to the socket that `NOTIFY_SOCKET`
//! names. Without that variable it does nothing.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The states to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Requests are answered.
    Ready,
    /// Certificate, keys and token are being read again.
    Reloading,
    /// No new connections are accepted.
    Stopping,
}

impl State {
    const fn datagram(self) -> &'static [u8] {
        match self {
            Self::Ready => b"READY=1",
            Self::Reloading => b"RELOADING=1",
            Self::Stopping => b"STOPPING=1",
        }
    }
}

/// Reports a state. The server also runs if the manager is unreachable.
pub(crate) fn send_state(state: State) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else {
        return;
    };
    if let Err(error) = send(&socket, state) {
        tracing::warn!(%error, "could not notify the service manager: `NOTIFY_SOCKET` does not answer");
    }
}

fn send(socket: &OsStr, state: State) -> io::Result<()> {
    let address = address(socket)?;
    let sender = UnixDatagram::unbound()?;
    // A manager that does not read must not hold up the server.
    sender.set_nonblocking(true)?;
    sender.send_to_addr(state.datagram(), &address).map(drop)
}

/// A path, or after an `@` a name that is no file.
fn address(socket: &OsStr) -> io::Result<SocketAddr> {
    match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(OsString::from(socket)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(receiver: &UnixDatagram) -> String {
        let mut buffer = [0; 64];
        let bytes = receiver.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..bytes].to_vec()).unwrap()
    }

    #[test]
    fn a_socket_with_a_path_and_one_without_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let receiver = UnixDatagram::bind(&path).unwrap();
        send(path.as_os_str(), State::Ready).unwrap();
        assert_eq!(received(&receiver), "READY=1");

        let name = format!("vigied-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let receiver = UnixDatagram::bind_addr(&address).unwrap();
        send(OsStr::new(&format!("@{name}")), State::Stopping).unwrap();
        assert_eq!(received(&receiver), "STOPPING=1");
    }

    #[test]
    fn a_socket_that_is_away_is_an_error_and_no_more() {
        assert!(send(OsStr::new("/nowhere/notify"), State::Reloading).is_err());
    }
}
