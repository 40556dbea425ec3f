//! A socket, or a TLS session on one, that blocks for a tick at most.
//!
//! One read of the connection is one read of the socket, also inside a TLS handshake or record: a sender whose bytes trickle gets
//! no further than the next check of the clock. The session's own reads and writes go on until they have something, however long
//! that takes, so they are not used here.

use super::shared::TICK;
use rustls::pki_types::CertificateDer;
use rustls::{ServerConfig, ServerConnection};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a sender may take to take an answer.
const WRITE_TIME: Duration = Duration::from_secs(5);

/// A socket that its slot can shut down, too.
#[derive(Debug)]
struct Socket(Arc<TcpStream>);

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

/// The stream of a connection, with TLS or without.
#[derive(Debug)]
pub(super) struct Stream {
    socket: Socket,
    tls: Option<Box<ServerConnection>>,
    /// The sender did not take an answer: it gets no other, so that it makes nobody wait again.
    is_deaf: bool,
}

/// The outcome of a read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ReadOutcome {
    Bytes(usize),
    /// No bytes came within the tick.
    Nothing,
    /// The sender has closed, or the connection broke.
    End,
}

impl Stream {
    pub(super) fn new(stream: Arc<TcpStream>, tls: Option<Arc<ServerConfig>>) -> io::Result<Self> {
        stream.set_read_timeout(Some(TICK))?;
        stream.set_write_timeout(Some(TICK))?;
        stream.set_nodelay(true)?;
        let session = tls.map(|config| ServerConnection::new(config).map(Box::new));
        Ok(Self {
            socket: Socket(stream),
            tls: session.transpose().map_err(io::Error::other)?,
            is_deaf: false,
        })
    }

    /// Completes the TLS handshake, where there is one, before this moment.
    pub(super) fn complete_handshake(
        &mut self,
        until: Instant,
        is_stopping: impl Fn() -> bool,
    ) -> io::Result<()> {
        let Some(session) = &mut self.tls else {
            return Ok(());
        };
        while session.is_handshaking() {
            if Instant::now() >= until || is_stopping() {
                return Err(ErrorKind::TimedOut.into());
            }
            match read_packets(session, &mut self.socket) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if is_transient(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The certificate that the sender has presented.
    pub(super) fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.tls.as_ref()?.peer_certificates()?.first()
    }

    /// Reads for a tick at most.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> ReadOutcome {
        let read = match &mut self.tls {
            None => self.socket.read(buffer),
            Some(session) => read_session(session, &mut self.socket, buffer),
        };
        match read {
            Ok(0) => ReadOutcome::End,
            Ok(bytes) => ReadOutcome::Bytes(bytes),
            Err(error) if is_transient(&error) => ReadOutcome::Nothing,
            Err(_) => ReadOutcome::End,
        }
    }

    /// Writes a line to the sender; it is lost if the sender reads nothing.
    pub(super) fn say(&mut self, line: &str) {
        self.write(format!("{line}\n").as_bytes());
    }

    /// Writes bytes to the sender; they are lost if the sender reads nothing.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        if self.is_deaf {
            return;
        }
        let until = Instant::now() + WRITE_TIME;
        let outcome = match &mut self.tls {
            None => write_all(&mut self.socket, bytes, until),
            // Nothing can be sent yet.
            Some(session) if session.is_handshaking() => Ok(()),
            Some(session) => {
                let written = session.writer().write_all(bytes);
                written.and_then(|()| write_session(session, &mut self.socket, until))
            }
        };
        self.is_deaf = outcome.is_err();
    }

    /// Ends it in order.
    pub(super) fn close(&mut self) {
        if let Some(session) = self.tls.as_mut().filter(|_| !self.is_deaf) {
            session.send_close_notify();
            let _ = write_session(session, &mut self.socket, Instant::now() + WRITE_TIME);
        }
        let _ = self.socket.0.shutdown(std::net::Shutdown::Write);
    }
}

/// Whether a socket has only nothing for the moment.
fn is_transient(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

/// Reads the socket once, and what it completes of the session.
fn read_session(
    session: &mut ServerConnection,
    socket: &mut Socket,
    buffer: &mut [u8],
) -> io::Result<usize> {
    match session.reader().read(buffer) {
        Err(error) if is_transient(&error) => {}
        read => return read,
    }
    match read_packets(session, socket)? {
        0 => Ok(0),
        _ => session.reader().read(buffer),
    }
}

/// Reads the socket once; how many bytes came.
fn read_packets(session: &mut ServerConnection, socket: &mut Socket) -> io::Result<usize> {
    let bytes = session.read_tls(socket)?;
    if bytes > 0 {
        let processed = session.process_new_packets();
        // The next part of the handshake, or why there is none.
        write_session(session, socket, Instant::now() + WRITE_TIME)?;
        processed.map_err(io::Error::other)?;
    }
    Ok(bytes)
}

/// Writes what the session has to write.
fn write_session(
    session: &mut ServerConnection,
    socket: &mut Socket,
    until: Instant,
) -> io::Result<()> {
    while session.wants_write() {
        match session.write_tls(socket) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(_) => {}
            Err(error) if is_transient(&error) => {}
            Err(error) => return Err(error),
        }
        in_time(until)?;
    }
    Ok(())
}

fn write_all(socket: &mut Socket, mut bytes: &[u8], until: Instant) -> io::Result<()> {
    while !bytes.is_empty() {
        match socket.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if is_transient(&error) => {}
            Err(error) => return Err(error),
        }
        if !bytes.is_empty() {
            in_time(until)?;
        }
    }
    Ok(())
}

/// An error that does not pass, once it is too late.
fn in_time(until: Instant) -> io::Result<()> {
    match Instant::now() < until {
        true => Ok(()),
        false => Err(ErrorKind::BrokenPipe.into()),
    }
}
