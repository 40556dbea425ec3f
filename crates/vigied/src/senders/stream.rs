//! A socket, or a TLS session on one, that blocks for a tick at most.

use super::shared::TICK;
use rustls::pki_types::CertificateDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a sender may take to take an answer.
const WRITE_TIME: Duration = Duration::from_secs(5);

/// A socket that its place can shut down, too.
#[derive(Debug)]
pub(super) struct Socket(Arc<TcpStream>);

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.0).flush()
    }
}

/// The connection.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(Socket),
    Tls(Box<StreamOwned<ServerConnection, Socket>>),
}

/// What a read has brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read1 {
    Bytes(usize),
    /// Nothing within the tick.
    Nothing,
    /// The sender has closed, or the connection broke.
    End,
}

impl Stream {
    pub(super) fn new(stream: Arc<TcpStream>, tls: Option<Arc<ServerConfig>>) -> io::Result<Self> {
        stream.set_read_timeout(Some(TICK))?;
        stream.set_write_timeout(Some(WRITE_TIME))?;
        stream.set_nodelay(true)?;
        let socket = Socket(stream);
        Ok(match tls {
            None => Self::Plain(socket),
            Some(config) => {
                let session = ServerConnection::new(config).map_err(io::Error::other)?;
                Self::Tls(Box::new(StreamOwned::new(session, socket)))
            }
        })
    }

    /// Agrees on TLS, where there is any, before this moment.
    pub(super) fn shake_hands(
        &mut self,
        until: Instant,
        is_stopping: impl Fn() -> bool,
    ) -> io::Result<()> {
        let Self::Tls(session) = self else {
            return Ok(());
        };
        while session.conn.is_handshaking() {
            match session.conn.complete_io(&mut session.sock) {
                Ok(_) => {}
                Err(error) if is_nothing(&error) && Instant::now() < until && !is_stopping() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The certificate that the sender has shown.
    pub(super) fn certificate(&self) -> Option<&CertificateDer<'static>> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(session) => session.conn.peer_certificates()?.first(),
        }
    }

    /// Reads for a tick at most.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Read1 {
        let read = match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(session) => session.read(buffer),
        };
        match read {
            Ok(0) => Read1::End,
            Ok(bytes) => Read1::Bytes(bytes),
            Err(error) if is_nothing(&error) => Read1::Nothing,
            Err(_) => Read1::End,
        }
    }

    /// Writes a line to the sender. One that takes nothing loses it; the next read finds out whether it is gone.
    pub(super) fn say(&mut self, line: &str) {
        self.write(format!("{line}\n").as_bytes());
    }

    /// The same with bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let _ = match self {
            Self::Plain(socket) => socket.write_all(bytes),
            Self::Tls(session) => session.write_all(bytes),
        };
    }

    /// Ends it in order.
    pub(super) fn close(&mut self) {
        let socket = match self {
            Self::Plain(socket) => socket,
            Self::Tls(session) => {
                session.conn.send_close_notify();
                let _ = session.flush();
                &mut session.sock
            }
        };
        let _ = socket.0.shutdown(std::net::Shutdown::Write);
    }
}

/// Whether nothing has come within a tick.
fn is_nothing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
