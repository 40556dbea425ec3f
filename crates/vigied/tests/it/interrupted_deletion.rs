//! A deletion that a full disk interrupts was applied, and may become durable later: neither its caller nor the audit is told
//! that nothing was deleted.

use crate::disk_full::SmallDisk;
use crate::harness::{Request, Serving, VIGIED, now};
use serde_json::{Value, json};
use std::process::{Command, Stdio};

/// So many that the record of their deletion does not fit into what is left of the last page of the log.
const SERIES: usize = 3000;

#[test]
fn a_deletion_that_meets_the_full_disk_is_not_said_to_have_failed() {
    let name = "a_deletion_that_meets_the_full_disk_is_not_said_to_have_failed";
    let Some(database) = testing::postgres(name) else {
        return;
    };
    let Some(disk) = SmallDisk::mount(name, "12m") else {
        return;
    };
    let data = disk.0.path().join("data");
    let vigied = |words: &[&str]| -> Value {
        let output = Command::new(VIGIED)
            .args(words)
            .args(["--output", "json", "--database", &database, "--data"])
            .arg(&data)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let owner = vigied(&["init"]);
    let text = |key: &str| owner[key].as_str().unwrap().to_owned();
    // Room for samples is judged by what the disk says, and for identity by another disk.
    let flags = ["--database", &database, "--set", "storage.reserve_bytes=0"];
    let serving = Serving::start(&data, "127.0.0.1:0", &flags);
    let request = |method: &str, path: &str| {
        Request::new(&serving.url(), method, path)
            .header("X-Auth-User-Token", &format!("apikey {}", text("api_key")))
            .header("X-Auth-Scope-Id", &format!("s-{}", text("space_guid")))
    };
    let sample = |at| json!({"name": format!("a.{at}"), "value": 1, "timestamp": now() - 60});
    let samples: Vec<Value> = (0..SERIES).map(sample).collect();
    let sent = request("POST", "/v1/metrics").json(&json!(samples)).send();
    assert_eq!(sent.status, 200, "{}", sent.text());

    disk.fill();
    let deleted = request("DELETE", "/v1/metrics/list?query=*").send();
    assert_eq!(deleted.status, 503, "{}", deleted.text());
    assert_eq!(deleted.code(), "BXNMSSV11E", "{}", deleted.text());
    let body = deleted.text();
    assert!(body.contains("may be stored or deleted later"), "{body}");
    let entries = vigied(&["audit"]);
    let deletions = entries.as_array().unwrap().iter();
    let deletions = deletions.filter(|entry| entry["event"] == "metrics_deleted");
    let mut outcomes: Vec<&str> = deletions
        .filter_map(|entry| entry["outcome"].as_str())
        .collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["begun", "unknown"], "{entries}");
    disk.make_room();
}
