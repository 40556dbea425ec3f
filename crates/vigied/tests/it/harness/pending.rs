//! Requests whose answers are awaited later, or never.

use super::{Reply, Request};
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read, Write as _};
use std::net::TcpStream;

/// A request that was sent, and whose answer is still to come. Whoever drops it hangs up.
#[derive(Debug)]
pub(crate) struct Pending(TcpStream);

impl Request {
    /// Sends it over a connection of its own.
    pub(crate) fn begin(&self) -> Pending {
        let place = self.url.strip_prefix("http://").unwrap();
        let (address, path) = place.split_at(place.find('/').unwrap());
        let body = self.body.as_deref().unwrap_or_default();
        let mut head = format!(
            "{} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n",
            self.method,
            body.len()
        );
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(self.patience)).unwrap();
        let request = [head.as_bytes(), b"\r\n", body].concat();
        stream.write_all(&request).unwrap();
        Pending(stream)
    }
}

impl Pending {
    /// Whether the answer has begun to arrive.
    pub(crate) fn is_answered(&self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        let peeked = self.0.peek(&mut [0]);
        self.0.set_nonblocking(false).unwrap();
        !peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    /// Waits for the whole answer.
    pub(crate) fn reply(mut self) -> Reply {
        Reply::read(&whole_answer(&mut self.0).unwrap())
    }
}

/// One answer of a kept connection: its head, and its body without the frames of chunks.
pub(crate) fn whole_answer(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut answer = up_to(stream, "\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer).into_owned();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    read_more(stream, &mut answer, length.unwrap_or(0))?;
    let mut more = head.contains("transfer-encoding: chunked");
    while more {
        let size = String::from_utf8_lossy(&up_to(stream, "\r\n")?).into_owned();
        let size = usize::from_str_radix(size.trim_end(), 16);
        let size = size.map_err(|_| ErrorKind::InvalidData)?;
        read_more(stream, &mut answer, size)?;
        up_to(stream, "\r\n")?;
        more = size > 0;
    }
    Ok(answer)
}

fn read_more(stream: &mut TcpStream, answer: &mut Vec<u8>, bytes: usize) -> io::Result<()> {
    let begun = answer.len();
    answer.resize(begun + bytes, 0);
    stream.read_exact(&mut answer[begun..])
}

fn up_to(stream: &mut TcpStream, end: &str) -> io::Result<Vec<u8>> {
    let (mut text, mut byte) = (Vec::new(), [0]);
    while !text.ends_with(end.as_bytes()) {
        if stream.read(&mut byte)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        text.push(byte[0]);
    }
    Ok(text)
}
