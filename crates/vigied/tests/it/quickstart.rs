//! The tour a newcomer takes, with the real command line and agent.

use crate::harness::{VIGIED, vigie};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

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

/// Ctrl-C reaches the whole group, as in a terminal: the tour ends where it is, and that is no failure.
#[test]
fn stopped_half_way_it_ends_without_a_word_of_failure() {
    let folder = tempfile::tempdir().unwrap();
    vigie();
    let mut child = Command::new(VIGIED)
        .args(["quickstart", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path().join("data"))
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reached = lines.any(|line| line.unwrap().starts_with("$ vigie agent"));
    assert!(reached, "the tour ended before the agent");
    let mut errors = child.stderr.take().unwrap();
    // The agent says on standard error that it runs; before that, Ctrl-C would find nobody to ask.
    let mut before = [0; 6];
    errors.read_exact(&mut before).unwrap();
    let stopped = Command::new("kill")
        .args(["-INT", "--", &format!("-{}", child.id())])
        .status()
        .unwrap();
    assert!(stopped.success());
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    let mut said = String::new();
    errors.read_to_string(&mut said).unwrap();
    let shown = rest.join("\n") + &said;
    assert_eq!(child.wait().unwrap().code(), Some(0), "{shown}");
    assert!(shown.contains("Stopped. The data stays in"), "{shown}");
    assert!(!shown.contains("5. Read them back"), "{shown}");
    assert!(
        !shown.contains("FAILED") && !shown.contains("error:"),
        "{shown}"
    );
}
