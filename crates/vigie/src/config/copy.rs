//! Backup copies of another program's two files, and the list of issuers of our own logins.

use super::{Config, Home, Origins, Prepared, read};
use crate::error::Failure;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The suffix of a copy's name.
const SUFFIX: &str = ".before-vigie";
/// The maximum number of logins whose copies are kept in one folder.
const COPIES_MAX: usize = 32;
/// The maximum number of addresses with remembered issuers, and of issuers per address; forgetting one costs one question.
const ADDRESSES_MAX: usize = 64;
const ISSUERS_MAX: usize = 8;

impl Home {
    /// Copies both files into their folder and returns the path of the main file's copy. A copy of the same login is replaced;
    /// a copy of another login never is.
    pub(crate) fn keep_copy(
        &self,
        is_same: impl Fn(&Config, &Config) -> bool,
    ) -> Result<PathBuf, Failure> {
        let lock = self.lock()?;
        let (main, cf) = (self.main_file(), self.cf_file());
        let config: Config = read(&main)?;
        let is_absent = |path: &Path| {
            fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
        };
        let is_file = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
        // Only the first file's copy says which login the second one belongs to.
        let is_free = |number: usize| {
            let (main, cf) = (named(&main, number), named(&cf, number));
            if is_absent(&main) {
                return is_absent(&cf);
            }
            is_file(&main)
                && read(&main).is_ok_and(|copy| is_same(&copy, &config))
                && (is_absent(&cf) || is_file(&cf))
        };
        let number = (1..=COPIES_MAX)
            .find(|number| is_free(*number))
            .ok_or_else(|| {
                Failure::failed(format!(
                    "`{}` and {} more are copies of other logins already; nothing was replaced",
                    named(&main, 1).display(),
                    COPIES_MAX - 1
                ))
                .hint("move away those that you do not need")
            })?;
        for file in [&main, &cf] {
            let bytes = match fs::read(file) {
                Ok(bytes) => Zeroizing::new(bytes),
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(Failure::file("read", file, &error)),
            };
            Prepared::for_file(&named(file, number))?.keep_bytes(&bytes)?;
        }
        drop(lock);
        Ok(named(&main, number))
    }

    fn issuers_file(&self) -> PathBuf {
        self.directory.join("issuers.json")
    }

    /// Whether this program has made a login here with tokens of this issuer, at this address.
    pub(crate) fn knows_issuer(&self, api: &str, issuer: &str) -> Result<bool, Failure> {
        let known: Origins = read(&self.issuers_file())?;
        Ok(known
            .get(api)
            .is_some_and(|issuers| issuers.iter().any(|known| known == issuer)))
    }

    /// Remembers the issuer, together with the address: a server can claim any issuer, and one that claims another server's name
    /// must not affect logins at that other server.
    pub(crate) fn remember_issuer(&self, api: &str, issuer: &str) -> Result<(), Failure> {
        if self.knows_issuer(api, issuer)? {
            return Ok(());
        }
        let file = self.acquire("origins.json.lock")?;
        let mut known: Origins = read(&self.issuers_file())?;
        while known.len() >= ADDRESSES_MAX && !known.contains_key(api) {
            known.pop_first();
        }
        let issuers = known.entry(api.to_owned()).or_default();
        issuers.push(issuer.to_owned());
        issuers.drain(..issuers.len().saturating_sub(ISSUERS_MAX));
        Prepared::for_file(&self.issuers_file())?.keep(&known)?;
        drop(file);
        Ok(())
    }
}

/// The name of a file's copy: the first has no number.
fn named(file: &Path, number: usize) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(SUFFIX);
    if number > 1 {
        name.push(format!("-{number}"));
    }
    name.into()
}
