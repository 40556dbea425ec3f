//! Secrets from files and standard input, so that no list of processes shows them; and files that were put in the way.

use crate::fixture::KEY;
use crate::person::Person;
use crate::terminal::{Finished, Terminal};
use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Stdio;

fn put(terminal: &Terminal, name: &str, text: &str, mode: u32) {
    let path = terminal.path(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn login(terminal: &mut Terminal, flags: &str) -> Finished {
    let address = terminal.server.address;
    terminal.run(&format!("vigie login -a {address} -r us-south {flags}"))
}

#[test]
fn a_password_comes_from_a_file() {
    let mut terminal = Terminal::new();
    put(&terminal, "password", "s3cret\n", 0o600);
    put(&terminal, "windows", "s3cret\r\n", 0o600);
    put(&terminal, "code", "abcdefghij", 0o600);
    put(&terminal, "key.json", r#"{"apikey":"vgk_good"}"#, 0o600);
    for flags in [
        "-u ada@example.org -p @password",
        "-u ada@example.org -p @windows",
        "-u passcode -p @code",
        "--sso -p @code",
        "-u apikey -p @key.json",
        "--apikey @key.json",
    ] {
        let ran = login(&mut terminal, flags);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{flags}");
    }
    for (name, text, expected) in [
        ("empty", "\n".to_owned(), "`empty` (from `-p`) is empty"),
        ("long", "x".repeat(100 << 10), "is larger than 64 KiB"),
    ] {
        put(&terminal, name, &text, 0o600);
        let ran = login(&mut terminal, &format!("-u ada -p @{name}"));
        assert!(ran.code != 0 && ran.stderr.contains(expected), "{ran:?}");
    }
    for (flags, expected) in [
        ("-u ada -p @missing", "cannot read `missing`"),
        ("-u ada -p @", "no file follows the `@` (from `-p`)"),
        ("--apikey @/dev/zero", "is larger than 64 KiB"),
    ] {
        let ran = login(&mut terminal, flags);
        assert!(ran.code != 0 && ran.stderr.contains(expected), "{ran:?}");
    }
}

/// A file of JSON is not sent as it stands: its braces are nobody's password.
#[test]
fn a_password_comes_out_of_a_json_object() {
    let mut terminal = Terminal::new();
    put(
        &terminal,
        "person.json",
        "{\n  \"password\": \"s3cret\"\n}\n",
        0o600,
    );
    put(&terminal, "key.json", r#"{"apikey":"vgk_good"}"#, 0o600);
    let ran = login(&mut terminal, "-u ada@example.org -p @person.json");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let sent = |terminal: &Terminal| terminal.server.requests("POST", "/identity/token");
    let asked = sent(&terminal);
    assert_eq!(asked[0].field("password").as_deref(), Some("s3cret"));
    let ran = login(&mut terminal, "-u ada@example.org -p @key.json");
    assert_eq!(ran.code, 2, "{ran:?}");
    for expected in ["is a JSON object without a `password`", "`--apikey @FILE`"] {
        assert!(ran.stderr.contains(expected), "{ran:?}");
    }
    assert!(!ran.stderr.contains("vgk_good"), "{ran:?}");
    assert_eq!(sent(&terminal).len(), asked.len());
}

#[test]
fn a_password_comes_from_standard_input() {
    let terminal = Terminal::new();
    let address = terminal.server.address;
    for (flags, text) in [
        ("-u ada@example.org -p @-", "s3cret\n"),
        ("--apikey @-", KEY),
    ] {
        let mut child = terminal
            .command(&format!("vigie login -a {address} -r us-south {flags}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

/// The name was sent as if it were a key, and the server knew no such key.
#[test]
fn the_name_of_a_file_is_not_taken_for_a_key() {
    let mut terminal = Terminal::new();
    put(&terminal, "key.json", "{}\n", 0o600);
    let ran = login(&mut terminal, "--apikey key.json");
    assert_ne!(ran.code, 0, "{ran:?}");
    let told = "`key.json` (from `--apikey`) is a file, and no API key";
    assert!(ran.stderr.contains(told), "{ran:?}");
    assert!(ran.stderr.contains("`--apikey @FILE`"), "{ran:?}");
}

#[test]
fn a_secret_that_others_can_read_is_told_on_standard_error_alone() {
    let mut terminal = Terminal::new();
    put(&terminal, "open", "s3cret\n", 0o644);
    let ran = login(&mut terminal, "-u ada@example.org -p @open");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stderr.contains("can read `open`; `chmod 600`"),
        "{ran:?}"
    );
    assert!(!ran.stdout.contains("chmod"), "{ran:?}");

    // As an argument: a person is told, a script's log is left alone.
    let flags = "-u ada@example.org -p s3cret";
    let ran = login(&mut terminal, flags);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let address = terminal.server.address;
    let line = format!("vigie login -a {address} -r us-south {flags}");
    let (screen, code) = Person::at(&terminal, &line).leave();
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("`-p @FILE` reads it from a file"),
        "{screen}"
    );
    assert!(!screen.contains("s3cret"), "{screen}");
}

/// The program's own files are no links; whoever puts one there would have it open a file of their choice.
#[test]
fn locks_are_never_opened_through_a_link() {
    let mut terminal = Terminal::logged_in();
    let precious = terminal.path("precious");
    std::fs::write(&precious, "kept").unwrap();
    for (lock, line) in [
        (".vigie/config.json.lock", "vigie target -r eu-de"),
        (
            ".vigie/origins.json.lock",
            "vigie api --trust-origin https://x.example",
        ),
    ] {
        let lock = terminal.path(lock);
        drop(std::fs::remove_file(&lock));
        symlink(&precious, &lock).unwrap();
        let ran = terminal.run(line);
        assert_eq!(ran.code, 1, "{line}: {ran:?}");
        assert!(ran.stderr.contains(".lock`"), "{ran:?}");
        std::fs::remove_file(&lock).unwrap();
        assert_eq!(terminal.run(line).code, 0, "{line}");
    }
    let once = "vigie agent --once --interval 1s --host h --buffer buffer";
    assert_eq!(terminal.run(once).code, 0);
    let found: Vec<_> = walk(&terminal.path("buffer"));
    let lock = found.iter().find(|path| path.ends_with("lock")).unwrap();
    std::fs::remove_file(lock).unwrap();
    symlink(&precious, lock).unwrap();
    let ran = terminal.run(once);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(std::fs::read(&precious).unwrap(), b"kept");
}

fn walk(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        }
        found.push(path);
    }
    found
}
