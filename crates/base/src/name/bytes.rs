//! What each byte may do in a name, as a table: every sample's name is looked at, byte by byte.

use crate::invisible::is_invisible;
use crate::limit;

/// Parts two elements.
const DOT: u8 = 1;
/// Not allowed in a name.
const FORBIDDEN: u8 = 2;
/// To be looked at more closely: tags, and what is not ASCII.
const OTHER: u8 = 4;
/// Found, not in the table: a dot behind a dot.
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

/// Whether `text` is a path of ASCII characters without tags, with which nothing is wrong. No jump depends on a byte, so that
/// it costs the same few steps for each.
pub(super) fn is_plain_path(text: &str) -> bool {
    // As behind a dot: the first byte may not be one.
    let (mut found, mut last, mut dots) = (0, DOT, 0_u64);
    for byte in text.bytes() {
        let class = class(byte);
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
    fn as_many_elements_are_plain_as_are_allowed() {
        let elements = |number: usize| vec!["a"; number].join(".");
        assert!(is_plain_path(&elements(64)));
        assert!(!is_plain_path(&elements(65)));
        assert_eq!(
            SeriesName::parse(&elements(65)),
            Err(NameError::TooDeep(65))
        );
    }

    proptest! {
        #[test]
        fn a_plain_path_is_one_with_which_nothing_is_wrong(text in "[ab./;*é\u{1}]{0,9}|[a-c.]{0,9}|\\PC{0,9}|[a.]{120,140}") {
            let is_right = text.is_ascii() && !text.contains(';') && check_path(&text).is_ok();
            prop_assert_eq!(is_plain_path(&text), is_right, "{:?}", text);
        }
    }
}
