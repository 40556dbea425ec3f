//! The successor of a refresh token as it is stored: encrypted under a key that only the holder of the token can derive, for
//! only the token's hash is stored. So a copy of the database gives no refresh token.

use super::key_error::KeyError;
use crate::entropy;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base::secret::Secret;
use zeroize::{Zeroize, Zeroizing};

/// Encrypts the successor of `parent`.
pub(crate) fn encrypt(
    parent: &Secret<String>,
    successor: &Secret<String>,
) -> Result<Vec<u8>, KeyError> {
    let mut text = successor.expose().clone().into_bytes();
    key(parent)?
        .seal_in_place_append_tag(nonce(), Aad::empty(), &mut text)
        .map_err(|_| KeyError::Crypto("encrypt the successor of a refresh token"))?;
    Ok(text)
}

/// Decrypts the successor of `parent`; none if it was encrypted for another token or was changed.
pub(crate) fn decrypt(parent: &Secret<String>, mut encrypted: Vec<u8>) -> Option<Secret<String>> {
    let text = key(parent)
        .ok()?
        .open_in_place(nonce(), Aad::empty(), &mut encrypted)
        .ok()?;
    let text = std::str::from_utf8(text).ok()?;
    Some(Secret::new(text.to_owned()))
}

fn key(parent: &Secret<String>) -> Result<LessSafeKey, KeyError> {
    let mut material = b"vigie refresh-token successor\0".to_vec();
    material.extend(parent.expose().as_bytes());
    let hash = Zeroizing::new(entropy::sha256(&material));
    material.zeroize();
    let key = UnboundKey::new(&AES_256_GCM, &*hash)
        .map_err(|_| KeyError::Crypto("make the key of a refresh token's successor"))?;
    Ok(LessSafeKey::new(key))
}

/// Always the same, because a key encrypts one message: a token has one successor.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[test]
    fn only_the_parent_decrypts_its_successor() {
        let (parent, successor) = (token("vgr_parent"), token("vgr_successor"));
        let encrypted = encrypt(&parent, &successor).unwrap();
        assert!(!encrypted.windows(9).any(|part| part == b"successor"));
        assert_eq!(decrypt(&parent, encrypted.clone()), Some(successor));
        assert_eq!(decrypt(&token("vgr_other"), encrypted), None);
    }

    #[test]
    fn a_successor_that_was_changed_is_none() {
        let parent = token("vgr_parent");
        let encrypted = encrypt(&parent, &token("vgr_successor")).unwrap();
        for at in 0..encrypted.len() {
            let mut changed = encrypted.clone();
            changed[at] ^= 1;
            assert_eq!(decrypt(&parent, changed), None, "byte {at}");
        }
        assert_eq!(decrypt(&parent, Vec::new()), None);
    }
}
