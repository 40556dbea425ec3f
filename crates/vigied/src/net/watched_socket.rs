//! A socket that reports its progress to its [`ConnectionState`].

use super::connection_state::ConnectionState;
use super::malformed_request;
use super::piece_size::PieceSize;
use super::socket::Socket;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

/// A socket, or a TLS session on one.
pub(super) trait Connected: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// The socket.
    fn socket(&self) -> &Socket;
}

impl Connected for Socket {
    fn socket(&self) -> &Socket {
        self
    }
}

impl Connected for TlsStream<Socket> {
    fn socket(&self) -> &Socket {
        self.get_ref().0
    }
}

/// How long, and how much, to read from a client after its refusal. Closing earlier would reset the connection, and the client
/// would lose the refusal.
const LINGER_TIME: Duration = Duration::from_secs(1);
const LINGER_BYTES_MAX: usize = 1024 * 1024;

/// How much is read from one connection before the others have their turn: the libraries go on for as long as bytes come, and a megabyte
/// of HTTP/2 frames without a request keeps a thread for a tenth of a second.
const READ_IN_TURN: usize = PieceSize::MAX;

/// The socket, or the TLS session on it.
#[derive(Debug)]
pub(super) struct WatchedSocket<S: Connected> {
    inner: S,
    state: Arc<ConnectionState>,
    refusal: Option<Refusal>,
    /// Bytes read since it last waited.
    read: usize,
    /// How much is read at once.
    piece: PieceSize,
    /// Since when the last piece is worked on.
    working_since: Option<Instant>,
}

/// Our answer to bytes that are not a valid request, instead of the HTTP library's.
#[derive(Debug)]
struct Refusal {
    text: Vec<u8>,
    written: usize,
    is_shut: bool,
    read: usize,
    end: Pin<Box<tokio::time::Sleep>>,
}

impl<S: Connected> WatchedSocket<S> {
    pub(super) const fn new(inner: S, state: Arc<ConnectionState>) -> Self {
        Self {
            inner,
            state,
            refusal: None,
            read: 0,
            piece: PieceSize::new(),
            working_since: None,
        }
    }

    /// Recognizes the library's refusal, and queues ours instead.
    fn replaces(&mut self, bytes: &[u8]) -> bool {
        if self.refusal.is_some() || !self.state.has_no_request() {
            return false;
        }
        let text = malformed_request::replacement_for(bytes);
        self.refusal = text.map(|text| Refusal {
            text,
            written: 0,
            is_shut: false,
            read: 0,
            end: Box::pin(tokio::time::sleep(LINGER_TIME)),
        });
        self.refusal.is_some()
    }

    /// Writes the rest of our refusal.
    fn poll_refusal(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(refusal) = &mut self.refusal else {
            return Poll::Ready(Ok(()));
        };
        while let Some(rest) = refusal.text.get(refusal.written..)
            && !rest.is_empty()
        {
            let written = ready!(Pin::new(&mut self.inner).poll_write(context, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            refusal.written += written;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads what the refused client still sends, until it closes or the time is over.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(refusal) = &mut self.refusal else {
            return Poll::Ready(());
        };
        while refusal.end.as_mut().poll(context).is_pending() {
            let mut piece = [0; 8 * 1024];
            let mut buffer = ReadBuf::new(&mut piece);
            let read = ready!(Pin::new(&mut self.inner).poll_read(context, &mut buffer));
            refusal.read += buffer.filled().len();
            let is_end = read.is_err() || buffer.filled().is_empty();
            if is_end || refusal.read > LINGER_BYTES_MAX {
                break;
            }
        }
        Poll::Ready(())
    }

    /// Reads at most a piece.
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let size = self.piece.bytes();
        if size >= READ_IN_TURN || buffer.remaining() <= size {
            return Pin::new(&mut self.inner).poll_read(context, buffer);
        }
        let mut piece = ReadBuf::new(buffer.initialize_unfilled_to(size));
        let polled = Pin::new(&mut self.inner).poll_read(context, &mut piece);
        let read = piece.filled().len();
        buffer.advance(read);
        polled
    }

    fn record_write<T>(&self, polled: Poll<T>) -> Poll<T> {
        self.state.record_write(polled.is_ready());
        polled
    }
}

impl<S: Connected> AsyncRead for WatchedSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(since) = self.working_since.take() {
            self.piece = match self.state.is_http1() {
                // The time of the request that began with the piece is not the piece's.
                true => PieceSize::new(),
                false => self.piece.after(since.elapsed()),
            };
        }
        // Of small pieces, one is a turn.
        if self.read >= READ_IN_TURN.min(self.piece.bytes()) {
            self.read = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let polled = self.poll_piece(context, buffer);
        let read = buffer.filled().len() - before;
        if read > 0 {
            self.state.record_read(read);
            // Also before the first request: there may be frames of HTTP/2 that are none. HTTP/1.1 reads on only when its request is
            // answered.
            self.working_since = (!self.state.is_http1()).then(Instant::now);
        }
        self.read = match polled {
            Poll::Ready(_) => self.read.saturating_add(read),
            Poll::Pending => 0,
        };
        polled
    }
}

impl<S: Connected> AsyncWrite for WatchedSocket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.replaces(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        let polled = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.record_write(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let refusal = self.poll_refusal(context);
        ready!(self.record_write(refusal))?;
        let polled = Pin::new(&mut self.inner).poll_flush(context);
        self.record_write(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let refusal = self.poll_refusal(context);
        ready!(self.record_write(refusal))?;
        if !self.refusal.as_ref().is_some_and(|refusal| refusal.is_shut) {
            let polled = Pin::new(&mut self.inner).poll_shutdown(context);
            ready!(self.record_write(polled))?;
        }
        if let Some(refusal) = &mut self.refusal {
            refusal.is_shut = true;
        }
        self.poll_linger(context).map(Ok)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = slices
            && self.replaces(only)
        {
            return Poll::Ready(Ok(only.len()));
        }
        let polled = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.record_write(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

impl<S: Connected> Drop for WatchedSocket<S> {
    fn drop(&mut self) {
        if self.state.discards_unsent() {
            self.inner.socket().discard();
        }
    }
}
