//! Files in memory with a hook: what a test does before a file is made, before bytes are appended to it, and before it is synced.

use engine::storage::faulty::Faulty;
use engine::storage::{Directory, ReadFile, Storage, WriteFile};
use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// The hook; it may wait, or panic.
pub(crate) trait Hook: Send + Sync + Debug + 'static {
    fn before_create(&self, _file: &Path) {}

    fn before_append(&self, _file: &Path, _bytes: &[u8]) {}

    fn before_sync(&self, _file: &Path) {}
}

/// How far a test has come, which its hook and its threads change and wait for.
#[derive(Debug, Default)]
pub(crate) struct Progress<S> {
    state: Mutex<S>,
    changed: Condvar,
}

impl<S> Progress<S> {
    pub(crate) fn change(&self, change: impl FnOnce(&mut S)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    /// Whether it came so far in this time.
    pub(crate) fn wait(&self, limit: Duration, until: impl Fn(&S) -> bool) -> bool {
        let state = self.state.lock().unwrap();
        let waited = (self.changed).wait_timeout_while(state, limit, |state| !until(state));
        !waited.unwrap().1.timed_out()
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&S) -> T) -> T {
        read(&self.state.lock().unwrap())
    }
}

#[derive(Debug)]
pub(crate) struct Hooked<H> {
    storage: Faulty,
    hook: Arc<H>,
}

impl<H> Hooked<H> {
    pub(crate) fn new(storage: &Faulty, hook: &Arc<H>) -> Self {
        Self {
            storage: storage.clone(),
            hook: Arc::clone(hook),
        }
    }
}

#[derive(Debug)]
struct HookedFile<H> {
    file: Box<dyn WriteFile>,
    path: PathBuf,
    hook: Arc<H>,
}

impl<H: Hook> WriteFile for HookedFile<H> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hook.before_append(&self.path, bytes);
        self.file.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.hook.before_sync(&self.path);
        self.file.sync()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.cut(length)
    }
}

impl<H: Hook> Storage for Hooked<H> {
    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        self.hook.before_create(path);
        Ok(Box::new(HookedFile {
            file: self.storage.create(path)?,
            path: path.to_owned(),
            hook: Arc::clone(&self.hook),
        }))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.storage.create_dir(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.storage.list(dir)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.storage.read(path)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn ReadFile>> {
        self.storage.open(path)
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.storage.truncate(path, length)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.storage.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.storage.link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.storage.remove(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.storage.remove_dir(path)
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        self.storage.free_bytes(dir)
    }

    fn open_dir(&self, dir: &Path) -> io::Result<Box<dyn Directory>> {
        self.storage.open_dir(dir)
    }
}
