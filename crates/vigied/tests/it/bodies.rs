//! Bodies as clients send them: every row of the table in the reference, and unusual bodies.

use crate::harness::{Reply, Server, now, token};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;

struct Client {
    server: Server,
    token: String,
}

impl Client {
    fn new(flags: &[&str]) -> Self {
        let server = Server::with(flags);
        let token = token(&server.serving.url(), &server.owner.api_key);
        Self { server, token }
    }

    fn post(&self, body: &[u8], encoding: Option<&str>) -> Reply {
        let request = self.server.metrics(&self.token, "POST", "/v1/metrics");
        let request = match encoding {
            Some(encoding) => request.header("Content-Encoding", encoding),
            None => request,
        };
        request.body(body).send()
    }

    /// The last value of a series.
    fn last(&self, name: &str) -> Option<f64> {
        let path = format!("/v1/metrics?target={name}&from=-1h&until=%2B1h");
        let reply = self.server.metrics(&self.token, "GET", &path).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let rows = reply.json();
        rows[0]["datapoints"].as_array()?.last()?[0].as_f64()
    }
}

/// `received = stored + overwritten + rejected`, of a receipt.
fn adds_up(receipt: &Value) -> u64 {
    let count = |key: &str| receipt[key].as_u64().unwrap();
    assert_eq!(
        count("received"),
        count("stored") + count("overwritten") + count("rejected"),
        "{receipt}"
    );
    let listed = receipt["rejections"].as_array().map_or(0, Vec::len);
    let left_out = receipt["rejections_left_out"].as_u64().unwrap_or(0);
    assert_eq!(count("rejected"), listed as u64 + left_out, "{receipt}");
    count("received")
}

/// The rows of the table: item, outcome, reason.
fn table() -> Vec<(String, String, String)> {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/reference/samples.md"
    );
    let text = std::fs::read_to_string(page).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let (item, rest) = row.split_once("` | ").unwrap();
        let (outcome, reason) = rest.split_once(" |").unwrap();
        let reason = reason.trim().trim_end_matches('|').trim();
        (item.to_owned(), outcome.replace('`', ""), reason.to_owned())
    })
    .collect()
}

/// Three samples of one name and instant leave one, and the receipt says so; so do two spellings of one series. What an
/// earlier request stored is replaced without a word.
#[test]
fn what_a_later_item_replaced_is_counted_apart() {
    let server = Server::start();
    let token = server.token();
    let send = |items: Value| {
        let request = server.metrics(&token, "POST", "/v1/metrics").json(&items);
        let receipt = request.send().json();
        adds_up(&receipt);
        ["received", "stored", "overwritten", "rejected"].map(|key| receipt[key].as_u64().unwrap())
    };
    let at = now();
    let sample =
        |name: &str, value: f64, at: i64| json!({ "name": name, "value": value, "timestamp": at });
    let thrice = json!([
        sample("o.a", 1.0, at),
        sample("o.a", 2.0, at),
        sample("o.a", 3.0, at)
    ]);
    assert_eq!(send(thrice), [3, 1, 2, 0]);
    let read = server
        .metrics(&token, "GET", "/v1/metrics?target=o.a")
        .send();
    assert_eq!(read.json()[0]["datapoints"], json!([[3, at]]));
    assert_eq!(send(json!([sample("o.a", 4.0, at)])), [1, 1, 0, 0]);
    let spelled = json!([sample("o;x=1;y=2", 1.0, at), sample("o;y=2;x=1", 2.0, at)]);
    assert_eq!(send(spelled), [2, 1, 1, 0]);
    let mixed = json!([
        sample("o.b", 1.0, at),
        sample("o..b", 1.0, at),
        sample("o.b", 2.0, at - 1),
        sample("o.b", 3.0, at),
    ]);
    assert_eq!(send(mixed), [4, 2, 1, 1]);
}

#[test]
fn every_row_of_the_reference_is_true() {
    let client = Client::new(&[]);
    let rows = table();
    assert!(rows.len() > 30, "{}", rows.len());
    for (item, outcome, reason) in &rows {
        let reply = client.post(format!("[{item}]").as_bytes(), None);
        let receipt = reply.json();
        assert_eq!(adds_up(&receipt), 1, "{item}");
        if outcome == "stored" {
            assert_eq!(
                (reply.status, &receipt["stored"]),
                (200, &json!(1)),
                "{item}: {receipt}"
            );
        } else {
            assert_eq!(reply.status, 400, "{item}");
            let rejection = &receipt["rejections"][0];
            assert_eq!(
                (&rejection["code"], &rejection["reason"]),
                (&json!(outcome), &json!(reason)),
                "{item}"
            );
        }
    }
    // All in one body: a bad item does not affect the others.
    let items: Vec<&str> = rows.iter().map(|(item, _, _)| item.as_str()).collect();
    let reply = client.post(format!("[{}]", items.join(",")).as_bytes(), None);
    let receipt = reply.json();
    assert_eq!((reply.status, adds_up(&receipt)), (200, rows.len() as u64));
    let bad = rows
        .iter()
        .filter(|(_, outcome, _)| outcome != "stored")
        .count();
    assert_eq!(receipt["rejected"], json!(bad));
    assert_eq!(
        client.last("a"),
        Some(123_456_789_012_345_678_901_234_567_890.0)
    );
}

#[test]
fn a_body_that_is_odd_as_a_whole() {
    let client = Client::new(&[]);
    let utf16: Vec<u8> = "\u{feff}[]"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let deep = "[".repeat(3_000_000);
    for (body, words) in [
        (&b""[..], "the body is empty"),
        (b" \n ", "the body is empty"),
        (b"hello", "expected `[` or `{` at line 1, column 1"),
        (b"[{\"name\":\"a\",\"value\":NaN}]", "at line 1"),
        (b"[{\"name\":\"a\",\"value\":-Infinity}]", "at line 1"),
        (b"[{\"name\":\"a\",\"value\":1}", "at line 1"),
        (b"[{\"name\":\"a\",\"value\":1}] []", "trailing characters"),
        (&utf16, "the body is not UTF-8 at offset 0"),
        (
            b"[{\"name\":\"\xc3\x28\",\"value\":1}]",
            "the body is not UTF-8 at offset 10",
        ),
        (deep.as_bytes(), "at line 1"),
    ] {
        let reply = client.post(body, None);
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (400, "BXNMSMT01E"),
            "{}",
            reply.text()
        );
        assert!(reply.text().contains(words), "{words}: {}", reply.text());
    }
    for body in [&b"[]"[..], b"\xef\xbb\xbf[]"] {
        let reply = client.post(body, None);
        assert_eq!((reply.status, adds_up(&reply.json())), (200, 0));
    }
    let junk = format!("[{}0]", "0,".repeat(100_001));
    let reply = client.post(junk.as_bytes(), None);
    assert_eq!(reply.code(), "BXNMSMT01E");
    assert!(
        reply.text().contains("more than 100000 items"),
        "{}",
        reply.text()
    );
}

#[test]
fn half_a_million_items_in_one_body() {
    let client = Client::new(&[]);
    let items = "{\"name\":\"a\",\"value\":1},".repeat(500_000);
    let body = format!("[{items}{{\"name\":\"a\",\"value\":7}},3]");
    let reply = client.post(body.as_bytes(), None);
    let receipt = reply.json();
    assert_eq!((reply.status, adds_up(&receipt)), (200, 500_002));
    assert_eq!(receipt["rejections"][0]["index"], json!(500_001));
    // All of one instant: the last one wins within a body, too.
    assert_eq!(client.last("a"), Some(7.0));
}

fn packed(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn gzip_whole_cut_and_bombed() {
    let client = Client::new(&["--set", "limits.body_bytes=1000000"]);
    let good = packed(b"[{\"name\":\"zipped\",\"value\":4}]");
    for encoding in ["gzip", "x-gzip", "GZIP"] {
        assert_eq!(client.post(&good, Some(encoding)).status, 200, "{encoding}");
    }
    assert_eq!(client.last("zipped"), Some(4.0));
    let members = [packed(b"[{\"name\":\"zipped\","), packed(b"\"value\":5}]")].concat();
    assert_eq!(client.post(&members, Some("gzip")).status, 200);
    let refused = |body: &[u8], encoding: &str| {
        let reply = client.post(body, Some(encoding));
        (reply.status, reply.code())
    };
    let unreadable = (400, "BXNMSSV09E".to_owned());
    // Some clients say so of requests without a body; there is nothing to unpack.
    assert_eq!(refused(b"", "gzip"), (400, "BXNMSMT01E".to_owned()));
    for length in [1, 9, good.len() / 2, good.len() - 1] {
        assert_eq!(
            refused(&good[..length], "gzip"),
            unreadable,
            "cut to {length}"
        );
    }
    assert_eq!(refused(b"[]", "gzip"), unreadable);
    assert_eq!(refused(&good, "br"), unreadable);
    let bomb = packed(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 100_000);
    assert_eq!(refused(&bomb, "gzip"), (413, "BXNMSSV03E".to_owned()));
    let exact = format!("[{}]", " ".repeat(999_998));
    assert_eq!(
        client.post(&packed(exact.as_bytes()), Some("gzip")).status,
        200
    );
    // Compressed, without the header.
    assert_eq!(client.post(&good, None).code(), "BXNMSMT01E");
}
