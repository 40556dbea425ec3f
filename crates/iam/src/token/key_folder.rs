//! The folder of the signing keys. Each key lies in a file of its own, `KID.pem`, readable by its owner; the newest by name
//! signs. A key that was retired is `KID.retired`: it signs and verifies nothing, and can be looked at.
//!
//! No file here is opened through a link: whoever could plant one would choose the key that tokens are verified with.

use super::keyring::SigningKey;
use crate::error::IamError;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use base::time::Millis;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// The end of the name of a key in service, and of one that is not any more.
const IN_SERVICE: &str = "pem";
const RETIRED: &str = "retired";

/// A key file is refused beyond this size: the largest RSA key there is takes a tenth.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// A key of the folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredKey {
    /// Its name.
    pub kid: String,
    /// Whether it was retired.
    pub is_retired: bool,
}

/// Makes the folder where it is missing.
pub(super) fn make(folder: &Path) -> Result<(), IamError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(file("create", folder))
}

/// Every key of the folder, oldest first, retired ones too.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<StoredKey>, IamError> {
    let mut keys = Vec::new();
    for entry in folder.read_dir().map_err(file("list", folder))? {
        let path = entry.map_err(file("list", folder))?.path();
        let end = path.extension().and_then(|end| end.to_str());
        let is_retired = match end {
            Some(IN_SERVICE) => false,
            Some(RETIRED) => true,
            _ => continue,
        };
        let kid = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        keys.push(StoredKey { kid, is_retired });
    }
    keys.sort();
    Ok(keys)
}

/// The names of the keys in service, oldest first.
pub(super) fn kids(folder: &Path) -> Result<Vec<String>, IamError> {
    let keys = list(folder)?.into_iter();
    Ok(keys
        .filter(|key| !key.is_retired)
        .map(|key| key.kid)
        .collect())
}

/// Every key in service, oldest first.
pub(super) fn read_all(folder: &Path) -> Result<Vec<SigningKey>, IamError> {
    let kids = kids(folder)?;
    kids.into_iter().map(|kid| read(folder, kid)).collect()
}

/// Makes a key that is newer than all others, so that it signs; its name.
///
/// # Errors
/// When it cannot be made or written.
pub fn create(folder: &Path, now: Millis) -> Result<String, IamError> {
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
    // The name begins with the instant, so that the newest key is the last by name; also where the clock went back.
    let instant = |kid: &String| kid.split('-').next()?.parse::<i64>().ok();
    let newest = list(folder)?
        .into_iter()
        .filter_map(|key| instant(&key.kid));
    let instant = newest.fold(now.0, |at, other| at.max(other.saturating_add(1)));
    let random = crate::entropy::guid().to_hex();
    let kid = format!(
        "{instant:014}-{}",
        random.chars().take(8).collect::<String>()
    );
    let path = folder.join(format!("{kid}.{IN_SERVICE}"));
    let partial = folder.join(format!("{kid}.partial"));
    let mut out = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&partial)
        .map_err(file("create", &partial))?;
    out.write_all(pem.as_bytes())
        .and_then(|()| out.sync_all())
        .inspect_err(|_| drop(std::fs::remove_file(&partial)))
        .map_err(file("write", &partial))?;
    std::fs::rename(&partial, &path).map_err(file("name", &path))?;
    sync(folder)?;
    Ok(kid)
}

/// Takes a key out of service. The last one stays: make its successor first.
///
/// # Errors
/// [`IamError::LastKey`], [`IamError::NoSuchKey`], and when the folder cannot be changed.
pub fn retire(folder: &Path, kid: &str) -> Result<(), IamError> {
    let kids = kids(folder)?;
    if !kids.iter().any(|own| own == kid) {
        return Err(IamError::NoSuchKey {
            kid: kid.to_owned(),
        });
    }
    if kids.len() == 1 {
        return Err(IamError::LastKey {
            folder: folder.display().to_string(),
        });
    }
    let from = folder.join(format!("{kid}.{IN_SERVICE}"));
    std::fs::rename(&from, folder.join(format!("{kid}.{RETIRED}"))).map_err(file("name", &from))?;
    sync(folder)
}

fn sync(folder: &Path) -> Result<(), IamError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(file("sync", folder))
}

fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> IamError {
    let path = path.display().to_string();
    move |source| IamError::KeyFile {
        action,
        path,
        source,
    }
}

/// The text of a key file, never through a link and never without end.
fn text(path: &Path) -> std::io::Result<Zeroizing<String>> {
    let nofollow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let file = File::options()
        .read(true)
        .custom_flags(nofollow)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::new(ErrorKind::InvalidData, "not a file"));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn read(folder: &Path, kid: String) -> Result<SigningKey, IamError> {
    let path = folder.join(format!("{kid}.{IN_SERVICE}"));
    let text = text(&path).map_err(file("read", &path))?;
    let damaged = || IamError::KeyFile {
        action: "understand",
        path: path.display().to_string(),
        source: std::io::Error::new(ErrorKind::InvalidData, "not an RSA key in PKCS#8 PEM"),
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
    fn a_new_key_is_the_last_by_name_also_after_the_clock_went_back() {
        let folder = tempfile::tempdir().unwrap();
        let first = create(folder.path(), Millis(1_000_000)).unwrap();
        let second = create(folder.path(), Millis(5)).unwrap();
        assert_eq!(kids(folder.path()).unwrap(), [first, second]);
    }

    #[test]
    fn the_last_key_and_one_that_is_not_there_are_not_retired() {
        let folder = tempfile::tempdir().unwrap();
        let kid = create(folder.path(), Millis(1)).unwrap();
        let error = retire(folder.path(), &kid).unwrap_err();
        assert!(matches!(error, IamError::LastKey { .. }), "{error}");
        let error = retire(folder.path(), "../iam").unwrap_err();
        assert!(matches!(error, IamError::NoSuchKey { .. }), "{error}");
    }

    #[test]
    fn a_planted_link_is_no_key() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let kid = create(outside.path(), Millis(1)).unwrap();
        let name = format!("{kid}.pem");
        std::os::unix::fs::symlink(outside.path().join(&name), folder.path().join(&name)).unwrap();
        assert!(read_all(outside.path()).is_ok());
        let error = read_all(folder.path()).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(&name), "{error}");
    }
}
