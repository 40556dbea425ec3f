//! `/proc/mounts`.

use std::collections::BTreeMap;

/// A mounted file system to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Where it is mounted.
    pub(crate) path: String,
    /// Its name in measurements: `root` for `/`, `var-lib` for `/var/lib`.
    pub(crate) name: String,
}

/// Types that hold files on a disk of this host. Excluded: kernel interfaces (`proc`, `cgroup`), memory (`tmpfs`,
/// already counted as memory), and remote ones (`nfs`), where a query can block for as long as the server is down.
const LOCAL_TYPES: [&str; 16] = [
    "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "reiserfs", "bcachefs", "vfat",
    "exfat", "ntfs3", "overlay", "virtiofs", "9p",
];

/// The mounts in order of their paths, each file system once: a second mount of the same device shows the same figures.
pub(crate) fn mounts(mounts: &str) -> Vec<Mount> {
    let mut by_source: BTreeMap<&str, String> = BTreeMap::new();
    for line in mounts.lines() {
        let mut fields = line.split(' ');
        let (Some(source), Some(path), Some(kind)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        if !LOCAL_TYPES.contains(&kind) {
            continue;
        }
        let path = unescaped(path);
        // Every overlay is called `overlay`; the shortest path, the root, represents the disk below all of them.
        by_source
            .entry(source)
            .and_modify(|known| {
                if path.len() < known.len() {
                    known.clone_from(&path);
                }
            })
            .or_insert(path);
    }
    let mut found: Vec<Mount> = by_source
        .into_values()
        .map(|path| Mount {
            name: name_of(&path),
            path,
        })
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn name_of(path: &str) -> String {
    match path.trim_matches('/') {
        "" => "root".to_owned(),
        inner => inner.replace('/', "-"),
    }
}

/// Blanks, tabs, line ends and backslashes are written as three octal digits.
fn unescaped(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let code = after
            .get(..3)
            .and_then(|code| u8::from_str_radix(code, 8).ok());
        match code {
            Some(byte) if byte.is_ascii() => {
                text.push(char::from(byte));
                rest = after.get(3..).unwrap_or_default();
            }
            _ => {
                text.push('\\');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(String, String)> {
        mounts(text)
            .into_iter()
            .map(|mount| (mount.path, mount.name))
            .collect()
    }

    #[test]
    fn only_disks_of_this_host() {
        assert_eq!(
            names(include_str!("../../tests/proc/mounts")),
            [
                ("/".to_owned(), "root".to_owned()),
                (
                    "/srv/photo albums".to_owned(),
                    "srv-photo albums".to_owned()
                ),
                ("/var/lib".to_owned(), "var-lib".to_owned()),
            ]
        );
    }

    #[test]
    fn a_device_is_measured_once() {
        assert_eq!(
            names("/dev/sda1 /data/bind ext4 rw 0 0\n/dev/sda1 /data ext4 rw 0 0\n"),
            [("/data".to_owned(), "data".to_owned())]
        );
    }

    #[test]
    fn a_lonely_backslash_stays() {
        assert_eq!(unescaped("a\\040b\\134c\\9\\"), "a b\\c\\9\\");
    }
}
