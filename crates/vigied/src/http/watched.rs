//! A socket that tells its [`Line`] what moves.

use super::line::Line;
use super::socket::Socket;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
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

/// The socket, or the TLS session on it.
#[derive(Debug)]
pub(super) struct Watched<S: Connected> {
    inner: S,
    line: Arc<Line>,
}

impl<S: Connected> Watched<S> {
    pub(super) const fn new(inner: S, line: Arc<Line>) -> Self {
        Self { inner, line }
    }

    fn noted<T>(&self, polled: Poll<T>) -> Poll<T> {
        self.line.wrote(polled.is_ready());
        polled
    }
}

impl<S: Connected> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.line.arrived();
        }
        polled
    }
}

impl<S: Connected> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.noted(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(context);
        self.noted(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_shutdown(context);
        self.noted(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.noted(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

impl<S: Connected> Drop for Watched<S> {
    fn drop(&mut self) {
        if self.line.discards() {
            self.inner.socket().discard();
        }
    }
}
