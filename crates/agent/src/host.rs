//! Reads the host's figures from `/proc` and from the file systems. Figures that cannot be read are left out.

use crate::proc;
use crate::reading::{Filesystem, Reading};
use base::time::Millis;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A host whose figures are below a directory, usually `/proc`.
#[derive(Debug)]
pub struct Host {
    root: PathBuf,
    started: Instant,
}

impl Host {
    /// Reads below `root`.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            started: Instant::now(),
        }
    }

    /// The host's own name.
    pub fn name(&self) -> Option<String> {
        let name = self.text("sys/kernel/hostname");
        Some(name.trim().to_owned()).filter(|name| !name.is_empty())
    }

    /// Takes one reading. `at` is the time of the samples.
    pub fn read(&self, at: Millis) -> Reading {
        let stat = self.text("stat");
        Reading {
            at,
            elapsed: self.elapsed(),
            cores: proc::cores(&stat),
            forks: proc::forks(&stat),
            load: proc::load(&self.text("loadavg")),
            memory: proc::memory(&self.text("meminfo")),
            disks: proc::disks(&self.text("diskstats")),
            interfaces: proc::interfaces(&self.text("net/dev")),
            filesystems: proc::mounts(&self.text("self/mounts"))
                .into_iter()
                .filter_map(|mount| filesystem(mount.name, &mount.path))
                .collect(),
            states: self.states(),
        }
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn text(&self, file: &str) -> String {
        // Names of mounts and processes need not be UTF-8.
        fs::read(self.root.join(file))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    fn states(&self) -> BTreeMap<&'static str, u64> {
        let mut states = BTreeMap::new();
        let Ok(entries) = fs::read_dir(&self.root) else {
            return states;
        };
        for entry in entries.flatten() {
            let file = entry.file_name();
            let Some(number) = file
                .to_str()
                .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
            else {
                continue;
            };
            // A process may end after it was listed; then it has no state.
            if let Some(state) = proc::state(&self.text(&format!("{number}/stat"))) {
                *states.entry(state).or_insert(0) += 1;
            }
        }
        states
    }
}

fn filesystem(name: String, path: &str) -> Option<Filesystem> {
    let figures = rustix::fs::statvfs(path).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(figures.f_frsize);
    (figures.f_blocks > 0).then(|| Filesystem {
        name,
        free: bytes(figures.f_bavail),
        reserved: bytes(figures.f_bfree.saturating_sub(figures.f_bavail)),
        used: bytes(figures.f_blocks.saturating_sub(figures.f_bfree)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_can_be_read() {
        let reading = Host::new(Path::new("/proc")).read(Millis(0));
        assert!(!reading.cores.is_empty());
        assert!(reading.memory.is_some());
        assert!(reading.states.values().sum::<u64>() > 0);
    }

    #[test]
    fn where_nothing_can_be_read_nothing_is_told() {
        let empty = tempfile::tempdir().unwrap();
        let host = Host::new(empty.path());
        let reading = host.read(Millis(0));
        assert!(reading.cores.is_empty() && reading.memory.is_none() && reading.states.is_empty());
        assert_eq!(host.name(), None);
    }
}
