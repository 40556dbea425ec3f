//! `manifest.json`. It is replaced whole, so that a crash at any moment leaves the old one or the new one.

use super::{FORMAT, Manifest, ManifestError};
use crate::error::{self, FileAction};
use crate::open_dir::OpenDir;
use crate::storage::Storage;
use base::store::StoreError;
use serde::Deserialize;
use std::io::ErrorKind;
use std::path::Path;

pub(crate) const FILE: &str = "manifest.json";
/// The next one, until it is whole and synced. One that a crash left is removed at the next start.
pub(crate) const TEMPORARY: &str = "manifest.json.new";

/// All that is asked of a manifest of another format.
#[derive(Deserialize)]
struct AnyFormat {
    manifest: Versioned,
}

#[derive(Deserialize)]
struct Versioned {
    format: u32,
}

/// Advice for a folder of another format; `None` for this one, and for a file that is no manifest.
fn other_format(bytes: &[u8]) -> Option<String> {
    let AnyFormat { manifest } = serde_json::from_slice(bytes).ok()?;
    match manifest.format {
        FORMAT => None,
        older @ ..FORMAT => Some(format!(
            "the folder is of format version {older}, and this build reads version {FORMAT}; nothing was touched. Start the \
             build that wrote it and fetch what is to be kept (`vigie metrics get --format csv`, a domain at a time). Then move this \
             folder of samples away, not the data folder with its accounts and keys, start this build, and send the files with \
             `vigie metrics send --file`"
        )),
        newer => Some(format!(
            "the folder is of format version {newer}, and this build reads version {FORMAT}; nothing was touched. It was \
             written by a newer build: start that one"
        )),
    }
}

impl Manifest {
    /// Reads the manifest of a samples folder; `None` when there is none.
    pub(crate) fn load(storage: &dyn Storage, dir: &Path) -> Result<Option<Self>, StoreError> {
        let path = dir.join(FILE);
        match storage.read(&path) {
            Ok(bytes) => {
                if let Some(what) = other_format(&bytes) {
                    let source = std::io::Error::new(ErrorKind::Unsupported, what);
                    return Err(error::io(FileAction::Use, &path)(source));
                }
                Self::decode(&bytes)
                    .map(Some)
                    .map_err(|undecoded| match undecoded {
                        ManifestError::Damaged(what) => error::corrupt(&path, 0, what),
                        unknown @ ManifestError::Unknown(_) => {
                            let source = std::io::Error::new(ErrorKind::Unsupported, unknown);
                            error::io(FileAction::Use, &path)(source)
                        }
                    })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error::io(FileAction::Read, &path)(error)),
        }
    }

    /// Whether a samples folder has a manifest of another version.
    pub(crate) fn is_of_another_version(storage: &dyn Storage, dir: &Path) -> bool {
        let read = storage.read(&dir.join(FILE));
        read.is_ok_and(|bytes| other_format(&bytes).is_some())
    }

    /// Makes this the manifest of a samples folder. When it fails it is unknown which one counts, unless it failed for lack
    /// of room or of a file descriptor: then the one before does.
    pub(crate) fn store(&self, storage: &dyn Storage, dir: &Path) -> Result<(), StoreError> {
        let (temporary, path) = (dir.join(TEMPORARY), dir.join(FILE));
        let text = self.encode().map_err(|source| {
            error::io(FileAction::Encode, &path)(std::io::Error::other(source))
        })?;
        // After the rename nothing may fail for want of a file descriptor.
        let folder = OpenDir::open(storage, dir)?;
        // Until the rename the one before counts.
        let mut file = storage
            .create(&temporary)
            .map_err(error::io(FileAction::Create, &temporary))?;
        if let Err(source) = file.append(&text) {
            // Whatever was written is in the way of the next try.
            let _ = storage.remove(&temporary);
            return Err(error::io(FileAction::Write, &temporary)(source));
        }
        file.sync()
            .map_err(error::io(FileAction::Sync, &temporary))?;
        if let Err(source) = storage.rename(&temporary, &path) {
            // Where it found no room, it is tried again.
            let _ = storage.remove(&temporary);
            return Err(error::io(FileAction::Replace, &path)(source));
        }
        folder.sync()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::faulty::Faulty;

    #[test]
    fn a_manifest_of_which_this_build_does_not_know_enough_is_refused_with_what_to_do() {
        let (storage, dir) = (Faulty::new(1), Path::new("/samples"));
        storage.create_dir(dir).unwrap();
        let text = serde_json::to_string(&Manifest::new([1, 2])).unwrap();
        let text = text.replacen("\"wal_first\":1", "\"wal_first\":[1]", 1);
        let crc32 = crc32fast::hash(text.as_bytes());
        let mut file = storage.create(&dir.join(FILE)).unwrap();
        let written = format!("{{\"crc32\":{crc32},\"manifest\":{text}}}");
        file.append(written.as_bytes()).unwrap();
        drop(file);
        let refused = Manifest::load(&storage, dir).unwrap_err();
        let message = std::error::Error::source(&refused).unwrap().to_string();
        assert!(
            message.contains("Start the build that wrote it"),
            "{message}"
        );
    }

    #[test]
    fn other_formats_are_refused_with_what_to_do() {
        let manifest = Manifest::new([1, 2]);
        let seal = |text: String| {
            let crc32 = crc32fast::hash(text.as_bytes());
            format!("{{\"crc32\":{crc32},\"manifest\":{text}}}")
        };
        let text = serde_json::to_string(&manifest).unwrap();
        let of = |format: u32| seal(text.replace("\"format\":2", &format!("\"format\":{format}")));
        assert_eq!(other_format(of(2).as_bytes()), None);
        let older = other_format(of(1).as_bytes()).unwrap();
        assert!(older.contains("format version 1") && older.contains("vigie metrics get"));
        assert!(
            other_format(of(3).as_bytes())
                .unwrap()
                .contains("newer build")
        );
    }
}
