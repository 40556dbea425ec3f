//! Stops work whose client has disconnected. The connection watches the socket itself instead of relying on the HTTP library:
//! with unread bytes in front of it, the library never reads the end of the stream.

use super::connection_state::ConnectionState;
use super::socket::Socket;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Unread bytes allowed behind the current request. The end of the stream comes after them, so with more of them nobody would
/// notice that the client is gone.
const BEHIND_BYTES_MAX: u64 = 16 * 1024;

/// How often the socket is checked.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

tokio::task_local! {
    static CONNECTION: Arc<ConnectionState>;
}

/// Runs `answer` as the work of a request on this connection.
pub(super) async fn on<F: Future>(state: &Arc<ConnectionState>, answer: F) -> F::Output {
    CONNECTION.scope(Arc::clone(state), answer).await
}

/// Why a connection is closed before its last answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Abandoned {
    /// It is broken, or closed so that no answer can be delivered.
    Gone,
    /// So many unread bytes follow the request that a disconnect would go unnoticed.
    Flooded,
    /// The client has closed its side, and reads nothing.
    HalfClosed,
}

/// Resolves when nobody waits for the answers on this connection. A client that has closed its side may still wait for its
/// answer or may be gone; the two look the same until something is written. So it gets `grace`, restarted whenever it reads.
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
        // In HTTP/2, a client that has closed its side cannot receive anything.
        if state.is_client_watched() && (socket.is_broken() || state.is_http2()) {
            return Abandoned::Gone;
        }
        // A connection without open requests ends by itself: the HTTP library reads the end of the stream.
        if state.is_quiet() || state.moves() {
            moved = Instant::now();
        } else if moved.elapsed() >= grace {
            return Abandoned::HalfClosed;
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Resolves when there is watched work, and so many unread bytes behind its request that a disconnect would go unnoticed.
async fn flooded(socket: &Socket, state: &ConnectionState) {
    loop {
        state.client_watched().await;
        sleep(LOOK_AGAIN).await;
        // HTTP/2 reads incoming frames also while it answers.
        let is_read = state.is_http2() || !state.is_client_watched();
        if !is_read && socket.unread() > BEHIND_BYTES_MAX {
            return;
        }
    }
}

/// While this exists, the connection of the current request closes when the client disconnects, and with it the request's
/// work stops.
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
    /// Closes the connection and discards unsent bytes, if it carries one request at a time (HTTP/1.1).
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
