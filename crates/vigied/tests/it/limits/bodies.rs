//! The limits of bodies, and the shares of what all requests have in common.

use super::{answer, hanging, hits};
use crate::harness::{Reply, Request, Server, VIGIED};
use base::limit::{self, Limit};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

pub(super) const LIMITS: [Limit; 11] = [
    limit::MANAGEMENT_BODY_BYTES,
    limit::FORM_BYTES,
    limit::GZIP_MEMBERS,
    limit::REJECTIONS_PER_RECEIPT,
    limit::ARRIVING_BODIES,
    limit::BODIES_IN_FLIGHT_BYTES,
    limit::BODY_STALL_SECONDS,
    limit::BODY_BYTES_PER_SECOND_MIN,
    limit::ACCOUNT_SHARE_PERCENT,
    limit::SOURCE_SHARE_PERCENT,
    limit::STRANGER_SHARE_PERCENT,
];

pub(super) fn with(settings: &[&str]) -> Server {
    let flags: Vec<&str> = settings.iter().flat_map(|set| ["--set", set]).collect();
    Server::with(&flags)
}

/// The refusal has this status, and names the limit, which is counted.
fn refused(server: &Server, status: u16, limit: Limit, reply: &Reply) {
    let text = reply.text();
    assert_eq!(reply.status, status, "{text}");
    assert!(text.contains(limit.name), "{}: {text}", limit.name);
    assert!(hits(server, limit) > 0, "{}", limit.name);
}

fn keyed(server: &Server, path: &str) -> Request {
    let key = format!("apikey {}", server.owner.api_key);
    let request = server.request("POST", path);
    request.header("X-Auth-User-Token", &key)
}

fn token_form(server: &Server, bytes: usize) -> Reply {
    let request = server.request("POST", "/identity/token");
    request.body("x".repeat(bytes)).send()
}

#[test]
fn sizes_of_bodies() {
    let server = with(&["limits.management_body_bytes=4096"]);
    let reply = keyed(&server, "/v1/apikeys").body("x".repeat(4097)).send();
    refused(&server, 413, limit::MANAGEMENT_BODY_BYTES, &reply);
    let whole = keyed(&server, "/v1/apikeys").body("x".repeat(4096)).send();
    assert_eq!(whole.status, 400, "{}", whole.text());
    // Nested as deep as the bound allows: the parser ends at 128.
    let deep = keyed(&server, "/v1/apikeys").body("[".repeat(4096)).send();
    assert_eq!(deep.status, 400, "{}", deep.text());
    let reply = token_form(&server, 64 * 1024 + 1);
    refused(&server, 400, limit::FORM_BYTES, &reply);
    let whole = token_form(&server, 64 * 1024).text();
    assert!(!whole.contains(limit::FORM_BYTES.name), "{whole}");
    let empty = GzEncoder::new(Vec::new(), Compression::best()).finish();
    let members = keyed(&server, "/v1/metrics").header("Content-Encoding", "gzip");
    let reply = members.body(empty.unwrap().repeat(1025)).send();
    refused(&server, 400, limit::GZIP_MEMBERS, &reply);
}

#[test]
fn a_body_that_stands_still_or_drips_is_told_so() {
    let settings = [
        "limits.body_stall_seconds=1",
        "limits.body_bytes_per_second_min=50",
    ];
    let server = with(&settings);
    let token = server.token();
    let still = answer(&mut hanging(&server, &token));
    assert!(still.starts_with("HTTP/1.1 408 "), "{still}");
    let mut drips = hanging(&server, &token);
    // Ten bytes a second are too few; that they came in time, each of them, does not help.
    for _ in 0..99 {
        std::thread::sleep(Duration::from_millis(100));
        if drips.write_all(b" ").is_err() {
            break;
        }
    }
    let dripped = answer(&mut drips);
    for text in [still, dripped] {
        assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
        for limit in [limit::BODY_STALL_SECONDS, limit::BODY_BYTES_PER_SECOND_MIN] {
            assert!(text.contains(limit.name), "{text}");
        }
    }
    assert_eq!(hits(&server, limit::BODY_STALL_SECONDS), 2);
}

#[test]
fn a_slow_body_that_keeps_to_the_least_rate_is_taken() {
    let settings = [
        "limits.body_stall_seconds=5",
        "limits.body_bytes_per_second_min=1",
    ];
    let server = with(&settings);
    let mut slow = hanging(&server, &server.token());
    for _ in 0..49 {
        std::thread::sleep(Duration::from_millis(150));
        slow.write_all(b"  ").unwrap();
    }
    slow.write_all(b"]").unwrap();
    let text = answer(&mut slow);
    assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
}

#[test]
fn bodies_that_arrive_at_once() {
    for (share, limit) in [
        (100, limit::ARRIVING_BODIES),
        (50, limit::ACCOUNT_SHARE_PERCENT),
    ] {
        // None of them is behind before this is over.
        let server = with(&[
            "limits.arriving_bodies=4",
            "limits.body_stall_seconds=120",
            "limits.request_seconds=300",
            &format!("limits.account_share_percent={share}"),
        ]);
        let token = server.token();
        let fit = if share == 100 { 4 } else { 2 };
        let mut held: Vec<_> = (0..=fit).map(|_| hanging(&server, &token)).collect();
        let text = first_answer(&mut held);
        assert!(text.starts_with("HTTP/1.1 429 "), "{text}");
        assert!(text.contains("retry-after: 1"), "{text}");
        assert!(text.contains(limit.name), "{text}");
        assert!(hits(&server, limit) > 0);
        drop(held);
    }
    // Of strangers' bodies the oldest gives way.
    let server = with(&[
        "limits.arriving_bodies=4",
        "limits.body_stall_seconds=120",
        "limits.request_seconds=300",
    ]);
    let stranger = || {
        let mut stream = TcpStream::connect(&server.serving.address).unwrap();
        let head = "POST /identity/token HTTP/1.1\r\nHost: vigie\r\nContent-Length: 9\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let text = first_answer(&mut [stranger(), stranger()]);
    assert!(text.starts_with("HTTP/1.1 429 "), "{text}");
    assert!(text.contains(limit::ARRIVING_BODIES.name), "{text}");
    assert!(text.contains("connection: close"), "{text}");
}

/// The answer on any of them; which of them is begun last is not known.
fn first_answer(streams: &mut [TcpStream]) -> String {
    let begun = Instant::now();
    loop {
        for stream in &mut *streams {
            let wait = Some(Duration::from_millis(50));
            stream.set_read_timeout(wait).unwrap();
            if stream.peek(&mut [0]).is_ok() {
                return answer(stream);
            }
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "no answer");
    }
}

#[test]
fn bytes_of_all_bodies() {
    const STALL: &str = "limits.body_stall_seconds=10";
    const BYTES: &str = "limits.bodies_in_flight_bytes=100000";
    let server = with(&[STALL, BYTES, "limits.account_share_percent=100"]);
    let large = |server: &Server, bytes: usize| {
        let body = format!("[{}]", " ".repeat(bytes));
        keyed(server, "/v1/metrics").body(body).send()
    };
    // Seven eighths are an account's, half of them for a packed body and half for what it becomes: what fits is taken, what
    // never fits is not put off.
    refused(&server, 413, limit::BODY_BYTES, &large(&server, 50_000));
    assert_eq!(large(&server, 43_000).status, 200);
    // Samples take many times the bytes of their lines: they are stored in portions that fit, if any do.
    let lines = "PUTVAL h/load/load N:0.5:0.6:0.7\n".repeat(1000);
    let collectd = keyed(&server, "/collectd").body(lines).send();
    assert_eq!(collectd.status, 200, "{}", collectd.text());
    assert_eq!(collectd.json()["received"], 3000);
    let fields: Vec<String> = (0..100).map(|field| format!("f{field}=1")).collect();
    for end in ["\n", ""] {
        let line = format!("m,t={} {}{end}", "v".repeat(900), fields.join(","));
        let influx = keyed(&server, "/write").body(line).send();
        refused(&server, 413, limit::BODIES_IN_FLIGHT_BYTES, &influx);
        assert!(influx.header("retry-after").is_none());
    }
    // Of 100 kB a quarter is an address's.
    let never = |reply: &Reply, share: Limit| {
        refused(&server, 413, limit::BODIES_IN_FLIGHT_BYTES, reply);
        assert!(reply.text().contains(share.name), "{}", reply.text());
        assert!(reply.header("retry-after").is_none());
    };
    never(&token_form(&server, 30_000), limit::SOURCE_SHARE_PERCENT);
    // The operator can give one account less than all have.
    let account = &server.owner.account;
    let mut command = Command::new(VIGIED);
    command.args(["account", "limit", account, "account_share_percent=20"]);
    let done = command.arg("--data").arg(server.data()).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let begun = Instant::now();
    while large(&server, 43_000).status == 200 {
        assert!(
            begun.elapsed() < Duration::from_secs(90),
            "it has its share"
        );
    }
    never(&large(&server, 43_000), limit::ACCOUNT_SHARE_PERCENT);
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    let plain = format!("[{}]", " ".repeat(19_998));
    packed.write_all(plain.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let sent = keyed(&server, "/v1/metrics").header("Content-Encoding", "gzip");
    never(&sent.body(packed).send(), limit::ACCOUNT_SHARE_PERCENT);
    let strangers = with(&[
        STALL,
        BYTES,
        "limits.source_share_percent=100",
        "limits.stranger_share_percent=20",
    ]);
    let reply = token_form(&strangers, 30_000);
    assert_eq!(reply.status, 413, "{}", reply.text());
    assert!(reply.text().contains(limit::STRANGER_SHARE_PERCENT.name));
    // Nothing of it is kept.
    let small = keyed(&server, "/v1/metrics").body("[]").send();
    assert_eq!(small.status, 200, "{}", small.text());
}

/// A packed body of a few bytes for each item is answered with no more text than a receipt may hold, and all is counted.
#[test]
fn a_receipt_lists_the_first_rejections_and_counts_all() {
    let server = with(&[]);
    let token = server.token();
    let send = |items: &[&str]| {
        let body = format!("[{}]", items.join(","));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body.as_bytes()).unwrap();
        let request = server.metrics(&token, "POST", "/v1/metrics");
        let request = request.header("Content-Encoding", "gzip");
        request.body(encoder.finish().unwrap()).send()
    };
    let old = "{\"name\":\"a.b\",\"value\":1,\"timestamp\":1}";
    let good = "{\"name\":\"a.b\",\"value\":1}";
    let all = send(&[[old; 600].as_slice(), &[old, "7"].repeat(2200)].concat());
    let text = all.text();
    assert_eq!(all.status, 400, "{text}");
    assert!(text.len() < 200_000, "{} bytes", text.len());
    assert!(text.contains(limit::REJECTIONS_PER_RECEIPT.name), "{text}");
    let receipt = all.json();
    let count = |key: &str| receipt[key].as_u64().unwrap();
    assert_eq!((count("received"), count("rejected")), (5000, 5000));
    assert_eq!(count("rejections_left_out"), 4000);
    let codes = &receipt["rejected_by_code"];
    assert_eq!(
        (&codes["too_old"], &codes["malformed"]),
        (&2800.into(), &2200.into())
    );
    let listed = receipt["rejections"].as_array().unwrap();
    let indices: Vec<u64> = listed
        .iter()
        .map(|rejection| rejection["index"].as_u64().unwrap())
        .collect();
    assert_eq!(indices, (0..1000).collect::<Vec<u64>>());
    assert_eq!(
        (&listed[600]["name"], &listed[601]["code"]),
        (&"a.b".into(), &"malformed".into())
    );
    assert_eq!(hits(&server, limit::REJECTIONS_PER_RECEIPT), 1);
    // As many as fit are all listed, and nothing is said of others.
    let fits = send(&[[old; 1000].as_slice(), &[good]].concat());
    assert_eq!(fits.status, 200, "{}", fits.text());
    let receipt = fits.json();
    assert_eq!(receipt["rejections"].as_array().unwrap().len(), 1000);
    assert!(
        receipt.get("rejections_left_out").is_none() && receipt.get("rejected_by_code").is_none()
    );
    assert_eq!(hits(&server, limit::REJECTIONS_PER_RECEIPT), 1);
}
