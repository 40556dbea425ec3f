//! A backup that is made during writes and served as it is: it contains everything acknowledged before.

use crate::disk_full::SmallDisk;
use crate::harness::{Request, Serving, VIGIED, init, init_with, now, token};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// Flush often, so that segments come and go during the backup.
const FLUSH_OFTEN: [&str; 2] = ["--set", "storage.flush_samples=1000"];

fn backup(data: &Path, target: &Path) -> Output {
    Command::new(VIGIED)
        .arg("backup")
        .arg(target)
        .args(["--output", "json", "--data"])
        .arg(data)
        .output()
        .unwrap()
}

fn backup_report(output: &Output) -> Value {
    let (out, err) = (&output.stdout, &output.stderr);
    let err = String::from_utf8_lossy(err);
    assert!(output.status.success(), "{err}");
    serde_json::from_slice(out).unwrap_or_else(|error| panic!("{error}: {err}"))
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A caller in one space.
struct Caller {
    url: String,
    token: String,
    space: String,
}

impl Caller {
    fn of(serving: &Serving, key: &str, space: &str) -> Self {
        Self {
            url: serving.url(),
            token: token(&serving.url(), key),
            space: space.to_owned(),
        }
    }

    fn metrics(&self, method: &str, path: &str) -> Request {
        Request::new(&self.url, method, path)
            .header("X-Auth-User-Token", &format!("iam {}", self.token))
            .header("X-Auth-Scope-Id", &format!("s-{}", self.space))
    }

    fn send(&self, first: i64, count: i64) {
        let body: Vec<Value> = (first..first + count)
            .map(|stamp| json!({"name": "under.load", "value": 1, "timestamp": stamp}))
            .collect();
        let reply = self
            .metrics("POST", "/v1/metrics")
            .json(&json!(body))
            .send();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }

    /// How many samples there are.
    fn count(&self) -> usize {
        let path = "/v1/metrics?target=under.load&from=-3d&until=now&maxDataPoints=10000000";
        let reply = self.metrics("GET", path).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let rows = reply.json();
        rows[0]["datapoints"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|point| !point[0].is_null())
            .count()
    }
}

/// The identity of one folder, in place of another's.
fn put_identity(from: &Path, to: &Path) {
    for name in ["iam.db-wal", "iam.db-shm"] {
        let _ = std::fs::remove_file(to.join(name));
    }
    for name in ["iam.db", "keys/encryption.key"] {
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

/// Domains are numbers in the store: a new account read what had been sent to another.
#[test]
fn samples_are_served_to_no_other_identity() {
    let folder = tempfile::tempdir().unwrap();
    let [data, other] = ["data", "other"].map(|name| folder.path().join(name));
    let owner = init(&data);
    init_with(&other, &["--account", "globex"]);
    let serving = Serving::start(&data, "127.0.0.1:0", &[]);
    Caller::of(&serving, &owner.api_key, &owner.space).send(now() - 60, 3);
    assert!(serving.stop().success());

    put_identity(&other, &data);
    let log = Serving::try_start(&data, "127.0.0.1:0", &[]).err().unwrap();
    assert!(log.contains("holds samples of another identity"), "{log}");

    for name in ["iam.db", "keys/encryption.key"] {
        std::fs::remove_file(data.join(name)).unwrap();
    }
    let anew = Command::new(VIGIED)
        .args(["init", "--data"])
        .arg(&data)
        .output()
        .unwrap();
    let refused = refused(&anew);
    assert!(
        refused.contains("an identity that is not here"),
        "{refused}"
    );
}

/// A database that was brought back gave the numbers of later spaces again, and their samples with them.
#[test]
fn a_space_made_after_a_restore_has_no_samples_of_one_that_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let [data, earlier] = ["data", "earlier"].map(|name| folder.path().join(name));
    let owner = init(&data);
    let serve = || Serving::start(&data, "127.0.0.1:0", &[]);
    assert!(serve().stop().success());
    std::fs::create_dir_all(earlier.join("keys")).unwrap();
    put_identity(&data, &earlier);
    let make_space = |serving: &Serving| {
        let (url, token) = (serving.url(), token(&serving.url(), &owner.api_key));
        let body = json!({"name": "later", "organization_guid": owner.org});
        let made = Request::new(&url, "POST", "/v2/spaces").bearer(&token);
        let made = made.json(&body).send();
        assert_eq!(made.status, 201, "{}", made.text());
        let space = made.json()["metadata"]["guid"].as_str().unwrap().to_owned();
        Caller::of(serving, &owner.api_key, &space)
    };
    let serving = serve();
    make_space(&serving).send(now() - 60, 3);
    assert!(serving.stop().success());

    put_identity(&earlier, &data);
    let serving = serve();
    let again = make_space(&serving);
    let listed = again.metrics("GET", "/v1/metrics/list?query=*").send();
    assert_eq!(listed.status, 200, "{}", listed.text());
    assert_eq!(listed.json(), json!([]));
}

fn everything_is_private(folder: &Path) {
    for entry in std::iter::once(folder.to_owned()).chain(
        folder
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().path()),
    ) {
        let found = entry.symlink_metadata().unwrap();
        let mode = found.permissions().mode() & 0o777;
        let expected = if found.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{}", entry.display());
        if found.is_dir() && entry != folder {
            everything_is_private(&entry);
        }
    }
}

#[test]
fn a_backup_made_under_load_serves_everything_that_was_acknowledged_before() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = init(&data);
    let serving = Serving::start(&data, "127.0.0.1:0", &FLUSH_OFTEN);
    let caller = Caller::of(&serving, &owner.api_key, &owner.space);
    let (acknowledged, stop) = (AtomicI64::new(0), AtomicBool::new(false));
    let first = now() - 2 * 86_400;
    let copies = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut sent = 0;
            while !stop.load(Ordering::SeqCst) && sent < 170_000 {
                caller.send(first + sent, 100);
                sent += 100;
                acknowledged.store(sent, Ordering::SeqCst);
            }
        });
        scope.spawn(|| {
            // Spaces are created and deleted meanwhile, with their samples.
            let mut number = 0;
            while !stop.load(Ordering::SeqCst) {
                number += 1;
                let manage = |method: &str, path: &str| {
                    Request::new(&caller.url, method, path).bearer(&caller.token)
                };
                let body = json!({"name": format!("s{number}"), "organization_guid": owner.org});
                let made = manage("POST", "/v2/spaces").json(&body).send();
                assert_eq!(made.status, 201, "{}", made.text());
                let guid = made.json()["metadata"]["guid"].as_str().unwrap().to_owned();
                let sender = Caller {
                    url: caller.url.clone(),
                    token: caller.token.clone(),
                    space: guid.clone(),
                };
                sender.send(first, 10);
                assert_eq!(
                    manage("DELETE", &format!("/v2/spaces/{guid}"))
                        .send()
                        .status,
                    204
                );
            }
        });
        for number in 0..3 {
            while acknowledged.load(Ordering::SeqCst) < 3000 * (number + 1) {
                std::thread::yield_now();
            }
            let target = folder.path().join(format!("copy-{number}"));
            let before = acknowledged.load(Ordering::SeqCst);
            let report = backup_report(&backup(&data, &target));
            assert_eq!(report["identity"], "included");
            copies.lock().unwrap().push((target, before));
        }
        stop.store(true, Ordering::SeqCst);
    });
    for (target, before) in copies.into_inner().unwrap() {
        everything_is_private(&target);
        let copy = Serving::start(&target, "127.0.0.1:0", &FLUSH_OFTEN);
        let there = Caller::of(&copy, &owner.api_key, &owner.space);
        let found = there.count();
        assert!(
            found >= usize::try_from(before).unwrap(),
            "{found} of {before}"
        );
        // An older token is valid there: the signing keys were copied.
        let known = Caller {
            url: copy.url(),
            token: caller.token.clone(),
            space: owner.space.clone(),
        };
        known.send(now() - 60, 10);
        assert_eq!(there.count(), found + 10);
    }
    // The original server has lost nothing.
    let all = usize::try_from(acknowledged.load(Ordering::SeqCst)).unwrap();
    assert_eq!(caller.count(), all);
}

#[test]
fn a_closed_folder_is_copied_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = init(&data);
    let serving = Serving::start(&data, "127.0.0.1:0", &[]);
    Caller::of(&serving, &owner.api_key, &owner.space).send(now() - 600, 100);
    drop(serving);
    let target = folder.path().join("copy");
    backup_report(&backup(&data, &target));
    everything_is_private(&target);
    let copy = Serving::start(&target, "127.0.0.1:0", &[]);
    assert_eq!(Caller::of(&copy, &owner.api_key, &owner.space).count(), 100);
}

/// A backup of a closed folder logged the start of the store on the operator's terminal.
#[test]
fn regression_7_a_command_of_the_operators_says_nothing_but_its_answer() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    let serving = Serving::start(&data, "127.0.0.1:0", &[]);
    let copies = ["online", "offline"].map(|name| folder.path().join(name));
    let mut serving = Some(serving);
    for copy in &copies {
        let to = copy.to_str().unwrap();
        for words in [
            &["backup", to][..],
            &["account", "list"],
            &["deleted", "list"],
            &["keys", "list"],
            &["user", "list"],
            &["audit"],
        ] {
            let output = Command::new(VIGIED)
                .args(words)
                .arg("--data")
                .arg(&data)
                .output()
                .unwrap();
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let (out, err) = (text(&output.stdout), text(&output.stderr));
            assert!(output.status.success(), "{words:?}: {err}");
            assert_eq!(err, "", "{words:?}");
            assert!(!out.contains("INFO"), "{words:?}: {out}");
            if words[0] == "backup" {
                let first = out.lines().next().unwrap();
                assert!(first.starts_with("The backup is complete: "), "{out}");
                assert!(first.contains(to), "{out}");
            }
        }
        serving = None;
    }
    drop(serving);
}

#[test]
fn a_backup_never_takes_the_place_of_anything_and_leaves_no_half_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = init(&data);
    let serving = Serving::start(&data, "127.0.0.1:0", &[]);
    Caller::of(&serving, &owner.api_key, &owner.space).send(now() - 60_000, 10_000);
    let there = folder.path().join("there");
    std::fs::create_dir(&there).unwrap();
    let error = refused(&backup(&data, &there));
    assert!(
        error.contains("is there already") && error.contains("\"hint\":\""),
        "{error}"
    );
    let inside = refused(&backup(&data, &data.join("copy")));
    assert!(inside.contains("inside the data folder"), "{inside}");
    let nowhere = refused(&backup(&data, &folder.path().join("no/such/copy")));
    assert!(nowhere.contains("there is no folder"), "{nowhere}");
    let broken = folder.path().join("broken");
    std::fs::create_dir(folder.path().join("broken.partial")).unwrap();
    std::fs::write(folder.path().join("broken.partial/data"), "of somebody").unwrap();
    let error = refused(&backup(&data, &broken));
    assert!(
        error.contains("broken.partial") && error.contains("\"hint\":\""),
        "{error}"
    );
    assert!(!broken.exists());
    let name = "a_backup_never_takes_the_place_of_anything_and_leaves_no_half_of_one";
    let Some(disk) = SmallDisk::mount(name, "64k") else {
        return;
    };
    let error = refused(&backup(&data, &disk.0.path().join("copy")));
    assert!(
        error.contains("\"hint\":\"make room there, or name a folder on another disk"),
        "{error}"
    );
    // The code comes from the server, and is the same as on a closed folder.
    assert!(error.contains("\"code\":\"out_of_room\""), "{error}");
    assert_eq!(error.matches("make room").count(), 1, "{error}");
    assert_eq!(
        disk.0.path().read_dir().unwrap().count(),
        0,
        "nothing is left of it"
    );
    // The next backup is not affected.
    backup_report(&backup(&data, &folder.path().join("good")));
    Caller::of(&serving, &owner.api_key, &owner.space).send(now() - 60, 10);
}

#[test]
fn by_an_address_nobody_asks_for_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    let at = ["--set", "operations.listen=127.0.0.1:0"];
    let serving = Serving::start(&data, "127.0.0.1:0", &at);
    serving.wait_for_log("operations=\"");
    let log = serving.log();
    let (_, rest) = log.split_once("operations=\"").unwrap();
    let url = format!("http://{}", rest.split('"').next().unwrap());
    let target = folder.path().join("stolen");
    let path = format!("/backup?to={}", target.display());
    assert_eq!(Request::new(&url, "POST", &path).send().status, 404);
    assert!(!target.exists());
    // The public listener has no such route.
    assert_eq!(
        Request::new(&serving.url(), "POST", &path).send().status,
        404
    );
    // The operator still gets one, through the socket in the folder.
    backup_report(&backup(&data, &target));
}
