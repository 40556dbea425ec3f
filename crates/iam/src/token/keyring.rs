//! The signing keys in service: one signs, all verify. They come from `key_store`.
//!
//! A ring is immutable: a read of the database makes a new ring, which replaces the old one as a whole.

pub use super::signing_key::{PublicKey, PublicNumbers, SigningAlgorithm};

use super::key_error::KeyError;
use super::signing_key::SigningKey;
use base::time::Millis;

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
    pub(crate) fn replaced(&self, keys: Vec<SigningKey>, now: Millis) -> (Self, KeyChange) {
        // The same name with another content is another key.
        let holds = |ring: &[SigningKey], wanted: &SigningKey| {
            ring.iter()
                .any(|key| key.kid == wanted.kid && key.public_bytes() == wanted.public_bytes())
        };
        let missing = |of: &[SigningKey], from: &[SigningKey]| -> Vec<String> {
            let missing = of.iter().filter(|key| !holds(from, key));
            missing.map(|key| key.kid.clone()).collect()
        };
        let (taken_up, out_of_service) = (missing(&keys, &self.keys), missing(&self.keys, &keys));
        let generation = self.generation + u64::from(!out_of_service.is_empty());
        let new = Self { keys, generation };
        let signing = new.signing(now).map(|key| key.kid.clone());
        let change = KeyChange {
            taken_up,
            out_of_service,
            signing: signing.unwrap_or_default(),
        };
        (new, change)
    }

    /// How often a key was removed.
    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    /// The names, newest last.
    pub(crate) fn kids(&self) -> Vec<String> {
        self.keys.iter().map(|key| key.kid.clone()).collect()
    }

    /// The key that signs at this time: the newest whose time has come. Before that, only the oldest is known everywhere.
    fn signing(&self, now: Millis) -> Option<&SigningKey> {
        let mut newest = self.keys.iter().rev();
        newest
            .find(|key| key.signs_from <= now)
            .or_else(|| self.keys.first())
    }

    /// Refuses where no key can sign.
    ///
    /// # Errors
    /// [`KeyError::NoSigningKey`].
    pub(crate) const fn check_can_sign(&self) -> Result<(), KeyError> {
        match self.keys.is_empty() {
            true => Err(KeyError::NoSigningKey),
            false => Ok(()),
        }
    }

    /// Signs the message that `message` makes of the key's name and algorithm; returns it and the signature.
    pub(crate) fn sign(
        &self,
        now: Millis,
        message: impl FnOnce(&str, SigningAlgorithm) -> String,
    ) -> Result<(String, Vec<u8>), KeyError> {
        let key = self.signing(now);
        let key = key.ok_or(KeyError::NoSigningKey)?;
        let message = message(&key.kid, key.algorithm());
        let signature = key.sign(message.as_bytes())?;
        Ok((message, signature))
    }

    /// Whether the named key made the signature by the named algorithm; `None` when there is no such key.
    pub(crate) fn verify(
        &self,
        (kid, algorithm): (&str, &str),
        message: &[u8],
        signature: &[u8],
    ) -> Option<bool> {
        let key = self.keys.iter().find(|key| key.kid == kid)?;
        // The algorithm is the key's, whatever a header says.
        let is_its_own = key.algorithm().name() == algorithm;
        Some(key.verify(message, signature) && is_its_own)
    }

    /// Checks a signature with a key that made none, only to take the time of a check.
    pub(crate) fn verify_decoy(&self, message: &[u8]) {
        if let Some(key) = self.keys.last() {
            std::hint::black_box(key.verify(message, &key.no_signature()));
        }
    }

    /// The public parts.
    #[must_use]
    pub fn public(&self) -> Vec<PublicKey> {
        self.keys.iter().map(SigningKey::public).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kid: &str, der: &[u8]) -> SigningKey {
        SigningKey::of(kid, der, Millis(0)).unwrap()
    }

    fn ders(algorithm: SigningAlgorithm) -> [Vec<u8>; 2] {
        [0, 1].map(|_| algorithm.generate().unwrap().to_vec())
    }

    const NOW: Millis = Millis(1_000);

    #[test]
    fn the_newest_key_signs_the_old_one_verifies_and_one_that_is_gone_does_not() {
        let [first, second] = ders(SigningAlgorithm::Rs256);
        let name = |kid: &str, _| kid.to_owned();
        let old = KeyRing::of(vec![key("1", &first)]);
        let (message, signature) = old.sign(NOW, name).unwrap();
        assert_eq!(message, "1");
        let by = |kid| (kid, "RS256");
        assert_eq!(old.verify(by("1"), b"1", &signature), Some(true));
        assert_eq!(old.verify(by("1"), b"other", &signature), Some(false));
        assert_eq!(old.verify(by("other"), b"1", &signature), None);

        let (both, change) = old.replaced(vec![key("1", &first), key("2", &second)], NOW);
        assert_eq!(
            (change.taken_up, change.signing.as_str()),
            (vec!["2".to_owned()], "2")
        );
        assert_eq!(change.out_of_service, Vec::<String>::new());
        // No key was removed, so verified tokens stay verified.
        assert_eq!(both.generation(), old.generation());
        assert_eq!(both.verify(by("1"), b"1", &signature), Some(true));
        assert_eq!(both.sign(NOW, name).unwrap().0, "2");

        let (left, change) = both.replaced(vec![key("2", &second)], NOW);
        assert_eq!(change.out_of_service, ["1"]);
        assert!(left.generation() > both.generation());
        assert_eq!(left.verify(by("1"), b"1", &signature), None);

        // The same name with another content is another key.
        let (other, change) = left.replaced(vec![key("2", &first)], NOW);
        assert_eq!(change.out_of_service, ["2"]);
        assert!(other.generation() > left.generation());
    }

    #[test]
    fn a_key_signs_from_its_time_on_and_by_its_own_algorithm_alone() {
        let [old, _] = ders(SigningAlgorithm::Rs256);
        for algorithm in SigningAlgorithm::ALL {
            let [new, _] = ders(algorithm);
            let new = SigningKey::of("2", &new, Millis(2_000)).unwrap();
            // Nor is it said to sign before.
            let two = vec![key("1", &old), new];
            let (ring, change) = KeyRing::empty().replaced(two, Millis(1_999));
            assert_eq!(change.signing, "1");
            let header =
                |kid: &str, algorithm: SigningAlgorithm| format!("{kid} {}", algorithm.name());
            assert_eq!(ring.sign(Millis(1_999), header).unwrap().0, "1 RS256");
            let (message, signature) = ring.sign(Millis(2_000), header).unwrap();
            assert_eq!(message, format!("2 {}", algorithm.name()));
            for other in ["RS256", "ES256", "EdDSA", "none", "HS256"] {
                let verified = ring.verify(("2", other), message.as_bytes(), &signature);
                assert_eq!(verified, Some(other == algorithm.name()), "{other}");
            }
        }
    }
}
