//! Makes a backup: the samples first, then the identity database, then the other files. In this order, the copied
//! database knows the space of every copied sample.
//!
//! Everything is written to a folder beside the target, which is renamed to the target when it is complete and on stable
//! storage.

use super::partial_folder::PartialFolder;
use crate::data_dir;
use crate::data_dir::private_files;
use crate::failure;
use crate::store::operator_proof::as_operator;
use crate::store::own_thread::on_own_thread;
use anyhow::{Context, bail};
use base::store::SampleStore;
use iam::{Iam, IamError};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files of the data folder to copy, if they exist.
const FILES: [&str; 4] = [
    "identity",
    "operations.token",
    "quickstart-key",
    "vigie.toml",
];

/// The source of a backup.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) data: &'a Path,
    pub(crate) store: &'a Arc<dyn SampleStore>,
    pub(crate) iam: &'a Iam,
    /// The encryption key's file, where it is not in the data folder.
    pub(crate) encryption_key_file: Option<&'a Path>,
}

/// Whether a backup contains the encryption key, without which no server starts on the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CopiedKey {
    Included,
    /// It is in a file outside of the data folder.
    Elsewhere,
    /// There is none.
    Missing,
    /// There is one that does not open the signing keys.
    Wrong,
}

/// The contents of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BackupSummary {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    /// Whether the identity database is included; otherwise it is in PostgreSQL.
    pub(crate) has_identity: bool,
    pub(crate) encryption_key: CopiedKey,
}

impl BackupSummary {
    pub(crate) fn json(&self, target: &Path) -> Value {
        json!({
            "target": target.display().to_string(),
            "files": self.files,
            "bytes": self.bytes,
            "identity": if self.has_identity { "included" } else { "postgresql" },
            "encryption_key": self.encryption_key,
        })
    }

    /// Parses the output of [`Self::json`].
    pub(crate) fn read(value: &Value) -> Option<Self> {
        Some(Self {
            files: value.get("files")?.as_u64()?,
            bytes: value.get("bytes")?.as_u64()?,
            has_identity: value.get("identity")?.as_str()? == "included",
            encryption_key: CopiedKey::deserialize(value.get("encryption_key")?).ok()?,
        })
    }
}

/// Refuses a target that exists or is inside the data folder.
pub(crate) fn check_target(target: &Path, data: &Path) -> anyhow::Result<()> {
    let place = target.display();
    if target.symlink_metadata().is_ok() {
        bail!(
            "`{place}` is there already\nhint: name a folder that is not, for example with the date"
        );
    }
    let parent = parent(target)?;
    let real = parent
        .canonicalize()
        .with_context(|| format!("there is no folder `{}` to make it in", parent.display()))?;
    if data.canonicalize().is_ok_and(|data| real.starts_with(data)) {
        bail!(
            "`{place}` would be inside the data folder\nhint: name a folder elsewhere, best on another disk"
        );
    }
    Ok(())
}

fn parent(target: &Path) -> anyhow::Result<&Path> {
    target
        .parent()
        .filter(|_| target.file_name().is_some())
        .with_context(|| format!("`{}` names no folder", target.display()))
}

/// Makes a backup.
pub(crate) async fn make(source: &Source<'_>, target: &Path) -> anyhow::Result<BackupSummary> {
    check_target(target, source.data)?;
    let partial = PartialFolder::make(target)?;
    let made = match fill(source, partial.path()).await {
        Ok(made) => publish(partial, target).map(|()| made),
        Err(error) => Err(error),
    };
    made.map_err(|error| match failure::is_full(&error) {
        true => error.context(format!(
            "there is no room for the copy at `{}`\nhint: make room there, or name a folder on another disk",
            target.display()
        )),
        false => error,
    })
}

async fn fill(source: &Source<'_>, partial: &Path) -> anyhow::Result<BackupSummary> {
    let samples = partial.join("samples");
    let copied = on_own_thread(source.store, move |store| {
        store.copy_to(&as_operator(), &samples)
    });
    let copied = copied.await.context("cannot copy the samples")?;
    let mut made = BackupSummary {
        files: copied.files,
        bytes: copied.bytes,
        has_identity: false,
        encryption_key: copied_key(source).await?,
    };
    let database = data_dir::database(partial);
    made.has_identity = source
        .iam
        .copy_database(&database)
        .await
        .context("cannot copy the identity database")?;
    let (data, partial) = (source.data.to_owned(), partial.to_owned());
    let rest = move || copy_rest(&data, &partial, made);
    tokio::task::spawn_blocking(rest)
        .await
        .context("the copying broke off")?
}

async fn copied_key(source: &Source<'_>) -> anyhow::Result<CopiedKey> {
    let (folder, named) = (data_dir::keys(source.data), source.encryption_key_file);
    let checked = source.iam.check_encryption_key(&folder, named).await;
    match checked {
        Ok(()) if named.is_some() => Ok(CopiedKey::Elsewhere),
        Ok(()) => Ok(CopiedKey::Included),
        Err(IamError::NoEncryptionKey { .. }) => Ok(CopiedKey::Missing),
        Err(IamError::OtherEncryptionKey { .. } | IamError::Key(_)) => Ok(CopiedKey::Wrong),
        Err(error) => Err(error).context("cannot look whether the encryption key is the right one"),
    }
}

/// Copies the other files, then syncs everything.
fn copy_rest(
    data: &Path,
    partial: &Path,
    mut made: BackupSummary,
) -> anyhow::Result<BackupSummary> {
    let mut files: Vec<PathBuf> = FILES.iter().map(|name| data.join(name)).collect();
    let (from, to) = (data_dir::keys(data), data_dir::keys(partial));
    DirBuilder::new()
        .mode(0o700)
        .create(&to)
        .with_context(|| format!("cannot make `{}`", to.display()))?;
    match from.read_dir() {
        Ok(entries) => {
            for entry in entries {
                files.push(entry.context("cannot list the signing keys")?.path());
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).context("cannot list the signing keys"),
    }
    for file in files {
        let inside = file.strip_prefix(data).unwrap_or(&file);
        if let Some(bytes) = copy(&file, &partial.join(inside))? {
            made.files += 1;
            made.bytes += bytes;
        }
    }
    let database = data_dir::database(partial);
    if made.has_identity {
        made.files += 1;
        made.bytes += synced(&database)?;
    }
    for folder in [&to, partial] {
        synced(folder)?;
    }
    Ok(made)
}

/// Copies and syncs one file; `None` if it does not exist.
fn copy(from: &Path, to: &Path) -> anyhow::Result<Option<u64>> {
    let cannot = || format!("cannot copy `{}`", from.display());
    // Of a pipe, the opening would wait for who writes to it.
    let flags = private_files::no_follow() | OFlags::NONBLOCK.bits().cast_signed();
    let opened = File::options().read(true).custom_flags(flags).open(from);
    let mut source = match opened {
        Ok(source) => source,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(cannot),
    };
    if !source.metadata().with_context(cannot)?.is_file() {
        bail!("`{}` is no file", from.display());
    }
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).with_context(cannot)?;
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .with_context(cannot)?;
    file.write_all(&bytes)
        .and_then(|()| file.sync_all())
        .with_context(cannot)?;
    Ok(Some(bytes.len() as u64))
}

/// Syncs a file or folder; returns its length.
fn synced(path: &Path) -> anyhow::Result<u64> {
    let sync = || {
        let file = File::open(path)?;
        file.sync_all()?;
        Ok::<u64, std::io::Error>(file.metadata()?.len())
    };
    sync().with_context(|| format!("cannot bring `{}` to stable storage", path.display()))
}

/// Names the folder as the target, durably.
fn publish(partial: PartialFolder, target: &Path) -> anyhow::Result<()> {
    partial.publish(target)?;
    synced(parent(target)?).map(drop)
}
