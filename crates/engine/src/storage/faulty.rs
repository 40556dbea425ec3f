//! A file system in memory that fails on request, and forgets at a crash what was never synced. For tests, of this
//! crate and of those that use it: the same seed fails in the same way.

mod files;
mod state;

pub use self::state::Fault;

use self::files::{FaultyDir, FaultyFile, FaultyReader};
use self::state::{Content, File, State};
use super::{Directory, ReadFile, Storage, WriteFile};
use base::mutex::lock;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A file system in memory with injected faults. Clones share it.
#[derive(Debug, Clone)]
pub struct Faulty(Arc<Mutex<State>>);

impl Faulty {
    /// An empty file system; `seed` decides what a crash leaves of things never synced.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            seed,
            dirs: BTreeSet::new(),
            files: BTreeMap::new(),
            durable: BTreeMap::new(),
            plan: None,
            operations: 0,
            opens: 0,
            refused_opens: 0..0,
            dead: false,
            free_bytes: u64::MAX,
            capacity: None,
        })))
    }

    /// Says from now on that this many bytes are free.
    pub fn set_free_bytes(&self, bytes: u64) {
        lock(&self.0).free_bytes = bytes;
    }

    /// Takes no more than this many bytes from now on, all files together: of a write that does not fit, the beginning that
    /// does is written, and `refusal` says so. `None` for no end of room.
    pub fn set_capacity(&self, capacity: Option<(u64, ErrorKind)>) {
        lock(&self.0).capacity = capacity;
    }

    /// Bytes of all files.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        lock(&self.0).used_bytes()
    }

    /// Lets `fault` happen at the first fitting operation after `operations` more changing ones.
    pub fn inject(&self, fault: Fault, operations: u64) {
        let mut state = lock(&self.0);
        state.plan = Some((state.operations + operations + 1, fault));
    }

    /// Refuses `count` opens after `opens` more for want of a file descriptor.
    pub fn refuse_opens(&self, opens: u64, count: u64) {
        let mut state = lock(&self.0);
        let first = state.opens.saturating_add(opens);
        state.refused_opens = first..first.saturating_add(count);
    }

    /// Opens so far, those that were refused among them.
    #[must_use]
    pub fn opens(&self) -> u64 {
        lock(&self.0).opens
    }

    /// Changing operations so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        lock(&self.0).operations
    }

    /// Pulls the plug, and returns what the next boot finds: of bytes never synced any beginning, of directory entries
    /// never synced any. This file system is dead afterwards.
    #[must_use]
    pub fn crash(&self) -> Self {
        let mut state = lock(&self.0);
        state.dead = true;
        let mut survivors = BTreeMap::new();
        let paths: BTreeSet<PathBuf> = state
            .files
            .keys()
            .chain(state.durable.keys())
            .cloned()
            .collect();
        for path in paths {
            let file = if state.random().is_multiple_of(2) {
                state.files.get(&path).cloned()
            } else {
                state.durable.get(&path).cloned()
            };
            let Some(file) = file else { continue };
            let content = lock(&file);
            let unsynced = content.bytes.len().saturating_sub(content.synced) as u64;
            let kept = content.synced
                + usize::try_from(state.random() % (unsynced + 1)).unwrap_or_default();
            let bytes = content.bytes.get(..kept).unwrap_or_default().to_vec();
            survivors.insert(
                path,
                Arc::new(Mutex::new(Content {
                    synced: bytes.len(),
                    bytes,
                })),
            );
        }
        // A directory whose removal was never synced is there again with what it held.
        let mut dirs = state.dirs.clone();
        let parents = survivors
            .keys()
            .flat_map(|path: &PathBuf| path.ancestors().skip(1));
        dirs.extend(parents.map(Path::to_owned));
        Self(Arc::new(Mutex::new(State {
            seed: state.random(),
            dirs,
            durable: survivors.clone(),
            files: survivors,
            plan: None,
            operations: 0,
            opens: 0,
            refused_opens: 0..0,
            dead: false,
            free_bytes: state.free_bytes,
            capacity: state.capacity,
        })))
    }

    fn opened(&self, path: &Path) -> io::Result<File> {
        let mut state = lock(&self.0);
        state.open()?;
        state.file(path)
    }

    /// Changes one byte of a file in place, as a failing disk does. Says whether there was such a byte.
    #[must_use]
    pub fn damage(&self, path: &Path, offset: usize) -> bool {
        let Ok(file) = lock(&self.0).file(path) else {
            return false;
        };
        let mut content = lock(&file);
        content
            .bytes
            .get_mut(offset)
            .map(|byte| *byte ^= 0x55)
            .is_some()
    }
}

impl Storage for Faulty {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = lock(&self.0);
        if !state.dirs.contains(path) {
            state.open()?;
        }
        state.step(|_| false)?;
        for ancestor in path.ancestors() {
            state.dirs.insert(ancestor.to_owned());
        }
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut state = lock(&self.0);
        state.open()?;
        if !state.dirs.contains(dir) {
            return Err(ErrorKind::NotFound.into());
        }
        let names: BTreeSet<String> = state
            .files
            .keys()
            .chain(&state.dirs)
            .filter(|path| path.parent() == Some(dir))
            .filter_map(|path| path.file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        Ok(names.into_iter().collect())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.opened(path)?;
        let bytes = lock(&file).bytes.clone();
        Ok(bytes)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn ReadFile>> {
        Ok(Arc::new(FaultyReader(self.opened(path)?)))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        let mut state = lock(&self.0);
        state.open()?;
        state.step(|_| false)?;
        if state.files.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        if !path
            .parent()
            .is_some_and(|parent| state.dirs.contains(parent))
        {
            return Err(ErrorKind::NotFound.into());
        }
        if let Some((0, refusal)) = state.room() {
            return Err(refusal.into());
        }
        let file = File::default();
        state.files.insert(path.to_owned(), Arc::clone(&file));
        Ok(Box::new(FaultyFile {
            state: Arc::clone(&self.0),
            file,
        }))
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        let mut state = lock(&self.0);
        state.open()?;
        state.step(|_| false)?;
        let file = state.file(path)?;
        let mut content = lock(&file);
        content
            .bytes
            .truncate(usize::try_from(length).map_err(io::Error::other)?);
        content.synced = content.bytes.len();
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = lock(&self.0);
        if state.step(|fault| fault == Fault::NoSpace)?.is_some() {
            return Err(ErrorKind::StorageFull.into());
        }
        let file = state.files.remove(from).ok_or(ErrorKind::NotFound)?;
        state.files.insert(to.to_owned(), file);
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = lock(&self.0);
        state.step(|_| false)?;
        let file = state.file(from)?;
        state.files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = lock(&self.0);
        state.step(|_| false)?;
        state
            .files
            .remove(path)
            .map(drop)
            .ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = lock(&self.0);
        state.step(|_| false)?;
        if state.files.keys().any(|file| file.starts_with(path)) {
            return Err(ErrorKind::DirectoryNotEmpty.into());
        }
        state.dirs.remove(path);
        Ok(())
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        let state = lock(&self.0);
        state.alive()?;
        Ok(state.free_bytes)
    }

    fn open_dir(&self, dir: &Path) -> io::Result<Box<dyn Directory>> {
        lock(&self.0).open()?;
        Ok(Box::new(FaultyDir {
            state: Arc::clone(&self.0),
            path: dir.to_owned(),
        }))
    }
}
