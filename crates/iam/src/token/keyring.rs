//! The signing keys in force: one signs, all verify. Where they come from is [`super::key_folder`].
//!
//! A ring is never changed: a reading of the folder makes a new one, which takes the old one's place as a whole.

use super::key_folder;
use crate::error::IamError;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use base::time::Millis;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::path::Path;

pub(super) struct SigningKey {
    pub(super) kid: String,
    pub(super) pair: RsaKeyPair,
    pub(super) modulus: Vec<u8>,
    pub(super) exponent: Vec<u8>,
}

/// What a reading of the folder changed, by the names of the keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyChange {
    /// Keys that are new, and verify from now on.
    pub taken_up: Vec<String>,
    /// Keys that are gone: what they signed opens nothing any more.
    pub out_of_service: Vec<String>,
    /// The key that signs.
    pub signing: String,
}

/// The public part of a key, as a JSON Web Key shows it (base64url, no padding).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Its name.
    pub kid: String,
    /// Modulus.
    pub n: String,
    /// Exponent.
    pub e: String,
}

/// Every key of the node, newest last.
pub struct KeyRing {
    keys: Vec<SigningKey>,
    /// How many times a key has gone: what an earlier generation verified has to be verified again.
    generation: u64,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|key| &key.kid))
            .finish()
    }
}

impl KeyRing {
    /// No key at all: signs nothing, verifies nothing.
    pub(crate) const fn empty() -> Self {
        Self {
            keys: Vec::new(),
            generation: 0,
        }
    }

    /// Reads the keys of a folder; makes the first one where there is none.
    pub(crate) fn open(folder: &Path, now: Millis) -> Result<Self, IamError> {
        key_folder::make(folder)?;
        if key_folder::kids(folder)?.is_empty() {
            key_folder::create(folder, now)?;
        }
        let keys = key_folder::read_all(folder)?;
        Ok(Self {
            keys,
            generation: 0,
        })
    }

    /// Reads the folder again. A server without a key could sign nothing and would refuse everybody, so an empty folder is
    /// refused and the keys in force stay.
    pub(crate) fn reread(&self, folder: &Path) -> Result<(Self, KeyChange), IamError> {
        let keys = key_folder::read_all(folder)?;
        let signing = keys.last().ok_or_else(|| IamError::LastKey {
            folder: folder.display().to_string(),
        })?;
        // The same name with another content is another key.
        let holds = |ring: &[SigningKey], own: &SigningKey| {
            ring.iter()
                .any(|key| key.kid == own.kid && key.modulus == own.modulus)
        };
        let missing = |of: &[SigningKey], from: &[SigningKey]| -> Vec<String> {
            let missing = of.iter().filter(|key| !holds(from, key));
            missing.map(|key| key.kid.clone()).collect()
        };
        let change = KeyChange {
            taken_up: missing(&keys, &self.keys),
            out_of_service: missing(&self.keys, &keys),
            signing: signing.kid.clone(),
        };
        let generation = self.generation + u64::from(!change.out_of_service.is_empty());
        Ok((Self { keys, generation }, change))
    }

    /// How many times a key has gone.
    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    /// The names, newest last.
    pub(crate) fn kids(&self) -> Vec<String> {
        self.keys.iter().map(|key| key.kid.clone()).collect()
    }

    /// Signs `message`; the key's name and the signature.
    pub(crate) fn sign(
        &self,
        message: impl FnOnce(&str) -> String,
    ) -> Result<(String, Vec<u8>), IamError> {
        let key = self
            .keys
            .last()
            .ok_or(IamError::Crypto("sign: there is no key"))?;
        let message = message(&key.kid);
        let mut signature = vec![0; key.pair.public_modulus_len()];
        key.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message.as_bytes(),
                &mut signature,
            )
            .map_err(|_| IamError::Crypto("sign the token"))?;
        Ok((message, signature))
    }

    /// Whether the named key made the signature; `None` when there is no such key.
    pub(crate) fn verify(&self, kid: &str, message: &[u8], signature: &[u8]) -> Option<bool> {
        let key = self.keys.iter().find(|key| key.kid == kid)?;
        let public =
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.pair.public_key().as_ref());
        Some(public.verify(message, signature).is_ok())
    }

    /// Checks a signature that no key of ours made, for the time it takes.
    pub(crate) fn verify_in_vain(&self, message: &[u8]) {
        if let Some(key) = self.keys.last() {
            let signature = vec![0x5a; key.pair.public_modulus_len()];
            std::hint::black_box(self.verify(&key.kid, message, &signature));
        }
    }

    /// The public parts.
    #[must_use]
    pub fn public(&self) -> Vec<PublicKey> {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        self.keys
            .iter()
            .map(|key| PublicKey {
                kid: key.kid.clone(),
                n: encode(&key.modulus),
                e: encode(&key.exponent),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let first = KeyRing::open(folder.path(), Millis(1)).unwrap();
        let (message, signature) = first.sign(|kid| format!("hello from {kid}")).unwrap();
        let again = KeyRing::open(folder.path(), Millis(2)).unwrap();
        assert_eq!(first.public(), again.public());
        let kid = &again.public()[0].kid;
        assert_eq!(
            again.verify(kid, message.as_bytes(), &signature),
            Some(true)
        );
        assert_eq!(again.verify(kid, b"other", &signature), Some(false));
        assert_eq!(again.verify("other", message.as_bytes(), &signature), None);
    }

    #[test]
    fn the_newest_key_signs_and_the_old_one_still_verifies() {
        let folder = tempfile::tempdir().unwrap();
        let old = KeyRing::open(folder.path(), Millis(1)).unwrap();
        let (message, signature) = old.sign(str::to_owned).unwrap();
        key_folder::create(folder.path(), Millis(2)).unwrap();
        let both = KeyRing::open(folder.path(), Millis(3)).unwrap();
        assert_eq!(
            both.verify(&message, message.as_bytes(), &signature),
            Some(true)
        );
        let (newer, _) = both.sign(str::to_owned).unwrap();
        assert!(newer > message);
    }

    #[test]
    fn a_key_that_is_gone_verifies_nothing_and_the_last_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let first = KeyRing::open(folder.path(), Millis(1)).unwrap();
        let (stolen, signature) = first.sign(str::to_owned).unwrap();
        let file = folder.path().join(format!("{stolen}.pem"));

        std::fs::rename(&file, folder.path().join("away")).unwrap();
        let error = first.reread(folder.path()).unwrap_err();
        assert!(matches!(error, IamError::LastKey { .. }), "{error}");

        std::fs::rename(folder.path().join("away"), &file).unwrap();
        let fresh = key_folder::create(folder.path(), Millis(2)).unwrap();
        let (both, change) = first.reread(folder.path()).unwrap();
        assert_eq!(
            (change.taken_up, change.signing),
            (vec![fresh.clone()], fresh.clone())
        );
        assert_eq!(change.out_of_service, Vec::<String>::new());
        // What was verified stays verified: nothing has gone.
        assert_eq!(both.generation(), first.generation());

        key_folder::retire(folder.path(), &stolen).unwrap();
        let (left, change) = both.reread(folder.path()).unwrap();
        assert_eq!(change.out_of_service, vec![stolen.clone()]);
        assert!(left.generation() > both.generation());
        assert_eq!(left.verify(&stolen, stolen.as_bytes(), &signature), None);
        assert_eq!(left.kids(), vec![fresh]);
    }
}
