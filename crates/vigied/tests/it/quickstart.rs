//! The tour a newcomer takes, with the real command line and agent.

use crate::harness::{Request, VIGIED, vigie};
use std::io::{BufRead, BufReader};
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
            "load.load.shortterm",
            "curl ",
            "X-Auth-User-Token: iam ",
        ] {
            assert!(shown.contains(expected), "no `{expected}` in\n{shown}");
        }
    }
}

#[test]
fn it_stays_until_ctrl_c_and_ends_its_agent() {
    vigie();
    let folder = tempfile::tempdir().unwrap();
    let mut tour = Command::new(VIGIED)
        .args(["quickstart", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path().join("data"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut shown = String::new();
    let mut lines = BufReader::new(tour.stdout.take().unwrap());
    while !shown.contains("Ctrl-C ends both") {
        let read = lines.read_line(&mut shown).unwrap();
        assert!(read > 0, "it ended by itself:\n{shown}");
    }
    let url = shown.split("Serving on ").nth(1).unwrap();
    let url = url.split(',').next().unwrap();
    let health = Request::new(url, "GET", "/health/live").send();
    assert_eq!(health.status, 200);
    // Whichever thread started it.
    let children: String = std::fs::read_dir(format!("/proc/{}/task", tour.id()))
        .unwrap()
        .map(|task| std::fs::read_to_string(task.unwrap().path().join("children")).unwrap())
        .collect();
    let agent = children.trim().to_owned();
    let command = std::fs::read_to_string(format!("/proc/{agent}/cmdline")).unwrap();
    assert!(command.contains("agent"), "`{command}` is no agent");
    let asked = Command::new("kill")
        .args(["-INT", &tour.id().to_string()])
        .status();
    assert!(asked.unwrap().success());
    assert!(tour.wait().unwrap().success());
    assert!(!std::path::Path::new(&format!("/proc/{agent}")).exists());
}
