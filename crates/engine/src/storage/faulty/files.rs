//! The open files and folders of a [`super::Faulty`] storage.

use super::super::{Directory, ReadFile, WriteFile};
use super::state::{Fault, File, State};
use base::mutex::lock;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A file that is open for writing.
#[derive(Debug)]
pub(super) struct FaultyFile {
    pub(super) state: Arc<Mutex<State>>,
    pub(super) file: File,
}

impl WriteFile for FaultyFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = lock(&self.state);
        let fault = state.step(|fault| matches!(fault, Fault::ShortWrite | Fault::NoSpace))?;
        let room = state.room();
        let mut content = lock(&self.file);
        if let Some((room_left, refusal)) = room
            && room_left < bytes.len() as u64
        {
            let fits = usize::try_from(room_left).unwrap_or_default();
            content
                .bytes
                .extend_from_slice(bytes.get(..fits).unwrap_or_default());
            return Err(refusal.into());
        }
        match fault {
            Some(Fault::ShortWrite) => {
                let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
                content.bytes.extend_from_slice(half);
                Err(io::Error::other("short write"))
            }
            Some(_) => Err(ErrorKind::StorageFull.into()),
            None => {
                content.bytes.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = lock(&self.state);
        if state.step(|fault| fault == Fault::FailedSync)?.is_some() {
            return Err(io::Error::other("sync failed"));
        }
        let mut content = lock(&self.file);
        content.synced = content.bytes.len();
        Ok(())
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        lock(&self.state).step(|_| false)?;
        let mut content = lock(&self.file);
        let length = usize::try_from(length).map_err(io::Error::other)?;
        content.bytes.truncate(length);
        content.synced = content.synced.min(length);
        Ok(())
    }
}

/// A folder that can be synced.
#[derive(Debug)]
pub(super) struct FaultyDir {
    pub(super) state: Arc<Mutex<State>>,
    pub(super) path: PathBuf,
}

impl Directory for FaultyDir {
    fn sync(&self) -> io::Result<()> {
        let mut state = lock(&self.state);
        if state.step(|fault| fault == Fault::FailedSync)?.is_some() {
            return Err(io::Error::other("sync failed"));
        }
        let here = |path: &Path| path.parent() == Some(&self.path);
        state.durable.retain(|path, _| !here(path));
        let now: Vec<(PathBuf, File)> = state
            .files
            .iter()
            .filter(|(path, _)| here(path))
            .map(|(path, file)| (path.clone(), Arc::clone(file)))
            .collect();
        state.durable.extend(now);
        Ok(())
    }
}

/// A file that is open for reading.
#[derive(Debug)]
pub(super) struct FaultyReader(pub(super) File);

impl ReadFile for FaultyReader {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let content = lock(&self.0);
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let bytes = start
            .checked_add(buffer.len())
            .and_then(|end| content.bytes.get(start..end))
            .ok_or(ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        Ok(lock(&self.0).bytes.len() as u64)
    }
}
