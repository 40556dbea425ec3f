//! What a regular expression takes in memory while it is read, told from its text before anything is read.
//!
//! Two letters may name a class of many hundred ranges, and a tree of classes is whole before anything is compiled, so that the
//! size of what is compiled bounds nothing.

/// Bytes that a regular expression of a caller may take while it is read: about 120 classes such as `\w`, or any text without
/// them that is as long as a regular expression may be.
pub const TREE_BYTES_MAX: usize = 4 << 20;

/// What a letter takes at most.
const LETTER: usize = 320;

/// What a sign takes more.
const SIGN: usize = 256;

/// What a class takes at most that is made of hundreds of ranges.
const LARGE_CLASS: usize = 32 << 10;

/// What a class takes at most that is made of some dozens of ranges.
const CLASS: usize = 4 << 10;

/// The bytes that an expression takes at most while it is read.
#[must_use]
pub fn tree_bytes(text: &str) -> usize {
    let mut sum = text.len().saturating_mul(LETTER);
    let mut is_escaped = false;
    let folds = folds_case(text);
    for byte in text.bytes() {
        sum = sum.saturating_add(match byte {
            b'w' | b'W' | b'p' | b'P' if is_escaped => LARGE_CLASS,
            b'd' | b'D' | b's' | b'S' if is_escaped => CLASS,
            // A class, and a part of one: with the other case of each of its letters it may have thousands of ranges.
            b'[' | b'-' | b'&' | b'~' if folds => LARGE_CLASS,
            b'.' | b'|' | b'^' | b'$' | b'?' => SIGN,
            _ => 0,
        });
        is_escaped = byte == b'\\' && !is_escaped;
    }
    sum
}

/// Whether some of it is to match in either case.
fn folds_case(text: &str) -> bool {
    text.match_indices("(?").any(|(at, begin)| {
        let behind = text.get(at + begin.len()..).unwrap_or_default();
        let mut flags = behind
            .bytes()
            .take_while(|own| matches!(own, b'a'..=b'z' | b'A'..=b'Z' | b'-'));
        flags.any(|own| own == b'i')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_in_either_case_is_large() {
        for text in ["(?i)[a-z]", "(?si:[k])", "(?s-i)[k]"] {
            assert!(tree_bytes(text) > LARGE_CLASS, "{text}");
        }
        for text in ["[a-z]i", "(?P<i>[a])", "(?:i[a])", "(?s)[a]"] {
            assert!(tree_bytes(text) < LARGE_CLASS, "{text}");
        }
    }

    #[test]
    fn classes_count_and_what_looks_like_them_does_not() {
        assert_eq!(tree_bytes(""), 0);
        assert_eq!(tree_bytes("wd"), 2 * LETTER);
        assert_eq!(tree_bytes(r"\w\\w\S"), 7 * LETTER + LARGE_CLASS + CLASS);
        for text in ["a", ".", "a|"] {
            let text = text.repeat(4096 / text.len());
            assert!(tree_bytes(&text) <= TREE_BYTES_MAX, "{text}");
        }
        assert!(tree_bytes(&r"\w".repeat(100)) <= TREE_BYTES_MAX);
        assert!(tree_bytes(&r"\w".repeat(140)) > TREE_BYTES_MAX);
    }
}
