//! Deletions without end, and their cost for readers.

use super::{HONEST, ask, connect_from, figure};
use crate::harness::{Server, until};
use crate::hostile::slow_bodies::{with_another_account, write_sample};
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs()
}

/// A sample each second of the last `count`, of one series.
fn seconds(server: &Server, key: &str, name: &str, count: u64) -> u64 {
    let last = now();
    let samples: Vec<_> = (0..count)
        .map(|back| json!({"name": name, "value": back, "timestamp": last - back}))
        .collect();
    let sent = ask(server, key, "POST", "/v1/metrics").json(&json!(samples));
    assert_eq!(sent.send().status, 200);
    last
}

/// 4000 deletions made a query of one series run for minutes, past its deadline, in a turn that nobody got back. What no file holds yet goes
/// at once: nothing is left that a query would have to check, and no deletion is refused for it. (`limits::queries` has those that wait.)
#[test]
fn deletions_of_what_no_file_holds_are_never_too_many_and_their_series_can_be_read() {
    let (server, other) = with_another_account(&[]);
    let last = seconds(&server, &other, "a.b", 50_000);
    let mut stream = connect_from(HONEST, &server).unwrap();
    for number in 0..1500 {
        let from = last - 49_000 + number * 2;
        let path = format!("/v1/metrics/list?query=a.*&from={from}&until={}", from + 1);
        let reply = ask(&server, &other, "DELETE", &path).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        if number % 100 == 0 {
            assert_eq!(write_sample(&mut stream, &server.owner.api_key).0, 200);
        }
    }
    assert_eq!(figure(&server, "vigie_store_tombstones"), 0);
    for path in [
        "/v1/metrics?target=a.*&from=-1d",
        "/v1/metrics?target=a.*&from=-1d&maxDataPoints=10",
    ] {
        let reply = ask(&server, &other, "GET", path).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    until("every turn is given back", || {
        figure(&server, "vigie_queries_running") == 0
            && figure(&server, "vigie_queries_in_flight_bytes") == 0
    });
    // A whole series can still be deleted.
    let path = "/v1/metrics/list?query=a.*";
    assert_eq!(ask(&server, &other, "DELETE", path).send().status, 200);
}

/// Each sample of a series was in memory at once: 24 bytes of the room that all queries share, and more in truth.
#[test]
fn a_long_series_needs_no_more_room_than_its_part_of_the_head() {
    let server = Server::with(&[
        "--set",
        "limits.queries_in_flight_bytes=5000000",
        "--set",
        "limits.account_share_percent=100",
    ]);
    let key = server.owner.api_key.clone();
    let last = now();
    for first in [100_000, 0] {
        let samples: Vec<_> = (first..first + 100_000)
            .rev()
            .map(|back| json!({"name": "a.b", "value": back, "timestamp": last - back}))
            .collect();
        let sent = ask(&server, &key, "POST", "/v1/metrics").json(&json!(samples));
        assert_eq!(sent.send().status, 200);
    }
    for (more, points) in [("", 200_000), ("&maxDataPoints=1000", 1000)] {
        let path = format!("/v1/metrics?target=a.b&from={}{more}", last - 300_000);
        let reply = ask(&server, &key, "GET", &path).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let json = reply.json();
        let found = json[0]["datapoints"].as_array().unwrap();
        assert_eq!(found.len(), points);
        let values = found.iter().map(|point| point[0].as_f64().unwrap());
        let mean = values.sum::<f64>() / points as f64;
        assert!((mean - 99_999.5).abs() < 1.0, "{mean}");
    }
    until("all room is given back", || {
        figure(&server, "vigie_queries_in_flight_bytes") == 0
    });
}
