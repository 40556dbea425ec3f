//! The name of a series by the path of its file.

use std::path::{Component, Path};

/// The ending of the files.
pub(super) const ENDING: &str = "wsp";

/// The folder of series with tags.
const TAGGED: &str = "_tagged";

/// How Graphite writes a dot in the name of such a file.
const DOT: &str = "_DOT_";

/// The name of the series of a file, by its path from the folder on: `a/b.wsp` is `a.b`, and `_tagged/1a2/b3c/a_DOT_b;host=x.wsp` is
/// `a.b;host=x`. Whether it can be a name here is not decided here.
pub(super) fn of(relative: &Path) -> Result<String, &'static str> {
    let path = relative.with_extension("");
    let parts: Option<Vec<&str>> = path
        .components()
        .map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect();
    let parts = parts.ok_or("its path is not UTF-8")?;
    if let [TAGGED, _, _, name] = *parts {
        let is_hash = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        return if is_hash {
            Err("its name is a hash of the series' name, which cannot be found by it")
        } else {
            Ok(name.replace(DOT, "."))
        };
    }
    if parts.iter().any(|part| part.contains('.')) {
        return Err("its path holds a dot, which would part the name in another way");
    }
    Ok(parts.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_series_names() {
        let hash = "ab".repeat(32);
        for (path, name) in [
            ("a.wsp", Some("a")),
            ("servers/web-1/load.wsp", Some("servers.web-1.load")),
            (
                "_tagged/1a2/b3c/disk_DOT_used;host=web1_DOT_example;mount=x.wsp",
                Some("disk.used;host=web1.example;mount=x"),
            ),
            (&format!("_tagged/aba/bab/{hash}.wsp"), None),
            ("a.b/c.wsp", None),
            ("a/b.c.wsp", None),
        ] {
            assert_eq!(of(Path::new(path)).ok().as_deref(), name, "{path}");
        }
        use std::os::unix::ffi::OsStrExt as _;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"a\xff.wsp"));
        assert_eq!(of(path), Err("its path is not UTF-8"));
    }
}
