//! Binds the listeners for senders, accepts connections, and starts a thread for each.

use super::formats::Formats;
use super::shared::{SenderContext, TICK};
use super::{connection, datagrams};
use crate::config::{Listener, SenderSettings, Settings, Transport};
use anyhow::Context;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Pause when no connection can be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// Pause between log lines about that.
const TELL_AGAIN: Duration = Duration::from_secs(10);

/// A door whose address is taken, and which nobody is let in by yet.
#[derive(Debug)]
pub(crate) struct Bound {
    door: Listener,
    socket: BoundSocket,
}

#[derive(Debug)]
enum BoundSocket {
    Tcp(TcpListener),
    Udp(UdpSocket),
}

impl Bound {
    /// Takes the addresses of all doors.
    pub(crate) fn all(settings: &Settings) -> anyhow::Result<Vec<Self>> {
        let doors = settings.senders.doors.iter();
        doors.map(|door| Self::take(*door)).collect()
    }

    fn take(door: Listener) -> anyhow::Result<Self> {
        let Listener { key, address, .. } = door;
        let what = || {
            format!(
                "cannot listen on {address} (`{key}`)\nhint: choose another address or port with `{key}`, or leave it empty"
            )
        };
        let socket = match door.transport {
            Transport::Udp => BoundSocket::Udp(UdpSocket::bind(address).with_context(what)?),
            Transport::Tcp { .. } => {
                let listener = TcpListener::bind(address).with_context(what)?;
                listener.set_nonblocking(true).with_context(what)?;
                BoundSocket::Tcp(listener)
            }
        };
        Ok(Self { door, socket })
    }

    /// Lets senders in.
    pub(super) fn open(
        self,
        shared: &Arc<SenderContext>,
        formats: &Arc<Formats>,
        settings: &SenderSettings,
    ) {
        let Self { door, socket } = self;
        let address = match &socket {
            BoundSocket::Tcp(own) => own.local_addr(),
            BoundSocket::Udp(own) => own.local_addr(),
        };
        let address = address.unwrap_or(door.address);
        let identity = settings.identity(&door);
        tracing::info!(door = door.key, %address, transport = door.transport(), identity, "a door for senders is open");
        let formats = Arc::clone(formats);
        shared.spawn("senders", move |shared| match socket {
            BoundSocket::Tcp(listener) => accept(shared, &formats, door, &listener),
            BoundSocket::Udp(socket) => datagrams::serve(shared, &formats, door, &socket),
        });
    }
}

fn accept(
    shared: &Arc<SenderContext>,
    formats: &Arc<Formats>,
    door: Listener,
    listener: &TcpListener,
) {
    let mut told: Option<Instant> = None;
    while !shared.is_stopping() {
        if !wait(listener) {
            continue;
        }
        match listener.accept() {
            Ok((stream, peer)) => {
                let stream = Arc::new(stream);
                let on_limit = |limit| shared.app.metrics.limited(limit);
                let source = shared.proxies.peer(peer.ip()).key();
                let is_blocking = stream.set_nonblocking(false).is_ok();
                // Without a place it is closed: none waits, so none can make others wait.
                let number = shared.places.admit(source, &stream, on_limit);
                if let Some(number) = number.filter(|_| is_blocking) {
                    serve((shared, formats), (door, number), stream, peer.ip());
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => {
                if told.is_none_or(|last| last.elapsed() > TELL_AGAIN) {
                    told = Some(Instant::now());
                    tracing::warn!(door = door.key, %error, "cannot accept a sender's connection");
                }
                std::thread::sleep(PAUSE);
            }
        }
    }
}

fn serve(
    (shared, formats): (&Arc<SenderContext>, &Arc<Formats>),
    place: (Listener, u64),
    stream: Arc<TcpStream>,
    peer: std::net::IpAddr,
) {
    let number = place.1;
    let formats = Arc::clone(formats);
    let is_served = shared.spawn("sender", move |shared| {
        connection::serve((shared, &formats), place, stream, peer);
    });
    if !is_served {
        drop(shared.places.place(number));
    }
}

/// Whether somebody came within a tick.
fn wait(listener: &TcpListener) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let timeout = Timespec {
        tv_sec: 0,
        tv_nsec: i64::from(TICK.subsec_nanos()),
    };
    let mut fds = [PollFd::new(listener, PollFlags::IN)];
    poll(&mut fds, Some(&timeout)).is_ok_and(|ready| ready > 0)
}
