//! Bodies that never arrive, or arrive very slowly, take no place from other requests.

use super::honest::{Honest, answer, connect_from};
use crate::harness::{Server, Serving, VIGIED, init};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Few places, so that a few slow bodies would take them all.
const FEW: [&str; 2] = ["--set", "limits.concurrent_requests=8"];

/// The same, where no request ends by its own time before this is over.
const PATIENT: [&str; 4] = [FEW[0], FEW[1], "--set", "limits.request_seconds=600"];

/// More than there are places, several times.
const SLOW: u8 = 64;

const HONEST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// The address of an attacker; there are as many as one likes.
const fn attacker(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 1, number)
}

/// Sends one sample over a kept connection; status and answer.
pub(super) fn write_sample(stream: &mut TcpStream, api_key: &str) -> (u16, String) {
    let body = r#"[{"name":"honest.client","value":1}]"#;
    let request = format!(
        "POST /v1/metrics?durability=buffered HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {api_key}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    answer(stream).unwrap()
}

/// Opens requests whose bodies do not come, and gives them time to be begun.
fn slow(server: &Server, sources: &[Ipv4Addr], lines: &str) -> Vec<TcpStream> {
    let head = format!("POST {lines}\r\nHost: vigie\r\n\r\n");
    let open = |number| {
        let source = sources[usize::from(number) % sources.len()];
        let mut stream = connect_from(source, server).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let streams: Vec<TcpStream> = (0..SLOW).map(open).collect();
    // Requests served after them were sent after them; after one more round all of them have started.
    let mut other = connect_from(attacker(255), server).unwrap();
    for _ in 0..5 {
        let ask = b"GET /health/live HTTP/1.1\r\nHost: vigie\r\n\r\n";
        other.write_all(ask).unwrap();
        assert_eq!(answer(&mut other).unwrap().0, 200);
    }
    streams
}

/// Of these, how many are still waited for: not answered, and not closed.
fn waiting(streams: &mut [TcpStream]) -> usize {
    let waits = |stream: &mut TcpStream| {
        stream.set_nonblocking(true).unwrap();
        let read = stream.read(&mut [0; 1]);
        matches!(read, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    };
    streams.iter_mut().map(waits).filter(|waits| *waits).count()
}

/// While the slow bodies wait, an honest client is served as if there were none.
fn honest_is_served(server: &Server, api_key: &str, from: Ipv4Addr, what: &str) {
    let mut stream = connect_from(from, server).unwrap();
    for _ in 0..20 {
        let (status, text) = write_sample(&mut stream, api_key);
        assert_eq!(status, 200, "{what}: {text}");
    }
}

#[test]
fn slow_bodies_of_strangers_take_no_place() {
    let many: Vec<Ipv4Addr> = (1..=SLOW).map(attacker).collect();
    let server = Server::with(&FEW);
    for path in [
        "/identity/token",
        "/oidc/token",
        "/oauth/token HTTP/1.1\r\nAuthorization: Basic Y2Y6",
        "/identity/introspect",
        "/identity/revoke",
        "/identity/passcode",
    ] {
        let path = if path.contains(' ') {
            path.to_owned()
        } else {
            format!("{path} HTTP/1.1")
        };
        for (body, sources) in [
            ("Content-Length: 100", &many[..1]),
            ("Content-Length: 100", &many),
            ("Content-Length: 100\r\nExpect: 100-continue", &many),
            ("Transfer-Encoding: chunked", &many),
        ] {
            let lines = format!("{path}\r\n{body}");
            let held = slow(&server, sources, &lines);
            honest_is_served(&server, &server.owner.api_key, HONEST, &lines);
            drop(held);
        }
    }
}

#[test]
fn an_authenticated_client_of_the_same_address_is_served() {
    let server = Server::with(&FEW);
    let held = slow(
        &server,
        &[HONEST],
        "/identity/token HTTP/1.1\r\nContent-Length: 100",
    );
    honest_is_served(&server, &server.owner.api_key, HONEST, "the same address");
    // And a login from there as well: it is the slow ones that give way.
    let mut stream = connect_from(HONEST, &server).unwrap();
    let form = format!(
        "grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey={}",
        server.owner.api_key
    );
    let login = format!(
        "POST /identity/token HTTP/1.1\r\nHost: vigie\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(login.as_bytes()).unwrap();
    let (status, text) = answer(&mut stream).unwrap();
    assert_eq!(status, 200, "{text}");
    drop(held);
}

/// A server with another account, and the key of that one's owner.
pub(super) fn with_another_account(flags: &[&str]) -> (Server, String) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = init(&data);
    let other = other_account(&data);
    let serving = Serving::start(&data, "127.0.0.1:0", flags);
    let server = Server {
        serving,
        owner,
        folder,
    };
    (server, other)
}

fn other_account(data: &Path) -> String {
    let output = Command::new(VIGIED)
        .args(["account", "create", "Other", "--owner", "bea@example.org"])
        .args(["--output", "json", "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    json["api_key"].as_str().unwrap().to_owned()
}

#[test]
fn one_tenants_slow_bodies_take_no_place_of_another() {
    let (server, other) = with_another_account(&FEW);
    let many: Vec<Ipv4Addr> = (1..=SLOW).map(attacker).collect();
    for sources in [&many[..1], &many] {
        for path in ["/v1/metrics", "/v1/apikeys"] {
            let lines = format!(
                "{path} HTTP/1.1\r\nX-Auth-User-Token: apikey {other}\r\nContent-Length: 100000"
            );
            let held = slow(&server, sources, &lines);
            honest_is_served(&server, &server.owner.api_key, HONEST, &lines);
            drop(held);
        }
    }
}

/// Attackers that start the next body as soon as one is dropped.
#[test]
fn slow_bodies_without_end_are_given_up_one_after_the_other() {
    let server = Server::with(&PATIENT);
    let honest = Honest::start(&server, HONEST);
    let lines = "/identity/token HTTP/1.1\r\nContent-Length: 100";
    let mut held = slow(&server, &[attacker(1), attacker(2)], lines);
    let begun = Instant::now();
    while waiting(&mut held) > 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(90),
            "{} slow bodies are still waited for",
            waiting(&mut held)
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let served = honest.stop();
    assert!(served.refused.is_empty(), "{:?}", served.refused);
    assert!(!served.took.is_empty());
}

/// A refusal takes in what is still sent, but not for long: that is a body that comes slowly, too.
#[test]
fn a_refused_body_that_trickles_is_not_waited_for() {
    let server = Server::with(&PATIENT);
    let lines = "/v1/metrics HTTP/1.1\r\nContent-Length: 1000000";
    let mut held = slow(&server, &[attacker(1)], lines);
    honest_is_served(&server, &server.owner.api_key, HONEST, lines);
    let begun = Instant::now();
    while waiting(&mut held) > 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(90),
            "still waited for"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}
