//! Unpacks gzip input, recognized by its first bytes; other input is passed through.

use flate2::bufread::MultiGzDecoder;
use std::fmt;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The first two bytes of gzip; no text begins with them.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The size of one read of the packed input.
const PACKED_BYTES: usize = 64 << 10;

type Source = Chain<Cursor<Vec<u8>>, CountingReader>;

/// The plain text of an input.
pub(super) struct Unpacking {
    state: State,
    read: Arc<AtomicU64>,
}

enum State {
    /// Nothing was read so far.
    Unknown(CountingReader),
    Plain(Source),
    Packed(Box<MultiGzDecoder<BufReader<Source>>>),
    /// It could not be read.
    Ended,
}

impl Unpacking {
    /// Wraps `reader`; `read` counts the bytes read from it, before unpacking.
    pub(super) fn new(reader: Box<dyn Read + Send>, read: Arc<AtomicU64>) -> Self {
        let counted = Arc::clone(&read);
        Self {
            state: State::Unknown(CountingReader {
                reader,
                read: counted,
            }),
            read,
        }
    }
}

/// The error of packed input that cannot be unpacked to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BrokenGzip {
    /// How many packed bytes were looked at until then.
    bytes: u64,
    /// Whether there were no more.
    is_cut: bool,
}

impl fmt::Display for BrokenGzip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, is_cut } = *self;
        match is_cut {
            true => write!(f, "its gzip ends early, after {bytes} bytes"),
            false => write!(f, "its gzip is damaged, at byte {bytes} or before it"),
        }
    }
}

impl std::error::Error for BrokenGzip {}

/// Whether an error says that packed input is cut or damaged.
pub(super) fn is_broken(error: &io::Error) -> bool {
    matches!(error.get_ref(), Some(inner) if inner.is::<BrokenGzip>())
}

/// The error of the unpacker, after so many packed bytes, in words for people.
fn broken(error: io::Error, bytes: u64) -> io::Error {
    let is_cut = match error.kind() {
        io::ErrorKind::UnexpectedEof => true,
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => false,
        _ => return error,
    };
    io::Error::new(error.kind(), BrokenGzip { bytes, is_cut })
}

impl Read for Unpacking {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let State::Unknown(_) = self.state
            && let State::Unknown(source) = std::mem::replace(&mut self.state, State::Ended)
        {
            self.state = begun(source)?;
        }
        match &mut self.state {
            State::Plain(source) => source.read(into),
            State::Packed(packed) => {
                let unpacked = packed.read(into);
                unpacked.map_err(|error| {
                    let ahead = packed.get_ref().buffer().len() as u64;
                    let read = self.read.load(Ordering::Relaxed);
                    broken(error, read.saturating_sub(ahead))
                })
            }
            State::Unknown(_) | State::Ended => Ok(0),
        }
    }
}

/// Looks at the first bytes. It waits for the second byte only if the first is that of gzip, so that a slow writer's line is not
/// delayed.
fn begun(mut source: CountingReader) -> io::Result<State> {
    let mut first = Vec::new();
    for byte in MAGIC {
        let mut next = [0];
        if read_one(&mut source, &mut next)? == 0 {
            break;
        }
        first.extend(next);
        if next != [byte] {
            break;
        }
    }
    let is_packed = first == MAGIC;
    let source = Cursor::new(first).chain(source);
    Ok(if is_packed {
        let source = BufReader::with_capacity(PACKED_BYTES, source);
        State::Packed(Box::new(MultiGzDecoder::new(source)))
    } else {
        State::Plain(source)
    })
}

fn read_one(source: &mut CountingReader, into: &mut [u8; 1]) -> io::Result<usize> {
    loop {
        match source.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Counts the bytes read.
struct CountingReader {
    reader: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for CountingReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use std::io::Write as _;

    /// A reader that gives no more than so many bytes at once.
    struct Slow(Cursor<Vec<u8>>, usize);

    impl Read for Slow {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let most = into.len().min(self.1);
            self.0.read(&mut into[..most])
        }
    }

    fn packed(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: Vec<u8>, at_once: usize) -> (io::Result<Vec<u8>>, u64) {
        let count = Arc::new(AtomicU64::new(0));
        let slow = Slow(Cursor::new(bytes), at_once);
        let mut reader = Unpacking::new(Box::new(slow), Arc::clone(&count));
        let mut plain = Vec::new();
        let ended = reader.read_to_end(&mut plain).map(|_| plain);
        (ended, count.load(Ordering::Relaxed))
    }

    proptest! {
        #[test]
        fn what_is_read_is_the_plain_text(plain in proptest::collection::vec(any::<u8>(), 0..3000), at_once in 1_usize..2000) {
            let bytes = packed(&plain);
            let length = bytes.len() as u64;
            let (text, count) = read(bytes, at_once);
            prop_assert_eq!(text.unwrap(), plain.clone());
            prop_assert_eq!(count, length);
            if !plain.starts_with(&MAGIC) {
                prop_assert_eq!(read(plain.clone(), at_once).0.unwrap(), plain);
            }
        }
    }

    #[test]
    fn members_are_one_text_and_half_a_gzip_is_none() {
        let two = [packed(b"a 1\n"), packed(b"b 2\n")].concat();
        assert_eq!(read(two.clone(), 7).0.unwrap(), b"a 1\nb 2\n");
        for cut in [2, 10, two.len() - 1] {
            let error = read(two[..cut].to_vec(), 7).0.unwrap_err();
            let expected = format!("its gzip ends early, after {cut} bytes");
            assert_eq!(error.to_string(), expected);
            assert!(is_broken(&error));
        }
        assert_eq!(read(vec![0x1f], 1).0.unwrap(), [0x1f]);
        assert_eq!(read(Vec::new(), 1).0.unwrap(), b"");
    }

    /// Once, the message gave neither the place nor which of the two it was.
    #[test]
    fn what_is_damaged_says_where() {
        let mut damaged = packed(b"a 1\n");
        let length = damaged.len();
        // Of the checksum, which is at the end.
        damaged[length - 8] ^= 1;
        damaged.extend(packed(b"b 2\n"));
        let error = read(damaged, 7).0.unwrap_err();
        let expected = format!("its gzip is damaged, at byte {length} or before it");
        assert_eq!(error.to_string(), expected);
        assert!(!is_broken(&io::ErrorKind::InvalidInput.into()));
    }
}
