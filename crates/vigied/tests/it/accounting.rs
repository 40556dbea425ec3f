//! `received = stored + overwritten + rejected` per domain in every reading of the metrics during concurrent writes; and the
//! next request reads what a 200 acknowledged.

use crate::harness::{Server, now};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

const WRITERS: usize = 6;
const WRITES: usize = 60;

const KINDS: [&str; 4] = ["received", "stored", "overwritten", "rejected"];

/// Received, stored, overwritten and rejected of each domain, all reasons together.
fn counted(server: &Server) -> BTreeMap<String, [u64; 4]> {
    let mut counts: BTreeMap<String, [u64; 4]> = BTreeMap::new();
    let metrics = server.operations("/metrics").text();
    for line in metrics.lines() {
        for (at, kind) in KINDS.iter().enumerate() {
            let Some(rest) = line.strip_prefix(&format!("vigie_samples_{kind}_total{{")) else {
                continue;
            };
            let domain = rest.split("domain=\"").nth(1).unwrap();
            let domain = domain.split('"').next().unwrap().to_owned();
            let value: u64 = rest.rsplit(' ').next().unwrap().parse().unwrap();
            counts.entry(domain).or_default()[at] += value;
        }
    }
    counts
}

#[test]
fn received_is_stored_overwritten_and_rejected_in_every_reading() {
    let server = Server::start();
    let token = server.token();
    let domains = [
        format!("s-{}", server.owner.space),
        format!("o-{}", server.owner.org),
        format!("a-{}", server.owner.account),
    ];
    let counts: Mutex<BTreeMap<String, [u64; 4]>> = Mutex::default();
    let stamp = now();
    let write = &|writer: usize| {
        let domain = &domains[writer % domains.len()];
        let ask = |method: &str, path: &str| {
            let request = server.request(method, path);
            request
                .header("X-Auth-User-Token", &format!("iam {token}"))
                .header("X-Auth-Scope-Id", domain)
        };
        for round in 0..WRITES {
            let name = format!("load.w{writer}");
            let mut items = vec![json!({ "name": name, "value": round, "timestamp": stamp })];
            if round % 3 == 0 {
                items.push(json!({ "name": "a bad name", "value": 1 }));
                items.push(json!({ "name": "fine", "value": "text" }));
            }
            if round % 4 == 0 {
                // The last sample of an instant counts; the receipt counts those that it replaced.
                items.insert(0, json!({ "name": name, "value": -1, "timestamp": stamp }));
            }
            if round % 5 == 0 {
                // The body was refused as a whole, so no items are counted.
                let broken = ask("POST", "/v1/metrics").body("[{\"name\":");
                assert_eq!(broken.send().status, 400);
            }
            let sent = ask("POST", "/v1/metrics").json(&Value::from(items)).send();
            assert_eq!(sent.status, 200, "{}", sent.text());
            let receipt = sent.json();
            let figures = KINDS.map(|key| receipt[key].as_u64().unwrap());
            let mut counts = counts.lock().unwrap();
            let sums = counts.entry(domain.clone()).or_default();
            for (sum, figure) in sums.iter_mut().zip(figures) {
                *sum += figure;
            }
            drop(counts);
            let read = ask("GET", &format!("/v1/metrics?target={name}")).send();
            let expected = json!([{ "target": name, "datapoints": [[round, stamp]] }]);
            assert_eq!(read.json(), expected);
        }
    };
    let mut readings = 0;
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| scope.spawn(move || write(writer)))
            .collect();
        while writers.iter().any(|writer| !writer.is_finished()) {
            for (domain, [received, stored, overwritten, rejected]) in counted(&server) {
                assert_eq!(received, stored + overwritten + rejected, "{domain}");
                readings += 1;
            }
        }
    });
    assert!(readings > 20, "only {readings} readings");
    assert_eq!(counted(&server), counts.into_inner().unwrap());
}
