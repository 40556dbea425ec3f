//! A value that must not be seen: no `Display`, a redacted `Debug`, wiped when dropped, compared in constant time.

use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// Wraps a secret so that it can only be read on purpose, with [`Secret::expose`].
#[derive(Clone)]
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    /// Takes a secret in.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The secret itself. Never log, format or store what this returns.
    #[must_use]
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<hidden>")
    }
}

impl<T: Zeroize + AsRef<[u8]>> PartialEq for Secret<T> {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(self.0.as_ref(), other.0.as_ref())
    }
}

impl<T: Zeroize + AsRef<[u8]>> Eq for Secret<T> {}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

/// Compares two byte strings in a time that depends on their lengths alone.
#[must_use]
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    // Sixty-four bytes at a time: a token of a kilobyte is compared on every request. The black box keeps the compiler
    // from leaving early once a difference is known.
    let (left_blocks, left_rest) = left.as_chunks::<64>();
    let (right_blocks, right_rest) = right.as_chunks::<64>();
    let differs = |a: &[u8], b: &[u8]| a.iter().zip(b).fold(0_u8, |sum, (a, b)| sum | (a ^ b));
    let mut difference = differs(left_rest, right_rest);
    for (a, b) in left_blocks.iter().zip(right_blocks) {
        difference = std::hint::black_box(difference | differs(a, b));
    }
    std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_it() {
        assert_eq!(
            format!("{:?}", Secret::new("hunter2".to_owned())),
            "<hidden>"
        );
    }

    #[test]
    fn equality_is_that_of_the_bytes() {
        assert!(constant_time_eq(b"abc", b"abc"));
        assert!(!constant_time_eq(b"abc", b"abd"));
        assert!(!constant_time_eq(b"abc", b"ab"));
        let long = [7_u8; 150];
        assert!(constant_time_eq(&long, &long.clone()));
        for at in 0..long.len() {
            let mut other = long;
            other[at] ^= 1;
            assert!(!constant_time_eq(&long, &other), "{at}");
        }
        assert_eq!(Secret::new("a".to_owned()), Secret::new("a".to_owned()));
    }
}
