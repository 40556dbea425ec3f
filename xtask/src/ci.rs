//! What CI runs: the lints beside the tests, which wait for a disk, a timer or a server half of the time.

use crate::process::{step, succeed, target_folder, work_folder};
use crate::test;
use anyhow::Result;
use std::fs::{self, File};
use std::process::{Command, Stdio};

pub(crate) fn run() -> Result<()> {
    test::run_beside(&[], lint)
}

/// The lints, as a process of their own, which takes what the tests leave of the processors. What they say comes in one piece.
fn lint() -> Result<()> {
    step("lint", || {
        let log = work_folder()?.join("lint.log");
        let file = File::create(&log)?;
        // Not this program's own file: it may have been built anew since it was started.
        let program = target_folder()?.join("debug/xtask");
        let outcome = succeed(
            Command::new("nice")
                .args(["-n", "10"])
                .arg(program)
                .arg("lint")
                .stdin(Stdio::null())
                .stdout(file.try_clone()?)
                .stderr(file),
        );
        println!("{}", String::from_utf8_lossy(&fs::read(&log)?).trim_end());
        outcome
    })
}
