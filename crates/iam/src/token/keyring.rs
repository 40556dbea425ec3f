//! The signing keys in service: one signs, all verify. They come from `key_store`.
//!
//! A ring is immutable: a read of the database makes a new ring, which replaces the old one as a whole.

use super::key_error::KeyError;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(crate) struct SigningKey {
    pub(crate) kid: String,
    pub(crate) pair: RsaKeyPair,
    pub(crate) modulus: Vec<u8>,
    pub(crate) exponent: Vec<u8>,
}

impl SigningKey {
    /// A PKCS#8 key; `None` if it is invalid.
    pub(crate) fn of(kid: &str, der: &[u8]) -> Option<Self> {
        let pair = RsaKeyPair::from_pkcs8(der).ok()?;
        let public = pair.public_key();
        let modulus = public.modulus().big_endian_without_leading_zero().to_vec();
        let exponent = public.exponent().big_endian_without_leading_zero().to_vec();
        Some(Self {
            kid: kid.to_owned(),
            pair,
            modulus,
            exponent,
        })
    }
}

/// The changes between two rings, by key names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyChange {
    /// New keys.
    pub taken_up: Vec<String>,
    /// Removed keys: their signatures are no longer valid.
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
    /// How often a key was removed: tokens that an earlier generation verified must be verified again.
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
    /// A ring without keys: signs nothing, verifies nothing.
    pub(crate) const fn empty() -> Self {
        Self {
            keys: Vec::new(),
            generation: 0,
        }
    }

    /// A ring of these keys, oldest first.
    pub(crate) const fn of(keys: Vec<SigningKey>) -> Self {
        Self {
            keys,
            generation: 0,
        }
    }

    /// Replaces this ring by one of other keys; returns the changes.
    pub(crate) fn replaced(&self, keys: Vec<SigningKey>) -> (Self, KeyChange) {
        // The same name with another content is another key.
        let holds = |ring: &[SigningKey], wanted: &SigningKey| {
            ring.iter()
                .any(|key| key.kid == wanted.kid && key.modulus == wanted.modulus)
        };
        let missing = |of: &[SigningKey], from: &[SigningKey]| -> Vec<String> {
            let missing = of.iter().filter(|key| !holds(from, key));
            missing.map(|key| key.kid.clone()).collect()
        };
        let change = KeyChange {
            taken_up: missing(&keys, &self.keys),
            out_of_service: missing(&self.keys, &keys),
            signing: keys.last().map(|key| key.kid.clone()).unwrap_or_default(),
        };
        let generation = self.generation + u64::from(!change.out_of_service.is_empty());
        (Self { keys, generation }, change)
    }

    /// How often a key was removed.
    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    /// The names, newest last.
    pub(crate) fn kids(&self) -> Vec<String> {
        self.keys.iter().map(|key| key.kid.clone()).collect()
    }

    /// Signs `message`; returns the key's name and the signature.
    pub(crate) fn sign(
        &self,
        message: impl FnOnce(&str) -> String,
    ) -> Result<(String, Vec<u8>), KeyError> {
        let key = self
            .keys
            .last()
            .ok_or(KeyError::Crypto("sign: there is no key"))?;
        let message = message(&key.kid);
        let mut signature = vec![0; key.pair.public_modulus_len()];
        key.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message.as_bytes(),
                &mut signature,
            )
            .map_err(|_| KeyError::Crypto("sign the token"))?;
        Ok((message, signature))
    }

    /// Whether the named key made the signature; `None` when there is no such key.
    pub(crate) fn verify(&self, kid: &str, message: &[u8], signature: &[u8]) -> Option<bool> {
        let key = self.keys.iter().find(|key| key.kid == kid)?;
        let public =
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.pair.public_key().as_ref());
        Some(public.verify(message, signature).is_ok())
    }

    /// Checks a signature with a key that made none, only to take the time of a check.
    pub(crate) fn verify_decoy(&self, message: &[u8]) {
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
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rsa::KeySize;

    fn ders() -> [Vec<u8>; 2] {
        [0, 1].map(|_| {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
            pair.as_der().unwrap().as_ref().to_vec()
        })
    }

    #[test]
    fn the_newest_key_signs_the_old_one_verifies_and_one_that_is_gone_does_not() {
        let [first, second] = ders();
        let key = |kid: &str, der: &[u8]| SigningKey::of(kid, der).unwrap();
        let old = KeyRing::of(vec![key("1", &first)]);
        let (message, signature) = old.sign(str::to_owned).unwrap();
        assert_eq!(message, "1");
        assert_eq!(old.verify("1", b"1", &signature), Some(true));
        assert_eq!(old.verify("1", b"other", &signature), Some(false));
        assert_eq!(old.verify("other", b"1", &signature), None);

        let (both, change) = old.replaced(vec![key("1", &first), key("2", &second)]);
        assert_eq!(
            (change.taken_up, change.signing.as_str()),
            (vec!["2".to_owned()], "2")
        );
        assert_eq!(change.out_of_service, Vec::<String>::new());
        // No key was removed, so verified tokens stay verified.
        assert_eq!(both.generation(), old.generation());
        assert_eq!(both.verify("1", b"1", &signature), Some(true));
        assert_eq!(both.sign(str::to_owned).unwrap().0, "2");

        let (left, change) = both.replaced(vec![key("2", &second)]);
        assert_eq!(change.out_of_service, ["1"]);
        assert!(left.generation() > both.generation());
        assert_eq!(left.verify("1", b"1", &signature), None);

        // The same name with another content is another key.
        let (other, change) = left.replaced(vec![key("2", &first)]);
        assert_eq!(change.out_of_service, ["2"]);
        assert!(other.generation() > left.generation());
    }
}
