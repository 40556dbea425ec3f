//! Crashes and restarts: acknowledged samples are kept, and partial ones are never served.

use crate::harness::{Request, Server, Serving, init, now, token};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

/// Rounds of SIGKILL.
const ROUNDS: u64 = 200;

/// Small sample counts per flush, so that kills also hit flushes, manifests and merges.
const FLUSH_OFTEN: [&str; 2] = ["--set", "storage.flush_samples=2000"];

/// A small seeded generator: rounds are the same on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// The value every sample must have: a torn or mixed-up one would not.
fn value_of(series: u64, stamp: i64) -> f64 {
    f64::from(u32::try_from(series * 1000).unwrap())
        + f64::from(i32::try_from(stamp % 1000).unwrap()) / 8.0
}

/// Sends batches until the server dies; returns the acknowledged samples.
fn writer(
    url: &str,
    token: &str,
    space: &str,
    writer: u64,
    first: i64,
    acks: &mpsc::Sender<()>,
) -> Vec<(u64, i64)> {
    let mut acknowledged = Vec::new();
    let mut stamp = first;
    loop {
        let items: Vec<(u64, i64)> = (0..20)
            .map(|at| (writer * 5 + at % 5, stamp + i64::try_from(at / 5).unwrap()))
            .collect();
        stamp += 4;
        let body: Vec<Value> = items
            .iter()
            .map(|(series, stamp)| json!({"name": format!("kill.s{series}"), "value": value_of(*series, *stamp), "timestamp": stamp}))
            .collect();
        let sent = Request::new(url, "POST", "/v1/metrics")
            .header("X-Auth-User-Token", &format!("iam {token}"))
            .header("X-Auth-Scope-Id", &format!("s-{space}"))
            .json(&json!(body))
            .try_send();
        match sent {
            Ok(reply) => {
                assert_eq!(reply.status, 200, "{}", reply.text());
                acknowledged.extend(items);
                if acks.send(()).is_err() {
                    return acknowledged;
                }
            }
            Err(_) => return acknowledged,
        }
    }
}

fn stored(url: &str, token: &str, space: &str) -> BTreeMap<(u64, i64), f64> {
    let reply = Request::new(url, "GET", "/v1/metrics?target=kill.*&from=1&until=now")
        .header("X-Auth-User-Token", &format!("iam {token}"))
        .header("X-Auth-Scope-Id", &format!("s-{space}"))
        .send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let mut all = BTreeMap::new();
    for row in reply.json().as_array().unwrap() {
        let series: u64 = row["target"]
            .as_str()
            .unwrap()
            .strip_prefix("kill.s")
            .unwrap()
            .parse()
            .unwrap();
        for point in row["datapoints"].as_array().unwrap() {
            all.insert(
                (series, point[1].as_i64().unwrap()),
                point[0].as_f64().unwrap(),
            );
        }
    }
    all
}

#[test]
fn two_hundred_kills_lose_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let owner = init(folder.path());
    let mut random = Random(0x5eed_cafe_f00d);
    let mut acknowledged: Vec<(u64, i64)> = Vec::new();
    let mut stamp = now() - 40_000_000;
    let mut bearer = None;
    for round in 0..ROUNDS {
        let mut serving = Serving::start(folder.path(), "127.0.0.1:0", &FLUSH_OFTEN);
        let url = serving.url();
        // One token serves all rounds.
        let token = bearer
            .get_or_insert_with(|| token(&url, &owner.api_key))
            .clone();
        if round > 0 {
            serving.wait_for_log("recovered");
        }
        let (acks, acked) = mpsc::channel();
        let kill_after = random.below(24);
        let hold = AtomicU64::new(random.below(4000));
        let fresh: Vec<(u64, i64)> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..2)
                .map(|at| {
                    let (url, token, space, acks) = (&url, &token, &owner.space, acks.clone());
                    scope.spawn(move || writer(url, token, space, at, stamp, &acks))
                })
                .collect();
            for _ in 0..kill_after {
                acked.recv().unwrap();
            }
            // A few more spins, so that the kill falls anywhere inside a request and not just after an answer.
            while hold.fetch_sub(1, Ordering::Relaxed) > 1 {
                std::hint::spin_loop();
            }
            serving.child.kill().unwrap();
            serving.child.wait().unwrap();
            drop(acked);
            writers
                .into_iter()
                .flat_map(|writer| writer.join().unwrap())
                .collect()
        });
        acknowledged.extend(fresh);
        stamp += 10_000;
        if round % 10 == 9 || round < 10 {
            verify(folder.path(), &token, &owner.space, &acknowledged, round);
        }
    }
    assert!(
        acknowledged.len() > 10_000,
        "only {} samples were acknowledged: no load",
        acknowledged.len()
    );
}

fn verify(data: &Path, token: &str, space: &str, acknowledged: &[(u64, i64)], round: u64) {
    let serving = Serving::start(data, "127.0.0.1:0", &FLUSH_OFTEN);
    let all = stored(&serving.url(), token, space);
    for sample in acknowledged {
        assert!(
            all.contains_key(sample),
            "round {round}: {sample:?} was acknowledged and is gone"
        );
    }
    for ((series, stamp), value) in &all {
        assert_eq!(
            *value,
            value_of(*series, *stamp),
            "round {round}: a torn sample of series {series} at {stamp}"
        );
    }
}

/// SIGTERM lets requests finish; everything is there afterwards, also what was sent without waiting for the disk.
#[test]
fn a_graceful_stop_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let owner = init(folder.path());
    let serving = Serving::start(folder.path(), "127.0.0.1:0", &[]);
    let url = serving.url();
    let token = token(&url, &owner.api_key);
    let stamp = now() - 1000;
    let space = owner.space.clone();
    for at in 0..50_i64 {
        let item = json!([{"name": "soft.stop", "value": at, "timestamp": stamp + at}]);
        let reply = Request::new(&url, "POST", "/v1/metrics?durability=buffered")
            .header("X-Auth-User-Token", &format!("iam {token}"))
            .header("X-Auth-Scope-Id", &format!("s-{space}"))
            .json(&item)
            .send();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    assert!(serving.stop().success());
    let again = Serving::start(folder.path(), "127.0.0.1:0", &[]);
    let reply = Request::new(&again.url(), "GET", "/v1/metrics?target=soft.stop")
        .header("X-Auth-User-Token", &format!("iam {token}"))
        .header("X-Auth-Scope-Id", &format!("s-{space}"))
        .send();
    assert_eq!(reply.json()[0]["datapoints"].as_array().unwrap().len(), 50);
}

/// A server's address may change; its tokens stay valid, each for its kind.
#[test]
fn tokens_outlive_a_change_of_address() {
    let folder = tempfile::tempdir().unwrap();
    let owner = init(folder.path());
    let serving = Serving::start(folder.path(), "127.0.0.1:0", &[]);
    let iam = token(&serving.url(), &owner.api_key);
    let form = [
        ("grant_type", "password"),
        ("username", "apikey"),
        ("password", &*owner.api_key),
    ];
    let uaa = Request::new(&serving.url(), "POST", "/oauth/token")
        .basic("cf", "")
        .form(&form)
        .send();
    let uaa = uaa.json()["access_token"].as_str().unwrap().to_owned();
    assert!(serving.stop().success());

    let moved = ["--public-url", "https://metrics.example.org"];
    let again = Serving::start(folder.path(), "127.0.0.1:0", &moved);
    let list = |credential: String| {
        Request::new(&again.url(), "GET", "/v1/metrics/list")
            .header("X-Auth-User-Token", &credential)
            .header("X-Auth-Scope-Id", &format!("s-{}", owner.space))
            .send()
    };
    assert_eq!(list(format!("iam {iam}")).status, 200);
    assert_eq!(list(format!("uaa {uaa}")).status, 200);
    assert_eq!(list(format!("iam {uaa}")).code(), "BXNMSRI16E");
    assert_eq!(list(format!("uaa {iam}")).code(), "BXNMSRI16E");
    let fresh = token(&again.url(), &owner.api_key);
    let claims = fresh.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(
        &base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims).unwrap(),
    )
    .unwrap();
    assert_eq!(claims["iss"], "https://metrics.example.org/identity");
}

/// A reload without a certificate is logged, and ends nothing.
#[test]
fn a_hangup_without_a_certificate_ends_nothing() {
    let server = Server::start();
    server.serving.signal("HUP");
    server
        .serving
        .wait_for_log("there is no certificate to read again");
    assert_eq!(server.request("GET", "/health/live").send().status, 200);
}

/// Health tells what works.
#[test]
fn health_answers_without_a_credential() {
    let server = Server::start();
    assert_eq!(
        server.request("GET", "/health/live").send().json(),
        json!({"status": "live"})
    );
    let ready = server.request("GET", "/health/ready").send();
    assert_eq!(
        (ready.status, ready.json()),
        (200, json!({"status": "ready"}))
    );
    let reply = server.operations("/health/ready");
    assert_eq!(reply.status, 200, "{}", reply.text());
    let body = reply.json();
    assert_eq!(
        (&body["identity"], &body["store"]),
        (&json!("ok"), &json!("ok"))
    );
}

#[test]
fn a_damaged_store_says_where_and_what_to_do() {
    let server = Server::start();
    let token = token(&server.serving.url(), &server.owner.api_key);
    let sent = server
        .metrics(&token, "POST", "/v1/metrics")
        .json(&json!([{"name": "a.b", "value": 1}]))
        .send();
    assert_eq!(sent.status, 200, "{}", sent.text());
    let Server {
        serving, folder, ..
    } = server;
    assert!(serving.stop().success());
    let data = folder.path().join("data");
    let manifest = data.join("samples/manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("\"sequence\":", "\"sequence\":1")).unwrap();
    let log = Serving::try_start(&data, "127.0.0.1:0", &[]).unwrap_err();
    let place = format!("{} is damaged at offset 0", manifest.display());
    assert!(log.contains(&place), "{log}");
    assert!(
        log.contains("hint: restore") && log.contains("backup"),
        "{log}"
    );
}
