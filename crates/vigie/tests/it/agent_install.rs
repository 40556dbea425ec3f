//! `agent install`: what it writes, what it refuses, and what systemd says of it.

use crate::fixture::{ORG, SPACE};
use crate::terminal::Terminal;
use insta::assert_snapshot;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// A terminal of which `VIGIE_API` names a server, with a key in a file.
fn ready() -> Terminal {
    let mut terminal = Terminal::new();
    terminal.set("VIGIE_API", "https://metrics.example.org");
    write_key(&terminal.path("agent.key"), "vgk_good\n");
    terminal
}

/// Into a file that its user alone may read.
fn write_key(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(path, private).unwrap();
}

/// The transcript without the path of the program.
fn transcript(terminal: &Terminal) -> String {
    let program = env!("CARGO_BIN_EXE_vigie");
    terminal.transcript().replace(program, "PROGRAM")
}

const LISTENERS: &str = "--listen-graphite 127.0.0.1:2003 --prefix 50%.";

#[test]
fn units_and_lines_for_cron_can_be_printed() {
    let mut terminal = ready();
    for path in [".vigie/agent.key", "image/etc/vigie/agent.key"] {
        write_key(&terminal.path(path), "vgk_good\n");
    }
    for line in [
        format!("vigie agent install --user --print --key-file agent.key -- {LISTENERS}"),
        format!("vigie agent install --system --print --root image -- {LISTENERS}"),
        "vigie agent install --user --cron --print -- --prefix 50%.".to_owned(),
        "vigie agent install --system --cron --print --root image".to_owned(),
        "vigie agent install --user --print --output json".to_owned(),
    ] {
        assert_eq!(terminal.run(&line).code, 0, "{line}");
    }
    assert_snapshot!(transcript(&terminal));
    assert!(!terminal.path(".config").exists());
}

#[test]
fn a_unit_is_written_once_and_replaced_only_by_force() {
    let mut terminal = ready();
    let line = "vigie agent install --user --key-file agent.key";
    assert_eq!(terminal.run(line).code, 0);
    assert_eq!(terminal.run(line).code, 0, "the same again");
    let path = terminal.path(".config/systemd/user/vigie-agent.service");
    let first = std::fs::read_to_string(&path).unwrap();
    let other = format!("{line} -- --prefix web.");
    assert_eq!(terminal.run(&other).code, 1);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
    assert_eq!(
        terminal
            .run(&format!("{line} --force -- --prefix web."))
            .code,
        0
    );
    let second = std::fs::read_to_string(&path).unwrap();
    assert!(
        second.contains("agent --prefix web. --default-scope none\n"),
        "{second}"
    );
    assert_snapshot!(transcript(&terminal));
}

#[test]
fn a_key_of_the_environment_goes_into_a_private_file_and_nowhere_else() {
    let mut terminal = ready();
    terminal.set("VIGIE_API_KEY", "vgk_good");
    let root = terminal.path("image");
    for line in [
        "vigie agent install --system --root image",
        "vigie agent install --user",
    ] {
        let ran = terminal.run(line);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(!format!("{ran:?}").contains("vgk_good"), "{ran:?}");
    }
    let unit = root.join("etc/systemd/system/vigie-agent.service");
    for (file, mode) in [
        (unit.as_path(), 0o644),
        (&root.join("etc/vigie/agent.key"), 0o600),
        (&terminal.path(".vigie/agent.key"), 0o600),
    ] {
        let found = std::fs::metadata(file).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{}", file.display());
    }
    let text = std::fs::read_to_string(unit).unwrap();
    assert!(!text.contains("vgk_good"), "{text}");
    assert!(
        text.contains("LoadCredential=key:/etc/vigie/agent.key\n"),
        "{text}"
    );
    terminal.set("VIGIE_API_KEY", "vgk_other");
    // Also not where another unit is meant to replace the one that is there.
    for line in [
        "vigie agent install --user",
        "vigie agent install --user --force",
    ] {
        let ran = terminal.run(line);
        assert_eq!(
            ran.code, 1,
            "the only copy of a key is not replaced: {ran:?}"
        );
        assert!(ran.stderr.contains("the only copy of a key"), "{ran:?}");
    }
    let key = std::fs::read_to_string(terminal.path(".vigie/agent.key")).unwrap();
    assert_eq!(key, "vgk_good\n");
}

#[test]
fn what_could_not_run_is_not_installed() {
    let mut terminal = ready();
    let install = "vigie agent install --user --key-file agent.key";
    for (rest, code) in [
        ("-- --listen-grafite 127.0.0.1:2003", 2),
        ("-- --listen-graphite 0.0.0.0:2003", 2),
        ("-- --once", 2),
        ("-- --no-host-metrics", 2),
        ("--cron -- --listen-statsd 127.0.0.1:8125", 2),
        ("--system", 2),
        ("--key-file nowhere.key", 2),
    ] {
        let ran = terminal.run(&format!("{install} {rest}"));
        assert_eq!(ran.code, code, "{rest}: {ran:?}");
    }
    assert_eq!(
        terminal
            .run("vigie agent install --user --key-file nowhere.key")
            .code,
        1
    );
    assert_eq!(terminal.run("vigie agent install --user").code, 1, "no key");
    assert_snapshot!(transcript(&terminal));
    assert!(!terminal.path(".config").exists());
}

/// It may be meant for another machine, so that it is printed all the same.
#[test]
fn what_is_printed_and_could_not_run_here_is_told() {
    let mut terminal = ready();
    write_key(&terminal.path("wrong.key"), "two words\n");
    for (key, expected) in [
        ("nowhere.key", "warning: cannot read `"),
        ("wrong.key", "(from `--key-file`) holds no API key: "),
    ] {
        let ran = terminal.run(&format!(
            "vigie agent install --user --print --key-file {key}"
        ));
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.stdout.starts_with("[Unit]\n"), "{ran:?}");
        assert!(ran.stderr.contains(expected), "{expected}: {ran:?}");
        assert!(ran.stderr.contains("api-key-create"), "{ran:?}");
    }
    terminal.set("VIGIE_API_KEY", "vgk_good");
    let ran = terminal.run("vigie agent install --user --print");
    assert_eq!(ran.code, 0, "{ran:?}");
    let expected = "The key is not printed; it has to be in `";
    assert!(ran.stderr.starts_with(expected), "{ran:?}");
    assert!(!format!("{ran:?}").contains("vgk_good"), "{ran:?}");
    // What could never be a key would be written into a file that the agent cannot read.
    terminal.set("VIGIE_API_KEY", "{two words");
    for line in [
        "vigie agent install --user --print",
        "vigie agent install --user",
    ] {
        let ran = terminal.run(line);
        assert_eq!(ran.code, 2, "{ran:?}");
        let expected = "`VIGIE_API_KEY` holds no API key: ";
        assert!(ran.stderr.contains(expected), "{ran:?}");
        assert!(!format!("{ran:?}").contains("two words"), "{ran:?}");
    }
    assert!(!terminal.path(".vigie/agent.key").exists());
}

#[test]
fn a_unit_of_the_machine_names_nothing_that_it_could_not_use() {
    let mut terminal = ready();
    write_key(&terminal.path("image/etc/vigie/agent.key"), "vgk_good\n");
    let install = "vigie agent install --system --root image";
    for (rest, code, expected) in [
        (
            "-- --textfile-dir /tmp/files",
            1,
            "could not read `/tmp/files`: the unit has a `/tmp` of its own",
        ),
        (
            "-- --buffer /srv/buffer",
            1,
            "it may write into `/var/lib/vigie-agent` alone",
        ),
        (
            "-- --textfile-dir files",
            2,
            "`files` is a path from this folder",
        ),
        (
            "--key-file /etc/other.key",
            1,
            "image/etc/other.key`: No such file",
        ),
    ] {
        let ran = terminal.run(&format!("{install} {rest}"));
        assert_eq!(ran.code, code, "{rest}: {ran:?}");
        assert!(ran.stderr.contains(expected), "{expected}: {ran:?}");
    }
    let unit = "image/etc/systemd/system/vigie-agent.service";
    assert!(!terminal.path(unit).exists());
    // By a program that lies where nobody but its user can enter.
    let program = terminal.path("bin/vigie");
    std::fs::create_dir(terminal.path("bin")).unwrap();
    let copied = Command::new("cp")
        .arg(env!("CARGO_BIN_EXE_vigie"))
        .arg(&program)
        .status();
    assert!(copied.unwrap().success());
    let usual = terminal.command("vigie agent install --system --print --key-file agent.key");
    let variables = usual.get_envs();
    let output = Command::new(&program)
        .args(usual.get_args())
        .env_clear()
        .envs(variables.filter_map(|(name, value)| Some((name, value?))))
        .current_dir(terminal.path("."))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(
        errors.contains("warning: the unit could not run `"),
        "{errors}"
    );
    assert!(errors.contains("`install -m 755 "), "{errors}");
}

/// A key that was made for no space followed the target of the login, whatever that was when the unit started.
#[test]
fn a_unit_of_a_user_keeps_the_target_of_its_installation() {
    let mut terminal = Terminal::logged_in();
    write_key(&terminal.path("agent.key"), "vgk_good\n");
    let install = "vigie agent install --user --print --key-file agent.key";
    for (rest, expected) in [
        ("", format!("agent --default-scope s-{SPACE}\n")),
        ("-- --scope space", format!("agent --scope s-{SPACE}\n")),
        (
            "-- --scope=org --prefix a.",
            format!("agent --scope=o-{ORG} --prefix a.\n"),
        ),
        (
            "-- --default-scope none",
            "agent --default-scope none\n".to_owned(),
        ),
        (
            "--cron",
            format!("agent --once --quiet --default-scope s-{SPACE}\n"),
        ),
    ] {
        let ran = terminal.run(&format!("{install} {rest}"));
        assert_eq!(ran.code, 0, "{rest}: {ran:?}");
        assert!(ran.stdout.contains(&expected), "{rest}: {ran:?}");
    }
    // The target is none of another server's.
    terminal.set("VIGIE_API", "https://metrics.example.org");
    let ran = terminal.run(install);
    let expected = "agent --default-scope none\n";
    assert!(ran.stdout.contains(expected), "{ran:?}");
    let refused = terminal.run(&format!("{install} -- --scope space"));
    assert_eq!(refused.code, 2, "{refused:?}");
    let expected = "no space is targeted at the server of `VIGIE_API`";
    assert!(refused.stderr.contains(expected), "{refused:?}");
}

/// The verdict of systemd on the units.
#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let program = Path::new("/usr/bin/systemd-analyze");
    if !program.exists() {
        testing::skipped(
            "systemd_finds_nothing_wrong_with_the_units",
            "there is no systemd-analyze",
        );
        return;
    }
    let terminal = ready();
    for kind in ["--user", "--system"] {
        let line = format!("vigie agent install {kind} --print -- {LISTENERS} --host a$b");
        let printed = terminal.command(&line).output().unwrap();
        assert!(printed.status.success(), "{printed:?}");
        let unit = terminal.path("vigie-agent.service");
        std::fs::write(&unit, printed.stdout).unwrap();
        let verified = Command::new(program)
            .arg("verify")
            .arg(kind)
            .arg("--man=no")
            .arg(&unit)
            .env("XDG_RUNTIME_DIR", terminal.path(""))
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&verified.stderr);
        let ours: Vec<_> = errors
            .lines()
            .filter(|line| line.contains("vigie-agent"))
            .collect();
        assert!(ours.is_empty(), "{kind}: {errors}");
    }
}
