//! A folder that is open to be synced. Opening it may fail for want of a file descriptor, which can be tried again; a failed sync
//! cannot. Whoever opens it before the change that it is to secure meets the first before there is something to lose.

use crate::error::{self, FileAction};
use crate::storage::{Directory, Storage};
use base::store::StoreError;
use std::path::{Path, PathBuf};

/// A folder whose entries are to be made durable.
#[derive(Debug)]
pub(crate) struct OpenDir {
    dir: Box<dyn Directory>,
    path: PathBuf,
}

impl OpenDir {
    pub(crate) fn open(storage: &dyn Storage, path: &Path) -> Result<Self, StoreError> {
        let dir = storage
            .open_dir(path)
            .map_err(error::io(FileAction::Open, path))?;
        Ok(Self {
            dir,
            path: path.to_owned(),
        })
    }

    /// Makes creations, renames and removals in it durable.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.dir
            .sync()
            .map_err(error::io(FileAction::Sync, &self.path))
    }
}

/// Opens and syncs a folder.
pub(crate) fn sync_dir(storage: &dyn Storage, path: &Path) -> Result<(), StoreError> {
    OpenDir::open(storage, path)?.sync()
}
