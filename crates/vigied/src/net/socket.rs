//! A connection's socket, which the server also watches independently of the HTTP library. While the library holds bytes of the
//! next request and waits for the current answer, it does not read, and does not notice that the peer has closed.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

/// The event that says that the peer has closed, and comes with little else.
#[cfg(target_os = "linux")]
const CLOSED: Interest = Interest::PRIORITY;
#[cfg(not(target_os = "linux"))]
const CLOSED: Interest = Interest::READABLE;

/// How long until the next look, after an event that was something else.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);

/// Bytes that the system holds of what was written and could not be sent yet; more waits here, where it can still be withheld
/// from a caller who has lost access, and counts as memory. Large enough that a fast client does not wait for us.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT_BYTES_MAX: u32 = 64 * 1024;

/// At worst the system holds as much as it would have.
fn limit_buffers(stream: &TcpStream) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES_MAX);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = stream;
}

/// The socket. Its clones are the same one; it is closed when the last is dropped.
#[derive(Debug, Clone)]
pub(super) struct Socket(Arc<TcpStream>);

impl Socket {
    pub(super) fn new(stream: TcpStream) -> Self {
        limit_buffers(&stream);
        Self(Arc::new(stream))
    }

    /// Throws away what was written and not taken, when the socket is closed.
    pub(super) fn discard(&self) {
        // At worst the system keeps it for as long as it would have.
        let _ = self.0.set_zero_linger();
    }

    /// Bytes that have come and were not read.
    pub(super) fn unread(&self) -> u64 {
        rustix::io::ioctl_fionread(&*self.0).unwrap_or_default()
    }

    /// Whether nothing can be sent any more: the peer has answered with a reset, or both sides are closed.
    pub(super) fn is_broken(&self) -> bool {
        let mut polled = [PollFd::new(&*self.0, PollFlags::OUT)];
        let now = Timespec::default();
        let broken = PollFlags::HUP | PollFlags::ERR;
        poll(&mut polled, Some(&now)).is_err()
            || polled
                .iter()
                .any(|socket| socket.revents().intersects(broken))
    }

    /// Resolves when the peer has closed its side, or the connection has broken; also while there are bytes of it to read.
    pub(super) async fn closed(&self) {
        loop {
            match self.0.ready(CLOSED).await {
                Ok(ready) if !ready.is_read_closed() => tokio::time::sleep(CHECK_INTERVAL).await,
                Ok(_) | Err(_) => return,
            }
        }
    }
}

/// Tries until it does not say that it would block.
fn tried<T>(
    mut ready: impl FnMut() -> Poll<io::Result<()>>,
    mut act: impl FnMut() -> io::Result<T>,
) -> Poll<io::Result<T>> {
    loop {
        ready!(ready())?;
        match act() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => return Poll::Ready(done),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let ready = || self.0.poll_read_ready(context);
        // Not as a slice, which would have to be zeroed first: a buffer of half a megabyte for each read.
        tried(ready, || self.0.try_read_buf(buffer)).map_ok(|_| ())
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        tried(
            || self.0.poll_write_ready(context),
            || self.0.try_write(bytes),
        )
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        use rustix::net::{Shutdown, shutdown};
        Poll::Ready(match shutdown(&*self.0, Shutdown::Write) {
            // The peer was first.
            Ok(()) | Err(rustix::io::Errno::NOTCONN) => Ok(()),
            Err(error) => Err(error.into()),
        })
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        tried(
            || self.0.poll_write_ready(context),
            || self.0.try_write_vectored(slices),
        )
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}
