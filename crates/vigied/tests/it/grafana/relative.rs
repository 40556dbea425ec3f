//! Times that count from now, as a board with `Last 6 hours` sends them.

use super::source::Source;
use crate::harness::{Server, now};
use serde_json::{Value, json};

/// Targets of a letter have it after their name: Grafana takes it off again.
const PANEL: &str = "target=aliasSub(shop.eu.orders%2C%20%22(%5E.*%24)%22%2C%20%22%5C1%20A%22)";

fn values(answer: &Value) -> Vec<f64> {
    let points = answer[0]["datapoints"].as_array().unwrap().iter();
    points.filter_map(|point| point[0].as_f64()).collect()
}

#[test]
fn times_that_count_from_now_find_what_came_last() {
    let server = Server::start();
    let token = server.token();
    let at = now() - 120;
    let sent = server.metrics(&token, "POST", "/v1/metrics");
    let sent = sent.json(&json!([{"name": "shop.eu.orders", "value": 7, "timestamp": at}]));
    assert_eq!(sent.send().status, 200);
    let domain = format!("s-{}", server.owner.space);
    let source = Source::by_headers(&server, &server.owner.api_key, &domain);
    for times in [
        "from=-6h&until=now",
        "from=-5min&until=now",
        "from=-7d&until=now",
        "from=-1mon&until=now",
        "from=-6h&until=-1min",
    ] {
        let form = format!("{PANEL}&{times}&format=json&maxDataPoints=900");
        let answer = source.json("POST", "/render", Some(&form));
        assert_eq!(answer[0]["target"], "shop.eu.orders A", "{times}");
        assert_eq!(values(&answer), [7.0], "{times}");
        let path = format!("/metrics/find?{times}");
        let found = source.json("POST", &path, Some("query=shop.*"));
        assert_eq!(found[0]["text"], "eu", "{times}");
        let path = format!("/metrics/expand?query=shop.*.*&{times}");
        let found = source.json("GET", &path, None);
        assert_eq!(found["results"], json!(["shop.eu.orders"]), "{times}");
    }
    // Many a script writes a slash at the end, as graphite-web allows.
    let form = format!("{PANEL}&from=-6h&until=now&format=json");
    let answer = source.json("POST", "/render/", Some(&form));
    assert_eq!(values(&answer), [7.0]);
    let found = source.json("GET", "/metrics/find/?query=*", None);
    assert_eq!(found[0]["text"], "shop");
    // Before the sample there is the series all the same, and nothing in it.
    let form = format!("{PANEL}&from=-6h&until=-10min&format=json&maxDataPoints=900");
    let answer = source.json("POST", "/render", Some(&form));
    assert_eq!(values(&answer), [0.0; 0]);
    assert_eq!(answer[0]["target"], "shop.eu.orders A");
}

/// The server of Grafana reads an event's instant as a whole number, and its tags as a list.
#[test]
fn an_event_is_an_annotation_of_the_last_hours() {
    let server = Server::start();
    let token = server.token();
    let before = now();
    let event = json!({"what": "release 1.5", "tags": ["deploy", "shop"], "data": "by ada"});
    let reply = server
        .metrics(&token, "POST", "/events/")
        .json(&event)
        .send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let domain = format!("s-{}", server.owner.space);
    let source = Source::by_path(&server, &server.owner.api_key, &domain);
    for tags in ["&tags=deploy", "&tags=deploy%20shop", ""] {
        let path = format!("/events/get_data?from=-6h&until=now{tags}");
        let found = source.json("GET", &path, None);
        let found = found.as_array().unwrap();
        assert_eq!(found.len(), 1, "{tags}: {found:?}");
        let when = found[0]["when"].as_i64().unwrap();
        assert!((before..=now()).contains(&when), "{found:?}");
        assert_eq!(found[0]["tags"], json!(["deploy", "shop"]));
        assert_eq!(found[0]["what"], "release 1.5");
        assert_eq!(found[0]["data"], "by ada");
    }
    let none = source.json(
        "GET",
        "/events/get_data?from=-6h&until=-1h&tags=deploy",
        None,
    );
    assert_eq!(none, json!([]));
}

/// With *Forward OAuth Identity* Grafana adds what its own provider of logins gave to the user, which is nothing to this server.
#[test]
fn a_credential_of_grafanas_own_users_changes_nothing() {
    let server = Server::start();
    let domain = format!("s-{}", server.owner.space);
    let source = Source::by_headers(&server, &server.owner.api_key, &domain);
    let foreign =
        "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUub3JnIn0.c2lnbmF0dXJl";
    let forwarded = source
        .with("Authorization", &format!("Bearer {foreign}"))
        .with("X-ID-Token", foreign);
    let version = forwarded.ask("GET", "/version", None);
    assert_eq!((version.status, version.text().as_str()), (200, "1.1.10\n"));
}
