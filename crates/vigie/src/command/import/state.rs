//! The state of an import, in a file of the configuration directory: a line for each unit whose samples the server has answered
//! for, with those that it rejected, so that a later run says so again. A run that breaks off, however it ends, goes on from there;
//! a sample that was sent and not noted is sent again, which changes nothing.

use super::reasons::Reasons;
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

/// The longest line; a path has at most 4096 bytes, of which each may be written as six, and reasons are fewer and shorter.
const LINE_BYTES_MAX: u64 = 64 << 10;

/// The version of the file's form.
const VERSION: u32 = 2;

/// A parsed line: a unit, and its rejected samples.
type ParsedLine = (String, u64, i64, Reasons);

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

/// The identity of an import: with the same one it is continued.
#[derive(Debug, Clone, Copy)]
pub(super) struct ImportKey<'t> {
    /// The command, and the form in which it reads the source: read in another one, the same source is another import.
    pub(super) kind: &'t str,
    /// A path or an address.
    pub(super) source: &'t str,
    /// All arguments that change what is sent.
    pub(super) arguments: &'t str,
    /// Work done with another identity of the source counts for nothing.
    pub(super) identity: &'t str,
}

/// The file, which is locked as long as this is there.
#[derive(Debug)]
pub(super) struct State {
    path: PathBuf,
    file: File,
    /// By the hash of the name, so that a million of them fit into little memory.
    done: HashMap<u64, (u64, i64)>,
    /// The rejected samples of those units that have any.
    rejected: HashMap<u64, Reasons>,
    /// The unit that was noted last, and what was rejected of it.
    pub(super) last: Option<(ImportedUnit, Reasons)>,
}

impl State {
    /// Opens the state of an import to `target`.
    pub(super) fn open(
        context: &Context,
        target: &Path,
        key: ImportKey<'_>,
        is_restarted: bool,
    ) -> Result<Self, Failure> {
        let ImportKey {
            kind,
            source,
            arguments,
            identity,
        } = key;
        let folder = context.home.directory().join("imports").join(target);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|error| Failure::file("create", &folder, &error))?;
        let path = folder.join(format!("{}.state", fingerprint(&[kind, source, arguments])));
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
            rejected: HashMap::new(),
            last: None,
        };
        let head = serde_json::json!([VERSION, kind, source, arguments, identity]).to_string();
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
            if let Ok((name, bytes, changed, rejected)) = serde_json::from_slice::<ParsedLine>(text)
            {
                let key = hash(&name);
                self.done.insert(key, (bytes, changed));
                if rejected.is_empty() {
                    self.rejected.remove(&key);
                } else {
                    self.rejected.insert(key, rejected.clone());
                }
                let unit = ImportedUnit {
                    name,
                    bytes,
                    changed,
                };
                self.last = Some((unit, rejected));
            }
        }
        self.file.set_len(length).map_err(failed)?;
        self.file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(true)
    }

    fn begin(&mut self, head: &str) -> Result<(), Failure> {
        self.done.clear();
        self.rejected.clear();
        self.last = None;
        let file = &mut self.file;
        let written = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(format!("{head}\n").as_bytes()));
        written.map_err(|error| Failure::file("write", &self.path, &error))
    }

    /// The rejected samples of this unit, if it is done as it is.
    pub(super) fn imported(&self, unit: &ImportedUnit) -> Option<Reasons> {
        let key = hash(&unit.name);
        let is_done = self.done.get(&key) == Some(&(unit.bytes, unit.changed));
        is_done.then(|| self.rejected.get(&key).cloned().unwrap_or_default())
    }

    /// Notes units that are done, and what was rejected of each.
    pub(super) fn note(&mut self, units: &[(ImportedUnit, Reasons)]) -> Result<(), Failure> {
        if units.is_empty() {
            return Ok(());
        }
        let mut lines = String::new();
        for (unit, rejected) in units {
            let line = serde_json::json!([unit.name, unit.bytes, unit.changed, rejected]);
            let _ = writeln!(lines, "{line}");
        }
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

    const KEY: ImportKey<'_> = ImportKey {
        kind: "whisper",
        source: "/data",
        arguments: "key",
        identity: "",
    };

    fn open(context: &Context, identity: &str, is_restarted: bool) -> Result<State, Failure> {
        let key = ImportKey { identity, ..KEY };
        State::open(context, Path::new("host/space"), key, is_restarted)
    }

    fn has(state: &State, unit: &ImportedUnit) -> bool {
        state.imported(unit).is_some()
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
        let mut rejected = Reasons::default();
        rejected.add("too_old", 3);
        let noted = [
            (units[0].clone(), Reasons::default()),
            (units[1].clone(), rejected.clone()),
        ];
        state.note(&noted).unwrap();
        let busy = open(&context, "", false).unwrap_err();
        assert!(busy.to_string().contains("another run"), "{busy}");
        drop(state);
        let state = open(&context, "", false).unwrap();
        assert_eq!(state.imported(&units[0]), Some(Reasons::default()));
        assert_eq!(state.imported(&units[1]), Some(rejected));
        assert_eq!(state.last.as_ref(), Some(&noted[1]));
        // A file that has changed is to be read again.
        assert!(!has(&state, &unit("b", 3)) && !has(&state, &unit("c", 2)));
        drop(state);
        assert!(open(&context, "", true).unwrap().done.is_empty());
    }

    #[test]
    fn a_truncated_last_record_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let context = context(folder.path());
        let mut state = open(&context, "", false).unwrap();
        state.note(&[(unit("a", 1), Reasons::default())]).unwrap();
        state.file.write_all(b"[\"b\",2").unwrap();
        drop(state);
        let mut state = open(&context, "", false).unwrap();
        assert!(has(&state, &unit("a", 1)) && !has(&state, &unit("b", 2)));
        state.note(&[(unit("c", 3), Reasons::default())]).unwrap();
        drop(state);
        let state = open(&context, "", false).unwrap();
        assert!(has(&state, &unit("a", 1)) && has(&state, &unit("c", 3)));
    }

    #[test]
    fn a_changed_source_resets_the_state() {
        let folder = tempfile::tempdir().unwrap();
        let context = context(folder.path());
        let mut state = open(&context, "one", false).unwrap();
        state.note(&[(unit("a", 1), Reasons::default())]).unwrap();
        drop(state);
        assert!(open(&context, "other", false).unwrap().done.is_empty());
        assert!(open(&context, "one", false).unwrap().done.is_empty());
    }

    #[test]
    fn another_command_or_form_is_another_import() {
        let folder = tempfile::tempdir().unwrap();
        let context = context(folder.path());
        let mut state = open(&context, "", false).unwrap();
        state.note(&[(unit("a", 1), Reasons::default())]).unwrap();
        let target = Path::new("host/space");
        for kind in ["samples", "prometheus"] {
            let key = ImportKey { kind, ..KEY };
            // At the same time, too: they are not the same file.
            let other = State::open(&context, target, key, false).unwrap();
            assert!(!has(&other, &unit("a", 1)), "{kind}");
        }
        drop(state);
        assert!(has(&open(&context, "", false).unwrap(), &unit("a", 1)));
    }
}
