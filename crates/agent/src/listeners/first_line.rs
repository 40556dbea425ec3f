//! The first line of a connection. One of HTTP ends it, and what begins as TLS: a page in a browser of this machine can make the
//! browser send to a listener, and would so send what it likes under the agent's identity.

use wire::first_line;

/// The longest line that any listener takes. A first one that is longer ends the connection: whether it is one of HTTP stands at
/// its end.
const BYTES_MAX: usize = 8192;

/// The beginning of a connection.
#[derive(Debug, Default)]
pub(super) struct FirstLine {
    held: Vec<u8>,
    is_over: bool,
}

/// Why nothing of a connection is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotLines {
    /// It speaks another protocol.
    Other(first_line::NotLines),
    TooLong,
}

impl NotLines {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Other(other) => other.reason(),
            Self::TooLong => "the first line has more than 8192 bytes",
        }
    }
}

impl FirstLine {
    /// Takes the next bytes, and gives what of all so far may be read as lines: nothing, until the first line has ended.
    pub(super) fn take<'a>(&'a mut self, bytes: &'a [u8]) -> Result<&'a [u8], NotLines> {
        if self.is_over {
            self.held = Vec::new();
            return Ok(bytes);
        }
        self.held.extend_from_slice(bytes);
        if first_line::begins_as_tls(&self.held) {
            return Err(NotLines::Other(first_line::NotLines::Tls));
        }
        let end = self.held.iter().position(|byte| *byte == b'\n');
        if end.unwrap_or(self.held.len()) > BYTES_MAX {
            return Err(NotLines::TooLong);
        }
        let Some(line) = end.and_then(|end| self.held.get(..end)) else {
            return Ok(&[]);
        };
        if first_line::is_http(line) {
            return Err(NotLines::Other(first_line::NotLines::Http));
        }
        self.is_over = true;
        Ok(&self.held)
    }

    /// The bytes that were held back until the end.
    pub(super) fn rest(&self) -> &[u8] {
        if self.is_over { &[] } else { &self.held }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_of_http_or_tls_ends_it_however_it_comes() {
        let long = format!("POST /?{} HTTP/1.1\r\n\r\na.b 1\n", "x".repeat(40_000));
        let http = NotLines::Other(first_line::NotLines::Http);
        let tls = NotLines::Other(first_line::NotLines::Tls);
        for (line, expected) in [
            ("POST / HTTP/1.1\r\n", http),
            ("GET /a b HTTP/1.0\n", http),
            ("PRI * HTTP/2.0\r\n", http),
            (&long, NotLines::TooLong),
            ("\u{16}\u{3}\u{1}\na.b 1\n", tls),
        ] {
            for size in [1, 5, 100, 32 * 1024, 100_000] {
                let mut beginning = FirstLine::default();
                let mut given = Vec::new();
                let mut chunks = line.as_bytes().chunks(size);
                let outcome = chunks.try_for_each(|chunk| {
                    given.extend_from_slice(beginning.take(chunk)?);
                    Ok(())
                });
                assert_eq!((outcome, given.as_slice()), (Err(expected), b"".as_slice()));
            }
        }
    }

    #[test]
    fn everything_else_comes_through_whole() {
        let long = format!("{} 1\n", "x".repeat(BYTES_MAX - 2));
        for text in ["a.b 1\nPOST / HTTP/1.1\n", "a.b 1", "", &long, "HTTP 1 2\n"] {
            for size in [1, 7, 10_000] {
                let mut beginning = FirstLine::default();
                let mut given = Vec::new();
                for chunk in text.as_bytes().chunks(size) {
                    given.extend_from_slice(beginning.take(chunk).unwrap());
                }
                given.extend_from_slice(beginning.rest());
                assert_eq!(given, text.as_bytes());
            }
        }
    }
}
