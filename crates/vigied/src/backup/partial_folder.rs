//! The folder in which a backup is made until it is complete. A file in it marks it as ours, and is locked by whoever works there: what a
//! crash has left behind is removed by the next backup of the same name, and nothing else ever is.

use anyhow::{Context, bail};
use rustix::fs::{CWD, FlockOperation, OFlags, RenameFlags, flock, renameat_with};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The mark.
const INCOMPLETE: &str = "incomplete";

/// The folder, removed when dropped before it is published.
#[derive(Debug)]
pub(super) struct PartialFolder {
    path: PathBuf,
    /// Held until the end.
    _lock: File,
    is_published: bool,
}

impl PartialFolder {
    /// Makes it beside the target.
    pub(super) fn make(target: &Path) -> anyhow::Result<Self> {
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(".partial");
        let path = target.with_file_name(name);
        if path.symlink_metadata().is_ok() {
            remove_left_behind(&path)?;
        }
        let make = || {
            DirBuilder::new().mode(0o700).create(&path)?;
            let lock = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path.join(INCOMPLETE))?;
            // Where a file system has no locks, a copy is made all the same.
            if is_locked_elsewhere(&lock) {
                return Err(ErrorKind::WouldBlock.into());
            }
            Ok::<File, std::io::Error>(lock)
        };
        let lock = make().with_context(|| format!("cannot make `{}`", path.display()))?;
        Ok(Self {
            path,
            _lock: lock,
            is_published: false,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Names it as the target, and never replaces anything.
    pub(super) fn publish(mut self, target: &Path) -> anyhow::Result<()> {
        let named = match renameat_with(CWD, &self.path, CWD, target, RenameFlags::NOREPLACE) {
            // The file system does not support `NOREPLACE`.
            Err(rustix::io::Errno::INVAL) if target.symlink_metadata().is_err() => {
                std::fs::rename(&self.path, target)
            }
            named => named.map_err(Into::into),
        };
        named.with_context(|| format!("cannot name the copy `{}`", target.display()))?;
        self.is_published = true;
        // The copy is made, whatever becomes of the mark: after a crash here it stays, and no server reads it.
        let mark = target.join(INCOMPLETE);
        if let Err(error) = std::fs::remove_file(&mark) {
            tracing::warn!(file = %mark.display(), %error, "a mark of an incomplete copy stays in a complete one: remove it");
        }
        Ok(())
    }
}

impl Drop for PartialFolder {
    fn drop(&mut self) {
        if !self.is_published {
            // A partial copy is useless and takes room.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Whether another process works there.
fn is_locked_elsewhere(lock: &File) -> bool {
    let locked = flock(lock, FlockOperation::NonBlockingLockExclusive);
    locked == Err(rustix::io::Errno::WOULDBLOCK)
}

/// Removes what a backup has left behind that broke off.
fn remove_left_behind(path: &Path) -> anyhow::Result<()> {
    let place = path.display();
    // An empty one may be ours, before it was marked, and holds nothing of anybody's.
    if std::fs::remove_dir(path).is_ok() {
        return Ok(());
    }
    // To be written, as NFS locks no other files.
    let mark = OpenOptions::new()
        .write(true)
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
        .open(path.join(INCOMPLETE));
    let lock = match mark {
        Err(error) if [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind()) => {
            bail!(
                "cannot make `{place}`: it is there already, and is no copy that broke off\nhint: remove it, or name the target otherwise"
            )
        }
        mark => mark.with_context(|| format!("cannot look into `{place}`"))?,
    };
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => bail!(
            "another backup is being made at `{place}`\nhint: wait until it is complete, or name another target"
        ),
        // Where a file system has no locks, one may be in the making.
        Err(error) => {
            return Err(std::io::Error::from(error)).with_context(|| {
                format!("cannot tell whether another backup is being made at `{place}`\nhint: if none is, remove that folder")
            });
        }
    }
    std::fs::remove_dir_all(path)
        .with_context(|| format!("cannot remove `{place}`, which a backup that broke off has left"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_backup_that_broke_off_has_left_gives_way_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("copy");
        let first = PartialFolder::make(&target).unwrap();
        let path = first.path().to_owned();
        std::fs::write(path.join("data"), "of the first").unwrap();
        let refused = PartialFolder::make(&target).unwrap_err().to_string();
        assert!(
            refused.contains("another backup is being made"),
            "{refused}"
        );
        drop(first);
        assert!(!path.exists());

        // A crash: the lock is gone, and the folder is not.
        std::fs::create_dir(&path).unwrap();
        for name in [INCOMPLETE, "data"] {
            std::fs::write(path.join(name), "of the first").unwrap();
        }
        PartialFolder::make(&target)
            .unwrap()
            .publish(&target)
            .unwrap();
        assert_eq!(target.read_dir().unwrap().count(), 0);

        std::fs::remove_dir(&target).unwrap();
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("data"), "of somebody").unwrap();
        let refused = PartialFolder::make(&target).unwrap_err().to_string();
        assert!(refused.contains("is no copy that broke off"), "{refused}");
        assert!(path.join("data").exists());
    }
}
