//! The tour a newcomer takes, with the real command line and agent.

use crate::harness::{VIGIED, vigie};
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
