//! Whether a samples folder is of a form that this build reads, without opening it.

use crate::manifest::Manifest;
use crate::storage::disk::Disk;
use base::store::StoreError;
use std::path::Path;

/// Why a samples folder is not to be opened.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// It is of a version that this build does not read; the text says what to do.
    #[error(transparent)]
    OtherVersion(StoreError),
    /// Its version cannot be read.
    #[error(transparent)]
    Unreadable(StoreError),
}

/// Refuses a samples folder of another format version. It reads one file and writes none, so that whoever keeps other things
/// beside the samples can ask before any of them takes a new form. A missing or damaged folder is not refused
/// here: opening the store reports it.
///
/// # Errors
/// When the folder is of another version, or cannot be read.
pub fn check_format(dir: &Path) -> Result<(), FormatError> {
    match Manifest::load(&Disk, dir) {
        Ok(_) | Err(StoreError::Damaged { .. }) => Ok(()),
        Err(error) => Err(match Manifest::is_of_another_version(&Disk, dir) {
            true => FormatError::OtherVersion(error),
            false => FormatError::Unreadable(error),
        }),
    }
}
