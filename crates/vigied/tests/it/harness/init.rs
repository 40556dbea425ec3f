//! The first account of a server. The real `vigied init` makes it once for all tests of this process, and each gets a copy of
//! the folder, and of the PostgreSQL where the identity is in one: a signing key takes long to make, and so do all the tables.

use super::VIGIED;
use serde_json::Value;
use std::fs::{DirBuilder, File, Permissions, set_permissions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, OnceLock};

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

impl Owner {
    pub(super) fn of(printed: &Value) -> Self {
        let text = |key: &str| {
            printed[key]
                .as_str()
                .unwrap_or_else(|| panic!("init prints no `{key}`"))
                .to_owned()
        };
        Self {
            account: text("account_guid"),
            org: text("org_guid"),
            space: text("space_guid"),
            region: text("region"),
            user: text("user"),
            password: text("password"),
            api_key: text("api_key"),
        }
    }
}

/// A data folder as `vigied init` has left it.
struct Made {
    printed: Value,
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

impl Made {
    fn by_init(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let printed = run_init(&data, flags);
        let mut parts = Vec::new();
        read(&data, Path::new(""), &mut parts);
        Self { printed, parts }
    }

    fn copy_to(&self, data: &Path) {
        make_folder(data, 0o700);
        // An empty one that was there is closed to others too.
        set_permissions(data, Permissions::from_mode(0o700)).unwrap();
        for part in &self.parts {
            let path = data.join(&part.path);
            let Some(bytes) = &part.bytes else {
                make_folder(&path, part.mode);
                continue;
            };
            let mut options = File::options();
            let made = options.write(true).create_new(true).mode(part.mode);
            made.open(&path).unwrap().write_all(bytes).unwrap();
        }
    }
}

static MADE: LazyLock<Made> = LazyLock::new(|| Made::by_init(&[]));

/// The folder whose database is the one that those of the tests are copies of.
static MADE_ON_POSTGRES: OnceLock<Made> = OnceLock::new();

/// Makes a new data folder in `data`, with an account that those of other tests have too; whatever is there already is what
/// `vigied init` works on, as [`init_with`] does.
pub(crate) fn init(data: &Path) -> Owner {
    let is_new = data
        .read_dir()
        .map_or(true, |mut entries| entries.next().is_none());
    if !is_new {
        return init_with(data, &[]);
    }
    MADE.copy_to(data);
    Owner::of(&MADE.printed)
}

/// Makes a new data folder in `data` whose identity is in a PostgreSQL: the address of its database, and the output of `vigied init`, whose
/// account those of other tests have too. Without a PostgreSQL, the test is skipped.
pub(crate) fn init_on_postgres(test: &str, data: &Path) -> Option<(String, Value)> {
    let database = testing::prepared_postgres(test, |address| {
        let made = Made::by_init(&["--database", address]);
        assert!(MADE_ON_POSTGRES.set(made).is_ok(), "it is made once");
    })?;
    let made = MADE_ON_POSTGRES.get().unwrap();
    made.copy_to(data);
    Some((database, made.printed.clone()))
}

/// Runs `vigied init` in `data`, with more flags: the account and the keys are those of no other server.
pub(crate) fn init_with(data: &Path, flags: &[&str]) -> Owner {
    Owner::of(&run_init(data, flags))
}

fn run_init(data: &Path, flags: &[&str]) -> Value {
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
    serde_json::from_slice(&output.stdout).unwrap()
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
