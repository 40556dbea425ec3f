//! What an import has done, in a file of the configuration directory: a line for each unit whose samples the server has answered
//! for. A run that breaks off, however it ends, goes on from there; a sample that was sent and not noted is sent again, which
//! changes nothing.

use crate::context::Context;
use crate::error::Failure;
use crate::links;
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The longest line; a path has at most 4096 bytes, of which each may be written as six.
const LINE_BYTES_MAX: u64 = 32 << 10;

/// The version of the file's form.
const VERSION: u32 = 1;

/// A unit that is done, and what it was then: when it changes it is another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImportedUnit {
    /// The name of a file or series.
    pub(super) name: String,
    /// The size of the file, or how much of a stream was read.
    pub(super) bytes: u64,
    /// When the file was last changed, in milliseconds.
    pub(super) changed: i64,
}

impl ImportedUnit {
    /// Of a series, which has no size.
    pub(super) const fn series(name: String) -> Self {
        Self {
            name,
            bytes: 0,
            changed: 0,
        }
    }
}

/// The file, which is locked as long as this is there.
#[derive(Debug)]
pub(super) struct State {
    path: PathBuf,
    file: File,
    /// By the hash of the name, so that a million of them fit into little memory.
    done: HashMap<u64, (u64, i64)>,
    /// The unit that was noted last.
    pub(super) last: Option<ImportedUnit>,
}

impl State {
    /// Opens the state of the import of `source` to `target`. `key` has everything else that makes it another import; what was
    /// done with another `identity` of the source counts for nothing.
    pub(super) fn open(
        context: &Context,
        target: &Path,
        (source, key): (&str, &str),
        identity: &str,
        is_restarted: bool,
    ) -> Result<Self, Failure> {
        let folder = context.home.directory().join("imports").join(target);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|error| Failure::file("create", &folder, &error))?;
        let path = folder.join(format!("{}.state", fingerprint(&[source, key])));
        let mut options = OpenOptions::new();
        options
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600);
        let file = links::never_linked(&mut options)
            .open(&path)
            .map_err(|error| Failure::file("open", &path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::failed(format!(
                    "`{source}` is being imported by another run of this command"
                ))
                .hint("wait for its end, or end it"));
            }
            Err(TryLockError::Error(error)) => return Err(Failure::file("lock", &path, &error)),
        }
        let mut state = Self {
            path,
            file,
            done: HashMap::new(),
            last: None,
        };
        let head = serde_json::json!([VERSION, source, key, identity]).to_string();
        let is_same = !is_restarted && state.load(&head)?;
        if !is_same {
            state.begin(&head)?;
        }
        Ok(state)
    }

    /// Reads the file; `false` where it is of another import, or of none.
    fn load(&mut self, head: &str) -> Result<bool, Failure> {
        let failed = |error| Failure::file("read", &self.path, &error);
        let mut reader = BufReader::new(&self.file);
        let mut line = Vec::new();
        let mut length = 0;
        let mut next = |line: &mut Vec<u8>| {
            line.clear();
            (&mut reader).take(LINE_BYTES_MAX).read_until(b'\n', line)
        };
        length += next(&mut line).map_err(failed)? as u64;
        if line.strip_suffix(b"\n") != Some(head.as_bytes()) {
            return Ok(false);
        }
        loop {
            let read = next(&mut line).map_err(failed)? as u64;
            // A line that was cut by a sudden end is not there.
            let Some(text) = line.strip_suffix(b"\n") else {
                break;
            };
            length += read;
            if let Ok((name, bytes, changed)) = serde_json::from_slice::<(String, u64, i64)>(text) {
                self.done.insert(hash(&name), (bytes, changed));
                self.last = Some(ImportedUnit {
                    name,
                    bytes,
                    changed,
                });
            }
        }
        self.file.set_len(length).map_err(failed)?;
        self.file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(true)
    }

    fn begin(&mut self, head: &str) -> Result<(), Failure> {
        self.done.clear();
        self.last = None;
        let file = &mut self.file;
        let written = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(format!("{head}\n").as_bytes()));
        written.map_err(|error| Failure::file("write", &self.path, &error))
    }

    /// Whether this unit is done, as it is.
    pub(super) fn has(&self, unit: &ImportedUnit) -> bool {
        self.done.get(&hash(&unit.name)) == Some(&(unit.bytes, unit.changed))
    }

    /// Notes units that are done.
    pub(super) fn note(&mut self, units: &[ImportedUnit]) -> Result<(), Failure> {
        if units.is_empty() {
            return Ok(());
        }
        let lines = units.iter().fold(String::new(), |mut lines, unit| {
            let line = serde_json::json!([unit.name, unit.bytes, unit.changed]);
            let _ = writeln!(lines, "{line}");
            lines
        });
        self.file
            .write_all(lines.as_bytes())
            .map_err(|error| Failure::file("write", &self.path, &error))
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// The first half of a hash of texts, in hexadecimal digits.
fn fingerprint(texts: &[&str]) -> String {
    let hash = digest(&SHA256, texts.join("\u{0}").as_bytes());
    let half = hash.as_ref().iter().take(16);
    half.fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Name;
    use crate::env::Env;
    use crate::output::Format;

    fn context(folder: &Path) -> Context {
        let env = Env::of(&[("VIGIE_HOME", folder.to_str().unwrap())]);
        Context::new(Name::Vigie, env, Format::Text, true).unwrap()
    }

    fn open(context: &Context, identity: &str, is_restarted: bool) -> Result<State, Failure> {
        let target = Path::new("host/space");
        State::open(context, target, ("/data", "key"), identity, is_restarted)
    }

    fn unit(name: &str, bytes: u64) -> ImportedUnit {
        ImportedUnit {
            name: name.to_owned(),
            bytes,
            changed: 7,
        }
    }

    #[test]
    fn recorded_units_are_known_to_the_next_run() {
        let folder = tempfile::tempdir().unwrap();
        let context = context(folder.path());
        let mut state = open(&context, "", false).unwrap();
        assert!(state.done.is_empty() && state.last.is_none());
        let units = [unit("a\n\u{202e}\"", 1), unit("b", 2)];
        state.note(&units).unwrap();
        let busy = open(&context, "", false).unwrap_err();
        assert!(busy.to_string().contains("another run"), "{busy}");
        drop(state);
        let state = open(&context, "", false).unwrap();
        assert!(units.iter().all(|unit| state.has(unit)));
        assert_eq!(state.last.as_ref(), Some(&units[1]));
        // A file that has changed is to be read again.
        assert!(!state.has(&unit("b", 3)) && !state.has(&unit("c", 2)));
        drop(state);
        assert!(open(&context, "", true).unwrap().done.is_empty());
    }

    #[test]
    fn a_truncated_last_record_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let context = context(folder.path());
        let mut state = open(&context, "", false).unwrap();
        state.note(&[unit("a", 1)]).unwrap();
        state.file.write_all(b"[\"b\",2").unwrap();
        drop(state);
        let mut state = open(&context, "", false).unwrap();
        assert!(state.has(&unit("a", 1)) && !state.has(&unit("b", 2)));
        state.note(&[unit("c", 3)]).unwrap();
        drop(state);
        let state = open(&context, "", false).unwrap();
        assert!(state.has(&unit("a", 1)) && state.has(&unit("c", 3)));
    }

    #[test]
    fn a_changed_source_resets_the_state() {
        let folder = tempfile::tempdir().unwrap();
        let context = context(folder.path());
        let mut state = open(&context, "one", false).unwrap();
        state.note(&[unit("a", 1)]).unwrap();
        drop(state);
        assert!(open(&context, "other", false).unwrap().done.is_empty());
        assert!(open(&context, "one", false).unwrap().done.is_empty());
    }
}
