//! The agent against a server that is there, away, and there again.

use crate::store::busy;
use crate::terminal::Terminal;
use insta::assert_snapshot;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A host that stands still.
pub(crate) fn host(terminal: &Terminal) {
    let root = terminal.path("proc");
    let put = |name: &str, text: &str| {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put("sys/kernel/hostname", "web1.example.org\n");
    put("stat", include_str!("../../../agent/tests/proc/stat"));
    put("loadavg", "0.23 0.26 0.35 3/109 11785\n");
    put("meminfo", include_str!("../../../agent/tests/proc/meminfo"));
    put("net/dev", include_str!("../../../agent/tests/proc/net-dev"));
    put("1/stat", "1 (init) S 0 1 1");
}

fn ready() -> Terminal {
    let terminal = Terminal::logged_in();
    host(&terminal);
    terminal
}

/// The transcript without the port, which is in the name of the buffer too.
fn transcript(terminal: &Terminal) -> String {
    let port = terminal.server.address.port().to_string();
    terminal.transcript().replace(&port, "PORT")
}

pub(crate) fn journals(directory: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| {
            let path = entry.path();
            if path.is_dir() {
                journals(&path)
            } else {
                usize::from(path.extension().is_some_and(|end| end == "journal"))
            }
        })
        .sum()
}

#[test]
fn what_it_would_send_can_be_seen() {
    let mut terminal = ready();
    let printed = terminal
        .run("vigie agent --once --print --proc proc --prefix monitor.")
        .stdout;
    let without_time: String = printed
        .lines()
        .map(|line| format!("{}\n", line.rsplit_once(' ').unwrap().0))
        .collect();
    assert_snapshot!(without_time);
    assert!(terminal.server.requests("POST", "/v1/metrics").is_empty());
}

#[test]
fn regression_7_what_nobody_reads_is_not_looked_for() {
    let terminal = ready();
    let line = "vigie agent --print --proc proc --host h --interval 1h";
    let mut child = terminal
        .command(line)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("h."));
    drop(lines);
    assert_eq!(crate::metrics_watch::ended(child), Some(0));
}

#[test]
fn one_look_is_sent() {
    let mut terminal = ready();
    let ran = terminal.run("vigie agent --once --proc proc --host h");
    assert_eq!(ran.code, 0);
    assert_snapshot!(transcript(&terminal));
    let store = terminal.server.store.lock().unwrap();
    assert!(store.samples.contains_key("h.load.load.shortterm"));
    assert!(store.samples.contains_key("h.interface-eth0.if_octets.rx"));
    drop(store);
    assert_eq!(journals(&terminal.path(".vigie/agent")), 0);
}

#[test]
fn what_a_server_that_is_away_misses_comes_later() {
    let mut terminal = ready();
    terminal
        .server
        .store
        .lock()
        .unwrap()
        .instead
        .extend([busy(), busy()]);
    let unreachable = terminal.run("vigie agent --once --proc proc --host h --buffer buffer");
    assert_eq!(unreachable.code, 6, "{}", unreachable.stderr);
    assert!(journals(&terminal.path("buffer")) > 0);
    terminal.server.store.lock().unwrap().instead.clear();
    let back = terminal.run("vigie agent --once --proc proc --host h --buffer buffer");
    assert_eq!(back.code, 0);
    assert_snapshot!(transcript(&terminal));
    assert_eq!(journals(&terminal.path("buffer")), 0);
    let store = terminal.server.store.lock().unwrap();
    assert_eq!(store.samples["h.load.load.shortterm"].len(), 2);
}

#[test]
fn an_expired_token_loses_nothing() {
    let mut terminal = ready();
    terminal.server.store.lock().unwrap().serial_min = 2;
    assert_eq!(
        terminal.run("vigie agent --once --proc proc --host h").code,
        0
    );
    assert!(terminal.server.store.lock().unwrap().len() > 0);
}

#[test]
fn a_key_of_the_environment_needs_no_login() {
    let mut terminal = Terminal::new();
    host(&terminal);
    terminal.set("VIGIE_API_KEY", "vgk_good");
    let address = format!("http://{}", terminal.server.address);
    terminal.set("VIGIE_API", &address);
    terminal.server.store.lock().unwrap().serial_min = 2;
    let ran = terminal.run("vigie agent --once --proc proc --host h");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(terminal.server.store.lock().unwrap().len() > 0);
    assert!(
        !terminal.path(".vigie/config.json").exists(),
        "the key is nobody's login"
    );
}

#[test]
fn the_server_of_the_environment_comes_before_that_of_a_login() {
    let mut terminal = ready();
    let other = crate::fixture::Fixture::start();
    terminal.set("VIGIE_API_KEY", "vgk_good");
    // As at login, an address on this machine needs no scheme.
    terminal.set("VIGIE_API", &other.address.to_string());
    let ran = terminal.run("vigie agent --once --proc proc --host h");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(other.store.lock().unwrap().len() > 0);
    assert_eq!(terminal.server.store.lock().unwrap().len(), 0);
    let asked = other.requests("POST", "/v1/metrics");
    assert_eq!(
        asked[0].header("x-auth-scope-id"),
        format!("s-{}", crate::fixture::SPACE),
        "the space that the key sees there"
    );
    assert_eq!(other.requests("GET", "/v2/spaces").len(), 1);
    let ran = terminal.run("vigie agent --once --proc proc --host h --scope space");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    // Named again, it is the server of the login, target and all.
    let address = terminal.server.address.to_string();
    terminal.set("VIGIE_API", &address);
    assert_eq!(
        terminal.run("vigie agent --once --proc proc --host h").code,
        0
    );
    assert!(terminal.server.store.lock().unwrap().len() > 0);
}

pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

#[test]
fn a_signal_ends_it_in_order() {
    let terminal = ready();
    for name in ["TERM", "INT"] {
        let child = terminal
            .command("vigie agent --proc proc --host h --interval 1s")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        let before = terminal.server.store.lock().unwrap().len();
        while terminal.server.store.lock().unwrap().len() == before {
            assert!(
                begun.elapsed() < Duration::from_secs(300),
                "nothing was sent"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert!(stderr.contains("agent: stopped after"), "{stderr}");
    }
    assert_eq!(journals(&terminal.path(".vigie/agent")), 0);
}

#[test]
fn a_killed_agent_leaves_what_it_saw() {
    let mut terminal = ready();
    terminal
        .server
        .store
        .lock()
        .unwrap()
        .instead
        .extend(std::iter::repeat_with(busy).take(100));
    let mut child = terminal
        .command("vigie agent --proc proc --host h --interval 1s --buffer buffer")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while terminal.server.requests("POST", "/v1/metrics").len() < 2 {
        assert!(
            begun.elapsed() < Duration::from_secs(300),
            "nothing was tried"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    terminal.server.store.lock().unwrap().instead.clear();
    let tried = terminal.server.requests("POST", "/v1/metrics");
    let first = tried[0].json();
    terminal.run("vigie agent --once --proc proc --host h --buffer buffer");
    let at = (first[0]["timestamp"].as_f64().unwrap() * 1000.0) as i64;
    let store = terminal.server.store.lock().unwrap();
    assert!(store.samples[first[0]["name"].as_str().unwrap()].contains_key(&at));
}

#[test]
fn wrong_arguments_say_so() {
    let mut terminal = ready();
    terminal.run("vigie agent --interval 0s");
    terminal.run("vigie agent --interval soon");
    terminal.run("vigie agent --buffer-max much");
    terminal.run("vigie agent --prefix a..b --host h --once");
    terminal.run("vigie agent --proc nowhere --once");
    assert_snapshot!(transcript(&terminal));
}

#[test]
fn a_key_that_is_refused_keeps_the_samples() {
    let mut terminal = Terminal::new();
    host(&terminal);
    terminal.set("VIGIE_API_KEY", "vgk_wrong");
    let address = format!("http://{}", terminal.server.address);
    terminal.set("VIGIE_API", &address);
    let refused =
        terminal.run("vigie agent --once --proc proc --host h --buffer buffer --scope account");
    assert_ne!(refused.code, 0);
    assert!(
        refused.stderr.contains("the API key was not found"),
        "{}",
        refused.stderr
    );
    assert_eq!(journals(&terminal.path("buffer")), 1);
    assert!(!format!("{refused:?}").contains("vgk_wrong"));
    terminal.set("VIGIE_API_KEY", "vgk_good");
    assert_eq!(
        terminal
            .run("vigie agent --once --proc proc --host h --buffer buffer --scope account")
            .code,
        0
    );
    assert_eq!(journals(&terminal.path("buffer")), 0);
}

#[test]
fn samples_that_an_older_build_left_are_told_of_once_and_kept() {
    let mut terminal = ready();
    let once = "vigie agent --once --proc proc --host h --buffer buffer";
    let first = terminal.run(once);
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert!(!first.stderr.contains("older build"), "{}", first.stderr);
    let folder = only_folder(&only_folder(&terminal.path("buffer")));
    for name in ["00000000000000000001.spool", "00000000000000000002.spool"] {
        std::fs::write(folder.join(name), "left behind").unwrap();
    }
    let second = terminal.run(once);
    assert_eq!(second.code, 0, "{}", second.stderr);
    let lines: Vec<_> = second
        .stderr
        .lines()
        .filter(|line| line.contains("older build"))
        .collect();
    let [line] = lines[..] else {
        panic!("{}", second.stderr);
    };
    let relative = folder.strip_prefix(terminal.path("")).unwrap();
    for part in [
        "warning: ",
        &relative.display().to_string(),
        "2 files called `*.spool`",
        "`vigie agent --once`",
        "delete them",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    for name in ["00000000000000000001.spool", "00000000000000000002.spool"] {
        let left = std::fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(left, "left behind");
    }
}

fn only_folder(folder: &Path) -> PathBuf {
    let mut entries = std::fs::read_dir(folder).unwrap();
    let found = entries.find_map(|entry| entry.ok().filter(|entry| entry.path().is_dir()));
    found.unwrap().path()
}

#[test]
fn wrong_listeners_say_so() {
    let mut terminal = ready();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    for (arguments, code) in [
        ("--listen-graphite 0.0.0.0:2003".to_owned(), 2),
        ("--listen-statsd [::]:8125".to_owned(), 2),
        ("--listen-graphite web1:2003".to_owned(), 2),
        ("--listen-graphite 127.0.0.1:2003 --once".to_owned(), 2),
        (
            "--listen-statsd 127.0.0.1:0 --statsd-flush 0s".to_owned(),
            2,
        ),
        (
            "--listen-statsd 127.0.0.1:0 --statsd-percentiles 101".to_owned(),
            2,
        ),
        ("--textfile-max-age 1h".to_owned(), 2),
        ("--no-host-metrics".to_owned(), 2),
        (format!("--listen-graphite {address}"), 1),
    ] {
        let ran = terminal.run(&format!("vigie agent --proc proc --host h {arguments}"));
        assert_eq!(ran.code, code, "{arguments}: {ran:?}");
    }
    let seen = transcript(&terminal).replace(&address.port().to_string(), "TAKEN");
    assert_snapshot!(seen);
    assert!(terminal.server.requests("POST", "/v1/metrics").is_empty());
}

#[test]
fn a_folder_of_textfiles_that_is_not_there_is_told_at_the_start() {
    let mut terminal = ready();
    let line = "vigie agent --once --proc proc --host h --textfile-dir nowhere";
    for line in [line.to_owned(), format!("{line} --print")] {
        let ran = terminal.run(&line);
        assert_eq!(ran.code, 1, "{ran:?}");
        let expected = "cannot read the folder of textfiles `nowhere`: No such file or directory";
        assert!(ran.stderr.contains(expected), "{ran:?}");
        assert!(ran.stderr.contains("--textfile-dir DIR"), "{ran:?}");
    }
    assert!(terminal.server.requests("POST", "/v1/metrics").is_empty());
}

#[test]
fn textfiles_are_part_of_a_reading() {
    let mut terminal = ready();
    std::fs::create_dir(terminal.path("files")).unwrap();
    std::fs::write(terminal.path("files/a.prom"), "up{job=\"x y\"} 1\n").unwrap();
    std::fs::write(terminal.path("files/b.prom"), "up").unwrap();
    let line = "vigie agent --once --proc proc --host h --no-host-metrics --textfile-dir files";
    let printed = terminal.run(&format!("{line} --print"));
    assert!(
        printed.stdout.starts_with("up;instance=h;job=x_y 1 "),
        "{printed:?}"
    );
    let ran = terminal.run(line);
    assert_eq!(ran.code, 0, "{ran:?}");
    let expected = "agent: textfile: `files/b.prom`: line 1: the file ends before the line does";
    assert!(ran.stderr.contains(expected), "{ran:?}");
    let store = terminal.server.store.lock().unwrap();
    let names: Vec<&str> = store.samples.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "node_textfile_mtime_seconds;file=a.prom;instance=h",
            "node_textfile_scrape_error;instance=h",
            "up;instance=h;job=x_y",
        ]
    );
}
