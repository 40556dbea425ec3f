//! Accepts connections, gives each a place, and lets the last request finish at shutdown. What becomes of a connection is in
//! [`super::connection`].

use super::connection::{self, Phase};
use super::connection_places::Places;
use super::proxies::Proxies;
use super::shared::Shared;
use super::times::Times;
use super::tls::Tls;
use axum::Router;
use base::limit::Limit;
use http::HeaderValue;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

/// How long requests may go on after the shutdown signal at the very most; `crate::shutdown` ends it by the setting.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3600);

/// How long connections that were cut may take to end.
const CUT_TIMEOUT: Duration = Duration::from_secs(1);

/// Connections that have lost their place and are still ending, beyond which the next one is accepted a little later: they
/// still hold file descriptors.
const ENDING_MAX: usize = 128;

/// How long is waited where the system has no file descriptor left, and for connections to end.
const PAUSE: Duration = Duration::from_millis(50);

/// How long the log is silent about connections that cannot be accepted, once it has spoken: anybody can make many.
const TELL_AGAIN: Duration = Duration::from_secs(10);

/// What the system keeps of answers that a client has not taken, for each connection. Left to itself it keeps megabytes, and
/// tells of progress only when a third of it is taken, which a slow client does not do in `write_stall_seconds`.
const SEND_BUFFER_BYTES: u32 = 256 * 1024;

/// Connections that have not been accepted yet.
const BACKLOG: u32 = 1024;

/// How hard the listener works.
#[derive(Debug)]
pub(crate) struct ListenerLimits {
    pub(crate) connections: usize,
    pub(crate) connections_per_source: usize,
    /// What hyper buffers of a request's head; larger than the limit, so that our own error answers first.
    pub(crate) head_buffer_bytes: usize,
    pub(crate) times: Times,
}

/// What is served, and to whom.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) router: Router,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) proxies: Proxies,
    /// `Strict-Transport-Security`, where it is sent.
    pub(crate) hsts: Option<HeaderValue>,
}

/// Takes the address.
pub(crate) fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // A restart must not wait for connections of the last run to be forgotten.
    socket.set_reuseaddr(true)?;
    // Connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stop` resolves, then drains. `heard` hears of limits that a connection ran into, and no request can be
/// answered with.
pub(crate) async fn serve(
    listener: TcpListener,
    served: Served,
    limits: ListenerLimits,
    heard: impl Fn(&'static Limit) + Clone + Send + Sync + 'static,
    stop: impl Future<Output = ()>,
) {
    let (phase, watched) = watch::channel(Phase::Serving);
    let places = Places::new(limits.connections, limits.connections_per_source);
    let shared = Arc::new(Shared::new(
        served.router,
        served.tls,
        served.proxies,
        limits.times,
        served.hsts,
        limits.head_buffer_bytes,
    ));
    let mut stop = std::pin::pin!(stop);
    let mut told = None;
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener, &places, &mut told) => accepted,
            () = &mut stop => break,
        };
        let address = peer.ip();
        // Without a place it is closed: nobody waits, so nobody can make others wait.
        if let Some(place) = places.admit(shared.proxies.key(address), &heard) {
            let (shared, watched, heard) = (Arc::clone(&shared), watched.clone(), heard.clone());
            tokio::spawn(connection::serve(
                shared, stream, address, place, watched, heard,
            ));
        }
    }
    drop((listener, watched));
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

/// The next connection. `told`: when the log last spoke of one that could not be accepted.
async fn accept(
    listener: &TcpListener,
    places: &Places,
    told: &mut Option<Instant>,
) -> (TcpStream, SocketAddr) {
    if places.ending() > ENDING_MAX {
        tokio::time::sleep(PAUSE).await;
    }
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                // Out of file descriptors, mostly: what frees one is a connection that ends.
                let made = places.make_room();
                if told.is_none_or(|last| last.elapsed() > TELL_AGAIN) {
                    *told = Some(Instant::now());
                    tracing::warn!(%error, room_made = made, "cannot accept a connection");
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
