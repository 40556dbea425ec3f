//! Work that ends when its client goes. The connection looks after that by itself, not by what the HTTP library has read: a
//! client may have sent more than it was read, and gone.

use super::line::Line;
use super::socket::Socket;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

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

/// Resolves when there is such work, and the client has gone, or sends so much behind its question that nobody would hear of
/// it.
pub(super) async fn deserted(socket: &Socket, line: &Line) {
    let mut closed = pin!(socket.closed());
    loop {
        line.followed().await;
        if timeout(LOOK_AGAIN, closed.as_mut()).await.is_ok() {
            return line.followed().await;
        }
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

impl Drop for Followed {
    fn drop(&mut self) {
        if let Some(line) = &self.0 {
            line.unfollow();
        }
    }
}
