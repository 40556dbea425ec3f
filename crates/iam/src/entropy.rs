//! Random values and their digests.

use aws_lc_rs::{digest, rand};
use base::id::Guid;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `N` random bytes.
///
/// # Panics
/// When the operating system has no randomness: nothing may be issued then.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0_u8; N];
    #[expect(
        clippy::expect_used,
        reason = "going on without randomness would issue guessable secrets"
    )]
    rand::fill(&mut bytes).expect("the operating system gives no randomness");
    bytes
}

/// A new identifier.
#[must_use]
pub fn guid() -> Guid {
    Guid::from_random(bytes())
}

/// 256 random bits as 43 URL-safe characters.
#[must_use]
pub fn text() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<32>())
}

/// SHA-256. Enough for secrets of 256 random bits; passwords use Argon2id.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0_u8; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}
