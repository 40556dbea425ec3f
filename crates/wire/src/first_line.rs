//! The first line of a connection that is to bring lines. A page in a browser can make the browser send what the page likes to any
//! address that the browser reaches, and so under the identity by which that address is known. Whatever the page does, the
//! connection begins with a request line of HTTP or with a TLS handshake: no line of a sender looks like either.

/// The first byte of a TLS connection. No line begins with it.
const TLS_HANDSHAKE: u8 = 0x16;

/// How many of the last bytes of a line say whether it is one of HTTP: its version, with room for what may follow it.
const TAIL_BYTES: usize = 64;

/// The protocols that a connection may bring instead of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotLines {
    /// A request of HTTP.
    Http,
    /// The handshake of TLS.
    Tls,
}

impl NotLines {
    /// The answer to the sender.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Http => "no HTTP is taken here",
            Self::Tls => "no TLS is taken here",
        }
    }
}

/// Looks at the first line of a connection as it comes, however long it is, and keeps no more than its end.
#[derive(Debug, Default)]
pub struct FirstLine {
    tail: Vec<u8>,
    has_begun: bool,
    is_over: bool,
}

impl FirstLine {
    /// Inspects the next bytes, before anything else reads them.
    ///
    /// # Errors
    /// [`NotLines`]: the connection brings something else, and nothing of it is to be read.
    pub fn inspect(&mut self, bytes: &[u8]) -> Result<(), NotLines> {
        if self.is_over || bytes.is_empty() {
            return Ok(());
        }
        if !self.has_begun && begins_as_tls(bytes) {
            return Err(NotLines::Tls);
        }
        self.has_begun = true;
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let line = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        let last = line.len().saturating_sub(TAIL_BYTES);
        self.tail
            .extend_from_slice(line.get(last..).unwrap_or_default());
        self.tail
            .drain(..self.tail.len().saturating_sub(TAIL_BYTES));
        self.is_over = end.is_some();
        if self.is_over && is_http(&std::mem::take(&mut self.tail)) {
            return Err(NotLines::Http);
        }
        Ok(())
    }
}

/// Whether a connection that begins with these bytes speaks TLS.
#[must_use]
pub fn begins_as_tls(bytes: &[u8]) -> bool {
    bytes.first() == Some(&TLS_HANDSHAKE)
}

/// Whether a line, or the end of one, is a request line: `METHOD TARGET HTTP/1.1`.
#[must_use]
pub fn is_http(line: &[u8]) -> bool {
    let mut words = line.trim_ascii_end().rsplitn(2, |byte| *byte == b' ');
    let version = words.next().and_then(|last| last.strip_prefix(b"HTTP/"));
    let is_version = match version {
        Some([major, b'.', minor]) => major.is_ascii_digit() && minor.is_ascii_digit(),
        _ => false,
    };
    is_version && words.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The verdict on bytes that come in chunks of this size, and how many of them were let through.
    fn inspect(bytes: &[u8], size: usize) -> (Result<(), NotLines>, usize) {
        let mut line = FirstLine::default();
        let mut through = 0;
        let mut chunks = bytes.chunks(size);
        let outcome = chunks.try_for_each(|chunk| {
            line.inspect(chunk)?;
            through += chunk.len();
            Ok(())
        });
        (outcome, through)
    }

    #[test]
    fn a_first_line_of_http_or_tls_is_told_before_it_ends_however_it_comes() {
        let long = format!(
            "POST /?{} HTTP/1.1\r\nHost: a\r\n\r\na.b 1\n",
            "x".repeat(40_000)
        );
        for (text, expected) in [
            ("POST / HTTP/1.1\r\n\r\na.b 1\n", NotLines::Http),
            ("GET /a b HTTP/1.0\n", NotLines::Http),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NotLines::Http),
            (&long, NotLines::Http),
            ("\u{16}\u{3}\u{1}\na.b 1\n", NotLines::Tls),
        ] {
            let end = text.find('\n').unwrap();
            for size in [1, 2, 5, 64, 65, 4096, 100_000] {
                let (outcome, through) = inspect(text.as_bytes(), size);
                assert_eq!(outcome, Err(expected), "{size}");
                assert!(through <= end, "{size}");
            }
        }
    }

    #[test]
    fn lines_of_senders_come_through() {
        let long = format!("{} 1\nPOST / HTTP/1.1\n", "x".repeat(40_000));
        for text in [
            "a.b 1\nPOST / HTTP/1.1\n",
            "AUTH apikey x\n",
            "GET / HTTP/1.1:1|c\n",
            "HTTP/1.1\n",
            "HTTP 1 2\n",
            "a HTTP/1.1.2 \n",
            "a.b HTTP/11\n",
            "\n",
            "a\u{16} 1\n",
            "a.b 1",
            "",
            &long,
        ] {
            for size in [1, 7, 64, 100_000] {
                assert_eq!(
                    inspect(text.as_bytes(), size),
                    (Ok(()), text.len()),
                    "{text}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(text in "[aHTP/1. \r\n]{0,40}", size in 1_usize..9) {
            let whole = inspect(text.as_bytes(), 1000).0;
            prop_assert_eq!(inspect(text.as_bytes(), size).0, whole);
        }
    }
}
