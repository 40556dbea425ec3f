//! A disk that fills up under a running server: clients are told to retry, and are served once there is room, without a restart
//! and without loss.

use crate::harness::{Reply, Request, Serving, init, now, token};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A separate file system of a given size.
pub(crate) struct SmallDisk(pub(crate) tempfile::TempDir);

impl SmallDisk {
    /// `None`, with a visible skip, if nothing can be mounted.
    pub(crate) fn mount(test: &str, size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={size},mode=0700"),
                "tmpfs",
            ])
            .arg(folder.path())
            .output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            testing::skipped(test, "a small file system can be mounted by root alone");
            return None;
        }
        Some(Self(folder))
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }

    pub(crate) fn fill(&self) {
        let mut filler = File::options()
            .create(true)
            .append(true)
            .open(self.filler())
            .unwrap();
        for size in [65_536, 4096, 1] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }

    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// One writer into one space, and what was acknowledged to it.
struct Writer {
    url: String,
    token: String,
    space: String,
    next: i64,
    acknowledged: BTreeMap<i64, f64>,
}

impl Writer {
    fn request(&self, method: &str, path: &str) -> Request {
        Request::new(&self.url, method, path)
            .header("X-Auth-User-Token", &format!("iam {}", self.token))
            .header("X-Auth-Scope-Id", &format!("s-{}", self.space))
    }

    fn send(&mut self, count: i64) -> Reply {
        let stamps: Vec<i64> = (self.next..self.next + count).collect();
        self.next += count;
        let body: Vec<Value> = stamps
            .iter()
            .map(|stamp| json!({"name": "disk.load", "value": stamp % 1000, "timestamp": stamp}))
            .collect();
        let reply = self
            .request("POST", "/v1/metrics")
            .json(&json!(body))
            .send();
        if reply.status == 200 {
            let value = |stamp: i64| f64::from(i32::try_from(stamp % 1000).unwrap());
            self.acknowledged
                .extend(stamps.into_iter().map(|stamp| (stamp, value(stamp))));
        }
        reply
    }

    /// Everything that was acknowledged is read.
    fn check(&self) {
        let path = "/v1/metrics?target=disk.load&from=-2d&until=now&maxDataPoints=1000000";
        let reply = self.request("GET", path).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let rows = reply.json();
        let points = rows[0]["datapoints"].as_array().unwrap();
        let there: BTreeMap<i64, f64> = points
            .iter()
            .filter_map(|point| Some((point[1].as_i64()?, point[0].as_f64()?)))
            .collect();
        for (stamp, value) in &self.acknowledged {
            assert_eq!(
                there.get(stamp),
                Some(value),
                "acknowledged at {stamp}, and gone"
            );
        }
    }

    /// Sends until it is refused, and looks at the refusal.
    fn send_until_refused(&mut self) {
        for _ in 0..2000 {
            let reply = self.send(50);
            if reply.status == 200 {
                continue;
            }
            assert_eq!(reply.status, 503, "{}", reply.text());
            assert_eq!(reply.code(), "BXNMSSV11E", "{}", reply.text());
            assert!(reply.header("retry-after").is_some(), "{:?}", reply.headers);
            assert!(reply.text().contains("disk is full"), "{}", reply.text());
            return;
        }
        panic!("the disk never was full");
    }

    fn send_until_taken(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(300);
        loop {
            let reply = self.send(50);
            match reply.status {
                200 => return,
                503 if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(50)),
                _ => panic!("{}", reply.text()),
            }
        }
    }
}

fn serve(data: &Path) -> Serving {
    let flags = [
        "--set",
        "storage.reserve_bytes=0",
        "--set",
        "storage.flush_samples=3000",
    ];
    Serving::start(data, "127.0.0.1:0", &flags)
}

fn wait_for_count(serving: &Serving, text: &str, count: usize) {
    let deadline = Instant::now() + Duration::from_secs(300);
    while serving.log().matches(text).count() < count {
        assert!(
            Instant::now() < deadline,
            "{count} times `{text}`: {}",
            serving.log()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_full_disk_refuses_with_503_and_writing_goes_on_without_a_restart_once_there_is_room() {
    let name =
        "a_full_disk_refuses_with_503_and_writing_goes_on_without_a_restart_once_there_is_room";
    let Some(disk) = SmallDisk::mount(name, "12m") else {
        return;
    };
    let data = disk.0.path().join("data");
    let owner = init(&data);
    let mut serving = serve(&data);
    let mut writer = Writer {
        token: token(&serving.url(), &owner.api_key),
        url: serving.url(),
        space: owner.space.clone(),
        next: now() - 86_400,
        acknowledged: BTreeMap::new(),
    };
    assert_eq!(writer.send(50).status, 200);
    for round in 1..=3 {
        disk.fill();
        writer.send_until_refused();
        wait_for_count(
            &serving,
            "the disk is full: samples and deletions are refused",
            round,
        );
        for _ in 0..20 {
            writer.send(1);
        }
        // Reading works, and no error is reported.
        writer.check();
        let deleted = writer.request("DELETE", "/v1/metrics/list?query=*").send();
        assert_eq!(deleted.status, 503, "{}", deleted.text());
        let make = |writer: &Writer, name: &str| {
            writer
                .request("POST", "/v2/spaces")
                .header("Authorization", &format!("Bearer {}", writer.token))
                .json(&json!({"name": format!("{name}-{round}"), "organization_guid": owner.org}))
                .send()
        };
        // More often than there are connections to the database, each of which finds it full.
        let tries = (0..8).map(|at| make(&writer, &format!("full-{at}")));
        let wrong = tries.filter(|made| !matches!(made.status, 201 | 503));
        let wrong: Vec<String> = wrong.map(|made| made.text()).collect();
        assert!(wrong.is_empty(), "{wrong:?}\n{}", serving.log());
        disk.make_room();
        writer.send_until_taken();
        writer.check();
        let made = make(&writer, "again");
        assert_eq!(made.status, 201, "{}\n{}", made.text(), serving.log());
        wait_for_count(&serving, "there is room on the disk again", round);
        let reports = serving.log().matches("the disk is full: samples").count();
        assert_eq!(reports, round, "told once each time: {}", serving.log());
    }
    // Killed while it is full: what was acknowledged is there after the restart.
    disk.fill();
    writer.send_until_refused();
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    drop(serving);
    disk.make_room();
    let serving = serve(&data);
    writer.url = serving.url();
    writer.token = token(&serving.url(), &owner.api_key);
    writer.check();
    assert_eq!(writer.send(50).status, 200);
    // Stopped in an orderly way while it is full: the same.
    disk.fill();
    writer.send_until_refused();
    serving.stop();
    disk.make_room();
    let serving = serve(&data);
    writer.url = serving.url();
    writer.token = token(&serving.url(), &owner.api_key);
    writer.check();
}

#[test]
fn a_start_on_a_full_disk_says_what_is_wrong_and_breaks_nothing() {
    let name = "a_start_on_a_full_disk_says_what_is_wrong_and_breaks_nothing";
    let Some(disk) = SmallDisk::mount(name, "12m") else {
        return;
    };
    let data = disk.0.path().join("data");
    let owner = init(&data);
    let serving = serve(&data);
    let mut writer = Writer {
        token: token(&serving.url(), &owner.api_key),
        url: serving.url(),
        space: owner.space.clone(),
        next: now() - 86_400,
        acknowledged: BTreeMap::new(),
    };
    assert_eq!(writer.send(50).status, 200);
    drop(serving);
    for _ in 0..3 {
        disk.fill();
        let flags = ["--set", "storage.reserve_bytes=0"];
        if let Err(log) = Serving::try_start(&data, "127.0.0.1:0", &flags) {
            assert!(log.contains("make room on the disk"), "{log}");
        }
        disk.make_room();
    }
    let serving = serve(&data);
    writer.url = serving.url();
    writer.token = token(&serving.url(), &owner.api_key);
    writer.check();
}

/// Whether public and operators' listener say that the server is ready, and what the latter says.
fn readiness(serving: &Serving) -> (bool, String) {
    let public = Request::new(&serving.url(), "GET", "/health/ready").send();
    let operators = serving.operations("/health/ready");
    (
        public.status == 200 && operators.status == 200,
        operators.text(),
    )
}

fn wait_for_readiness(serving: &Serving, expected: bool) -> String {
    let deadline = Instant::now() + Duration::from_secs(300);
    loop {
        let (is_ready, text) = readiness(serving);
        if is_ready == expected {
            return text;
        }
        assert!(Instant::now() < deadline, "{text}\n{}", serving.log());
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn figure(serving: &Serving, name: &str) -> String {
    let text = serving.operations("/metrics").text();
    let found = text.lines().find_map(|line| line.strip_prefix(name));
    found.unwrap_or_default().trim().to_owned()
}

/// Deletions and logins were answered with 503, and the server was "ready": with a reserve the log never finds that the disk
/// is full, and the identity database was only read when it was asked.
#[test]
fn a_server_that_has_no_room_for_logins_and_deletions_is_not_ready() {
    let name = "a_server_that_has_no_room_for_logins_and_deletions_is_not_ready";
    let Some(disk) = SmallDisk::mount(name, "24m") else {
        return;
    };
    let data = disk.0.path().join("data");
    let owner = init(&data);
    for reserve in ["2000000", "0"] {
        let flags = ["--set", &format!("storage.reserve_bytes={reserve}")];
        let serving = Serving::start(&data, "127.0.0.1:0", &flags);
        let token = token(&serving.url(), &owner.api_key);
        let make = |at: u32| {
            Request::new(&serving.url(), "POST", "/v2/spaces")
                .header("Authorization", &format!("Bearer {token}"))
                .json(&json!({"name": format!("s-{reserve}-{at}"), "organization_guid": owner.org}))
                .send()
        };
        wait_for_readiness(&serving, true);
        assert_eq!(figure(&serving, "vigie_store_out_of_room "), "0");
        disk.fill();
        let refused = (0..200).find(|at| make(*at).status == 503);
        assert!(refused.is_some(), "changes find room on a full disk");
        wait_for_readiness(&serving, false);
        wait_for_count(&serving, "the identity database's disk is full", 1);
        let (_, report) = readiness(&serving);
        assert!(report.contains("disk is full"), "{report}");
        assert_eq!(figure(&serving, "vigie_identity_out_of_room "), "1");
        if reserve != "0" {
            wait_for_count(&serving, "the disk is nearly full", 1);
            assert_eq!(figure(&serving, "vigie_store_out_of_room "), "1");
        }
        disk.make_room();
        // Nobody logs in meanwhile: a server that is not ready is sent nobody.
        wait_for_readiness(&serving, true);
        wait_for_count(&serving, "the identity database has room again", 1);
        assert_eq!(figure(&serving, "vigie_identity_out_of_room "), "0");
        assert_eq!(make(1000).status, 201);
    }
}
