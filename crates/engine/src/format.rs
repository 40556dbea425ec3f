//! Whether a samples folder is of a form that this build reads, without opening it.

use crate::manifest::Manifest;
use crate::storage::disk::Disk;
use base::store::StoreError;
use std::path::Path;

/// Refuses a samples folder of another format version. It reads one file and writes none, so that whoever keeps other things
/// beside the samples can ask before any of them takes a new form. A folder that is not there, or is damaged, is no matter of
/// its version: opening the store tells of that.
///
/// # Errors
/// [`StoreError::Failed`] when the folder is of another version, with what to do, or cannot be read.
pub fn check_format(dir: &Path) -> Result<(), StoreError> {
    match Manifest::load(&Disk, dir) {
        Ok(_) | Err(StoreError::Damaged { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
