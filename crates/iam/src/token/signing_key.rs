//! One signing key: RS256, which every client knows, ES256 or EdDSA (Ed25519).

use super::key_error::KeyError;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    UnparsedPublicKey, VerificationAlgorithm,
};
use base::time::Millis;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SigningAlgorithm {
    /// RSA of 2048 bits with SHA-256: the one that the original's clients expect.
    #[default]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl SigningAlgorithm {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// The name in a token's header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// A new key, in PKCS#8. Blocks: RSA takes up to a second.
    pub(crate) fn generate(self) -> Option<Zeroizing<Vec<u8>>> {
        Some(Zeroizing::new(match self {
            Self::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
                pair.as_der().ok()?.as_ref().to_vec()
            }
            Self::Es256 => {
                let made = EcdsaKeyPair::generate_pkcs8(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    &SystemRandom::new(),
                );
                made.ok()?.as_ref().to_vec()
            }
            Self::EdDsa => {
                let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
                made.ok()?.as_ref().to_vec()
            }
        }))
    }
}

/// The key pair.
enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// The public part of a key, as a JSON Web Key shows it: base64url without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Its name.
    pub kid: String,
    /// How it signs.
    pub algorithm: SigningAlgorithm,
    /// Its numbers.
    pub numbers: PublicNumbers,
}

/// The numbers of a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicNumbers {
    /// RSA.
    Rsa {
        /// Modulus.
        n: String,
        /// Exponent.
        e: String,
    },
    /// A point of P-256.
    P256 {
        /// Its first coordinate.
        x: String,
        /// Its second coordinate.
        y: String,
    },
    /// Ed25519.
    Ed25519 {
        /// The key.
        x: String,
    },
}

/// A key.
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    /// From when on it signs; it verifies before that, so that every node knows it by then.
    pub(crate) signs_from: Millis,
    pair: Pair,
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl SigningKey {
    /// A PKCS#8 key of any of the algorithms; `None` if it is invalid.
    pub(crate) fn of(kid: &str, der: &[u8], signs_from: Millis) -> Option<Self> {
        let pair = match RsaKeyPair::from_pkcs8(der) {
            Ok(pair) => Pair::Rsa(pair),
            Err(_) => match EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der) {
                Ok(pair) => Pair::Ecdsa(pair),
                Err(_) => Pair::Ed25519(Ed25519KeyPair::from_pkcs8(der).ok()?),
            },
        };
        Some(Self {
            kid: kid.to_owned(),
            signs_from,
            pair,
        })
    }

    /// How it signs.
    pub(crate) const fn algorithm(&self) -> SigningAlgorithm {
        match self.pair {
            Pair::Rsa(_) => SigningAlgorithm::Rs256,
            Pair::Ecdsa(_) => SigningAlgorithm::Es256,
            Pair::Ed25519(_) => SigningAlgorithm::EdDsa,
        }
    }

    /// The public key as it verifies.
    pub(super) fn public_bytes(&self) -> &[u8] {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref(),
            Pair::Ecdsa(pair) => pair.public_key().as_ref(),
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
        }
    }

    /// The signature of a message.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let failed = |_| KeyError::Crypto("sign the token");
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    message,
                    &mut signature,
                )
                .map_err(failed)?;
                Ok(signature)
            }
            Pair::Ecdsa(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => {
                let signature = pair.try_sign(message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }

    /// Whether it made the signature.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match self.pair {
            Pair::Rsa(_) => &RSA_PKCS1_2048_8192_SHA256,
            Pair::Ecdsa(_) => &ECDSA_P256_SHA256_FIXED,
            Pair::Ed25519(_) => &ED25519,
        };
        let public = UnparsedPublicKey::new(algorithm, self.public_bytes());
        public.verify(message, signature).is_ok()
    }

    /// A signature of the right length that it did not make.
    pub(super) fn no_signature(&self) -> Vec<u8> {
        let length = match &self.pair {
            Pair::Rsa(pair) => pair.public_modulus_len(),
            Pair::Ecdsa(_) | Pair::Ed25519(_) => 64,
        };
        vec![0x5a; length]
    }

    /// The public part.
    pub(super) fn public(&self) -> PublicKey {
        let numbers = match &self.pair {
            Pair::Rsa(pair) => {
                let public = pair.public_key();
                PublicNumbers::Rsa {
                    n: encode(public.modulus().big_endian_without_leading_zero()),
                    e: encode(public.exponent().big_endian_without_leading_zero()),
                }
            }
            Pair::Ecdsa(pair) => {
                // A byte that says that the point is not compressed, then 32 for each coordinate.
                let point = pair.public_key().as_ref();
                let point = point.get(1..).unwrap_or_default();
                let (x, y) = point.split_at_checked(32).unwrap_or_default();
                PublicNumbers::P256 {
                    x: encode(x),
                    y: encode(y),
                }
            }
            Pair::Ed25519(pair) => PublicNumbers::Ed25519 {
                x: encode(pair.public_key().as_ref()),
            },
        };
        PublicKey {
            kid: self.kid.clone(),
            algorithm: self.algorithm(),
            numbers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_each_algorithm_signs_what_it_alone_verifies() {
        for algorithm in SigningAlgorithm::ALL {
            let [key, other] = ["1", "2"].map(|kid| {
                let der = algorithm.generate().unwrap();
                SigningKey::of(kid, &der, Millis(0)).unwrap()
            });
            assert_eq!(key.algorithm(), algorithm);
            let signature = key.sign(b"message").unwrap();
            assert_eq!(signature.len(), key.no_signature().len(), "{algorithm:?}");
            assert!(key.verify(b"message", &signature), "{algorithm:?}");
            assert!(!key.verify(b"massage", &signature));
            assert!(!other.verify(b"message", &signature));
            assert!(!key.verify(b"message", &key.no_signature()));
            assert!(!key.verify(b"message", b""));
            let sizes = match key.public().numbers {
                PublicNumbers::Rsa { n, e } => [n.len(), e.len()],
                PublicNumbers::P256 { x, y } => [x.len(), y.len()],
                PublicNumbers::Ed25519 { x } => [x.len(), 0],
            };
            let expected = match algorithm {
                SigningAlgorithm::Rs256 => [342, 4],
                SigningAlgorithm::Es256 => [43, 43],
                SigningAlgorithm::EdDsa => [43, 0],
            };
            assert_eq!(sizes, expected);
        }
        assert!(SigningKey::of("x", b"none", Millis(0)).is_none());
    }
}
