//! The text of a one-time code: `vgc`, and five groups of four characters, 100 random bits.
//!
//! A code is copied from a mail or told over the telephone: capitals, blanks and the usual slips of the eye (`o` for `0`, `l`
//! for `1`) are understood.

use crate::entropy;
use base::secret::Secret;

/// What every code begins with, by which a program knows one where a password is asked for.
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

/// What is stored of a code, however it was typed; 100 random bits cannot be found from their hash.
pub(super) fn hash(text: &str) -> [u8; 32] {
    let canonical: Vec<u8> = text
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| match byte.to_ascii_lowercase() {
            b'o' => b'0',
            b'i' | b'l' => b'1',
            other => other,
        })
        // Longer than any code: what follows does not matter any more.
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
