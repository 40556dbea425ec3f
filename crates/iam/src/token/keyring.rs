//! The signing keys: one signs, all verify. Each lies in a file of its own, named by its `kid`, readable by its owner.
//!
//! A new key is added by putting its file beside the old one: the newest signs, and the tokens of the older ones are good
//! until they expire.

use crate::error::IamError;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use base::time::Millis;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::fs::{DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

struct SigningKey {
    kid: String,
    pair: RsaKeyPair,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
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
        Self { keys: Vec::new() }
    }

    /// Reads the keys of a folder; makes the first one where there is none.
    pub(crate) fn open(folder: &Path, now: Millis) -> Result<Self, IamError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(file("create", folder))?;
        let mut names = Vec::new();
        for entry in folder.read_dir().map_err(file("list", folder))? {
            let path = entry.map_err(file("list", folder))?.path();
            if path.extension().is_some_and(|extension| extension == "pem") {
                names.push(path);
            }
        }
        if names.is_empty() {
            names.push(create(folder, now)?);
        }
        names.sort();
        let keys = names
            .iter()
            .map(|path| read(path))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { keys })
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

fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> IamError {
    let path = path.display().to_string();
    move |source| IamError::KeyFile {
        action,
        path,
        source,
    }
}

fn create(folder: &Path, now: Millis) -> Result<std::path::PathBuf, IamError> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048)
        .map_err(|_| IamError::Crypto("make a signing key"))?;
    let der = pair
        .as_der()
        .map_err(|_| IamError::Crypto("write a signing key"))?;
    let text = Zeroizing::new(STANDARD.encode(der.as_ref()));
    let mut pem = Zeroizing::new(format!("{BEGIN}\n"));
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str(END);
    pem.push('\n');
    // The name begins with the instant, so that the newest key is the last by name.
    let kid = format!(
        "{:014}-{}",
        now.0,
        &crate::entropy::guid()
            .to_hex()
            .chars()
            .take(8)
            .collect::<String>()
    );
    let path = folder.join(format!("{kid}.pem"));
    let partial = folder.join(format!("{kid}.partial"));
    let mut out = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&partial)
        .map_err(file("create", &partial))?;
    out.write_all(pem.as_bytes())
        .and_then(|()| out.sync_all())
        .map_err(file("write", &partial))?;
    std::fs::rename(&partial, &path).map_err(file("name", &path))?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(file("sync", folder))?;
    Ok(path)
}

fn read(path: &Path) -> Result<SigningKey, IamError> {
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(file("read", path))?);
    let damaged = || IamError::KeyFile {
        action: "understand",
        path: path.display().to_string(),
        source: std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            "not an RSA key in PKCS#8 PEM",
        ),
    };
    let body = text
        .split_once(BEGIN)
        .and_then(|(_, rest)| rest.split_once(END))
        .ok_or_else(damaged)?
        .0;
    let compact: Zeroizing<String> = Zeroizing::new(body.split_whitespace().collect());
    let der = Zeroizing::new(STANDARD.decode(compact.as_bytes()).map_err(|_| damaged())?);
    let pair = RsaKeyPair::from_pkcs8(&der).map_err(|_| damaged())?;
    let public = pair.public_key();
    let (modulus, exponent) = (public.modulus(), public.exponent());
    let (modulus, exponent) = (
        modulus.big_endian_without_leading_zero().to_vec(),
        exponent.big_endian_without_leading_zero().to_vec(),
    );
    let kid = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    Ok(SigningKey {
        kid,
        modulus,
        exponent,
        pair,
    })
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
        create(folder.path(), Millis(2)).unwrap();
        let both = KeyRing::open(folder.path(), Millis(3)).unwrap();
        assert_eq!(
            both.verify(&message, message.as_bytes(), &signature),
            Some(true)
        );
        let (newer, _) = both.sign(str::to_owned).unwrap();
        assert!(newer > message);
    }
}
