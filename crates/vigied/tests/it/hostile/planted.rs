//! Hard links in the data folder, and planted settings: nothing is written through another file's name, and nothing is read
//! from a path that somebody else chose.

use crate::harness::{Request, Server, Serving, VIGIED, init};
use std::fs::{Permissions, create_dir_all, hard_link, read_to_string, set_permissions, write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Runs `vigied ARGUMENTS --data DATA`; nothing may wait for what was planted.
fn vigied(arguments: &[&str], data: &Path) -> Output {
    let mut child = Command::new(VIGIED)
        .args(arguments)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(300) {
            child.kill().unwrap();
            panic!("{arguments:?} waits for what was planted");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}

fn errors(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn closed(data: &Path) {
    create_dir_all(data.join("samples/wal")).unwrap();
    set_permissions(data, Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn nothing_is_written_through_a_hard_link_that_was_planted() {
    for name in [
        "lock",
        "iam.db",
        "iam.db-wal",
        "iam.db-journal",
        "agent.log",
        "samples/wal/1.wal",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (data, precious) = (folder.path().join("data"), folder.path().join("precious"));
        closed(&data);
        write(&precious, "precious").unwrap();
        set_permissions(&precious, Permissions::from_mode(0o600)).unwrap();
        hard_link(&precious, data.join(name)).unwrap();
        let message = errors(&vigied(&["init"], &data));
        assert!(message.contains("another name"), "{name}: {message}");
        assert_eq!(read_to_string(&precious).unwrap(), "precious", "{name}");
    }
}

/// A backup made of hard links shares its files with the original: a write would change both.
#[test]
fn a_folder_that_shares_files_with_its_backup_is_mended_by_the_hint() {
    let server = Server::start();
    let written = server
        .metrics(&server.token(), "POST", "/v1/metrics")
        .body(r#"[{"name":"kept","value":1}]"#)
        .send();
    assert_eq!(written.status, 200, "{}", written.text());
    let data = server.data();
    assert!(server.serving.stop().success());
    let backup = data.with_file_name("backup");
    let mut copy = Command::new("cp");
    copy.arg("-al").arg(&data).arg(&backup);
    assert!(copy.status().unwrap().success());
    let before = std::fs::read(backup.join("iam.db")).unwrap();
    let log = Serving::try_start(&data, "127.0.0.1:0", &[]).unwrap_err();
    assert!(
        log.contains("another name") && log.contains("cp -al"),
        "{log}"
    );
    // The operator's commands write to the same files.
    let message = errors(&vigied(&["account", "list"], &data));
    assert!(message.contains("another name"), "{message}");
    let (_, rest) = log.split_once("run `").expect("no command in the hint");
    let command = rest.split('`').next().unwrap();
    let status = Command::new("sh").args(["-c", command]).status().unwrap();
    assert!(status.success(), "{command}");
    let again = Serving::start(&data, "127.0.0.1:0", &[]);
    let read = Request::new(&again.url(), "GET", "/v1/metrics?target=kept");
    let key = format!("apikey {}", server.owner.api_key);
    let read = read
        .header("X-Auth-User-Token", &key)
        .header("X-Auth-Scope-Id", &format!("s-{}", server.owner.space));
    assert_eq!(read.send().json()[0]["target"], "kept");
    drop(again);
    // The backup is what it was.
    assert_eq!(std::fs::read(backup.join("iam.db")).unwrap(), before);
}

/// Files that are only read, or replaced as a whole, may have other names: a backup of them by hard links is one.
#[test]
fn files_that_are_never_written_to_may_have_other_names() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    write(data.join("vigie.toml"), "listen = \"127.0.0.1:0\"\n").unwrap();
    let key = data.join("keys").read_dir().unwrap().next().unwrap();
    for (at, path) in [data.join("vigie.toml"), key.unwrap().path()]
        .iter()
        .enumerate()
    {
        hard_link(path, folder.path().join(format!("kept {at}"))).unwrap();
        assert_eq!(path.metadata().unwrap().nlink(), 2);
    }
    drop(Serving::start(&data, "127.0.0.1:0", &[]));
}

#[test]
fn settings_in_the_data_folder_are_never_read_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let precious = folder.path().join("precious");
    write(&precious, "listen = \"precious\"\n").unwrap();
    let fresh = folder.path().join("fresh");
    closed(&fresh);
    let used = folder.path().join("used");
    init(&used);
    let settings = |data: &Path| data.join("vigie.toml");
    for data in [&fresh, &used] {
        symlink(&precious, settings(data)).unwrap();
    }
    let everywhere = |expected: &str| {
        for arguments in [
            &["init"][..],
            &["serve"],
            &["quickstart", "--once"],
            &["config", "check"],
            &["account", "list"],
            &["keys", "list"],
            &["operations", "token"],
        ] {
            for data in [&fresh, &used] {
                let message = errors(&vigied(arguments, data));
                assert!(message.contains(expected), "{arguments:?}: {message}");
                assert!(!message.contains("precious"), "{arguments:?}: {message}");
            }
        }
    };
    everywhere("is a link");
    // Named as the settings, it is one all the same.
    let named = settings(&used).display().to_string();
    let message = errors(&vigied(&["config", "check", "--config", &named], &used));
    assert!(message.contains("is a link"), "{message}");
    // Nor does anything wait for a pipe that nobody writes to.
    for data in [&fresh, &used] {
        std::fs::remove_file(settings(data)).unwrap();
        let made = Command::new("mkfifo").arg(settings(data)).status().unwrap();
        assert!(made.success());
    }
    everywhere("is not a file");
    // Elsewhere the person's own links are followed.
    let link = folder.path().join("link.toml");
    symlink(&precious, &link).unwrap();
    let link = link.display().to_string();
    let elsewhere = folder.path().join("elsewhere");
    let message = errors(&vigied(&["config", "check", "--config", &link], &elsewhere));
    assert!(message.contains("not `precious`"), "{message}");
}
