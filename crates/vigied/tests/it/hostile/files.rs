//! Files that others may read, and links that others have planted.

use crate::harness::{Serving, VIGIED, init};
use std::fs::{Permissions, create_dir, set_permissions, write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn try_init(data: &Path) -> Result<(), String> {
    let output = Command::new(VIGIED)
        .args(["init", "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Runs what the hint says, as it says it.
fn mend(log: &str) {
    let (_, rest) = log.split_once("run `chmod").expect("no chmod in the hint");
    let command = format!("chmod{}", rest.split('`').next().unwrap());
    let status = Command::new("sh").args(["-c", &command]).status().unwrap();
    assert!(status.success(), "{command}");
}

#[test]
fn a_link_planted_before_init_leads_nowhere() {
    for name in [
        "lock",
        "iam.db",
        "keys",
        "samples",
        "operations.token",
        "agent.log",
        "cli",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (data, precious) = (folder.path().join("data"), folder.path().join("precious"));
        create_dir(&data).unwrap();
        write(&precious, "precious").unwrap();
        symlink(&precious, data.join(name)).unwrap();
        // Not even where it is ours alone.
        set_permissions(&data, Permissions::from_mode(0o700)).unwrap();
        let error = try_init(&data).unwrap_err();
        assert!(error.contains("is a link"), "{name}: {error}");
        assert_eq!(
            std::fs::read_to_string(&precious).unwrap(),
            "precious",
            "{name}"
        );
    }
}

#[test]
fn a_folder_made_by_hand_is_closed_and_one_with_something_in_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    create_dir(&data).unwrap();
    set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    try_init(&data).unwrap();
    let mode = data.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);

    let data = folder.path().join("other");
    create_dir(&data).unwrap();
    write(data.join("something"), "").unwrap();
    set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    let error = try_init(&data).unwrap_err();
    assert!(error.contains("chmod o-rwx"), "{error}");
    mend(&error);
    try_init(&data).unwrap();
}

fn signing_key(data: &Path) -> PathBuf {
    let mut keys = data.join("keys").read_dir().unwrap();
    keys.next().unwrap().unwrap().path()
}

#[test]
fn what_everybody_may_read_is_refused_and_the_hint_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    // With a blank in its name: what the hint says is typed as it stands.
    let data = folder.path().join("the data");
    init(&data);
    for path in [data.clone(), data.join("iam.db"), signing_key(&data)] {
        let loose = if path == data { 0o755 } else { 0o644 };
        set_permissions(&path, Permissions::from_mode(loose)).unwrap();
        let allowed = ["--set", "allow_readable_secrets=true"];
        drop(Serving::start(&data, "127.0.0.1:0", &allowed));
        let log = Serving::try_start(&data, "127.0.0.1:0", &[]).unwrap_err();
        assert!(log.contains("everybody on this machine"), "{log}");
        // The operator's commands open the same files.
        let output = Command::new(VIGIED)
            .args(["account", "list", "--data"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(!output.status.success(), "{}", path.display());
        mend(&log);
        drop(Serving::start(&data, "127.0.0.1:0", &[]));
    }
}

#[test]
fn a_planted_link_is_refused_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    let key = signing_key(&data);
    let moved = folder.path().join("moved.pem");
    std::fs::rename(&key, &moved).unwrap();
    symlink(&moved, &key).unwrap();
    let log = Serving::try_start(&data, "127.0.0.1:0", &[]).unwrap_err();
    assert!(log.contains("is a link"), "{log}");
    for arguments in [
        &["account", "list"][..],
        &["keys", "list"],
        &["keys", "rotate"],
        &["operations", "token"],
    ] {
        let output = Command::new(VIGIED)
            .args(arguments)
            .arg("--data")
            .arg(&data)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("is a link"), "{arguments:?}: {errors}");
    }
}

#[test]
fn the_key_of_the_certificate_may_lie_behind_a_link_and_counts_by_its_own_mode() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    let path = |name: &str| folder.path().join(name);
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=v",
        ])
        .arg("-keyout")
        .arg(path("real.key"))
        .arg("-out")
        .arg(path("cert.pem"))
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        testing::skipped(
            "the_key_of_the_certificate_may_lie_behind_a_link",
            "no openssl",
        );
        return;
    }
    // As certbot and Kubernetes lay it out.
    symlink("real.key", path("live.key")).unwrap();
    let text = |name: &str| path(name).display().to_string();
    let (certificate, key) = (text("cert.pem"), text("live.key"));
    let flags = ["--tls-cert", &certificate, "--tls-key", &key];
    set_permissions(path("real.key"), Permissions::from_mode(0o640)).unwrap();
    drop(Serving::start(&data, "127.0.0.1:0", &flags));
    set_permissions(path("real.key"), Permissions::from_mode(0o644)).unwrap();
    let log = Serving::try_start(&data, "127.0.0.1:0", &flags).unwrap_err();
    assert!(log.contains("real.key"), "{log}");
    mend(&log);
    drop(Serving::start(&data, "127.0.0.1:0", &flags));
    // In the data folder none is followed.
    symlink(path("real.key"), data.join("tls.key")).unwrap();
    let planted = data.join("tls.key").display().to_string();
    let flags = ["--tls-cert", &certificate, "--tls-key", &planted];
    let log = Serving::try_start(&data, "127.0.0.1:0", &flags).unwrap_err();
    assert!(log.contains("is a link"), "{log}");
}
