//! The two configuration files: their location, and how they are rewritten. [`content`] has their contents.
//!
//! The layout is that of the original tool, so that both tools can read each other's login. Unknown keys are kept as they are.
//!
//! Invariants: a file is replaced as a whole or not at all; a rewrite holds the lock and starts from files that were read under it;
//! only the owner can access the directory and the files.

mod content;
mod copy;
mod folder;
mod prepared;

pub(crate) use self::content::{Account, CfConfig, Config, DomainFields};
pub(crate) use self::folder::Ownership;
pub(crate) use self::prepared::Prepared;

use crate::context::Name;
use crate::env::Env;
use crate::error::Failure;
use crate::links;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The longest wait for another process that holds the lock, and may itself be waiting for a server.
const LOCK_WAIT_SECONDS_MAX: u64 = 30;
const LOCK_RETRY: Duration = Duration::from_millis(20);
/// The maximum size of a configuration file.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// By a server's origin, the other origins that are trusted for it.
pub(crate) type Origins = BTreeMap<String, Vec<String>>;

/// The configuration directory.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    directory: PathBuf,
    ownership: Ownership,
}

impl Home {
    /// Finds the directory for a name of the program.
    pub(crate) fn find(name: Name, env: &Env) -> Result<Self, Failure> {
        let (directory, ownership) = folder::find(name, env)?;
        Ok(Self {
            directory,
            ownership,
        })
    }

    /// A directory for a test.
    #[cfg(test)]
    pub(crate) fn at(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            ownership: Ownership::Own,
        }
    }

    /// The owner of the directory.
    pub(crate) const fn ownership(&self) -> Ownership {
        self.ownership
    }

    /// The directory itself.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    fn main_file(&self) -> PathBuf {
        self.directory.join("config.json")
    }

    /// In a file of its own, because other tools that share `config.json` drop unknown keys.
    fn origins_file(&self) -> PathBuf {
        self.directory.join("origins.json")
    }

    fn cf_file(&self) -> PathBuf {
        self.directory.join(".cf").join("config.json")
    }

    /// Reads `config.json`; an absent file is an empty configuration.
    pub(crate) fn read(&self) -> Result<Config, Failure> {
        read(&self.main_file())
    }

    /// Reads `.cf/config.json`; a file of an unknown version counts as empty.
    pub(crate) fn read_cf(&self) -> Result<CfConfig, Failure> {
        let cf: CfConfig = read(&self.cf_file())?;
        Ok(if matches!(cf.config_version, 3 | 4) {
            cf
        } else {
            CfConfig::default()
        })
    }

    /// Reads the trusted origins, by server.
    pub(crate) fn read_origins(&self) -> Result<Origins, Failure> {
        read(&self.origins_file())
    }

    /// Rewrites them, under a lock of their own, because the user may answer while the other lock is held.
    pub(crate) fn change_origins(&self, change: impl FnOnce(&mut Origins)) -> Result<(), Failure> {
        let file = self.acquire("origins.json.lock")?;
        let mut origins = self.read_origins()?;
        change(&mut origins);
        Prepared::for_file(&self.origins_file())?.keep(&origins)?;
        drop(file);
        Ok(())
    }

    /// Takes the lock of the configuration, waiting for other processes.
    pub(crate) fn lock(&self) -> Result<Lock<'_>, Failure> {
        Ok(Lock {
            home: self,
            _file: self.acquire("config.json.lock")?,
        })
    }

    /// The same lock, if it can be had at once.
    pub(crate) fn lock_if_free(&self) -> Option<Lock<'_>> {
        let (file, _) = self.lock_file("config.json.lock").ok()?;
        file.try_lock().ok()?;
        Some(Lock {
            home: self,
            _file: file,
        })
    }

    fn lock_file(&self, name: &str) -> Result<(File, PathBuf), Failure> {
        create_directory(&self.directory)?;
        let path = self.directory.join(name);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let file = links::never_linked(&mut options)
            .open(&path)
            .map_err(|error| Failure::file("open", &path, &error))?;
        Ok((file, path))
    }

    fn acquire(&self, name: &str) -> Result<File, Failure> {
        let (file, path) = self.lock_file(name)?;
        let give_up = Instant::now() + Duration::from_secs(LOCK_WAIT_SECONDS_MAX);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < give_up => {
                    std::thread::sleep(LOCK_RETRY);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(Failure::failed(format!(
                        "another process has held `{}` for {LOCK_WAIT_SECONDS_MAX} seconds",
                        path.display()
                    ))
                    .hint("end that process, or wait for it"));
                }
                Err(TryLockError::Error(error)) => {
                    return Err(Failure::file("lock", &path, &error));
                }
            }
        }
    }
}

/// The lock on the files; released when dropped.
#[derive(Debug)]
pub(crate) struct Lock<'home> {
    home: &'home Home,
    _file: File,
}

impl Lock<'_> {
    /// Prepares to replace `config.json`: fails here if it cannot be written.
    pub(crate) fn prepare(&self) -> Result<Prepared, Failure> {
        Prepared::for_file(&self.home.main_file())?.reserve()
    }

    /// Prepares to replace `.cf/config.json`.
    pub(crate) fn prepare_cf(&self) -> Result<Prepared, Failure> {
        self.new_cf_file()?.reserve()
    }

    /// Replaces both files, or neither if one cannot be written.
    pub(crate) fn write(&self, config: &Config, cf: &CfConfig) -> Result<(), Failure> {
        let main = Prepared::for_file(&self.home.main_file())?.fill(config)?;
        let other = self.new_cf_file()?.fill(cf)?;
        main.put()?;
        other.put()
    }

    fn new_cf_file(&self) -> Result<Prepared, Failure> {
        create_directory(&self.home.directory.join(".cf"))?;
        Prepared::for_file(&self.home.cf_file())
    }
}

fn create_directory(directory: &Path) -> Result<(), Failure> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| Failure::file("create", directory, &error))
}

fn read<T: DeserializeOwned + Default>(path: &Path) -> Result<T, Failure> {
    let bytes = match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(T::default()),
        Ok(metadata) if metadata.len() > FILE_BYTES_MAX => {
            return Err(Failure::failed(format!(
                "`{}` is larger than any configuration",
                path.display()
            )));
        }
        Ok(_) => fs::read(path)
            .map(Zeroizing::new)
            .map_err(|error| Failure::file("read", path, &error))?,
        Err(error) => return Err(Failure::file("read", path, &error)),
    };
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(T::default());
    }
    serde_json::from_slice(&bytes)
        .or_else(|error| without_nulls(&bytes).ok_or(error))
        .map_err(|error| {
            Failure::failed(format!(
                "`{}` is not a configuration: {error}",
                path.display()
            ))
            .hint("fix that line, or move the file away and log in again")
        })
}

/// Treats `null`, which other tools write for no value, as an absent key.
fn without_nulls<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    fn drop_nulls(value: &mut Value) {
        if let Value::Object(members) = value {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
    }
    let mut value = serde_json::from_slice(bytes).ok()?;
    drop_nulls(&mut value);
    serde_json::from_value(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn what_another_tool_wrote_survives_a_rewrite() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        let before = r#"{"APIEndpoint":"https://cloud.example","PluginRepos":[{"Name":"x","URL":"y"}],
            "Account":{"GUID":"a","Name":"b","Owner":"c","Extra":1},"ColorEnabled":"false","UsageStatsDisabled":null}"#;
        fs::write(home.main_file(), before).unwrap();
        let mut config = home.read().unwrap();
        assert_eq!(config.color(), Some(false));
        config.region = "local".to_owned();
        home.lock()
            .unwrap()
            .prepare()
            .unwrap()
            .keep(&config)
            .unwrap();
        let after: Value = serde_json::from_slice(&fs::read(home.main_file()).unwrap()).unwrap();
        assert_eq!(after["PluginRepos"][0]["URL"], "y");
        assert_eq!(after["Account"]["Extra"], 1);
        assert_eq!(after["Region"], "local");
        assert!(
            after
                .as_object()
                .unwrap()
                .contains_key("UsageStatsDisabled")
        );
    }

    #[test]
    fn files_are_for_their_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path().join("deep").join("er"));
        let lock = home.lock().unwrap();
        lock.write(&Config::default(), &CfConfig::default())
            .unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(home.directory()), 0o700);
        assert_eq!(mode(&home.main_file()), 0o600);
        assert_eq!(mode(home.cf_file().parent().unwrap()), 0o700);
        assert_eq!(mode(&home.cf_file()), 0o600);
        let names: Vec<_> = fs::read_dir(home.directory())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names.len(), 3, "no temporary file stays behind: {names:?}");
    }

    #[test]
    fn the_lock_keeps_a_second_writer_out() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for _ in 0..25 {
                        let lock = home.lock().unwrap();
                        let mut config = home.read().unwrap();
                        let count = config
                            .other
                            .get("Count")
                            .and_then(Value::as_i64)
                            .unwrap_or(0);
                        config.other.insert("Count".to_owned(), (count + 1).into());
                        lock.prepare().unwrap().keep(&config).unwrap();
                    }
                });
            }
        });
        assert_eq!(home.read().unwrap().other["Count"], 100);
    }

    #[test]
    fn a_cf_file_of_another_version_is_empty() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        fs::create_dir(directory.path().join(".cf")).unwrap();
        fs::write(home.cf_file(), r#"{"ConfigVersion":2,"Target":"x"}"#).unwrap();
        assert_eq!(home.read_cf().unwrap().target, "");
    }
}
