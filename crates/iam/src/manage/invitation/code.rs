//! The text of a one-time code: `vgc`, and five groups of four characters, 100 random bits.
//!
//! Codes are copied from a mail or read out over the telephone, so capitals, blanks and commonly confused characters
//! (`o` for `0`, `l` for `1`) are accepted.

use crate::entropy;
use base::secret::Secret;

/// The prefix of every code; clients recognise it at a password prompt.
pub const PREFIX: &str = "vgc";
const CHARACTERS: usize = 20;
const GROUP: usize = 4;

/// Crockford's 32 characters.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new code.
pub(super) fn generate() -> Secret<String> {
    let mut text = String::from(PREFIX);
    for (at, byte) in entropy::bytes::<CHARACTERS>().iter().enumerate() {
        if at % GROUP == 0 {
            text.push('-');
        }
        let character = ALPHABET.get(usize::from(byte % 32)).copied();
        text.push(char::from(character.unwrap_or(b'0')));
    }
    Secret::new(text)
}

/// The stored hash of a code, independent of its spelling; a hash of 100 random bits cannot be reversed.
pub(super) fn hash(text: &str) -> [u8; 32] {
    let canonical: Vec<u8> = text
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| match byte.to_ascii_lowercase() {
            b'o' => b'0',
            b'i' | b'l' => b'1',
            other => other,
        })
        // Longer than any code: the rest does not matter.
        .take(2 * CHARACTERS)
        .collect();
    entropy::sha256(&canonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_understood_as_people_type_it() {
        let code = generate();
        let text = code.expose();
        assert_eq!(text.len(), PREFIX.len() + 5 * (1 + GROUP));
        let sloppy = text
            .to_uppercase()
            .replace('-', " ")
            .replace('0', "o")
            .replace('1', "L");
        assert_eq!(hash(text), hash(&sloppy));
        assert_ne!(hash(text), hash(generate().expose()));
        assert_ne!(hash(&"a".repeat(23)), hash(&"a".repeat(24)));
    }
}
