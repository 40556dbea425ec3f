//! Work that ends when its client goes. The connection looks after that by itself, not by what the HTTP library has read: a
//! client may have sent more than it was read, and gone.

use super::line::Line;
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
    static LINE: Arc<Line>;
}

/// Answers a request of this connection.
pub(super) async fn on<F: Future>(line: &Arc<Line>, answer: F) -> F::Output {
    LINE.scope(Arc::clone(line), answer).await
}

/// Why a connection is given up before its last answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deserted {
    /// It has broken, or ended where no answer can come any more.
    Gone,
    /// So much comes behind the question that nobody would hear of the end.
    Drowned,
    /// The client has closed its side, and takes nothing.
    HalfClosed,
}

/// Resolves when answers on this connection are for nobody. A client that has closed its side may still wait for its answer, or
/// be gone: as long as nothing is written to it, the two look alike. So it has `grace`, anew with all that it takes.
pub(super) async fn deserted(socket: &Socket, line: &Line, grace: Duration) -> Deserted {
    tokio::select! {
        () = socket.closed() => {}
        () = drowned(socket, line) => return Deserted::Drowned,
    }
    let mut moved = Instant::now();
    loop {
        // By HTTP/2 nothing can be told a client that has closed its side.
        if line.is_followed() && (socket.is_broken() || line.is_http2()) {
            return Deserted::Gone;
        }
        // What is not asked any more ends by itself: the HTTP library reads the end.
        if line.is_quiet() || line.moves() {
            moved = Instant::now();
        } else if moved.elapsed() >= grace {
            return Deserted::HalfClosed;
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Resolves when there is work that ends with the client, and so much behind its question that nobody would hear of the end.
async fn drowned(socket: &Socket, line: &Line) {
    loop {
        line.followed().await;
        sleep(LOOK_AGAIN).await;
        // By HTTP/2 what comes is read, whatever is being answered.
        let is_read = line.is_http2() || !line.is_followed();
        if !is_read && socket.unread() > BEHIND_BYTES_MAX {
            return;
        }
    }
}

/// Says of the request that is being answered that its work is for nobody when the client has gone: its connection ends then,
/// as long as this is there.
#[derive(Debug)]
pub(crate) struct Followed(Option<Arc<Line>>);

impl Followed {
    pub(crate) fn here() -> Self {
        let line = LINE.try_with(Arc::clone).ok();
        if let Some(line) = &line {
            line.follow();
        }
        Self(line)
    }
}

impl Followed {
    /// Ends the connection, with what was written and not taken, where it carries one request at a time.
    pub(crate) fn end(&self) {
        if let Some(line) = self.0.as_ref().filter(|line| !line.is_http2()) {
            line.discard();
            line.evict();
        }
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        if let Some(line) = &self.0 {
            line.unfollow();
        }
    }
}
