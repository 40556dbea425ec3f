//! The tour a newcomer takes, with the real command line and agent.

use crate::harness::{VIGIED, vigie};
use std::io::{BufRead, BufReader, Lines, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

fn tour(data: &std::path::Path) -> (bool, String) {
    vigie();
    let output = Command::new(VIGIED)
        .args(["quickstart", "--once", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let shown = text(&output.stdout) + &text(&output.stderr);
    (output.status.success(), shown)
}

#[test]
fn the_whole_path_on_real_data_and_again_on_the_same_folder() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let (done, shown) = tour(&folder.path().join("data"));
        assert!(done, "{shown}");
        for expected in [
            "IAM token:  Bearer ",
            "UAA token:  Bearer ",
            "nab.ec2.cpu-utilization",
            "cpu-0.cpu-user",
            "curl -sSw",
            "X-Auth-User-Token: iam ",
        ] {
            assert!(shown.contains(expected), "no `{expected}` in\n{shown}");
        }
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

    /// Presses Ctrl-C: all of the group hear it. What was said from then on, and the exit code.
    fn interrupted(mut self) -> (String, Option<i32>) {
        let stopped = Command::new("kill")
            .args(["-INT", "--", &format!("-{}", self.child.id())])
            .status()
            .unwrap();
        assert!(stopped.success());
        let mut said: Vec<String> = self.lines.map(Result::unwrap).collect();
        let mut errors = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut errors).unwrap();
        said.push(errors);
        (said.join("\n"), self.child.wait().unwrap().code())
    }
}

#[test]
fn stopped_half_way_it_ends_without_a_word_of_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut tour = Started::new(&folder.path().join("data"));
    tour.until("$ vigie agent");
    let (said, code) = tour.interrupted();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Stopped. The data stays in"), "{said}");
    for unexpected in ["5. Read them back", "FAILED", "error:"] {
        assert!(!said.contains(unexpected), "{said}");
    }
}

/// What is printed to be pasted works in a shell that knows nothing; and the agent ends with the tour.
#[test]
fn the_printed_commands_work_as_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut tour = Started::new(&data);
    tour.until("6. The same by hand");
    let printed = tour.until("7. Go on");
    let (_, commands) = printed.split_once("TOKEN=").unwrap();
    let pasted = Command::new("sh")
        .arg("-euc")
        .arg(format!("TOKEN={commands}"))
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .output()
        .unwrap();
    let answers = String::from_utf8(pasted.stdout).unwrap();
    for expected in [
        "\"stored\":1",
        "\"target\":\"hello.world\"",
        "\"nab\"",
        "\"deleted\":1",
    ] {
        assert!(answers.contains(expected), "no `{expected}` in {answers}");
    }
    tour.until("Ctrl-C ends");
    let (said, code) = tour.interrupted();
    assert_eq!(code, Some(0), "{said}");
    let log = std::fs::read_to_string(data.join("agent.log")).unwrap();
    assert!(
        log.contains("agent: stopped after") || log.is_empty(),
        "{log}"
    );
}
