//! A set of public keys as an issuer publishes it (RFC 7517), and the check of a signature with one of them.
//!
//! The kind of a key decides how it verifies, whatever a token's header says: RSA by RS256, P-256 by ES256, Ed25519 by `EdDSA`. A
//! secret key for HMAC in the set is no key here, so a public key never becomes one.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

/// The most keys of a set. An issuer has one or two, and some more while it changes them.
const KEYS_MAX: usize = 64;

/// The longest name of a key that is compared.
const KID_BYTES_MAX: usize = 512;

/// Why a text is no usable set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Not a set of keys at all.
    #[error("it is no JSON object with a list `keys`")]
    NotASet,
    /// More keys than any issuer has.
    #[error("it has {0} keys, more than {KEYS_MAX}")]
    TooMany(usize),
    /// Nothing that verifies.
    #[error(
        "it has no key with a `kid` that signs by RS256 (2048 bits or more), ES256 or EdDSA (Ed25519)"
    )]
    NoUsableKey,
}

#[derive(Deserialize)]
struct SetIn {
    keys: Vec<Value>,
}

/// A key. One whose fields have other types is of a kind that is not known here, and does not spoil the others.
#[derive(Deserialize)]
struct KeyIn {
    kty: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

struct Key {
    kid: String,
    public: Public,
}

/// The keys of an issuer that can verify.
pub struct KeySet(Vec<Key>);

impl std::fmt::Debug for KeySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|key| &key.kid))
            .finish()
    }
}

impl KeySet {
    /// Reads a set. Keys of other kinds, for other uses or without a name are left out.
    ///
    /// # Errors
    /// When it is no set, has too many keys, or none that can verify.
    pub fn read(text: &[u8]) -> Result<Self, KeySetError> {
        let set: SetIn = serde_json::from_slice(text).map_err(|_| KeySetError::NotASet)?;
        if set.keys.len() > KEYS_MAX {
            return Err(KeySetError::TooMany(set.keys.len()));
        }
        let known = set.keys.into_iter().filter_map(Key::of_json);
        let keys: Vec<Key> = known.collect();
        match keys.is_empty() {
            true => Err(KeySetError::NoUsableKey),
            false => Ok(Self(keys)),
        }
    }

    /// Whether a key has this name.
    pub(crate) fn contains(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.kid == kid)
    }

    /// Whether the named key made the signature by the named algorithm; `None` when there is no such key.
    pub(crate) fn verify(
        &self,
        (kid, algorithm): (&str, &str),
        message: &[u8],
        signature: &[u8],
    ) -> Option<bool> {
        let key = self.0.iter().find(|key| key.kid == kid)?;
        let is_its_own = key.public.algorithm() == algorithm;
        Some(is_its_own && key.public.verify(message, signature))
    }
}

impl Key {
    fn of_json(json: Value) -> Option<Self> {
        Self::of(serde_json::from_value(json).ok()?)
    }

    fn of(key: KeyIn) -> Option<Self> {
        let is_to_verify = key.usage.as_deref().is_none_or(|usage| usage == "sig")
            && (key.key_ops.as_ref())
                .is_none_or(|all| all.iter().any(|operation| operation == "verify"));
        let kid = key.kid.filter(|kid| kid.len() <= KID_BYTES_MAX)?;
        let decoded = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
        let coordinate = |text| decoded(text).filter(|bytes| bytes.len() == 32);
        let public = match (key.kty.as_deref()?, key.crv.as_deref()) {
            ("RSA", _) => Public::Rsa {
                n: decoded(key.n).filter(|n| is_long_enough(n))?,
                e: decoded(key.e)?,
            },
            ("EC", Some("P-256")) => {
                // A byte that says that the point is not compressed.
                let mut point = vec![4];
                point.extend(coordinate(key.x)?);
                point.extend(coordinate(key.y)?);
                Public::P256(point)
            }
            ("OKP", Some("Ed25519")) => Public::Ed25519(coordinate(key.x)?),
            _ => return None,
        };
        let is_by_it = key.alg.is_none_or(|alg| alg == public.algorithm());
        (is_to_verify && is_by_it).then_some(Self { kid, public })
    }
}

/// Whether an RSA modulus has 2048 bits: shorter ones are refused by the check of a signature too, but then nobody is told why.
fn is_long_enough(modulus: &[u8]) -> bool {
    let mut bytes = modulus.iter().skip_while(|byte| **byte == 0);
    let first = bytes.next().map_or(0, |byte| byte.leading_zeros());
    let bits = 8 * (bytes.count() + 1);
    bits >= 2048 + first as usize
}

impl Public {
    const fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa { .. } => "RS256",
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Self::Rsa { n, e } => {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Self::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
        };
        verified.is_ok()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::token::keyring::{KeyRing, PublicNumbers, SigningAlgorithm};
    use crate::token::signing_key::SigningKey;
    use base::time::Millis;
    use proptest::prelude::*;
    use serde_json::json;

    /// A key pair of an issuer, by its algorithm.
    pub(in crate::workload) fn pair(kid: &str, algorithm: SigningAlgorithm) -> KeyRing {
        let der = algorithm.generate().unwrap();
        KeyRing::of(vec![SigningKey::of(kid, &der, Millis(0)).unwrap()])
    }

    /// Its public part, as issuers publish it.
    pub(in crate::workload) fn jwk(pair: &KeyRing) -> Value {
        let key = pair.public().remove(0);
        let mut jwk = match key.numbers {
            PublicNumbers::Rsa { n, e } => json!({"kty": "RSA", "n": n, "e": e}),
            PublicNumbers::P256 { x, y } => json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}),
            PublicNumbers::Ed25519 { x } => json!({"kty": "OKP", "crv": "Ed25519", "x": x}),
        };
        jwk["kid"] = json!(key.kid);
        jwk
    }

    fn read(keys: &[Value]) -> Result<KeySet, KeySetError> {
        KeySet::read(json!({"keys": keys}).to_string().as_bytes())
    }

    #[test]
    fn a_key_verifies_by_the_algorithm_of_its_kind_alone() {
        let pairs =
            SigningAlgorithm::ALL.map(|algorithm| (algorithm, pair(algorithm.name(), algorithm)));
        let all: Vec<Value> = pairs.iter().map(|(_, pair)| jwk(pair)).collect();
        let set = read(&all).unwrap();
        for (algorithm, pair) in &pairs {
            let name = algorithm.name();
            let (_, signature) = pair.sign(Millis(0), |_, _| "message".to_owned()).unwrap();
            for other in [
                "RS256", "ES256", "EdDSA", "none", "HS256", "RS512", "PS256", "",
            ] {
                let verified = set.verify((name, other), b"message", &signature);
                assert_eq!(verified, Some(other == name), "{name} as {other}");
            }
            assert_eq!(
                set.verify((name, name), b"massage", &signature),
                Some(false)
            );
            assert_eq!(set.verify((name, name), b"message", b""), Some(false));
            assert_eq!(set.verify(("other", name), b"message", &signature), None);
            assert!(set.contains(name) && !set.contains("other"));
        }
    }

    #[test]
    fn keys_for_something_else_are_left_out() {
        let es256 = jwk(&pair("k", SigningAlgorithm::Es256));
        let with = |name: &str, value: Value| {
            let mut key = es256.clone();
            key[name] = value;
            key
        };
        for (name, value, is_taken) in [
            ("use", json!("sig"), true),
            ("use", json!("enc"), false),
            ("key_ops", json!(["verify"]), true),
            ("key_ops", json!(["encrypt"]), false),
            ("alg", json!("ES256"), true),
            ("alg", json!("HS256"), false),
            ("alg", json!("RS256"), false),
            ("kid", Value::Null, false),
            ("kid", json!("k".repeat(513)), false),
            ("crv", json!("P-384"), false),
            ("kty", json!("oct"), false),
            ("x", json!("AAAA"), false),
            ("x", json!("!"), false),
        ] {
            let expected = (!is_taken).then_some(KeySetError::NoUsableKey);
            assert_eq!(
                read(&[with(name, value.clone())]).err(),
                expected,
                "{name} {value}"
            );
        }
        let secret = json!({"kty": "oct", "kid": "k", "alg": "HS256", "k": "AAAA"});
        assert_eq!(
            read(std::slice::from_ref(&secret)).err(),
            Some(KeySetError::NoUsableKey)
        );
        assert!(read(&[secret, es256]).unwrap().contains("k"));
    }

    #[test]
    fn a_short_rsa_key_is_none() {
        let modulus = |first: u8, bytes: usize| {
            let mut number = vec![first];
            number.resize(bytes, 0xff);
            URL_SAFE_NO_PAD.encode(number)
        };
        let key = |n: String| json!({"kty": "RSA", "kid": "k", "n": n, "e": "AQAB"});
        for (first, bytes, is_taken) in [
            (0x80, 256, true),
            (0x7f, 256, false),
            (0, 257, true),
            (0, 256, false),
            (0xff, 128, false),
        ] {
            let taken = read(&[key(modulus(first, bytes))]).is_ok();
            assert_eq!(taken, is_taken, "{first} {bytes}");
        }
    }

    #[test]
    fn what_is_no_set_is_refused_and_so_is_an_endless_one() {
        for text in ["", "[]", "{}", "{\"keys\": {}}", "nonsense"] {
            let refused = KeySet::read(text.as_bytes()).err();
            assert_eq!(refused, Some(KeySetError::NotASet), "{text}");
        }
        let odd = json!({"kty": 1, "kid": []});
        for unknown in [Vec::new(), vec![json!(1)], vec![odd]] {
            assert_eq!(read(&unknown).err(), Some(KeySetError::NoUsableKey));
        }
        let many = vec![json!({}); KEYS_MAX + 1];
        assert_eq!(read(&many).err(), Some(KeySetError::TooMany(KEYS_MAX + 1)));
        let mut most = vec![json!({}); KEYS_MAX - 1];
        most.push(jwk(&pair("k", SigningAlgorithm::EdDsa)));
        assert!(read(&most).is_ok());
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "\\PC{0,200}", n in "\\PC{0,20}", kty in "(RSA|EC|OKP|oct)") {
            let _ = KeySet::read(text.as_bytes());
            let _ = read(&[json!({"kty": kty, "kid": "k", "n": n, "e": n, "x": n, "y": n, "crv": "P-256"})]);
        }
    }
}
