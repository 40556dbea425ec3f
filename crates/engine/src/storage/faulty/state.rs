//! What a [`super::Faulty`] storage holds, and which of its operations fail.

use base::mutex::lock;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// An injected fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The next append writes half and fails.
    ShortWrite,
    /// The next append writes nothing, or the next rename does: the disk is full.
    NoSpace,
    /// The next sync, of a file or a directory, fails; what it was to bring to safety stays unsafe.
    FailedSync,
    /// The power goes: this operation and all after it fail.
    PowerLoss,
}

#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    pub(super) synced: usize,
}

pub(super) type File = Arc<Mutex<Content>>;

#[derive(Debug)]
pub(super) struct State {
    pub(super) seed: u64,
    pub(super) dirs: BTreeSet<PathBuf>,
    /// The files as a running process sees them.
    pub(super) files: BTreeMap<PathBuf, File>,
    /// The directory entries that survive a crash for sure.
    pub(super) durable: BTreeMap<PathBuf, File>,
    pub(super) plan: Option<(u64, Fault)>,
    pub(super) operations: u64,
    pub(super) opens: u64,
    /// Opens for which there is no file descriptor.
    pub(super) refused_opens: Range<u64>,
    pub(super) dead: bool,
    pub(super) free_bytes: u64,
    /// How many bytes all files may hold together, and how a write beyond that is refused.
    pub(super) capacity: Option<(u64, ErrorKind)>,
}

pub(super) fn power_loss_error() -> io::Error {
    io::Error::other("the power is gone")
}

impl State {
    /// Counts a changing operation; returns the fault planned for it.
    pub(super) fn step(&mut self, fits: impl Fn(Fault) -> bool) -> io::Result<Option<Fault>> {
        if self.dead {
            return Err(power_loss_error());
        }
        self.operations += 1;
        if let Some((at, fault)) = self.plan
            && self.operations >= at
            && (fault == Fault::PowerLoss || fits(fault))
        {
            self.plan = None;
            if fault == Fault::PowerLoss {
                self.dead = true;
                return Err(power_loss_error());
            }
            return Ok(Some(fault));
        }
        Ok(None)
    }

    /// Counts an open of a file or a directory; refuses it when there is to be no descriptor for it.
    pub(super) fn open(&mut self) -> io::Result<()> {
        self.alive()?;
        let open = self.opens;
        self.opens += 1;
        match self.refused_opens.contains(&open) {
            true => Err(rustix::io::Errno::MFILE.into()),
            false => Ok(()),
        }
    }

    pub(super) fn used_bytes(&self) -> u64 {
        let lengths = self
            .files
            .values()
            .map(|file| lock(file).bytes.len() as u64);
        lengths.sum()
    }

    /// How many bytes may still be written, if that is limited, and the error of a write beyond.
    pub(super) fn room(&self) -> Option<(u64, ErrorKind)> {
        let (capacity, refusal) = self.capacity?;
        Some((capacity.saturating_sub(self.used_bytes()), refusal))
    }

    pub(super) fn alive(&self) -> io::Result<()> {
        if self.dead {
            Err(power_loss_error())
        } else {
            Ok(())
        }
    }

    /// splitmix64
    pub(super) fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn file(&self, path: &Path) -> io::Result<File> {
        self.alive()?;
        self.files
            .get(path)
            .cloned()
            .ok_or_else(|| ErrorKind::NotFound.into())
    }
}
