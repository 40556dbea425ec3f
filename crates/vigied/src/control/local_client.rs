//! A client for the operators' socket of a server on the same data folder.

use crate::control::socket_path::Short;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Maximum bytes of an answer.
const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// How long an answer is waited for that the server has at hand.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// The body of `GET PATH`.
pub(crate) fn get(socket: &Path, path: &str) -> io::Result<String> {
    ask(socket, "GET", path).map(|answer| answer.body)
}

/// A new connection, over which an answer is waited for as long as this.
pub(crate) fn connect(socket: &Path, patience: Duration) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(Short::of(socket)?.path())?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// The answer to `POST PATH`.
pub(crate) fn post(stream: UnixStream, path: &str, body: &str) -> io::Result<String> {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}");
    answer(stream, &head).map(|answer| answer.body)
}

/// The answer to a request without a body.
pub(crate) fn ask(socket: &Path, method: &str, path: &str) -> io::Result<Answer> {
    answer(
        connect(socket, PATIENCE)?,
        &format!("{method} {path} HTTP/1.0\r\n\r\n"),
    )
}

fn answer(mut stream: UnixStream, request: &str) -> io::Result<Answer> {
    stream.write_all(request.as_bytes())?;
    let mut text = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut text)?;
    let status = text.get(9..12).and_then(|status| status.parse().ok());
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
    match (status, body) {
        (Some(status), Some(body)) => Ok(Answer {
            status,
            body: body.to_owned(),
        }),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
