//! A path for a Unix socket, of any length.

use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// Longest path that fits into a socket address (108 bytes with the final zero, on Linux).
pub(crate) const PATH_BYTES_MAX: usize = 107;

/// A path that fits into a socket address. Its folder stays open while the path is used.
#[derive(Debug)]
pub(crate) struct Short {
    path: PathBuf,
    _folder: Option<File>,
}

impl Short {
    /// The path itself if it fits, otherwise a path through the open folder in `/proc/self/fd`.
    pub(crate) fn of(path: &Path) -> std::io::Result<Self> {
        if path.as_os_str().len() <= PATH_BYTES_MAX {
            return Ok(Self {
                path: path.to_owned(),
                _folder: None,
            });
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(ErrorKind::InvalidFilename.into());
        };
        let folder = File::open(parent)?;
        let path = Path::new("/proc/self/fd")
            .join(folder.as_raw_fd().to_string())
            .join(name);
        if path.as_os_str().len() > PATH_BYTES_MAX {
            return Err(ErrorKind::InvalidFilename.into());
        }
        Ok(Self {
            path,
            _folder: Some(folder),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}
