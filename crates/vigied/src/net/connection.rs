//! Serves one connection: PROXY header, TLS handshake, then HTTP/1.1 or HTTP/2 until the connection ends, is told to end, or
//! exceeds the time of a stage.

use super::client_watch::{self, Abandoned};
use super::connection_slots::ConnectionSlot;
use super::connection_state::{ConnectionState, TimedOut};
use super::peer::Peer;
use super::proxy_protocol;
use super::service::ConnectionService;
use super::shared::ListenerContext;
use super::socket::Socket;
use super::source_schedule::{ConnectionTask, StreamExecutor, TaskKind, scheduled};
use super::times::Times;
use super::tls::Tls;
use super::watched_socket::{Connected, WatchedSocket};
use base::limit::{self, Limit};
use hyper_util::rt::TokioIo;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Sleep, sleep_until};

/// The phase of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    /// Each connection finishes its open requests.
    Draining,
    /// Time is up.
    Over,
}

/// Serves one connection until it ends. Calls `on_limit` for each limit it reaches.
pub(super) async fn serve(
    shared: Arc<ListenerContext>,
    stream: TcpStream,
    peer: IpAddr,
    mut slot: ConnectionSlot,
    phase: watch::Receiver<Phase>,
    on_limit: impl Fn(&'static Limit) + Send + Sync,
) {
    let state = Arc::clone(slot.state());
    let _ = stream.set_nodelay(true);
    let mut stream = stream;
    let mut peer = Peer::at(peer);
    if shared.proxies.use_proxy_protocol() {
        let header = read_proxy_header(&shared, &mut stream, peer, &on_limit);
        let Some(client) = in_time(&state, &phase, header).await.flatten() else {
            return;
        };
        peer = client;
        if !slot.move_to(shared.proxies.key(peer.address()), &on_limit) {
            return;
        }
        state.begin_stage();
    }
    if shared.proxies.trusts(peer.address()) {
        state.set_shared();
    }
    // What HTTP and TLS need is made when there is something to read: one who says nothing costs a socket, and little else.
    let first_byte = first_byte(&shared, &stream, &state, &on_limit);
    if in_time(&state, &phase, first_byte)
        .await
        .flatten()
        .is_none()
    {
        return;
    }
    let executor = StreamExecutor {
        schedule: slot.schedule(),
        state: Arc::clone(&state),
    };
    let schedule = executor.schedule.clone();
    // On the heap: what a task of several kilobytes is moved for before it is polled first costs more than the allocation.
    let serving = Box::pin(async {
        let stream = Socket::new(stream);
        let Some(tls) = &shared.tls else {
            return serve_http(&shared, stream, peer, executor, phase, on_limit).await;
        };
        let handshake = handshake(&shared, tls, stream, &state, &on_limit);
        if let Some(stream) = in_time(&state, &phase, handshake).await.flatten() {
            state.begin_stage();
            serve_http(&shared, stream, peer, executor, phase, on_limit).await;
        }
    });
    let task = ConnectionTask {
        state: Arc::clone(&state),
        kind: TaskKind::Connection,
    };
    scheduled(schedule, task, serving).await;
}

/// Runs a stage that has its own time limit; `None` if the connection has to end first.
async fn in_time<T>(
    state: &ConnectionState,
    phase: &watch::Receiver<Phase>,
    stage: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        // In this order: what has arrived is served.
        biased;
        done = stage => Some(done),
        () = state.evicted() => None,
        () = drained(state, phase.clone()) => None,
    }
}

/// Resolves when the server drains, and no request is on its way any more that is the first of the connection or has begun to arrive.
async fn drained(state: &ConnectionState, mut phase: watch::Receiver<Phase>) {
    let drains = phase.wait_for(|phase| *phase != Phase::Serving).await;
    if drains.map(drop).is_ok()
        && let Some(until) = state.new_until()
    {
        sleep_until(until.into()).await;
    }
}

/// Resolves when time is up.
async fn over(mut phase: watch::Receiver<Phase>) {
    // It also resolves when the listener is gone.
    let _ = phase.wait_for(|phase| *phase == Phase::Over).await;
}

/// Reads the PROXY header, which names the client.
async fn read_proxy_header(
    shared: &ListenerContext,
    stream: &mut TcpStream,
    peer: Peer,
    on_limit: &(impl Fn(&'static Limit) + Sync),
) -> Option<Peer> {
    let address = peer.address();
    if !shared.proxies.trusts(address) {
        shared.no_header(address, &"its peer is not in `trusted_proxies`");
        return None;
    }
    let header = proxy_protocol::read(stream);
    match tokio::time::timeout(shared.times.head, header).await {
        Ok(Ok(client)) => Some(client.map_or_else(|| Peer::unnamed(address), Peer::at)),
        Ok(Err(error)) => {
            shared.no_header(address, &error);
            None
        }
        Err(_) => {
            on_limit(&limit::HEAD_SECONDS);
            None
        }
    }
}

/// Returns when there is something to read, or the end.
async fn first_byte(
    shared: &ListenerContext,
    stream: &TcpStream,
    state: &ConnectionState,
    on_limit: &(impl Fn(&'static Limit) + Sync),
) -> Option<()> {
    let until = state.stage_end(&shared.times);
    // An accepted stream says at once that it is readable, whether or not it is.
    match tokio::time::timeout_at(until.into(), stream.peek(&mut [0])).await {
        Ok(peeked) => peeked.ok().map(|_| ()),
        Err(_) => {
            on_limit(&limit::HEAD_SECONDS);
            None
        }
    }
}

async fn handshake(
    shared: &ListenerContext,
    tls: &Tls,
    stream: Socket,
    state: &ConnectionState,
    on_limit: &(impl Fn(&'static Limit) + Sync),
) -> Option<tokio_rustls::server::TlsStream<Socket>> {
    let acceptor = tokio_rustls::TlsAcceptor::from(tls.current());
    // What the first byte has taken is part of its time.
    let until = state.stage_end(&shared.times);
    match tokio::time::timeout_at(until.into(), acceptor.accept(stream)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "tls handshake failed");
            None
        }
        Err(_) => {
            on_limit(&limit::HEAD_SECONDS);
            None
        }
    }
}

async fn serve_http<S>(
    shared: &Arc<ListenerContext>,
    stream: S,
    peer: Peer,
    executor: StreamExecutor,
    phase: watch::Receiver<Phase>,
    on_limit: impl Fn(&'static Limit) + Sync,
) where
    S: Connected,
{
    let state = &Arc::clone(&executor.state);
    let service = ConnectionService {
        shared: Arc::clone(shared),
        state: Arc::clone(state),
        peer,
    };
    let socket = stream.socket().clone();
    let io = TokioIo::new(WatchedSocket::new(stream, Arc::clone(state)));
    let builder = shared.builder(executor);
    let mut connection = std::pin::pin!(builder.serve_connection(io, service));
    let mut alarm = Alarm::default();
    let grace = shared.times.half_closed;
    let mut abandoned = std::pin::pin!(client_watch::abandoned(&socket, state, grace));
    let mut over = std::pin::pin!(over(phase.clone()));
    let mut drained = std::pin::pin!(drained(state, phase));
    let mut is_leaving = false;
    loop {
        tokio::select! {
            // In this order: what the connection has just done sets the alarm.
            biased;
            () = state.evicted() => return,
            () = over.as_mut() => return,
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    if is_too_large(&*error) {
                        on_limit(&limit::HEADER_BYTES);
                    }
                    tracing::debug!(error, "connection ended early");
                }
                return;
            }
            // After the connection, which has read what had arrived when it was woken.
            () = drained.as_mut(), if !is_leaving => {
                is_leaving = true;
                state.begin_leaving();
                connection.as_mut().graceful_shutdown();
            }
            why = abandoned.as_mut() => {
                if why == Abandoned::HalfClosed {
                    on_limit(&limit::HALF_CLOSED_SECONDS);
                }
                tracing::debug!(peer = %peer.address(), ?why, "the connection ends before its answer");
                return;
            }
            overdue = std::future::poll_fn(|context| alarm.poll(context, state, &shared.times)) => {
                match overdue {
                    TimedOut::Connection(limit) => {
                        on_limit(limit);
                        tracing::debug!(peer = %peer.address(), limit = limit.name, "connection closed");
                        if [limit::WRITE_STALL_SECONDS, limit::ANSWER_BYTES_PER_SECOND].contains(limit) {
                            state.discard();
                        }
                        return;
                    }
                    TimedOut::Idle => connection.as_mut().graceful_shutdown(),
                    TimedOut::Answer(shared_body, limit) => {
                        on_limit(limit);
                        tracing::debug!(peer = %peer.address(), limit = limit.name, "answer given up");
                        shared_body.give_up();
                    }
                }
            }
        }
    }
}

/// Fires when a connection or an answer is overdue.
#[derive(Debug, Default)]
struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        state: &ConnectionState,
        times: &Times,
    ) -> Poll<TimedOut> {
        loop {
            if let Some(overdue) = state.overdue(times) {
                return Poll::Ready(overdue);
            }
            // Checks again from time to time without a deadline: a stream's task may have set one.
            let soon = Instant::now() + times.head.min(times.stall);
            let at = state.deadline(times).map_or(soon, |at| at.min(soon)).into();
            let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(at)));
            // One that is set for earlier stays: to move it at each poll costs more than to look once more when it fires.
            if sleep.is_elapsed() || at < sleep.deadline() {
                sleep.as_mut().reset(at);
            }
            if sleep.as_mut().poll(context).is_pending() {
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

#[cfg(test)]
mod tests {
    use super::*;
    use http::Version;

    fn is_drained(state: &ConnectionState, phase: &watch::Receiver<Phase>) -> bool {
        let drained = std::pin::pin!(drained(state, phase.clone()));
        let mut context = Context::from_waker(std::task::Waker::noop());
        drained.poll(&mut context).is_ready()
    }

    #[tokio::test]
    async fn a_draining_server_waits_for_the_first_request_of_a_new_connection_alone() {
        let (sender, phase) = watch::channel(Phase::Serving);
        let (new, used) = (ConnectionState::new(None), ConnectionState::new(None));
        let used = Arc::new(used);
        drop(used.begin_request(Version::HTTP_11));
        assert!(!is_drained(&new, &phase) && !is_drained(&used, &phase));
        sender.send(Phase::Draining).unwrap();
        new.begin_stage();
        assert!(!is_drained(&new, &phase) && is_drained(&used, &phase));
        used.record_read(1);
        assert!(
            !is_drained(&used, &phase),
            "its next request has begun to arrive"
        );
        drained(&new, phase.clone()).await;
        assert!(is_drained(&new, &phase));
    }
}
