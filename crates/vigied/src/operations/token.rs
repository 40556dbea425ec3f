//! The operators' token: what opens their listener where it is reached over the network. Made by `vigied operations token`,
//! shown once, and kept as its hash: it has 256 random bits, so that a plain hash of it cannot be guessed backwards.

use crate::data_dir::private_files;
use anyhow::{Context, bail};
use base::secret::{Secret, constant_time_eq};
use iam::entropy;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Its name in the data folder.
const FILE: &str = "operations.token";

/// How a token begins, so that it is known when it turns up somewhere.
const BEGIN: &str = "vgo_";

/// The hash of the token.
pub(crate) struct TokenHash(Secret<[u8; 32]>);

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(<hidden>)")
    }
}

impl TokenHash {
    /// Whether this header is `Bearer` and the token.
    pub(crate) fn opens(&self, authorization: Option<&[u8]>) -> bool {
        let given = authorization.and_then(|value| {
            let (scheme, token) = value.split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
        });
        given.is_some_and(|token| {
            constant_time_eq(&entropy::sha256(token.trim_ascii()), self.0.expose())
        })
    }
}

/// Makes a token and puts its hash in the place of the one before; returns the token, which is kept nowhere.
pub(crate) fn make(data: &Path) -> anyhow::Result<Secret<String>> {
    let token = Secret::new(format!("{BEGIN}{}", hex(&entropy::bytes::<32>())));
    let hash = hex(&entropy::sha256(token.expose().as_bytes()));
    let (path, partial) = (data.join(FILE), data.join("operations.token.partial"));
    // Left over from a run that was cut off.
    let _ = std::fs::remove_file(&partial);
    let write = || -> std::io::Result<()> {
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&partial)?;
        file.write_all(format!("sha256:{hash}\n").as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&partial, &path)?;
        File::open(data)?.sync_all()
    };
    write().with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(token)
}

/// Reads the hash; `None` where no token was made.
pub(crate) fn read(data: &Path) -> anyhow::Result<Option<TokenHash>> {
    let path = data.join(FILE);
    let mut text = String::new();
    let opened = File::options()
        .read(true)
        .custom_flags(private_files::no_follow())
        .open(&path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read `{}`", path.display()));
        }
    };
    file.take(1024)
        .read_to_string(&mut text)
        .with_context(|| format!("cannot read `{}`", path.display()))?;
    let Some(hash) = text.trim().strip_prefix("sha256:").and_then(unhex) else {
        bail!(
            "`{}` holds no hash of a token\nhint: make a new one with `vigied operations token`",
            path.display()
        );
    };
    Ok(Some(TokenHash(Secret::new(hash))))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_token_opens_and_the_file_does_not_hold_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap().is_none());
        let old = make(folder.path()).unwrap();
        let token = make(folder.path()).unwrap();
        let stored = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(!stored.contains(token.expose().trim_start_matches(BEGIN)));
        let hash = read(folder.path()).unwrap().unwrap();
        let opens = |value: String| hash.opens(Some(value.as_bytes()));
        assert!(opens(format!("Bearer {}", token.expose())));
        assert!(opens(format!("bearer {} ", token.expose())));
        assert!(!opens(format!("Bearer {}", old.expose())));
        assert!(!opens(token.expose().clone()));
        assert!(!opens(format!("Bearer {}", stored.trim())));
        for nothing in ["", "Bearer", "Bearer "] {
            assert!(!opens(nothing.to_owned()), "{nothing}");
        }
        assert!(!hash.opens(None));
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("other"),
            format!("sha256:{}", "0".repeat(64)),
        )
        .unwrap();
        std::os::unix::fs::symlink("other", folder.path().join(FILE)).unwrap();
        assert!(read(folder.path()).is_err());
    }
}
