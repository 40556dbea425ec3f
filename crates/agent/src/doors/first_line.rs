//! The first line of a connection. One of HTTP ends it: a page in a browser of this machine can make the browser send to a door, and
//! would so send what it likes under the agent's identity.

/// More of a first line is not awaited: a request of HTTP is told by then, or was never meant to be one.
const BYTES_MAX: usize = 8192;

/// The beginning of a connection.
#[derive(Debug, Default)]
pub(super) struct FirstLine {
    held: Vec<u8>,
    is_over: bool,
}

/// It is HTTP.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct IsHttp;

impl FirstLine {
    /// Takes the next bytes, and gives what of all so far may be read as lines: nothing, until the first line has ended.
    pub(super) fn take<'a>(&'a mut self, bytes: &'a [u8]) -> Result<&'a [u8], IsHttp> {
        if self.is_over {
            self.held = Vec::new();
            return Ok(bytes);
        }
        self.held.extend_from_slice(bytes);
        let end = self.held.iter().position(|byte| *byte == b'\n');
        if end.is_none() && self.held.len() < BYTES_MAX {
            return Ok(&[]);
        }
        self.is_over = true;
        let line = self.held.get(..end.unwrap_or(self.held.len()));
        if is_http(line.unwrap_or_default()) {
            return Err(IsHttp);
        }
        Ok(&self.held)
    }

    /// What was held back until the end.
    pub(super) fn rest(&self) -> &[u8] {
        if self.is_over { &[] } else { &self.held }
    }
}

/// Whether it is `METHOD TARGET HTTP/1.1`.
fn is_http(line: &[u8]) -> bool {
    let mut words = line.trim_ascii_end().rsplitn(2, |byte| *byte == b' ');
    words.next().is_some_and(|last| last.starts_with(b"HTTP/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_of_http_ends_it_however_it_comes() {
        for line in [
            "POST / HTTP/1.1\r\n",
            "GET /a b HTTP/1.0\n",
            "PRI * HTTP/2.0\r\n",
        ] {
            for size in [1, 5, 100] {
                let mut beginning = FirstLine::default();
                let mut given = Vec::new();
                let mut chunks = line.as_bytes().chunks(size);
                let told = chunks.try_for_each(|chunk| {
                    given.extend_from_slice(beginning.take(chunk)?);
                    Ok(())
                });
                assert_eq!((told, given.as_slice()), (Err(IsHttp), b"".as_slice()));
            }
        }
    }

    #[test]
    fn everything_else_comes_through_whole() {
        let long = format!("{} 1\n", "x".repeat(BYTES_MAX + 5));
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
