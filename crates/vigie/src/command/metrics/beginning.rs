//! The first line of an input, which says what it holds. A pipe gives it in as many pieces as it was written in, and the first
//! of them may be a single byte.

use super::pipe::{Piece, Pipe};
use super::recognise::without_mark;
use std::collections::VecDeque;

/// A first line longer than this is judged by its beginning.
const FIRST_LINE_BYTES_MAX: usize = 64 << 10;

/// What was read so far: the text as one piece, and behind it the end or the signal that came instead of more.
pub(super) fn beginning(pipe: &Pipe) -> VecDeque<Piece> {
    let mut text = Vec::new();
    let mut read_at = None;
    let last = loop {
        match pipe.next(None) {
            Piece::Bytes(bytes, at) => {
                text.extend_from_slice(&bytes);
                read_at = Some(at);
                if is_enough(&text) {
                    break None;
                }
            }
            other => break Some(other),
        }
    };
    let text = read_at.map(|at| Piece::Bytes(text, at));
    text.into_iter().chain(last).collect()
}

/// Whether the first line that is not empty is there, or what no line of text begins with.
fn is_enough(text: &[u8]) -> bool {
    let line = without_mark(text).trim_ascii_start();
    matches!(line.first(), Some(b'[' | b'{'))
        || line.contains(&b'\n')
        || text.len() >= FIRST_LINE_BYTES_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_awaited_to_its_end_and_json_is_not() {
        for text in ["", "n", "\n \n", "\u{feff}", "name,value"] {
            assert!(!is_enough(text.as_bytes()), "{text:?}");
        }
        for text in ["name,value\n", "\n\na 1\n", "\u{feff}{", " ["] {
            assert!(is_enough(text.as_bytes()), "{text:?}");
        }
        assert!(is_enough(&[b'a'; FIRST_LINE_BYTES_MAX]));
    }
}
