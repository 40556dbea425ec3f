//! A small answer is complete before its first byte is sent: what its client has not taken ends with the caller's access all the
//! same.

use super::queries::until;
use super::raw_http2::{PREFACE, RESET, SETTINGS, frame, get, read_frame, window};
use super::unread_answers::{fill, small_client};
use super::withdrawn::{ended, further_key, manage, ok, server};
use std::io::{Read, Write};
use std::net::TcpStream;

/// About 200 kB: more than is on its way at once, and less than is sent in pieces as it is written.
const NAMES: usize = 220;
const LEAST_BYTES: usize = NAMES * 900;

const WHY: &str = "the API key was deleted";

/// What comes until the connection ends, or the answer of this length (with its head) is whole.
fn rest(client: &mut TcpStream, whole: usize) -> usize {
    let (mut bytes, mut buffer) = (0, [0; 4096]);
    while bytes < whole {
        match client.read(&mut buffer) {
            Ok(read @ 1..) => bytes += read,
            _ => break,
        }
    }
    bytes
}

#[test]
fn a_small_answer_that_has_begun_ends_when_its_caller_is_let_in_no_longer() {
    let server = server();
    let own = format!("apikey {}", server.owner.api_key);
    fill(&server, &[("X-Auth-User-Token", &own)], NAMES);
    let (key, path) = further_key(&server);
    let list = |credential: &str| {
        let mut client = small_client(&server);
        let ask = format!(
            "GET /v1/metrics/list?query=* HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: {credential}\r\n\r\n"
        );
        client.write_all(ask.as_bytes()).unwrap();
        let mut beginning = [0; 2048];
        let read = client.read(&mut beginning).unwrap();
        let text = String::from_utf8_lossy(&beginning[..read]).to_lowercase();
        assert!(text.starts_with("http/1.1 200 "), "{text}");
        // Not in pieces of unknown number.
        let length = text.split_once("content-length: ").unwrap().1;
        let length: usize = length.split_once('\r').unwrap().0.parse().unwrap();
        let head = text.find("\r\n\r\n").unwrap() + 4;
        assert!((LEAST_BYTES..256 * 1024).contains(&length), "{length}");
        (client, head + length - read)
    };
    let (mut untouched, left_of_untouched) = list(&own);
    let (mut withdrawn, left) = list(&format!("apikey {key}"));
    ok(&manage(&server, "DELETE", &path).send());
    until(WHY, || ended(&server, WHY) == 1);
    let bytes = rest(&mut withdrawn, left);
    assert!(bytes < left / 2, "{bytes} of {left} bytes came");
    // Nobody else's has ended, and the connection of a whole answer serves on.
    assert_eq!(rest(&mut untouched, left_of_untouched), left_of_untouched);
    untouched
        .write_all(b"GET /health/live HTTP/1.1\r\nHost: vigie\r\n\r\n")
        .unwrap();
    let mut answer = [0; 12];
    untouched.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert_eq!(ended(&server, ""), 1);
}

#[test]
fn so_does_a_small_one_over_http2() {
    let server = server();
    let own = format!("apikey {}", server.owner.api_key);
    fill(&server, &[("X-Auth-User-Token", &own)], NAMES);
    let (key, path) = further_key(&server);
    let mut client = small_client(&server);
    let lines = [("x-auth-user-token", &*format!("apikey {key}"))];
    let mut begin = PREFACE.to_vec();
    begin.extend(frame(SETTINGS, 0, 0, &[]));
    begin.extend(get(1, "/v1/metrics/list?query=*", &lines));
    client.write_all(&begin).unwrap();
    // All that it may have sent without being asked for more.
    let mut taken = 0;
    while taken < 65_535 {
        let (kind, _, payload) = read_frame(&mut client).unwrap();
        taken += if kind == 0 { payload.len() } else { 0 };
    }
    ok(&manage(&server, "DELETE", &path).send());
    until(WHY, || ended(&server, WHY) == 1);
    let more = 1 << 24;
    client.write_all(&window(0, more)).unwrap();
    client.write_all(&window(1, more)).unwrap();
    loop {
        let (kind, stream, payload) = read_frame(&mut client).unwrap();
        match (kind, stream) {
            (RESET, 1) => break,
            (0, 1) => taken += payload.len(),
            _ => {}
        }
        assert!(taken < LEAST_BYTES, "the whole answer came");
    }
}
