//! The file of a merge, until the manifest may name it: whichever way a merge ends before, by an error or a panic, it leaves none behind.

use crate::core::Core;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};

/// Removes the file, once there is one, when it is dropped.
#[derive(Debug)]
pub(super) struct UnpublishedFile<'a> {
    core: &'a Core,
    path: OnceCell<PathBuf>,
}

impl<'a> UnpublishedFile<'a> {
    pub(super) const fn new(core: &'a Core) -> Self {
        Self {
            core,
            path: OnceCell::new(),
        }
    }

    /// The file was begun.
    pub(super) fn begin(&self, path: &Path) {
        self.path.get_or_init(|| path.to_owned());
    }

    /// The file, which is not removed any more by itself.
    pub(super) fn release(mut self) -> Option<PathBuf> {
        self.path.take()
    }
}

impl Drop for UnpublishedFile<'_> {
    fn drop(&mut self) {
        if let Some(path) = self.path.get() {
            self.core.discard(path);
        }
    }
}
