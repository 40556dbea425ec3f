//! Lists the files below a folder by name, so that another run finds them in the same order.

use super::super::progress::Extent;
use super::super::state::ImportedUnit;
use super::name::ENDING;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::vec::IntoIter;

/// Deeper folders are not looked into: a name has at most as many elements.
const DEPTH_MAX: usize = base::limit::NAME_ELEMENTS.default as usize;

/// An entry found.
#[derive(Debug)]
pub(super) enum WalkEntry {
    /// A file of Whisper's, by its name at least.
    File(WhisperFile),
    /// A file that is not read, by its path from the folder on, and the reason.
    Refused(String, String),
}

/// A file that may be read.
#[derive(Debug)]
pub(super) struct WhisperFile {
    /// Where it is. Its last element is no link.
    pub(super) path: PathBuf,
    /// Where it was found, from the folder on.
    pub(super) relative: PathBuf,
    bytes: u64,
    /// When it was last changed, in milliseconds.
    changed: i64,
}

impl WhisperFile {
    fn new(path: PathBuf, relative: PathBuf, data: &Metadata) -> Self {
        Self {
            path,
            relative,
            bytes: data.len(),
            changed: data.mtime() * 1000 + data.mtime_nsec() / 1_000_000,
        }
    }

    pub(super) const fn extent(&self) -> Extent {
        Extent {
            units: 1,
            weight: self.bytes,
        }
    }

    pub(super) fn done(&self) -> ImportedUnit {
        ImportedUnit {
            name: self.relative.to_string_lossy().into_owned(),
            bytes: self.bytes,
            changed: self.changed,
        }
    }
}

/// Goes through a folder and the folders below it. Links to folders are not followed, and links to files only where they end inside
/// the folder.
#[derive(Debug)]
pub(super) struct Walk {
    root: PathBuf,
    /// The folder that is being read, from the root on.
    at: PathBuf,
    /// The entries left of it and of those above it.
    levels: Vec<IntoIter<OsString>>,
    is_begun: bool,
}

impl Walk {
    /// Of a folder whose path has no links.
    pub(super) fn of(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            at: PathBuf::new(),
            levels: Vec::new(),
            is_begun: false,
        }
    }

    /// Goes into a folder.
    fn enter(&mut self, relative: PathBuf) -> Option<WalkEntry> {
        let path = match relative.to_string_lossy() {
            path if path.is_empty() => ".".to_owned(),
            path => path.into_owned(),
        };
        if self.levels.len() > DEPTH_MAX {
            let why = format!("it lies more than {DEPTH_MAX} folders deep");
            return Some(WalkEntry::Refused(path, why));
        }
        match names(&self.root.join(&relative)) {
            Ok(names) => {
                self.levels.push(names.into_iter());
                self.at = relative;
                None
            }
            Err(error) => Some(WalkEntry::Refused(path, error.to_string())),
        }
    }

    /// The entry of this name in a folder; `None` if it is not a Whisper file.
    fn visit(&mut self, name: &OsString) -> Option<WalkEntry> {
        let relative = self.at.join(name);
        let path = self.root.join(&relative);
        let display_path = || relative.to_string_lossy().into_owned();
        let data = match fs::symlink_metadata(&path) {
            Ok(data) => data,
            // Gone since the folder was read.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => return Some(WalkEntry::Refused(display_path(), error.to_string())),
        };
        let is_named = relative.extension().is_some_and(|ending| ending == ENDING);
        if data.is_dir() {
            return self.enter(relative);
        }
        if data.is_symlink() {
            return self.follow(&path, relative, is_named);
        }
        if !is_named {
            return None;
        }
        Some(match data.is_file() {
            true => WalkEntry::File(WhisperFile::new(path, relative, &data)),
            false => WalkEntry::Refused(display_path(), "it is no plain file".to_owned()),
        })
    }

    fn follow(&self, path: &Path, relative: PathBuf, is_named: bool) -> Option<WalkEntry> {
        let display_path = relative.to_string_lossy().into_owned();
        let refused = |why: String| Some(WalkEntry::Refused(display_path.clone(), why));
        let ends = match path.canonicalize() {
            Ok(ends) => ends,
            Err(error) if is_named => return refused(format!("it is a link to nothing: {error}")),
            Err(_) => return None,
        };
        match fs::symlink_metadata(&ends) {
            Ok(data) if data.is_dir() => {
                refused("it is a link to a folder, which is not followed".to_owned())
            }
            _ if !is_named => None,
            Ok(data) if data.is_file() && ends.starts_with(&self.root) => {
                Some(WalkEntry::File(WhisperFile::new(ends, relative, &data)))
            }
            Ok(_) => refused("it is a link that leads out of the folder".to_owned()),
            Err(error) => refused(error.to_string()),
        }
    }
}

impl Iterator for Walk {
    type Item = WalkEntry;

    fn next(&mut self) -> Option<WalkEntry> {
        if !std::mem::replace(&mut self.is_begun, true)
            && let Some(refused) = self.enter(PathBuf::new())
        {
            return Some(refused);
        }
        loop {
            match self.levels.last_mut()?.next() {
                Some(name) => {
                    if let Some(found) = self.visit(&name) {
                        return Some(found);
                    }
                }
                None => {
                    self.levels.pop();
                    self.at.pop();
                }
            }
        }
    }
}

/// The names in a folder, ascending.
fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_out_of_the_folder_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::write(outside.path().join("x.wsp"), "x").unwrap();
        fs::create_dir_all(root.join("b/c")).unwrap();
        for file in ["b/c/one.wsp", "b/two.wsp", "a.wsp", "b/readme"] {
            fs::write(root.join(file), "x").unwrap();
        }
        fs::create_dir(root.join("d.wsp")).unwrap();
        symlink(outside.path().join("x.wsp"), root.join("out.wsp")).unwrap();
        symlink(outside.path(), root.join("outside")).unwrap();
        symlink("b/two.wsp", root.join("three.wsp")).unwrap();
        symlink("..", root.join("b/up")).unwrap();
        symlink("nowhere", root.join("gone.wsp")).unwrap();
        symlink("nowhere", root.join("gone")).unwrap();
        symlink("b/readme", root.join("note")).unwrap();
        let (mut files, mut refused) = (Vec::new(), Vec::new());
        for found in Walk::of(&root) {
            match found {
                WalkEntry::File(file) => {
                    let ends = file.path.strip_prefix(&root).unwrap();
                    files.push(format!("{} {}", file.relative.display(), ends.display()));
                }
                WalkEntry::Refused(path, why) => {
                    let why = why.split(':').next().unwrap().to_owned();
                    refused.push((path, why));
                }
            }
        }
        assert_eq!(
            files,
            [
                "a.wsp a.wsp",
                "b/c/one.wsp b/c/one.wsp",
                "b/two.wsp b/two.wsp",
                "three.wsp b/two.wsp"
            ]
        );
        let folder = "it is a link to a folder, which is not followed";
        let expected = [
            ("b/up", folder),
            ("gone.wsp", "it is a link to nothing"),
            ("out.wsp", "it is a link that leads out of the folder"),
            ("outside", folder),
        ];
        assert_eq!(
            refused,
            expected.map(|(path, why)| (path.to_owned(), why.to_owned()))
        );
    }
}
