//! Why a part of a file cannot be used: it is not as it was written, or it is, and a newer build wrote it.

use crate::column::Damaged;
use crate::error::{self, FileAction};
use base::store::StoreError;
use std::io::{Error, ErrorKind};
use std::path::Path;

/// A decoder's complaint where a checksum tells damage from what this build does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undecoded {
    /// It is not as it was written, or was not written whole.
    Damaged(Damaged),
    /// Its checksums are right: it is what a newer build wrote, may have been acknowledged, and must not be ignored.
    Unknown(&'static str),
}

impl From<Damaged> for Undecoded {
    fn from(damage: Damaged) -> Self {
        Self::Damaged(damage)
    }
}

impl Undecoded {
    /// As an error that names the place and says what mends it.
    pub(crate) fn into_error(self, path: &Path, offset: u64) -> StoreError {
        match self {
            Self::Damaged(damage) => error::damaged(path, offset)(damage),
            Self::Unknown(what) => {
                let what = format!(
                    "at offset {offset}: {what}, which this build does not know; the file was not touched. It was written by a \
                     newer build: start that one"
                );
                error::io(FileAction::Use, path)(Error::new(ErrorKind::Unsupported, what))
            }
        }
    }
}
