//! Takes the address of a door, by TCP and by UDP, and lets senders in.

use super::{CONNECTIONS_MAX, DoorContext, TICK, connection, datagrams};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::Ordering;
use std::thread::{Builder, Scope};

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
        udp.set_read_timeout(Some(TICK))?;
        // What the kernel does not allow is no reason to take none.
        let _ = rustix::net::sockopt::set_socket_recv_buffer_size(&udp, DATAGRAMS_BYTES);
        Ok(Self { address, tcp, udp })
    }
}

/// Starts the threads of a door.
pub(super) fn spawn<'scope>(
    threads: &'scope Scope<'scope, '_>,
    serving: DoorContext<'scope>,
) -> io::Result<()> {
    Builder::new()
        .name("senders".to_owned())
        .spawn_scoped(threads, move || accept(threads, serving))?;
    Builder::new()
        .name("datagrams".to_owned())
        .spawn_scoped(threads, move || datagrams::serve(serving))?;
    Ok(())
}

fn accept<'scope>(threads: &'scope Scope<'scope, '_>, serving: DoorContext<'scope>) {
    let (door, listener) = (serving.door, &serving.door.sockets.tcp);
    while !serving.notifier.is_stopped() {
        if !wait(listener) {
            continue;
        }
        match listener.accept() {
            Ok((stream, _)) => let_in(threads, serving, stream),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => {
                door.counts.refuse(1, || format!("a connection: {error}"));
                serving.notifier.sleep(TICK);
            }
        }
    }
}

/// A thread for the connection, if it is not one too many.
fn let_in<'scope>(
    threads: &'scope Scope<'scope, '_>,
    serving: DoorContext<'scope>,
    mut stream: TcpStream,
) {
    let door = serving.door;
    let refused = if door.connections.fetch_add(1, Ordering::Relaxed) < CONNECTIONS_MAX {
        // The stream is lost with the thread that cannot be; its sender sees it closed.
        let spawned = Builder::new()
            .name("sender".to_owned())
            .spawn_scoped(threads, move || {
                connection::serve(serving, stream);
                serving.door.connections.fetch_sub(1, Ordering::Relaxed);
            });
        match spawned {
            Ok(_) => return,
            Err(error) => format!("a connection: {error}"),
        }
    } else {
        let _ = stream.set_write_timeout(Some(TICK));
        let _ = writeln!(
            stream,
            "ERR there are {CONNECTIONS_MAX} connections already"
        );
        format!("a connection: there were {CONNECTIONS_MAX} already")
    };
    door.connections.fetch_sub(1, Ordering::Relaxed);
    door.counts.refuse(1, || refused);
}

/// Whether somebody came within a tick.
fn wait(listener: &TcpListener) -> bool {
    let timeout = Timespec {
        tv_sec: 0,
        tv_nsec: i64::from(TICK.subsec_nanos()),
    };
    let mut fds = [PollFd::new(listener, PollFlags::IN)];
    poll(&mut fds, Some(&timeout)).is_ok_and(|ready| ready > 0)
}
