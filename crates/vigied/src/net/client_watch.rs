//! Work that ends when its client goes. The connection looks after that by itself, not by what the HTTP library has read: a
//! client may have sent more than it was read, and gone.

use super::connection_state::ConnectionState;
use super::socket::Socket;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What may have come behind the question. While more comes than is read, the news that the client has gone comes behind it,
/// and is never heard.
const BEHIND_BYTES_MAX: u64 = 16 * 1024;

/// How often that is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

tokio::task_local! {
    static CONNECTION: Arc<ConnectionState>;
}

/// Answers a request of this connection.
pub(super) async fn on<F: Future>(state: &Arc<ConnectionState>, answer: F) -> F::Output {
    CONNECTION.scope(Arc::clone(state), answer).await
}

/// Why a connection is given up before its last answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Abandoned {
    /// It has broken, or ended where no answer can come any more.
    Gone,
    /// So much comes behind the question that nobody would hear of the end.
    Flooded,
    /// The client has closed its side, and takes nothing.
    HalfClosed,
}

/// Resolves when answers on this connection are for nobody. A client that has closed its side may still wait for its answer, or
/// be gone: as long as nothing is written to it, the two look alike. So it has `grace`, anew with all that it takes.
pub(super) async fn abandoned(
    socket: &Socket,
    state: &ConnectionState,
    grace: Duration,
) -> Abandoned {
    tokio::select! {
        () = socket.closed() => {}
        () = flooded(socket, state) => return Abandoned::Flooded,
    }
    let mut moved = Instant::now();
    loop {
        // By HTTP/2 nothing can be told a client that has closed its side.
        if state.is_client_watched() && (socket.is_broken() || state.is_http2()) {
            return Abandoned::Gone;
        }
        // What is not asked any more ends by itself: the HTTP library reads the end.
        if state.is_quiet() || state.moves() {
            moved = Instant::now();
        } else if moved.elapsed() >= grace {
            return Abandoned::HalfClosed;
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Resolves when there is work that ends with the client, and so much behind its question that nobody would hear of the end.
async fn flooded(socket: &Socket, state: &ConnectionState) {
    loop {
        state.client_watched().await;
        sleep(LOOK_AGAIN).await;
        // By HTTP/2 what comes is read, whatever is being answered.
        let is_read = state.is_http2() || !state.is_client_watched();
        if !is_read && socket.unread() > BEHIND_BYTES_MAX {
            return;
        }
    }
}

/// Says of the request that is being answered that its work is for nobody when the client has gone: its connection ends then,
/// as long as this is there.
#[derive(Debug)]
pub(crate) struct ClientWatch(Option<Arc<ConnectionState>>);

impl ClientWatch {
    pub(crate) fn here() -> Self {
        let state = CONNECTION.try_with(Arc::clone).ok();
        if let Some(state) = &state {
            state.watch_client();
        }
        Self(state)
    }
}

impl ClientWatch {
    /// Ends the connection, with what was written and not taken, where it carries one request at a time.
    pub(crate) fn end(&self) {
        if let Some(state) = self.0.as_ref().filter(|state| !state.is_http2()) {
            state.discard();
            state.evict();
        }
    }
}

impl Drop for ClientWatch {
    fn drop(&mut self) {
        if let Some(state) = &self.0 {
            state.unwatch_client();
        }
    }
}
