//! The memory available to this process: that of the machine, or the limit of its control group (a container, a systemd unit)
//! if that is less.

use std::path::{Path, PathBuf};

/// Bytes; `None` if the system does not tell.
pub(super) fn memory_bytes() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let groups = groups(&read("/proc/self/cgroup"), Path::new("/sys/fs/cgroup"));
    let limits = groups.iter().filter_map(|file| {
        let text = std::fs::read_to_string(file).ok()?;
        text.trim().parse().ok()
    });
    limits.chain(total(&read("/proc/meminfo"))).min()
}

/// `MemTotal:  24684096 kB`.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// The limit files of the control groups of this process, and of their parents. A group without a limit has `max`, or a number
/// larger than any machine.
fn groups(cgroups: &str, root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in cgroups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        let (root, file) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            _ if controllers
                .split(',')
                .any(|controller| controller == "memory") =>
            {
                (root.join("memory"), "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let below = Path::new(path.trim_start_matches('/'));
        files.extend(below.ancestors().map(|group| root.join(group).join(file)));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_says_how_much_it_has() {
        let text = "MemFree: 1 kB\nMemTotal:       24684096 kB\n";
        assert_eq!(total(text), Some(24_684_096 * 1024));
        assert_eq!(total("MemTotal: many kB"), None);
        assert!(memory_bytes().is_some());
    }

    #[test]
    fn each_group_above_counts_in_both_versions() {
        let files = |text| groups(text, Path::new("/g"));
        assert_eq!(
            files("0::/a.slice/b.service\n"),
            [
                "/g/a.slice/b.service/memory.max",
                "/g/a.slice/memory.max",
                "/g/memory.max"
            ]
            .map(PathBuf::from)
        );
        assert_eq!(
            files("4:cpu,memory:/docker/1\n3:cpuset:/\n"),
            [
                "/g/memory/docker/1/memory.limit_in_bytes",
                "/g/memory/docker/memory.limit_in_bytes",
                "/g/memory/memory.limit_in_bytes"
            ]
            .map(PathBuf::from)
        );
        assert_eq!(files("0::/\n"), [PathBuf::from("/g/memory.max")]);
        assert!(files("nonsense").is_empty());
    }
}
