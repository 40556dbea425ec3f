//! Binds the address of a listener, for TCP and for UDP.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

/// How soon a thread that waits for a datagram looks whether it is to end.
const WAIT: Duration = Duration::from_millis(100);

/// How often another port is tried where any will do: the one that is free for TCP may not be for UDP.
const TRIES: usize = 20;

/// A burst of datagrams waits in so many bytes of the kernel's, if it allows that.
const DATAGRAMS_BYTES: usize = 4 << 20;

/// Both sockets of an address.
#[derive(Debug)]
pub(super) struct Sockets {
    pub(super) address: SocketAddr,
    pub(super) tcp: TcpListener,
    pub(super) udp: UdpSocket,
}

impl Sockets {
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let mut tried = 1;
        loop {
            match Self::try_bind(address) {
                Err(error)
                    if error.kind() == io::ErrorKind::AddrInUse
                        && address.port() == 0
                        && tried < TRIES =>
                {
                    tried += 1;
                }
                done => return done,
            }
        }
    }

    fn try_bind(address: SocketAddr) -> io::Result<Self> {
        let tcp = TcpListener::bind(address)?;
        tcp.set_nonblocking(true)?;
        let address = tcp.local_addr()?;
        let udp = UdpSocket::bind(address)?;
        udp.set_read_timeout(Some(WAIT))?;
        // What the kernel does not allow is no reason to take none.
        let _ = rustix::net::sockopt::set_socket_recv_buffer_size(&udp, DATAGRAMS_BYTES);
        Ok(Self { address, tcp, udp })
    }
}
