//! The file system as the engine uses it, behind a trait so that a test can make it fail.
//!
//! [`disk::Disk`] is the real one; [`faulty::Faulty`] keeps files in memory, and fails or loses power on request.

pub mod disk;
pub mod faulty;

use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A file being written. What was written is on stable storage once [`WriteFile::sync`] has returned and the directory
/// was synced since the file's creation; never before.
pub trait WriteFile: Send + Debug {
    /// Appends all of `bytes`.
    ///
    /// # Errors
    /// When fewer were written; nothing is known then about how many.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Brings what was appended to stable storage.
    ///
    /// # Errors
    /// When it may not be there. It is then unknown what of it is, also after a later success.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the file to `length` bytes, where the next append goes: undoes an append that failed for lack of room.
    ///
    /// # Errors
    /// The operating system's.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

/// A file being read; it stays readable after it was removed.
pub trait ReadFile: Send + Sync + Debug {
    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when the file is shorter.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Its length in bytes.
    ///
    /// # Errors
    /// The operating system's.
    fn length(&self) -> io::Result<u64>;
}

/// A directory that is open to be synced.
pub trait Directory: Send + Debug {
    /// Makes creations, renames and removals in it durable, also those since it was opened.
    ///
    /// # Errors
    /// When they may not be. It is then unknown which are, also after a later success.
    fn sync(&self) -> io::Result<()>;
}

/// A file system.
pub trait Storage: Send + Sync + Debug {
    /// Makes a directory and its parents, durably; no failure when it exists.
    ///
    /// # Errors
    /// The operating system's.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// The names in a directory, sorted.
    ///
    /// # Errors
    /// The operating system's.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// A whole file.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] and the operating system's others.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Opens a file for reading here and there.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn open(&self, path: &Path) -> io::Result<Arc<dyn ReadFile>>;

    /// Makes a new, empty file.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] and the operating system's others.
    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>>;

    /// Cuts a file to `length` bytes, durably.
    ///
    /// # Errors
    /// The operating system's.
    fn truncate(&self, path: &Path, length: u64) -> io::Result<()>;

    /// Gives a file another name, replacing what had it. Durable after [`Directory::sync`].
    ///
    /// # Errors
    /// The operating system's.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file that is never changed a second name.
    ///
    /// # Errors
    /// The operating system's, also where the names lie on two file systems.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file. Durable after [`Directory::sync`].
    ///
    /// # Errors
    /// The operating system's.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// The operating system's.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// Bytes that this process may still write on the file system of `dir`.
    ///
    /// # Errors
    /// The operating system's.
    fn free_bytes(&self, dir: &Path) -> io::Result<u64>;

    /// Opens a directory to be synced.
    ///
    /// # Errors
    /// The operating system's; nothing has changed then.
    fn open_dir(&self, dir: &Path) -> io::Result<Box<dyn Directory>>;
}
