//! Estimates the memory that parsing a regular expression takes, from its text alone.
//!
//! Two letters may name a class of many hundred ranges, and a tree of classes is whole before anything is compiled, so that the
//! size of what is compiled bounds nothing.

/// Bytes that a regular expression of a caller may take while it is read: about 120 classes such as `\w`, some 15 in either case,
/// or any text without them that is as long as a regular expression may be.
pub const TREE_BYTES_MAX: usize = 4 << 20;

/// The most that a letter takes.
const LETTER: usize = 320;

/// The extra cost of an operator.
const SIGN: usize = 256;

/// The most that a class of hundreds of ranges takes.
const LARGE_CLASS: usize = 32 << 10;

/// The charge for a case-insensitive class. It takes less memory, but up to some milliseconds: each letter is looked at.
const FOLDED_CLASS: usize = 256 << 10;

/// The most that a class of some dozens of ranges takes.
const CLASS: usize = 4 << 10;

/// The bytes that an expression takes at most while it is read.
#[must_use]
pub fn tree_bytes(text: &str) -> usize {
    let mut sum = text.len().saturating_mul(LETTER);
    let mut is_escaped = false;
    let mut before = 0;
    let folds = folds_case(text);
    for byte in text.bytes() {
        sum = sum.saturating_add(match byte {
            b'p' | b'P' if is_escaped && folds => FOLDED_CLASS,
            b'w' | b'W' | b'p' | b'P' if is_escaped => LARGE_CLASS,
            b'd' | b'D' | b's' | b'S' if is_escaped => CLASS,
            // A class, and both sides of `&&`, `--` and `~~` in it.
            b'[' if folds => FOLDED_CLASS,
            b'-' | b'&' | b'~' if folds && byte == before => 2 * FOLDED_CLASS,
            // A part of a class: with the other case of each of its letters it may have thousands of ranges.
            b'-' | b'&' | b'~' if folds => LARGE_CLASS,
            b'.' | b'|' | b'^' | b'$' | b'?' => SIGN,
            _ => 0,
        });
        is_escaped = byte == b'\\' && !is_escaped;
        before = byte;
    }
    sum
}

/// Whether some of it is to match in either case, or looks so: before the `?` of flags there may be spaces and comments.
fn folds_case(text: &str) -> bool {
    text.split('?').skip(1).any(|after| {
        let flags = after.split_once([')', ':']).map_or("", |(flags, _)| flags);
        let mut letters = flags.bytes();
        flags.contains('i')
            && letters.all(|letter| {
                matches!(
                    letter,
                    b'i' | b'm' | b's' | b'U' | b'u' | b'R' | b'x' | b'-'
                )
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_in_either_case_is_large() {
        for text in [
            "(?i)[a-z]",
            "(?si:[k])",
            "(?s-i)[k]",
            "(?x)( ?i)[k]",
            "(?x)(# of any case\n?i:[k])",
            r"(?i)\pL",
            r"(?i)\P{any}",
        ] {
            assert!(tree_bytes(text) > FOLDED_CLASS, "{text}");
        }
        for text in [
            "[a-z]i",
            "colou?rin[g]:",
            "(?P<i>[a])",
            "(?:i[a])",
            "(?s)[a]",
        ] {
            assert!(tree_bytes(text) < LARGE_CLASS, "{text}");
        }
    }

    /// Each of them looks at every letter that there is.
    #[test]
    fn few_classes_in_either_case_are_read() {
        for piece in [
            r"\p{any}",
            r"\P{any}",
            "[!-\u{10ffff}]",
            "[k&&!-\u{10ffff}]",
        ] {
            for begin in ["(?i)", "(?x)( ?i)"] {
                let text = |count: usize| format!("{begin}{}", piece.repeat(count));
                assert!(tree_bytes(&text(4)) <= TREE_BYTES_MAX, "{begin}{piece}");
                assert!(tree_bytes(&text(16)) > TREE_BYTES_MAX, "{begin}{piece}");
            }
        }
        let usual = [
            r"(?i)[a-z0-9_-]+\.example",
            r"(?i)^[a-z0-9_-]+\.[a-z0-9_-]+\.[a-z0-9_-]+\.[a-z0-9_-]+\.example$",
            "(?i)^(eu|us)-(west|east)-[0-9]+-web-[a-z]+-[0-9]+$",
        ];
        for text in usual {
            assert!(2 * tree_bytes(text) < TREE_BYTES_MAX, "{text}");
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
