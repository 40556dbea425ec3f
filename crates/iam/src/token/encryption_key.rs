//! The encryption key of the signing keys in the database, of which the secrets of senders are made as well. It is in a file,
//! `encryption.key` in the key folder or one that the operator names, and never in the database: a copy of the database is not
//! enough to sign. All nodes on one database have the same key.
//!
//! No file is opened through a link: anyone who could plant a link would choose the key.

use super::key_error::KeyError;
use super::key_folder;
use super::key_folder::text;
use crate::entropy;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use base::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const BYTES: usize = 32;

/// Its name in the key folder.
const FILE: &str = "encryption.key";

/// The key.
pub(crate) struct EncryptionKey {
    key: RandomizedNonceKey,
    /// The key from which texts are derived: another one, so that neither use tells anything about the other.
    derivation: hmac::Key,
    /// Identifies the key without revealing it, so that another key is told from damage.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

impl std::fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EncryptionKey({})", self.name)
    }
}

/// The path of the key.
pub(crate) fn path(folder: &Path, named: Option<&Path>) -> PathBuf {
    named.map_or_else(|| folder.join(FILE), Path::to_owned)
}

impl EncryptionKey {
    /// Reads it; none if the file does not exist.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, KeyError> {
        let text = match text(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(key_folder::file("read", path)(error)),
        };
        let bytes = STANDARD.decode(text.trim()).map(Zeroizing::new).ok();
        let bytes = bytes.filter(|bytes| bytes.len() == BYTES);
        let bytes = bytes.ok_or_else(|| {
            let what = "not 32 bytes in Base64, as `openssl rand -base64 32` makes them";
            key_folder::file("understand", path)(std::io::Error::new(ErrorKind::InvalidData, what))
        })?;
        Self::of(&bytes, path).map(Some)
    }

    /// Creates a new key in a file that must not exist yet.
    pub(crate) fn create(path: &Path) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(entropy::bytes::<BYTES>());
        let text = Zeroizing::new(format!("{}\n", STANDARD.encode(&bytes[..])));
        let made = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        let mut out = made.map_err(key_folder::file("create", path))?;
        out.write_all(text.as_bytes())
            .and_then(|()| out.sync_all())
            .inspect_err(|_| drop(std::fs::remove_file(path)))
            .map_err(key_folder::file("write", path))?;
        if let Some(folder) = path.parent() {
            key_folder::sync(folder)?;
        }
        Self::of(&bytes[..], path)
    }

    fn of(bytes: &[u8], path: &Path) -> Result<Self, KeyError> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, bytes)
            .map_err(|_| KeyError::Crypto("use the encryption key"))?;
        let mut named = b"vigie: the name of an encryption key".to_vec();
        named.extend_from_slice(bytes);
        let hash = entropy::sha256(&Zeroizing::new(named));
        let name = hash.iter().take(8).map(|byte| format!("{byte:02x}"));
        let mut derived = b"vigie: what texts are derived with".to_vec();
        derived.extend_from_slice(bytes);
        let derivation = Zeroizing::new(entropy::sha256(&Zeroizing::new(derived)));
        Ok(Self {
            key,
            derivation: hmac::Key::new(hmac::HMAC_SHA256, &derivation[..]),
            name: name.collect(),
            path: path.to_owned(),
        })
    }

    /// The secret of a sender. Without the encryption key it cannot be told from random text, and it reveals nothing about that
    /// key.
    pub(crate) fn sender_secret(&self, name: &str) -> Secret<String> {
        Secret::new(format!("vgs_{}", self.derive(&format!("sender {name}"))))
    }

    /// 43 characters that are always the same for `name`, and that nobody can compute without the key.
    pub(crate) fn derive(&self, name: &str) -> String {
        let tag = hmac::sign(&self.derivation, name.as_bytes());
        URL_SAFE_NO_PAD.encode(tag.as_ref())
    }

    /// Encrypts a value under the key and `name`; the nonce comes first.
    pub(crate) fn seal(&self, name: &str, plain: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut text = plain.to_vec();
        let aad = Aad::from(name.as_bytes());
        let nonce = self
            .key
            .seal_in_place_append_tag(aad, &mut text)
            .map_err(|_| KeyError::Crypto("encrypt a signing key"))?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// Decrypts a value; fails if it was encrypted for another name or was changed.
    pub(crate) fn open(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let damaged = || KeyError::Crypto("decrypt a signing key: what is stored was changed");
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or_else(damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut text = Zeroizing::new(text.to_vec());
        let opened = self
            .key
            .open_in_place(nonce, Aad::from(name.as_bytes()), &mut text);
        let length = opened.map_err(|_| damaged())?.len();
        text.truncate(length);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_opened_under_its_own_name_and_by_its_own_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = path(folder.path(), None);
        assert!(EncryptionKey::read(&file).unwrap().is_none());
        let key = EncryptionKey::create(&file).unwrap();
        let sealed = key.seal("a", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_ne!(sealed, key.seal("a", b"secret").unwrap());
        let again = EncryptionKey::read(&file).unwrap().unwrap();
        assert_eq!(again.name, key.name);
        assert_eq!(again.open("a", &sealed).unwrap().as_slice(), b"secret");
        assert!(again.open("b", &sealed).is_err());
        let secret = again.sender_secret("a");
        assert_eq!(secret, key.sender_secret("a"));
        assert_ne!(secret, key.sender_secret("b"));
        assert_eq!(secret.expose().len(), 47);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(again.open("a", &changed).is_err(), "byte {at}");
        }
        assert!(again.open("a", &sealed[..10]).is_err());
        let other = EncryptionKey::create(&folder.path().join("other")).unwrap();
        assert_eq!(
            (key.derive("a").len(), key.derive("a")),
            (43, again.derive("a"))
        );
        assert_ne!(key.derive("a"), key.derive("b"));
        assert_ne!(key.derive("a"), other.derive("a"));
        assert_ne!(other.name, key.name);
        assert_ne!(other.sender_secret("a"), secret);
        assert!(other.open("a", &sealed).is_err());
    }

    #[test]
    fn a_file_that_is_no_key_or_a_link_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = path(folder.path(), None);
        std::fs::write(&file, "short").unwrap();
        let error = EncryptionKey::read(&file).unwrap_err();
        assert!(error.to_string().contains("encryption.key"), "{error}");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        EncryptionKey::read(&link).unwrap_err();
    }
}
