//! Asks the operators' socket of a server on the same folder, for the commands that want to know what it does.

use super::socket::Short;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Longest answer that is read.
const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The body of `GET PATH`.
pub(crate) fn get(socket: &Path, path: &str) -> io::Result<String> {
    ask(connect(socket)?, &format!("GET {path} HTTP/1.0\r\n\r\n"))
}

/// A connection, on which nothing was asked yet.
pub(super) fn connect(socket: &Path) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(Short::of(socket)?.path())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// The answer to `POST PATH`.
pub(super) fn post(stream: UnixStream, path: &str, body: &str) -> io::Result<String> {
    let length = body.len();
    ask(
        stream,
        &format!("POST {path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}"),
    )
}

fn ask(mut stream: UnixStream, request: &str) -> io::Result<String> {
    stream.write_all(request.as_bytes())?;
    let mut text = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut text)?;
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    body.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}
