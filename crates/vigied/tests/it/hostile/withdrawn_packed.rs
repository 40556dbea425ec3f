//! A packed answer ends with its caller's access as a plain one does, whichever way the credential came.

use super::unread_answers::small_client;
use super::withdrawn::{ended, further_key, manage, ok, server};
use crate::harness::until;
use serde_json::json;
use std::io::{Read, Write};

/// Names that shrink little: more of them than sockets hold, packed as well.
const NAMES: usize = 1500;
const NAME_BYTES: usize = 900;

/// Letters of which none tells the next.
fn names() -> Vec<String> {
    let mut state = 7_u64;
    let mut letter = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(b'a' + u8::try_from((state >> 40) % 26).unwrap())
    };
    (0..NAMES)
        .map(|_| (0..NAME_BYTES).map(|_| letter()).collect())
        .collect()
}

#[test]
fn a_packed_answer_that_came_by_a_password_ends_when_its_key_is_deleted() {
    let server = server();
    let scope = format!("s-{}", server.owner.space);
    let samples: Vec<_> = names()
        .iter()
        .map(|name| json!({"name": name, "value": 1}))
        .collect();
    let sent = manage(&server, "POST", "/v1/metrics?durability=buffered");
    ok(&sent
        .header("X-Auth-Scope-Id", &scope)
        .json(&json!(samples))
        .send());
    for (at, packing) in ["gzip", "zstd"].into_iter().enumerate() {
        let (key, path) = further_key(&server);
        let mut client = small_client(&server);
        let ask = format!(
            "GET /graphite/{scope}/metrics/index.json HTTP/1.1\r\nHost: vigie\r\nAuthorization: {}\r\n\
             Accept-Encoding: {packing}\r\nConnection: close\r\n\r\n",
            wire::credential::encode_basic("apikey", &key)
        );
        client.write_all(ask.as_bytes()).unwrap();
        let mut beginning = [0; 2048];
        let read = client.read(&mut beginning).unwrap();
        let head = String::from_utf8_lossy(&beginning[..read]).to_lowercase();
        assert!(head.starts_with("http/1.1 200 "), "{head}");
        assert!(
            head.contains(&format!("content-encoding: {packing}\r\n")),
            "{head}"
        );
        ok(&manage(&server, "DELETE", &path).send());
        until("it is withdrawn", || {
            ended(&server, "the API key was deleted") == at + 1
        });
        let (mut bytes, mut buffer) = (0, [0; 4096]);
        while let Ok(read @ 1..) = client.read(&mut buffer) {
            bytes += read;
        }
        assert!(
            bytes < NAMES * NAME_BYTES / 4,
            "{packing}: {bytes} bytes came"
        );
    }
}
