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

/// A listener whose address is taken, and which nobody is let in by yet.
#[derive(Debug)]
pub(crate) struct BoundListener {
    listener: Listener,
    socket: BoundSocket,
}

#[derive(Debug)]
enum BoundSocket {
    Tcp(TcpListener),
    Udp(UdpSocket),
}

impl BoundListener {
    /// Takes the addresses of all listeners.
    pub(crate) fn all(settings: &Settings) -> anyhow::Result<Vec<Self>> {
        let listeners = settings.senders.listeners.iter();
        listeners.map(|listener| Self::take(*listener)).collect()
    }

    fn take(listener: Listener) -> anyhow::Result<Self> {
        let Listener { key, address, .. } = listener;
        let what = || {
            format!(
                "cannot listen on {address} (`{key}`)\nhint: choose another address or port with `{key}`, or leave it empty"
            )
        };
        let socket = match listener.transport {
            Transport::Udp => BoundSocket::Udp(UdpSocket::bind(address).with_context(what)?),
            Transport::Tcp { .. } => {
                let socket = TcpListener::bind(address).with_context(what)?;
                socket.set_nonblocking(true).with_context(what)?;
                BoundSocket::Tcp(socket)
            }
        };
        Ok(Self { listener, socket })
    }

    /// Lets senders in.
    pub(super) fn open(
        self,
        shared: &Arc<SenderContext>,
        formats: &Arc<Formats>,
        settings: &SenderSettings,
    ) {
        let Self { listener, socket } = self;
        let address = match &socket {
            BoundSocket::Tcp(socket) => socket.local_addr(),
            BoundSocket::Udp(socket) => socket.local_addr(),
        };
        let address = address.unwrap_or(listener.address);
        let identity = settings.identity(&listener);
        tracing::info!(listener = listener.key, %address, transport = listener.transport(), identity, "a listener for senders is open");
        let formats = Arc::clone(formats);
        shared.spawn("senders", move |shared| match socket {
            BoundSocket::Tcp(socket) => accept(shared, &formats, listener, &socket),
            BoundSocket::Udp(socket) => datagrams::serve(shared, &formats, listener, &socket),
        });
    }
}

fn accept(
    shared: &Arc<SenderContext>,
    formats: &Arc<Formats>,
    listener: Listener,
    socket: &TcpListener,
) {
    let mut logged_at: Option<Instant> = None;
    while !shared.is_stopping() {
        if !wait(socket) {
            continue;
        }
        match socket.accept() {
            Ok((stream, peer)) => {
                let stream = Arc::new(stream);
                let on_limit = |limit| shared.app.metrics.limited(limit);
                let source = shared.proxies.peer(peer.ip()).key();
                let is_blocking = stream.set_nonblocking(false).is_ok();
                // Without a slot it is closed: none waits, so none can make others wait.
                let number = shared.slots.acquire(source, &stream, on_limit);
                if let Some(number) = number.filter(|_| is_blocking) {
                    serve((shared, formats), (listener, number), stream, peer.ip());
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => {
                if logged_at.is_none_or(|last| last.elapsed() > TELL_AGAIN) {
                    logged_at = Some(Instant::now());
                    tracing::warn!(listener = listener.key, %error, "cannot accept a sender's connection");
                }
                std::thread::sleep(PAUSE);
            }
        }
    }
}

fn serve(
    (shared, formats): (&Arc<SenderContext>, &Arc<Formats>),
    slot: (Listener, u64),
    stream: Arc<TcpStream>,
    peer: std::net::IpAddr,
) {
    let number = slot.1;
    let formats = Arc::clone(formats);
    let is_served = shared.spawn("sender", move |shared| {
        connection::serve((shared, &formats), slot, stream, peer);
    });
    if !is_served {
        drop(shared.slots.slot(number));
    }
}

/// Whether somebody came within a tick.
fn wait(socket: &TcpListener) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let timeout = Timespec {
        tv_sec: 0,
        tv_nsec: i64::from(TICK.subsec_nanos()),
    };
    let mut fds = [PollFd::new(socket, PollFlags::IN)];
    poll(&mut fds, Some(&timeout)).is_ok_and(|ready| ready > 0)
}
