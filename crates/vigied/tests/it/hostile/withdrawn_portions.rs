//! A body that is stored in portions ends with its sender's access.

use super::queries::figure;
use super::withdrawn::{manage, ok, server};
use crate::harness::until;

const FIELDS: usize = 4000;
const LINES: i64 = 36;

/// Lines whose fields repeat long tags: some 3 MB of names each, of the same series, in a megabyte.
fn body() -> String {
    let tags: String = (0..3)
        .map(|at| format!(",t{at}={}", "v".repeat(250)))
        .collect();
    let fields: Vec<String> = (0..FIELDS).map(|at| format!("f{at}=1")).collect();
    let (fields, now) = (fields.join(","), crate::harness::now());
    (0..LINES)
        .map(|at| format!("m{tags} {fields} {}\n", now - at))
        .collect()
}

/// The scope of its first portion was that of all others, however long the body took.
#[test]
fn a_body_in_portions_ends_when_its_key_is_deleted() {
    let server = server();
    let stored = format!(
        "vigie_samples_received_total{{domain=\"s-{}\"}}",
        server.owner.space
    );
    // One sample, so that there is such a figure.
    let (key, _) = server.narrow_key();
    let write = |key: &str, lines: String| {
        let request = server.request("POST", "/write?precision=s");
        let request = request.header("X-Auth-User-Token", &format!("apikey {key}"));
        request.body(lines).send()
    };
    assert_eq!(write(&key, "m f=1".to_owned()).status, 204);
    let whole = FIELDS as u64 * LINES as u64;
    // A fast machine may be done with all before the key is deleted.
    for _ in 0..20 {
        let (key, id) = server.narrow_key();
        let before = figure(&server, &stored);
        let reply = std::thread::scope(|threads| {
            let sent = threads.spawn(|| write(&key, body()));
            until("the first portion is stored", || {
                figure(&server, &stored) > before || sent.is_finished()
            });
            ok(&manage(&server, "DELETE", &format!("/v1/apikeys/{id}")).send());
            sent.join().unwrap()
        });
        let received = figure(&server, &stored) - before;
        if reply.status == 204 {
            assert_eq!(received, whole);
            continue;
        }
        assert_eq!(reply.status, 401, "{}", reply.text());
        assert!(received > 0 && received < whole, "{received} of {whole}");
        server
            .serving
            .wait_for_log("its caller no longer has access");
        return;
    }
    panic!("all was stored each time");
}
