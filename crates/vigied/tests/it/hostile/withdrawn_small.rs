//! A small answer is complete before its first byte is sent: what its client has not taken ends with the caller's access all the
//! same.

use super::raw_http2::{HEADERS, PREFACE, SETTINGS, frame, get, read_frame, window};
use super::unread_answers::{fill, small_client};
use super::withdrawn::{ended, further_key, manage, ok, server};
use crate::harness::until;
use std::io::{Read, Write};
use std::net::TcpStream;

/// About 200 kB: more than is on its way at once, and less than is sent in pieces as it is written.
const NAMES: usize = 220;
const LEAST_BYTES: usize = NAMES * 900;

const WHY: &str = "the API key was deleted";

/// The number of bytes until the connection ends, or the answer of this length (with its head) is whole.
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
    let user_token = format!("apikey {}", server.owner.api_key);
    fill(&server, &[("X-Auth-User-Token", &user_token)], NAMES);
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
    let (mut untouched, left_of_untouched) = list(&user_token);
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

/// The status 200, as the first byte of a head (RFC 7541, appendix A).
const OK: u8 = 0x88;

/// Streams that are asked for at once.
const STREAMS: u32 = 64;

/// All answers to one client with one credential end with its connection: the HTTP library holds a part of each answer, which
/// the client could otherwise read for as long as it liked.
#[test]
fn so_do_many_small_ones_over_http2() {
    let server = server();
    let user_token = format!("apikey {}", server.owner.api_key);
    fill(&server, &[("X-Auth-User-Token", &user_token)], NAMES);
    for streams in [1, STREAMS] {
        let (key, path) = further_key(&server);
        let mut client = small_client(&server);
        let lines = [("x-auth-user-token", &*format!("apikey {key}"))];
        let mut begin = PREFACE.to_vec();
        // Every stream may send as much as it likes.
        let mut settings = 4_u16.to_be_bytes().to_vec();
        settings.extend(10_000_000_u32.to_be_bytes());
        begin.extend(frame(SETTINGS, 0, 0, &settings));
        begin.extend(window(0, 1 << 30));
        for stream in 0..streams {
            begin.extend(get(2 * stream + 1, "/v1/metrics/list?query=*", &lines));
        }
        client.write_all(&begin).unwrap();
        // Each has begun, or there was no room for it.
        let (mut heads, mut begun) = (0, 0);
        while heads < streams {
            let (kind, _, payload) = read_frame(&mut client).unwrap();
            if kind == HEADERS {
                heads += 1;
                begun += u32::from(payload.first() == Some(&OK));
            }
        }
        assert!(begun > 0, "none of {streams} streams has begun");
        // Some may be whole by now.
        let before = ended(&server, WHY);
        ok(&manage(&server, "DELETE", &path).send());
        until(WHY, || ended(&server, WHY) > before);
        let bytes = rest(&mut client, usize::MAX);
        assert!(
            bytes <= 96 * 1024,
            "{bytes} bytes came on {streams} streams"
        );
    }
    let alive = server.request("GET", "/health/live").send();
    assert_eq!(alive.status, 200);
}
