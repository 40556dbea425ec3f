//! Stops work whose client has disconnected. The connection watches the socket itself instead of relying on the HTTP library:
//! with unread bytes in front of it, the library never reads the end of the stream.

use super::connection_state::ConnectionState;
use super::socket::Socket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Unread bytes allowed after the current request. The end of the stream comes after them, so with more of them nobody would
/// notice that the client is gone.
const BEHIND_BYTES_MAX: u64 = 16 * 1024;

/// How often the socket is checked.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);

tokio::task_local! {
    static CONNECTION: (Arc<ConnectionState>, Arc<AtomicBool>);
}

/// Runs `answer` as the work of a request on this connection; `withdrawn` is set when its caller loses access while the answer
/// is sent.
pub(super) async fn on<F: Future>(
    state: &Arc<ConnectionState>,
    withdrawn: &Arc<AtomicBool>,
    answer: F,
) -> F::Output {
    let connection = (Arc::clone(state), Arc::clone(withdrawn));
    CONNECTION.scope(connection, answer).await
}

/// The work of a part of the current request, which is polled elsewhere: it is on the same connection there.
pub(crate) fn on_same<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let connection = CONNECTION.try_with(Clone::clone).ok();
    async move {
        match connection {
            Some(connection) => CONNECTION.scope(connection, work).await,
            None => work.await,
        }
    }
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
        if state.is_idle() || state.is_sending() {
            moved = Instant::now();
        } else if moved.elapsed() >= grace {
            return Abandoned::HalfClosed;
        }
        sleep(CHECK_INTERVAL).await;
    }
}

/// Resolves when there is watched work, and so many unread bytes after its request that a disconnect would go unnoticed.
async fn flooded(socket: &Socket, state: &ConnectionState) {
    loop {
        state.client_watched().await;
        sleep(CHECK_INTERVAL).await;
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
pub(crate) struct ClientWatch(Option<(Arc<ConnectionState>, Arc<AtomicBool>)>);

impl ClientWatch {
    pub(crate) fn here() -> Self {
        let connection = CONNECTION.try_with(Clone::clone).ok();
        if let Some((state, _)) = &connection {
            state.watch_client();
        }
        Self(connection)
    }

    /// The caller has lost access: closes the connection and discards unsent bytes, as soon as nothing is open on it but
    /// answers that have ended so. With HTTP/1.1 that is at once. The body of the answer must end, too.
    pub(crate) fn end(&self) {
        if let Some((state, withdrawn)) = &self.0 {
            withdrawn.store(true, Ordering::Release);
            state.withdraw();
        }
    }
}

impl Drop for ClientWatch {
    fn drop(&mut self) {
        if let Some((state, _)) = &self.0 {
            state.unwatch_client();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_is_polled_elsewhere_is_on_the_connection_of_its_request() {
        let (state, withdrawn) = (Arc::new(ConnectionState::new(None)), Arc::default());
        let is_on_one = || async { ClientWatch::here().0.is_some() };
        let polled = on(&state, &withdrawn, async {
            let same = tokio::spawn(on_same(is_on_one()));
            let other = tokio::spawn(is_on_one());
            (same.await.unwrap(), other.await.unwrap())
        });
        assert_eq!(polled.await, (true, false));
        assert!(!on_same(is_on_one()).await);
    }
}
