//! Reads the first line of an input, to detect its format. A pipe delivers it in as many pieces as it was written in, and the first
//! may be a single byte.

use super::pipe::{Pipe, PipeEvent};
use super::recognise::without_mark;
use std::collections::VecDeque;

/// The format of a longer first line is detected from its beginning.
const FIRST_LINE_BYTES_MAX: usize = 64 << 10;

/// Everything read so far: the text as one event, then the event that ended the reading early, if any.
pub(super) fn first_line(pipe: &Pipe) -> VecDeque<PipeEvent> {
    let mut text = Vec::new();
    let mut read_at = None;
    let last = loop {
        match pipe.next(None) {
            PipeEvent::Bytes(bytes, at) => {
                text.extend_from_slice(&bytes);
                read_at = Some(at);
                if is_enough(&text) {
                    break None;
                }
            }
            other => break Some(other),
        }
    };
    let text = read_at.map(|at| PipeEvent::Bytes(text, at));
    text.into_iter().chain(last).collect()
}

/// Whether the first non-empty line is complete, or begins with a character that only JSON begins with.
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
