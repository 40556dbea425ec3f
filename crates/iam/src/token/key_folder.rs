//! Signing keys in files, their place before the database held them: `KID.pem` in the key folder. Keys found there at
//! the start are imported into the database, and the files are removed.
//!
//! No file is opened through a link: anyone who could plant a link would choose the key that verifies tokens.

use super::key_error::KeyError;
use super::signing_key::SigningKey;
use base::time::Millis;
use rustix::fs::OFlags;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The extension of a key file.
const END_OF_NAME: &str = "pem";

/// A larger key file is refused: the largest RSA key takes a tenth of this.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Creates the folder if it is missing.
pub(crate) fn make(folder: &Path) -> Result<(), KeyError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(file("create", folder))
}

/// A key in a file.
pub(crate) struct FileKey {
    pub(crate) kid: String,
    /// PKCS#8.
    pub(crate) der: Zeroizing<Vec<u8>>,
    path: PathBuf,
}

impl FileKey {
    /// Removes the file after the import.
    pub(crate) fn remove(&self, folder: &Path) -> Result<(), KeyError> {
        std::fs::remove_file(&self.path).map_err(file("remove", &self.path))?;
        sync(folder)
    }
}

/// Every key of the folder.
pub(crate) fn read_all(folder: &Path) -> Result<Vec<FileKey>, KeyError> {
    let mut keys = Vec::new();
    for entry in folder.read_dir().map_err(file("list", folder))? {
        let path = entry.map_err(file("list", folder))?.path();
        let end = path.extension().and_then(|end| end.to_str());
        if end == Some(END_OF_NAME) {
            keys.push(read(path)?);
        }
    }
    keys.sort_by(|a, b| a.kid.cmp(&b.kid));
    Ok(keys)
}

pub(crate) fn sync(folder: &Path) -> Result<(), KeyError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(file("sync", folder))
}

pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> KeyError {
    let path = path.display().to_string();
    move |source| KeyError::File {
        action,
        path,
        source,
    }
}

/// The text of a key file; never follows a link, nor waits for who writes to a pipe, and reads no more than the limit.
pub(crate) fn text(path: &Path) -> std::io::Result<Zeroizing<String>> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = File::options()
        .read(true)
        .custom_flags(i32::try_from(flags.bits()).unwrap_or_default())
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::new(ErrorKind::InvalidData, "not a file"));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn read(path: PathBuf) -> Result<FileKey, KeyError> {
    let text = text(&path).map_err(file("read", &path))?;
    let damaged = || KeyError::File {
        action: "understand",
        path: path.display().to_string(),
        source: std::io::Error::new(ErrorKind::InvalidData, "not a signing key in PKCS#8 PEM"),
    };
    let key = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).map_err(|_| damaged())?;
    let key = Zeroizing::new(key);
    let der = Zeroizing::new(key.secret_pkcs8_der().to_vec());
    let kid = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let kid = kid.unwrap_or_default();
    SigningKey::of(&kid, &der, Millis(0)).ok_or_else(damaged)?;
    Ok(FileKey { kid, der, path })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::RsaKeyPair;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    /// The format of key files: the whole key on one line, or in lines of 64.
    fn pem(text: &str) -> String {
        format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
    }

    #[test]
    fn a_file_is_read_and_taken_away_and_a_planted_link_is_no_key() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let text = STANDARD.encode(pair.as_der().unwrap().as_ref());
        let file = outside.path().join("1-a.pem");
        std::fs::write(&file, pem(&text)).unwrap();
        std::fs::write(outside.path().join("0-b.retired"), "").unwrap();

        std::os::unix::fs::symlink(&file, folder.path().join("1-a.pem")).unwrap();
        let error = read_all(folder.path()).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("1-a.pem"), "{error}");

        let keys = read_all(outside.path()).unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!(keys[0].kid, "1-a");
        keys[0].remove(outside.path()).unwrap();
        assert!(!file.exists());
    }
}
