//! A table that says for each byte where in a name it may be: the name of every sample is checked byte by byte.

use crate::invisible::is_invisible;
use crate::limit;

/// Parts two elements.
const DOT: u8 = 1;
/// Not allowed in a name.
const FORBIDDEN: u8 = 2;
/// To be looked at more closely: tags, and what is not ASCII.
const OTHER: u8 = 4;
/// Found, not in the table: a dot after a dot.
const EMPTY: u8 = 8;

const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte: u8 = 0;
    loop {
        #[expect(clippy::indexing_slicing, reason = "a byte, of 256")]
        let class = &mut classes[byte as usize];
        *class = match byte {
            b'.' => DOT,
            b';' | 0x80.. => OTHER,
            // White space, and what the query grammar needs for itself.
            b' ' | b'*' | b'?' | b'[' | b']' | b'{' | b'}' | b'(' | b')' | b',' | b'"' | b'\''
            | b'\\' => FORBIDDEN,
            _ if is_invisible(byte as char) => FORBIDDEN,
            _ => 0,
        };
        if byte == u8::MAX {
            return classes;
        }
        byte += 1;
    }
}

fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(FORBIDDEN)
}

/// Whether a name may hold this ASCII character.
pub(super) fn is_allowed(byte: u8) -> bool {
    class(byte) & FORBIDDEN == 0
}

/// Whether `text` is a path of ASCII characters without tags, with which nothing is wrong.
pub(super) fn is_plain_path(text: &str) -> bool {
    let bytes = text.as_bytes();
    is_usual_path(bytes) || is_plain(bytes)
}

/// How many bytes are looked at together: a processor compares as many at once.
const BLOCK: usize = 16;

/// Most bytes of a path that can't have too many elements, since each takes a byte and a dot.
const SHALLOW: u64 = 2 * limit::NAME_ELEMENTS.default - 1;

/// Whether it is for certain such a path, as most are: neither short nor very long, and nothing but letters, digits and
/// `-./:_`.
fn is_usual_path(bytes: &[u8]) -> bool {
    let ([first, after @ ..], [before @ .., last]) = (bytes, bytes) else {
        return false;
    };
    // Each byte beside the one after it. The last block overlaps the one before it.
    let (Some(last_before), Some(last_after)) = (before.last_chunk(), after.last_chunk()) else {
        return false;
    };
    let (befores, afters) = (before.as_chunks().0, after.as_chunks().0);
    bytes.len() as u64 <= SHALLOW
        && *first != b'.'
        && is_usual(*first)
        && *last != b'.'
        && befores
            .iter()
            .zip(afters)
            .all(|(before, after)| is_usual_block(before, after))
        && is_usual_block(last_before, last_after)
}

/// Whether each of `after` is usual, and no dot follows a dot.
fn is_usual_block(before: &[u8; BLOCK], after: &[u8; BLOCK]) -> bool {
    let mut wrong = false;
    for (before, after) in before.iter().zip(after) {
        wrong |= !is_usual(*after) | ((*before == b'.') & (*after == b'.'));
    }
    !wrong
}

/// As comparisons and not by the table, for the compiler to make them for a whole block.
const fn is_usual(byte: u8) -> bool {
    (byte.wrapping_sub(b'-') <= b':' - b'-')
        | ((byte | 0x20).wrapping_sub(b'a') <= b'z' - b'a')
        | (byte == b'_')
}

/// Whether it is such a path, byte by byte. No jump depends on one, so that it costs the same few steps for each.
fn is_plain(bytes: &[u8]) -> bool {
    // As after a dot: the first byte may not be one.
    let (mut found, mut last, mut dots) = (0, DOT, 0_u64);
    for byte in bytes {
        let class = class(*byte);
        found |= class | ((class & last) * EMPTY);
        dots += u64::from(class & DOT);
        last = class;
    }
    found & (FORBIDDEN | OTHER | EMPTY) == 0
        && last & DOT == 0
        && dots < limit::NAME_ELEMENTS.default
}

#[cfg(test)]
mod tests {
    use super::super::{NameError, SeriesName, allowed, check_path};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_table_says_what_the_words_say() {
        for byte in 0..128_u8 {
            let character = char::from(byte);
            let is_allowed = !is_invisible(character)
                && !character.is_whitespace()
                && !"*?[]{}(),\"'\\".contains(character);
            assert_eq!(allowed(character), is_allowed, "{character:?}");
        }
        for character in ['\u{a0}', '\u{85}', '\u{3000}', '\u{200b}'] {
            assert!(!allowed(character), "{character:?}");
        }
        assert!(allowed('é') && allowed('\u{ff}') && allowed('名'));
    }

    #[test]
    fn a_byte_anywhere_in_a_block_is_what_it_is_alone() {
        for length in [16, 17, 18, 32, 33, 34, 49] {
            for place in 0..length {
                for byte in 0..128 {
                    for next_byte in [b'a', b'.'] {
                        let mut bytes = vec![b'a'; length];
                        bytes[place] = byte;
                        if let Some(next) = bytes.get_mut(place + 1) {
                            *next = next_byte;
                        }
                        let right = is_plain(&bytes);
                        let text = String::from_utf8(bytes).unwrap();
                        assert_eq!(is_plain_path(&text), right, "{text:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn as_many_elements_are_plain_as_are_allowed() {
        let elements = |number: usize| vec!["a"; number].join(".");
        assert!(is_usual_path(elements(64).as_bytes()));
        assert!(!is_plain_path(&elements(65)));
        assert_eq!(
            SeriesName::parse(&elements(65)),
            Err(NameError::TooDeep(65))
        );
    }

    proptest! {
        #[test]
        fn a_plain_path_is_one_with_which_nothing_is_wrong(text in "[ab./;*é\u{1}]{0,9}|[a-c.]{0,9}|\\PC{0,9}|[a.]{120,140}|[a-z./;* é]{14,50}|([a-f]{1,3}\\.){5,9}[a-f.]{0,3}") {
            let is_right = text.is_ascii() && !text.contains(';') && check_path(&text).is_ok();
            prop_assert_eq!(is_plain_path(&text), is_right, "{:?}", text);
        }
    }
}
