//! `kill -9` at any moment, on a real disk: a process that sends and says what was acknowledged is killed again and again.

use crate::support::{DAY, NOON, read, send};
use base::time::{ManualClock, Millis};
use engine::storage::disk::Disk;
use engine::{Engine, EngineConfig, RecoveryReport};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

/// Tells [`victim`] that it is one: the folder, and the number to begin with.
const FOLDER: &str = "ENGINE_VICTIM_FOLDER";
const FIRST: &str = "ENGINE_VICTIM_FIRST";

const ROUNDS: i64 = 20;

fn open(dir: &Path) -> (Engine, RecoveryReport) {
    let busy = EngineConfig {
        flush_samples: 40,
        segments_per_day: 2,
        commit_interval_ms: 1,
        ..EngineConfig::new(dir)
    };
    Engine::open(
        busy,
        Arc::new(ManualClock::at(Millis(NOON))),
        Arc::new(Disk),
    )
    .unwrap()
}

/// Sample number `number`: two days, most of them overwritten by the next but three.
fn sample(number: i64) -> (&'static str, i64, f64) {
    (
        "a.b",
        NOON - number / 4 * 1000 - number % 2 * DAY,
        number as f64,
    )
}

/// Does nothing in an ordinary run of the tests; as the other story's child it sends until it is killed.
#[test]
fn victim() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let first: i64 = std::env::var(FIRST).unwrap().parse().unwrap();
    let (engine, _) = open(Path::new(&folder));
    let mut out = std::io::stdout();
    for number in first..first + 100_000 {
        send(&engine, 1, &[sample(number)]);
        // A line of its own, whatever the test runner has begun to print.
        out.write_all(format!("\nacknowledged {number}\n").as_bytes())
            .unwrap();
        out.flush().unwrap();
    }
}

fn start(folder: &Path, first: i64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::victim", "--nocapture"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn acknowledged_samples_survive_sigkill() {
    let folder = tempfile::tempdir().unwrap();
    let mut next = 0;
    for round in 0..ROUNDS {
        let mut child = start(folder.path(), next);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acknowledged = 0;
        for line in lines.map_while(Result::ok) {
            if let Some(number) = line.strip_prefix("acknowledged ") {
                next = number.parse::<i64>().unwrap() + 1;
                acknowledged += 1;
            }
            // What it says between the blow and its death counts as well.
            if acknowledged == 10 + round * 13 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let (engine, report) = open(folder.path());
        let there = read(&engine, 1, "a.b");
        for number in 0..next {
            let (_, at, value) = sample(number);
            let found = there
                .iter()
                .find(|(timestamp, _)| *timestamp == at)
                .map(|(_, found)| *found);
            // A later one of the same instant has overwritten it, perhaps one that was sent but not acknowledged.
            assert!(
                found.is_some_and(|found| found >= value),
                "round {round}, {number}: {found:?}; {report}"
            );
        }
        assert!(
            there.iter().all(|(_, value)| *value <= next as f64),
            "nothing that was not sent"
        );
    }
    assert!(next > 1000);
}
