//! A folder whose samples this build does not read is refused before anything else of it is brought to a newer form: the build
//! that wrote it must still find what it left.

use crate::harness::{Serving, VIGIED, init, knows};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every command that opens the folder of a server that is stopped.
const COMMANDS: [&[&str]; 5] = [
    &["audit"],
    &["backup", "BACKUP"],
    &["init"],
    &["keys", "list"],
    &["user", "reset-password", "owner@vigie.local"],
];

/// Samples in the form of the first builds.
fn put_old_samples(data: &Path) {
    let samples = data.join("samples");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/tests/fixtures/v1");
    if samples.exists() {
        fs::remove_dir_all(&samples).unwrap();
    }
    copy(&fixture, &samples);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = entry
            .map(|entry| (entry.path(), to.join(entry.file_name())))
            .unwrap();
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::write(target, fs::read(path).unwrap()).unwrap();
        }
    }
}

/// Every file of the folder with what it holds; but the lock's, which names the process that had it last.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else if !path.ends_with("lock") {
            all.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    all
}

/// A signing key as a file, which a start takes into the database.
fn put_old_key(data: &Path) {
    let path = data.join("keys/0123456789abcdef.pem");
    fs::create_dir_all(data.join("keys")).unwrap();
    let made = Command::new("openssl")
        .args(["genpkey", "-quiet", "-algorithm", "RSA"])
        .args(["-pkeyopt", "rsa_keygen_bits:2048", "-out"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn is_refused_and_left_as_it_is(data: &Path) {
    let before = contents(data);
    assert!(before.keys().any(|path| path.ends_with("manifest.json")));
    let judge = |what: &[&str], message: &str| {
        assert!(
            message.contains("format version 1") && message.contains("nothing was touched"),
            "{what:?}: {message}"
        );
        let after = contents(data);
        let changed: Vec<_> = before
            .keys()
            .chain(after.keys())
            .filter(|path| before.get(*path) != after.get(*path))
            .collect();
        assert!(changed.is_empty(), "{what:?} changed {changed:?}");
    };
    let message = Serving::try_start(data, "127.0.0.1:0", &[]).err().unwrap();
    judge(&["serve"], &message);
    let backup = data.with_file_name("backup");
    for arguments in COMMANDS {
        let mut command = Command::new(VIGIED);
        for argument in arguments {
            match *argument {
                "BACKUP" => command.arg(&backup),
                other => command.arg(other),
            };
        }
        let output = command.arg("--data").arg(data).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}: {output:?}");
        judge(arguments, &String::from_utf8_lossy(&output.stderr));
        assert!(!backup.exists(), "{arguments:?}");
    }
}

#[test]
fn samples_of_an_older_form_are_refused_before_signing_keys_move() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = init(&data);
    put_old_samples(&data);
    put_old_key(&data);
    is_refused_and_left_as_it_is(&data);
    // What `docs/guides/install.md` says to do in the end.
    fs::rename(data.join("samples"), folder.path().join("old-samples")).unwrap();
    let serving = Serving::start(&data, "127.0.0.1:0", &[]);
    assert!(knows(&serving.url(), &owner.api_key));
}

#[test]
fn samples_of_an_older_form_are_refused_before_the_database_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    put_old_samples(&data);
    // The oldest database there is: every step is still to be taken.
    fs::write(data.join("iam.db"), "").unwrap();
    is_refused_and_left_as_it_is(&data);
}
