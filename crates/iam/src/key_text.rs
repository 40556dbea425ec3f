//! The text of an API key: `vgk_`, 43 characters of randomness, `_`, 6 characters of checksum.
//!
//! The prefix and the checksum let scanners find leaked keys without asking the server, and let the server tell a mistyped
//! key from an unknown one.

use crate::entropy;
use base::name::API_KEY_PREFIX as PREFIX;
use base::secret::Secret;

const RANDOM_CHARACTERS: usize = 43;
const CHECKSUM_CHARACTERS: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new key.
#[must_use]
pub fn generate() -> Secret<String> {
    of(&entropy::text())
}

/// The key with these 43 characters of randomness.
pub(crate) fn of(random: &str) -> Secret<String> {
    let body = format!("{PREFIX}{random}");
    let checksum = checksum(&body);
    Secret::new(format!("{body}_{checksum}"))
}

/// Whether `text` begins with our prefix.
#[must_use]
pub fn is_ours(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// Whether `text` has the form of a key and its checksum is right.
#[must_use]
pub fn is_well_formed(text: &str) -> bool {
    if text.len() != PREFIX.len() + RANDOM_CHARACTERS + 1 + CHECKSUM_CHARACTERS
        || !text.starts_with(PREFIX)
    {
        return false;
    }
    text.rsplit_once('_')
        .is_some_and(|(body, sum)| sum.len() == CHECKSUM_CHARACTERS && checksum(body) == sum)
}

/// CRC-32 (IEEE 802.3) in base 62, most significant digit first.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM_CHARACTERS];
    for digit in digits.iter_mut().rev() {
        let index = usize::try_from(rest % 62).unwrap_or_default();
        *digit = DIGITS.get(index).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_checksum_is_the_common_crc() {
        // The standard's check value: CRC-32 of "123456789" is cbf43926.
        assert_eq!(checksum("123456789"), "3jZRME");
    }

    #[test]
    fn a_slip_of_the_pen_is_noticed() {
        let key = generate();
        assert!(is_well_formed(key.expose()));
        let swapped = key.expose().replacen("vgk_", "vgk-", 1);
        assert!(!is_well_formed(&swapped));
        let mut wrong = key.expose().clone().into_bytes();
        wrong[10] = if wrong[10] == b'x' { b'y' } else { b'x' };
        assert!(!is_well_formed(std::str::from_utf8(&wrong).unwrap()));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,70}") {
            prop_assert!(!is_well_formed(&text) || text.starts_with("vgk_"));
        }
    }
}
