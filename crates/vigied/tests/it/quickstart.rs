//! The tour a newcomer takes, with the real command line and agent.

use crate::harness::{VIGIED, vigie};
use crate::undisturbed::own_address;
use std::io::{BufRead, BufReader, Lines, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// The exit code of the tour, and its output.
fn tour(data: &std::path::Path) -> (bool, String) {
    let output = tour_output(data);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let printed = text(&output.stdout) + &text(&output.stderr);
    (output.status.success(), printed)
}

fn tour_output(data: &Path) -> Output {
    vigie();
    Command::new(VIGIED)
        .args(["quickstart", "--once", "--listen"])
        // What it shows names its port, and may be typed when it has ended.
        .arg(format!("{}:0", own_address()))
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The output fits on one screen and has no token, because it ends in logs.
#[test]
fn the_whole_path_on_real_data_and_again_on_the_same_folder() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let output = tour_output(&folder.path().join("data"));
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{output:?}");
        for expected in [
            "IAM token:  Bearer eyJ",
            "UAA token:  Bearer eyJ",
            "good until ",
            "nyc.taxi.passengers",
            "load.load.shortterm",
            "vigied serve --data ",
        ] {
            assert!(stdout.contains(expected), "no `{expected}` in\n{stdout}");
        }
        // The empty ones as well, those on standard error, and a few to spare for a command that comes to say more.
        let printed = format!("{stdout}{}", String::from_utf8_lossy(&output.stderr));
        let lines = printed.lines().count();
        assert!(lines <= 58, "{lines} lines:\n{printed}");
        let words = stdout.split_whitespace().map(|word| word.chars().count());
        let longest = words.max().unwrap();
        assert!(longest < 200, "a word of {longest} characters in\n{stdout}");
    }
}

/// Nobody fetches from it what the tour itself has sent.
#[test]
fn over_the_folder_of_another_build_it_says_what_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("vigie quickstart");
    assert!(tour(&data).0);
    let manifest = data.join("samples/manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let (_, rest) = text.split_once("\"format\":").unwrap();
    let format: String = rest.chars().take_while(char::is_ascii_digit).collect();
    for other in ["1", "99"] {
        let text = text.replace(
            &format!("\"format\":{format}"),
            &format!("\"format\":{other}"),
        );
        std::fs::write(&manifest, text).unwrap();
        let (done, printed) = tour(&data);
        assert!(!done, "{printed}");
        let command = format!("`rm -r '{}'`", data.display());
        assert!(printed.contains(&command), "{printed}");
        assert!(!printed.contains("metrics get"), "{printed}");
        assert_eq!(printed.matches("hint: ").count(), 1, "{printed}");
    }
    assert!(data.join("quickstart-key").exists(), "nothing was touched");
}

/// Every line after a `$` works in a shell without any settings, once the lines at the end were pasted, after the tour has
/// ended.
#[test]
fn every_line_that_was_shown_can_be_typed_again() {
    let folder = tempfile::tempdir().unwrap();
    let (done, printed) = tour(&folder.path().join("data"));
    assert!(done, "{printed}");
    let (steps, end) = printed.split_once("\n6. Go on").unwrap();
    let begin: Vec<&str> = end.lines().skip(1).take(2).collect();
    assert!(begin[1].starts_with("vigied serve "), "{end}");
    let address = begin[1].split_whitespace().nth_back(1).unwrap();
    let typed: Vec<&str> = steps
        .lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .collect();
    assert!(typed.len() > 10, "{printed}");
    let script = format!(
        "trap 'kill %1' EXIT\n{}\ncurl -s --retry 40 --retry-connrefused http://{address}/health/ready\n{}\n",
        begin.join("\n"),
        typed
            .join("\n")
            .replace("curl ", "curl --fail-with-body -sS ")
    );
    let pasted = Command::new("bash")
        .args(["-euc", &script])
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (answers, errors) = (text(&pasted.stdout), text(&pasted.stderr));
    assert!(pasted.status.success(), "{script}\n{answers}\n{errors}");
    for expected in [
        "Received:   672",
        "\"stored\":1",
        "\"target\":\"hello.world\"",
        "\"deleted\":1",
    ] {
        assert!(answers.contains(expected), "no `{expected}` in {answers}");
    }
}

/// A tour in a process group of its own, as in a terminal.
struct Started {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Started {
    fn new(data: &Path) -> Self {
        vigie();
        let mut child = Command::new(VIGIED)
            .args(["quickstart", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Reads on to the line that begins so; what came before it.
    fn until(&mut self, beginning: &str) -> String {
        let mut before = String::new();
        for line in &mut self.lines {
            let line = line.unwrap();
            if line.starts_with(beginning) {
                return before;
            }
            before.push_str(&line);
            before.push('\n');
        }
        panic!("no line begins with `{beginning}` in\n{before}");
    }

    /// Presses Ctrl-C, which reaches the whole group; returns the later output and the exit code.
    fn interrupted(mut self) -> (String, Option<i32>) {
        let stopped = Command::new("kill")
            .args(["-INT", "--", &format!("-{}", self.child.id())])
            .status()
            .unwrap();
        assert!(stopped.success());
        let mut lines: Vec<String> = self.lines.map(Result::unwrap).collect();
        let mut errors = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut errors).unwrap();
        lines.push(errors);
        (lines.join("\n"), self.child.wait().unwrap().code())
    }
}

#[test]
fn stopped_half_way_it_ends_without_a_word_of_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut tour = Started::new(&folder.path().join("data"));
    tour.until("$ vigie agent");
    let (printed, code) = tour.interrupted();
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("Stopped. The data stays in"), "{printed}");
    for unexpected in ["4. Read", "FAILED", "error:"] {
        assert!(!printed.contains(unexpected), "{printed}");
    }
}

/// The commands printed for another terminal work there while the tour goes on; and the agent ends with the tour.
#[test]
fn the_printed_commands_work_as_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut tour = Started::new(&data);
    tour.until("6. Go on");
    let commands = tour.until("Next: ");
    let pasted = Command::new("sh")
        .args(["-euc", &commands])
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .output()
        .unwrap();
    let answers = String::from_utf8(pasted.stdout).unwrap();
    assert!(answers.contains("owner@vigie.local"), "{answers}");
    let (printed, code) = tour.interrupted();
    assert_eq!(code, Some(0), "{printed}");
    let log = std::fs::read_to_string(data.join("agent.log")).unwrap();
    assert!(
        log.contains("agent: stopped after") || log.is_empty(),
        "{log}"
    );
}

/// As `vigied quickstart --once | head -3` has it: who reads no further is no failure, as with every other command.
#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    vigie();
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(VIGIED)
        .args(["quickstart", "--once", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path().join("data"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    drop(lines);
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), errors.as_ref()), (Some(0), ""));
}
