//! The life of one connection: PROXY header, TLS handshake, then HTTP/1.1 or HTTP/2 until it ends, is told to, or takes too
//! long in any stage.

use super::connection_places::Place;
use super::entrance::Entrance;
use super::followed::{self, Deserted};
use super::line::{Line, Overdue, Times};
use super::peer::Peer;
use super::proxies::Proxies;
use super::proxy_protocol;
use super::socket::Socket;
use super::tls::Tls;
use super::watched::{Connected, Watched};
use axum::Router;
use base::limit::{self, Limit};
use http::HeaderValue;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Sleep;

/// How often a peer that has gone without a word is looked for, and how long it may take to answer.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Streams of one HTTP/2 connection at once.
const STREAMS_MAX: u32 = 256;

/// Streams that a client has reset and that were not yet looked at; more end the connection (CVE-2023-44487).
const PENDING_RESETS_MAX: usize = 20;

/// Streams that we have reset for the client's errors; more end the connection (CVE-2025-8671).
const ERROR_RESETS_MAX: usize = 1024;

/// What a client may send ahead of being read, for one stream and for the connection.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 512 * 1024;

/// What is kept of one stream's answer between its body and the socket.
const SEND_BUFFER_BYTES: usize = 32 * 1024;

/// Where the server as a whole stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    /// The last request of each connection is answered.
    Draining,
    /// Time is up.
    Over,
}

/// What all connections of a listener share.
pub(super) struct Shared {
    pub(super) router: Router,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) proxies: Proxies,
    pub(super) times: Times,
    pub(super) hsts: Option<HeaderValue>,
    builder: Builder<TokioExecutor>,
    /// The operator has been told of a connection without a usable PROXY header; once is enough, strangers can make many.
    told: AtomicBool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    /// `head_buffer_bytes`: what hyper buffers of a request's head.
    pub(super) fn new(
        router: Router,
        tls: Option<Arc<Tls>>,
        proxies: Proxies,
        times: Times,
        hsts: Option<HeaderValue>,
        head_buffer_bytes: usize,
    ) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            // Ours counts from a head's first byte, so that an idle connection may stay longer; and it counts for HTTP/2.
            .header_read_timeout(None)
            // Who has closed his side may wait for his answer; for how long, `followed` knows.
            .half_close(true)
            .max_buf_size(head_buffer_bytes);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .max_header_list_size(u32::try_from(head_buffer_bytes).unwrap_or(u32::MAX))
            .max_concurrent_streams(STREAMS_MAX)
            .max_pending_accept_reset_streams(PENDING_RESETS_MAX)
            .max_local_error_reset_streams(ERROR_RESETS_MAX)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_send_buf_size(SEND_BUFFER_BYTES);
        Self {
            router,
            tls,
            proxies,
            times,
            hsts,
            builder,
            told: AtomicBool::new(false),
        }
    }

    fn no_header(&self, peer: IpAddr, why: &dyn std::fmt::Display) {
        if self.told.swap(true, Ordering::Relaxed) {
            tracing::debug!(%peer, %why, "connection refused: `proxy_protocol` is on");
        } else {
            tracing::warn!(
                %peer,
                %why,
                hint = "let the proxy send the header, name it in `trusted_proxies`, or turn `proxy_protocol` off; further ones are logged at `debug`",
                "connection refused: `proxy_protocol` is on"
            );
        }
    }
}

/// Serves one connection until it ends. `heard` hears of each limit that it runs into.
pub(super) async fn serve(
    shared: Arc<Shared>,
    stream: TcpStream,
    peer: IpAddr,
    mut place: Place,
    mut phase: watch::Receiver<Phase>,
    heard: impl Fn(&'static Limit) + Send + Sync,
) {
    let line = Arc::clone(place.line());
    let _ = stream.set_nodelay(true);
    let mut stream = stream;
    let mut peer = Peer(peer);
    if shared.proxies.speak_protocol() {
        let header = introduce(&shared, &mut stream, peer, &heard);
        let Some(client) = in_time(&line, &mut phase, header).await.flatten() else {
            return;
        };
        peer = client;
        if !place.is_of(shared.proxies.key(peer.address()), &heard) {
            return;
        }
    }
    let stream = Socket::new(stream);
    let Some(tls) = &shared.tls else {
        return speak(shared, stream, peer, &line, phase, heard).await;
    };
    let handshake = handshake(&shared, tls, stream, &heard);
    if let Some(stream) = in_time(&line, &mut phase, handshake).await.flatten() {
        line.await_head();
        speak(shared, stream, peer, &line, phase, heard).await;
    }
}

/// A stage that has its own time; `None` where the connection has to end before.
async fn in_time<T>(
    line: &Line,
    phase: &mut watch::Receiver<Phase>,
    stage: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        done = stage => Some(done),
        () = line.evicted() => None,
        _ = phase.changed() => None,
    }
}

/// Reads the PROXY header: whose connection it is.
async fn introduce(
    shared: &Shared,
    stream: &mut TcpStream,
    peer: Peer,
    heard: &(impl Fn(&'static Limit) + Sync),
) -> Option<Peer> {
    let address = peer.address();
    if !shared.proxies.trusts(address) {
        shared.no_header(address, &"its peer is none of `trusted_proxies`");
        return None;
    }
    let header = proxy_protocol::read(stream);
    match tokio::time::timeout(shared.times.head, header).await {
        Ok(Ok(client)) => Some(client.map_or(peer, Peer)),
        Ok(Err(error)) => {
            shared.no_header(address, &error);
            None
        }
        Err(_) => {
            heard(&limit::HEAD_SECONDS);
            None
        }
    }
}

async fn handshake(
    shared: &Shared,
    tls: &Tls,
    stream: Socket,
    heard: &(impl Fn(&'static Limit) + Sync),
) -> Option<tokio_rustls::server::TlsStream<Socket>> {
    let acceptor = tokio_rustls::TlsAcceptor::from(tls.current());
    match tokio::time::timeout(shared.times.head, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "tls handshake failed");
            None
        }
        Err(_) => {
            heard(&limit::HEAD_SECONDS);
            None
        }
    }
}

async fn speak<S>(
    shared: Arc<Shared>,
    stream: S,
    peer: Peer,
    line: &Arc<Line>,
    mut phase: watch::Receiver<Phase>,
    heard: impl Fn(&'static Limit) + Sync,
) where
    S: Connected,
{
    let entrance = Entrance {
        shared: Arc::clone(&shared),
        line: Arc::clone(line),
        peer,
    };
    let socket = stream.socket().clone();
    let io = TokioIo::new(Watched::new(stream, Arc::clone(line)));
    let mut connection = std::pin::pin!(shared.builder.serve_connection(io, entrance));
    let mut alarm = Alarm::new();
    let grace = shared.times.half_closed;
    let mut deserted = std::pin::pin!(followed::deserted(&socket, line, grace));
    loop {
        tokio::select! {
            // In this order: the alarm is set by what the connection has just done.
            biased;
            () = line.evicted() => return,
            changed = phase.changed() => {
                if changed.is_err() || *phase.borrow_and_update() == Phase::Over {
                    return;
                }
                line.leave();
                connection.as_mut().graceful_shutdown();
            }
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    if is_too_large(&*error) {
                        heard(&limit::HEADER_BYTES);
                    }
                    tracing::debug!(error, "connection ended early");
                }
                return;
            }
            why = deserted.as_mut() => {
                if why == Deserted::HalfClosed {
                    heard(&limit::HALF_CLOSED_SECONDS);
                }
                tracing::debug!(peer = %peer.address(), ?why, "the connection ends before its answer");
                return;
            }
            overdue = std::future::poll_fn(|context| alarm.poll(context, line, &shared.times)) => {
                match overdue {
                    Overdue::Connection(limit) => {
                        heard(limit);
                        tracing::debug!(peer = %peer.address(), limit = limit.name, "connection closed");
                        if [limit::WRITE_STALL_SECONDS, limit::ANSWER_BYTES_PER_SECOND].contains(limit) {
                            line.discard();
                        }
                        return;
                    }
                    Overdue::Idle => connection.as_mut().graceful_shutdown(),
                    Overdue::Answer(held, limit) => {
                        heard(limit);
                        tracing::debug!(peer = %peer.address(), limit = limit.name, "answer given up");
                        held.give_up();
                    }
                }
            }
        }
    }
}

/// Rings when something of a connection takes too long.
#[derive(Debug)]
struct Alarm(Pin<Box<Sleep>>);

impl Alarm {
    fn new() -> Self {
        Self(Box::pin(tokio::time::sleep(Duration::ZERO)))
    }

    fn poll(&mut self, context: &mut Context<'_>, line: &Line, times: &Times) -> Poll<Overdue> {
        loop {
            if let Some(overdue) = line.overdue(times) {
                return Poll::Ready(overdue);
            }
            // Looked at again at times, also where nothing is due: a stream's task may have changed what is.
            let soon = Instant::now() + times.head.min(times.stall);
            let at = line.deadline(times).map_or(soon, |at| at.min(soon));
            self.0.as_mut().reset(at.into());
            if self.0.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

fn is_too_large(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error
        .downcast_ref::<hyper::Error>()
        .is_some_and(hyper::Error::is_parse_too_large)
}
