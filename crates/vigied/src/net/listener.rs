//! Accepts connections, gives each a slot, and lets the last request finish at shutdown. [`super::connection`]
//! serves each connection.

use super::connection::{self, Phase};
use super::connection_slots::ConnectionSlots;
use super::proxies::Proxies;
use super::shared::ListenerContext;
use super::source_schedule;
use super::times::Times;
use super::tls::Tls;
use axum::Router;
use base::limit::Limit;
use http::HeaderValue;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

/// Upper bound on how long requests may run after the shutdown signal; `crate::lifecycle::shutdown` ends it by the setting.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3600);

/// How long aborted connections may take to end.
const CUT_TIMEOUT: Duration = Duration::from_secs(1);

/// Pause when the system has no file descriptor left.
const PAUSE: Duration = Duration::from_millis(50);

/// Pause between log lines about connections that cannot be accepted: anyone can cause many.
const TELL_AGAIN: Duration = Duration::from_secs(10);

/// Kernel send buffer per connection. By default the kernel buffers megabytes and reports progress only after a third of that
/// is read, which a slow client does not manage within `write_stall_seconds`.
const SEND_BUFFER_BYTES: u32 = 256 * 1024;

/// Backlog of connections not accepted yet. With 1024, newcomers at 15 000 a second lost some that had to come again a second later. The
/// system may have a lower bound (`net.core.somaxconn`, by default as many).
const BACKLOG: u32 = 4096;

/// How many connections are accepted before the tasks that are ready by then on this thread of the runtime are polled: some hundred
/// microseconds of work.
const ACCEPTED_AT_ONCE: usize = 16;

/// The limits of a listener.
#[derive(Debug)]
pub(crate) struct ListenerLimits {
    pub(crate) connections: usize,
    pub(crate) connections_per_source: usize,
    /// How much of a request head hyper buffers; larger than our limit, so that our own error comes first.
    pub(crate) head_buffer_bytes: usize,
    pub(crate) times: Times,
}

/// The service behind a listener.
#[derive(Debug)]
pub(crate) struct ListenerService {
    pub(crate) router: Router,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) proxies: Proxies,
    /// `Strict-Transport-Security`, if it is sent.
    pub(crate) hsts: Option<HeaderValue>,
}

/// Binds the address.
pub(crate) fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // A restart must not wait for the kernel to forget connections of the last run.
    socket.set_reuseaddr(true)?;
    // Accepted connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stop` resolves, then drains. Calls `on_limit` for limits that a connection reached and that no
/// response can report.
pub(crate) async fn serve(
    listener: TcpListener,
    served: ListenerService,
    limits: ListenerLimits,
    on_limit: impl Fn(&'static Limit) + Clone + Send + Sync + 'static,
    stop: impl Future<Output = ()>,
) {
    let (phase, watched) = watch::channel(Phase::Serving);
    let slots = ConnectionSlots::new(limits.connections, limits.connections_per_source);
    let shared = Arc::new(ListenerContext::new(
        served.router,
        served.tls,
        served.proxies,
        limits.times,
        served.hsts,
        limits.head_buffer_bytes,
    ));
    let open = |stream, address| {
        // Closed without a slot: no connection waits, so none can make others wait.
        if let Some(slot) = slots.accept(shared.proxies.key(address), &on_limit) {
            let (shared, watched, on_limit) =
                (Arc::clone(&shared), watched.clone(), on_limit.clone());
            tokio::spawn(connection::serve(
                shared, stream, address, slot, watched, on_limit,
            ));
        }
    };
    let mut stop = std::pin::pin!(stop);
    let mut logged_at = None;
    let mut accepted_at_once = 0;
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener, &slots, &mut logged_at) => accepted,
            () = &mut stop => break,
        };
        open(stream, peer.ip());
        accepted_at_once += 1;
        if accepted_at_once == ACCEPTED_AT_ONCE {
            accepted_at_once = 0;
            source_schedule::go_behind_the_others().await;
        }
    }
    // For their clients they are open already.
    for (number, (stream, peer)) in last_connections(listener).into_iter().enumerate() {
        open(stream, peer.ip());
        if number % ACCEPTED_AT_ONCE == ACCEPTED_AT_ONCE - 1 {
            source_schedule::go_behind_the_others().await;
        }
    }
    drop(watched);
    let _ = phase.send(Phase::Draining);
    if tokio::time::timeout(DRAIN_TIMEOUT, phase.closed())
        .await
        .is_err()
    {
        tracing::warn!(
            seconds = DRAIN_TIMEOUT.as_secs(),
            "connections still open are cut"
        );
        let _ = phase.send(Phase::Over);
        let _ = tokio::time::timeout(CUT_TIMEOUT, phase.closed()).await;
    }
}

/// The connections that wait to be accepted now. Then the address is free.
fn last_connections(listener: TcpListener) -> Vec<(TcpStream, SocketAddr)> {
    // It does not block, as the one that it was.
    let Ok(listener) = listener.into_std() else {
        return Vec::new();
    };
    let accepted = (0..BACKLOG).map(|_| listener.accept());
    let waiting = accepted.take_while(|accepted| {
        // Another failure is of one connection, which its client has given up.
        !matches!(accepted, Err(error) if error.kind() == ErrorKind::WouldBlock)
    });
    let opened = waiting.flatten().map(|(stream, peer)| {
        stream.set_nonblocking(true)?;
        Ok::<_, std::io::Error>((TcpStream::from_std(stream)?, peer))
    });
    opened.flatten().collect()
}

/// The next connection. `logged_at`: when the last failure to accept was logged.
async fn accept(
    listener: &TcpListener,
    slots: &ConnectionSlots,
    logged_at: &mut Option<Instant>,
) -> (TcpStream, SocketAddr) {
    slots.descriptor_is_left().await;
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                // Usually no file descriptor is left; one becomes free when a connection ends.
                let made = slots.make_room();
                if logged_at.is_none_or(|last| last.elapsed() > TELL_AGAIN) {
                    *logged_at = Some(Instant::now());
                    tracing::warn!(%error, room_made = made, "cannot accept a connection");
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
