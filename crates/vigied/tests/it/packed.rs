//! Packed answers: on request, where they help, and never for answers with secrets.

use crate::harness::{Reply, Server};
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};
use std::io::Read as _;

fn send(server: &Server, token: &str, series: usize, samples: i64) {
    let batch: Vec<Value> = (0..series)
        .flat_map(|series| {
            (0..samples).map(move |at| {
                json!({
                    "name": format!("shop.host{series:03}.latency-ms"),
                    "value": f64::from(u32::try_from((at * 37) % 1000).unwrap()) / 10.0,
                    "timestamp": 1_519_862_400 + at * 10,
                })
            })
        })
        .collect();
    let reply = server
        .metrics(token, "POST", "/v1/metrics")
        .json(&json!(batch))
        .send();
    assert_eq!(reply.status, 200, "{}", reply.text());
}

fn ask(server: &Server, token: &str, path: &str, accepted: Option<&str>) -> Reply {
    let mut request = server.metrics(token, "GET", path);
    if let Some(accepted) = accepted {
        request = request.header("Accept-Encoding", accepted);
    }
    let reply = request.send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply
}

fn unpacked(reply: &Reply) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut packed = MultiGzDecoder::new(reply.body.as_slice());
    packed.read_to_end(&mut plain).unwrap();
    plain
}

/// By what the answer says it is packed with.
fn unpacked_by_zstd(reply: &Reply) -> Vec<u8> {
    assert_eq!(reply.header("content-encoding"), Some("zstd"));
    let (mut plain, mut rest) = (Vec::new(), reply.body.as_slice());
    while !rest.is_empty() {
        let mut frame = ruzstd::decoding::StreamingDecoder::new(&mut rest).unwrap();
        frame.read_to_end(&mut plain).unwrap();
    }
    plain
}

fn is_packed(reply: &Reply) -> bool {
    reply.header("content-encoding") == Some("gzip")
}

const RENDER: &str = "/v1/metrics?target=shop.*.*&from=1519862000&until=1519962400";

#[test]
fn a_large_answer_is_packed_in_pieces_and_a_middling_one_as_a_whole() {
    let server = Server::start();
    let token = server.token();
    send(&server, &token, 60, 500);
    // Longer than an answer that is sent as a whole.
    let plain = ask(&server, &token, RENDER, None);
    assert!(!is_packed(&plain) && plain.body.len() > 500_000);
    assert_eq!(plain.header("vary"), Some("accept-encoding"));
    let packed = ask(&server, &token, RENDER, Some("gzip"));
    assert!(is_packed(&packed), "{:?}", packed.headers);
    assert_eq!(packed.header("vary"), Some("accept-encoding"));
    assert_eq!(packed.header("content-length"), None);
    assert!(
        packed.body.len() * 3 < plain.body.len(),
        "{}",
        packed.body.len()
    );
    assert!(unpacked(&packed) == plain.body);

    for path in [
        "/v1/metrics?target=shop.host00?.*&from=1519862000&until=1519962400",
        "/v1/metrics/list?query=shop.*&format=nodes",
    ] {
        let plain = ask(&server, &token, path, None);
        assert!((1500..256 * 1024).contains(&plain.body.len()), "{path}");
        let packed = ask(&server, &token, path, Some("gzip"));
        assert!(is_packed(&packed), "{path}");
        let length = packed.header("content-length").unwrap();
        assert_eq!(length, packed.body.len().to_string());
        assert!(unpacked(&packed) == plain.body, "{path}");
    }
}

#[test]
fn what_a_client_accepts_decides() {
    let server = Server::start();
    let token = server.token();
    send(&server, &token, 1, 500);
    for (accepted, packed) in [
        ("gzip", true),
        ("GZip", true),
        ("x-gzip", true),
        ("deflate, gzip;q=0.5, br", true),
        ("*", true),
        ("br, *;q=0.1", true),
        ("gzip;q=0.001", true),
        ("gzip ; Q=1.000", true),
        ("gzip, identity;q=0.5", true),
        ("gzip;q=0.5, identity;q=0.5", true),
        ("gzip;q=0.5, identity", false),
        ("", false),
        ("identity", false),
        ("br", false),
        ("gzip;q=0", false),
        ("gzip;q=0.000, *", false),
        ("*;q=0", false),
        ("identity;q=0", false),
        ("gzip;q=2", false),
        ("gzip;q=x", false),
        ("gzipped", false),
    ] {
        let reply = ask(&server, &token, RENDER, Some(accepted));
        assert_eq!(is_packed(&reply), packed, "{accepted:?}");
    }
    let twice = server
        .metrics(&token, "GET", RENDER)
        .header("Accept-Encoding", "br")
        .header("Accept-Encoding", "gzip")
        .send();
    assert!(is_packed(&twice));
}

#[test]
fn zstd_is_used_when_preferred_whole_and_in_pieces() {
    let server = Server::start();
    let token = server.token();
    send(&server, &token, 60, 500);
    let one = "/v1/metrics?target=shop.host00?.*&from=1519862000&until=1519962400";
    for path in [RENDER, one, "/v1/metrics/list?query=shop.*&format=nodes"] {
        let plain = ask(&server, &token, path, None);
        for accepted in ["zstd", "gzip;q=0.5, zstd", "zstd, *;q=0"] {
            let packed = ask(&server, &token, path, Some(accepted));
            assert!(
                packed.body.len() * 2 < plain.body.len(),
                "{path} {accepted}"
            );
            assert_eq!(packed.header("vary"), Some("accept-encoding"));
            assert!(unpacked_by_zstd(&packed) == plain.body, "{path} {accepted}");
        }
        // What browsers say: they like both as well.
        let gzip = ask(&server, &token, path, Some("gzip, deflate, br, zstd"));
        assert!(is_packed(&gzip) && unpacked(&gzip) == plain.body);
    }
}

/// Zstd takes memory of the query's account: where there is none, the answer is plain.
#[test]
fn where_memory_is_short_nothing_is_refused_for_zstd() {
    let server = Server::with(&["--set", "limits.queries_in_flight_bytes=4MiB"]);
    let token = server.token();
    send(&server, &token, 1, 500);
    let reply = ask(&server, &token, RENDER, Some("zstd"));
    assert_eq!(reply.header("content-encoding"), None);
    assert!(is_packed(&ask(&server, &token, RENDER, Some("gzip"))));
}

/// Graphite's routes as well; a picture is packed already.
#[test]
fn graphites_answers_are_packed_but_for_pictures() {
    let server = Server::start();
    let token = server.token();
    send(&server, &token, 60, 500);
    let range = "from=1519862000&until=1519962400";
    for path in [
        format!("/render?target=shop.*.*&{range}&format=json"),
        format!("/render?target=shop.*.*&{range}&format=csv"),
        "/metrics/index.json".to_owned(),
        "/functions".to_owned(),
    ] {
        // Twice: the second one may come from what is kept.
        let plain = ask(&server, &token, &path, None);
        for _ in 0..2 {
            let packed = ask(&server, &token, &path, Some("gzip"));
            assert!(is_packed(&packed), "{path}");
            assert_eq!(packed.header("vary"), Some("accept-encoding"), "{path}");
            assert!(unpacked(&packed) == plain.body, "{path}");
        }
    }
    for format in ["png", "pdf"] {
        let path = format!("/render?target=shop.host000.*&{range}&format={format}");
        let picture = ask(&server, &token, &path, Some("gzip"));
        assert!(
            !is_packed(&picture) && picture.body.len() > 1500,
            "{format}"
        );
    }
}

#[test]
fn a_tiny_answer_is_not_packed_but_for_who_refuses_plain_ones() {
    let server = Server::start();
    let token = server.token();
    send(&server, &token, 1, 3);
    let tiny = ask(&server, &token, RENDER, Some("gzip"));
    assert!(!is_packed(&tiny));
    let packed = ask(&server, &token, RENDER, Some("gzip, identity;q=0"));
    assert!(is_packed(&packed));
    assert!(unpacked(&packed) == tiny.body);
    // An error is told in plain words to everybody.
    let refused = server
        .metrics(&token, "GET", "/v1/metrics?target=a..b")
        .header("Accept-Encoding", "gzip, identity;q=0")
        .send();
    assert_eq!(refused.status, 400);
    assert!(!is_packed(&refused) && refused.text().contains("BXNMSMT05E"));
}

/// The length of a compressed answer reveals repetition, so text that somebody else chooses must not be compressed together
/// with a secret.
#[test]
fn what_holds_a_secret_is_never_packed() {
    let server = Server::start();
    let token = server.token();
    let info = server.request("GET", "/identity/userinfo").bearer(&token);
    let iam_id = info.send().json()["iam_id"].as_str().unwrap().to_owned();
    let long = "n".repeat(60);
    let made = server
        .request("POST", "/v1/apikeys")
        .bearer(&token)
        .header("Accept-Encoding", "gzip, identity;q=0")
        .json(&json!({"name": long, "iam_id": iam_id}))
        .send();
    assert!(made.text().contains("vgk_"), "{}", made.text());
    assert!(!is_packed(&made));
    let issued = server
        .request("POST", "/identity/token")
        .header("Accept-Encoding", "gzip, identity;q=0")
        .form(&[
            ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
            ("apikey", &server.owner.api_key),
        ])
        .send();
    assert!(issued.text().contains("access_token"));
    assert!(!is_packed(&issued));
    for path in ["/v2/organizations", "/v1/settings/domain", "/metrics"] {
        let reply = server
            .metrics(&token, "GET", path)
            .header("Accept-Encoding", "gzip, identity;q=0")
            .send();
        assert!(!is_packed(&reply), "{path}");
    }
}
