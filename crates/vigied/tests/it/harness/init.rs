//! The first account of a server. The real `vigied init` makes it once for all tests of this process, and each gets a copy of
//! the folder: a signing key takes long to make, and so do all the tables.

use super::VIGIED;
use serde_json::Value;
use std::fs::{DirBuilder, File, Permissions, set_permissions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// The output of `vigied init --output json`.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub(crate) account: String,
    pub(crate) org: String,
    pub(crate) space: String,
    pub(crate) region: String,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) api_key: String,
}

/// A data folder as `vigied init` has left it.
struct Made {
    owner: Owner,
    /// Those above come before those in them.
    parts: Vec<Part>,
}

/// A file or a folder in it.
struct Part {
    path: PathBuf,
    mode: u32,
    /// Of a file.
    bytes: Option<Vec<u8>>,
}

static MADE: LazyLock<Made> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = init_with(&data, &[]);
    let mut parts = Vec::new();
    read(&data, Path::new(""), &mut parts);
    Made { owner, parts }
});

/// Makes a new data folder in `data`, with an account that those of other tests have too; whatever is there already is what
/// `vigied init` works on, as [`init_with`] does.
pub(crate) fn init(data: &Path) -> Owner {
    let is_new = data
        .read_dir()
        .map_or(true, |mut entries| entries.next().is_none());
    if !is_new {
        return init_with(data, &[]);
    }
    make_folder(data, 0o700);
    // An empty one that was there is closed to others too.
    set_permissions(data, Permissions::from_mode(0o700)).unwrap();
    for part in &MADE.parts {
        let path = data.join(&part.path);
        let Some(bytes) = &part.bytes else {
            make_folder(&path, part.mode);
            continue;
        };
        let mut options = File::options();
        let made = options.write(true).create_new(true).mode(part.mode);
        made.open(&path).unwrap().write_all(bytes).unwrap();
    }
    MADE.owner.clone()
}

/// Runs `vigied init` in `data`, with more flags: the account and the keys are those of no other server.
pub(crate) fn init_with(data: &Path, flags: &[&str]) -> Owner {
    let output = Command::new(VIGIED)
        .args(["init", "--output", "json", "--data"])
        .arg(data)
        .args(flags)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "init failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |key: &str| {
        value[key]
            .as_str()
            .unwrap_or_else(|| panic!("init prints no `{key}`"))
            .to_owned()
    };
    Owner {
        account: text("account_guid"),
        org: text("org_guid"),
        space: text("space_guid"),
        region: text("region"),
        user: text("user"),
        password: text("password"),
        api_key: text("api_key"),
    }
}

/// One that is there already stays as it is.
fn make_folder(path: &Path, mode: u32) {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(mode).create(path).unwrap();
}

/// Everything in the folder `below` of `data`.
fn read(data: &Path, below: &Path, parts: &mut Vec<Part>) {
    for entry in data.join(below).read_dir().unwrap() {
        let entry = entry.unwrap();
        let path = below.join(entry.file_name());
        let about = entry.metadata().unwrap();
        assert!(about.is_dir() || about.is_file(), "{}", path.display());
        let bytes = about
            .is_file()
            .then(|| std::fs::read(entry.path()).unwrap());
        let is_folder = bytes.is_none();
        parts.push(Part {
            path: path.clone(),
            mode: about.permissions().mode() & 0o777,
            bytes,
        });
        if is_folder {
            read(data, &path, parts);
        }
    }
}
