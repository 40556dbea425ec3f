//! Connections that send nothing, half a request, or one very slowly: each stage has a time limit.

use super::honest::{Honest, answer, connect_from};
use super::raw_http2::{GOAWAY, PING, PREFACE, SETTINGS, frame, get, until_closed};
use crate::harness::Server;
use crate::limits::hits;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);
const HONEST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const LIVE: &[u8] = b"GET /health/live HTTP/1.1\r\nHost: vigie\r\n\r\n";

/// Reads until the server closes.
fn wait_until_closed(stream: &mut TcpStream, what: &str) {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("never closed: {what}"),
            Err(_) => return,
        }
    }
}

fn http2_begin() -> Vec<u8> {
    let mut begin = PREFACE.to_vec();
    begin.extend(frame(SETTINGS, 0, 0, &[]));
    begin
}

#[test]
fn every_stage_before_a_request_has_its_end() {
    // Long enough for who does ask, on a machine that is busy.
    let server = Server::with(&["--set", "limits.head_seconds=3"]);
    let honest = Honest::start(&server, HONEST);
    let mut half_headers = http2_begin();
    let whole = get(1, "/health/live", &[]);
    half_headers.extend(&whole[..whole.len() / 2]);
    let begins: [(&str, Vec<u8>); 8] = [
        ("nothing", Vec::new()),
        ("one letter of a preface", b"P".to_vec()),
        ("half a preface", PREFACE[..12].to_vec()),
        ("a preface", PREFACE.to_vec()),
        ("an idle HTTP/2 connection", http2_begin()),
        ("half a HEADERS frame", half_headers),
        ("half a request line", b"GET /heal".to_vec()),
        (
            "half a head",
            b"GET /health/live HTTP/1.1\r\nHost: vig".to_vec(),
        ),
    ];
    let mut open: Vec<_> = begins
        .iter()
        .map(|(what, begin)| {
            let mut stream = connect_from(ATTACKER, &server).unwrap();
            stream.write_all(begin).unwrap();
            (*what, stream)
        })
        .collect();
    for (what, stream) in &mut open {
        wait_until_closed(stream, what);
    }
    let served = honest.stop();
    assert!(served.refused.is_empty(), "{:?}", served.refused);
}

#[test]
fn bytes_that_trickle_prolong_no_stage() {
    let server = Server::with(&["--set", "limits.head_seconds=2"]);
    let mut pings = http2_begin();
    for _ in 0..400 {
        pings.extend(frame(PING, 0, 0, &[0; 8]));
    }
    let begins: [(&str, Vec<u8>, usize); 4] = [
        (
            "an HTTP/1.1 head",
            format!("GET / HTTP/1.1\r\nX-Slow: {}", "x".repeat(400)).into_bytes(),
            1,
        ),
        ("empty lines", b"\r\n".repeat(200), 1),
        ("a preface", PREFACE.to_vec(), 1),
        ("an HTTP/2 connection with nothing but pings", pings, 17),
    ];
    for (what, bytes, step) in begins {
        let mut stream = connect_from(ATTACKER, &server).unwrap();
        let mut reader = stream.try_clone().unwrap();
        let (ended, end) = std::sync::mpsc::channel();
        let watch = std::thread::spawn(move || {
            wait_until_closed(&mut reader, what);
            ended.send(()).unwrap();
        });
        let begun = Instant::now();
        for piece in bytes.chunks(step) {
            // The step of a slow client, not a wait for something: cut short by the event.
            if end.recv_timeout(Duration::from_millis(250)).is_ok()
                || stream.write_all(piece).is_err()
            {
                break;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(90),
                "never closed: {what}"
            );
        }
        watch.join().unwrap();
    }
}

/// Proxies and SDKs keep connections in pools, for a minute and more.
#[test]
fn an_idle_connection_stays_longer_than_a_head_may_take() {
    const { assert!(base::limit::IDLE_SECONDS.default >= 75) };
    let server = Server::with(&["--set", "limits.head_seconds=3"]);
    let mut kept = connect_from(HONEST, &server).unwrap();
    kept.write_all(LIVE).unwrap();
    assert_eq!(answer(&mut kept).unwrap().0, 200);
    // Two silent ones, one after the other: each lives as long as a head may take.
    for _ in 0..2 {
        let mut silent = connect_from(ATTACKER, &server).unwrap();
        wait_until_closed(&mut silent, "nothing");
    }
    kept.write_all(LIVE).unwrap();
    assert_eq!(answer(&mut kept).unwrap().0, 200);
}

#[test]
fn an_idle_connection_ends_also_one_that_pings() {
    let server = Server::with(&["--set", "limits.idle_seconds=2"]);
    let mut first = connect_from(ATTACKER, &server).unwrap();
    first.write_all(LIVE).unwrap();
    assert_eq!(answer(&mut first).unwrap().0, 200);
    wait_until_closed(&mut first, "an idle HTTP/1.1 connection");

    let mut second = connect_from(ATTACKER, &server).unwrap();
    let mut begin = http2_begin();
    begin.extend(get(1, "/health/live", &[]));
    second.write_all(&begin).unwrap();
    let mut pinging = second.try_clone().unwrap();
    let pings = std::thread::spawn(move || {
        let begun = Instant::now();
        while pinging.write_all(&frame(PING, 0, 0, &[7; 8])).is_ok() {
            assert!(begun.elapsed() < Duration::from_secs(300), "never closed");
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let kinds = until_closed(&mut second, true);
    // Told to go first: what was on its way would have been answered.
    assert!(kinds.contains(&GOAWAY), "{kinds:?}");
    let _ = second.shutdown(std::net::Shutdown::Both);
    pings.join().unwrap();
}

/// Time alone did not end it: frames without a request kept a thread busy for as long as the connection may be idle.
#[test]
fn a_connection_that_sends_much_without_a_request_ends() {
    let server = Server::with(&[]);
    let bound = usize::try_from(base::limit::IDLE_BYTES.default).unwrap();
    for begin in [Vec::new(), get(1, "/health/live", &[])] {
        let mut stream = connect_from(ATTACKER, &server).unwrap();
        let mut bytes = http2_begin();
        bytes.extend(begin);
        stream.write_all(&bytes).unwrap();
        let mut answers = stream.try_clone().unwrap();
        let reading = std::thread::spawn(move || wait_until_closed(&mut answers, "pings"));
        let pings = frame(PING, 0, 0, &[7; 8]).repeat(1024);
        let mut sent = 0;
        while stream.write_all(&pings).is_ok() {
            sent += pings.len();
            // What the kernel holds on both sides is sent, too.
            assert!(sent < bound + 64 * 1024 * 1024, "never closed: {sent}");
        }
        reading.join().unwrap();
    }
    assert_eq!(hits(&server, base::limit::IDLE_BYTES), 2);
}

#[test]
fn a_tls_handshake_has_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args([
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-keyout",
            &path("key"),
            "-out",
            &path("pem"),
        ])
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        return testing::skipped("a_tls_handshake_has_its_end", "no openssl");
    }
    let flags = [
        "--tls-cert",
        &path("pem"),
        "--tls-key",
        &path("key"),
        "--set",
        "limits.head_seconds=1",
    ];
    let server = Server::with(&flags);
    for (what, begin) in [
        ("nothing", &b""[..]),
        ("a record's head", b"\x16\x03\x01\x02\x00"),
    ] {
        let address = server.serving.address.trim_start_matches("https://");
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(300)))
            .unwrap();
        stream.write_all(begin).unwrap();
        wait_until_closed(&mut stream, what);
    }
}

/// A shutdown waits for answers, not for what has never been asked.
#[test]
fn silent_connections_do_not_hold_up_a_shutdown() {
    let server = Server::with(&[
        "--set",
        "limits.head_seconds=600",
        "--set",
        "limits.idle_seconds=600",
        "--set",
        "shutdown_seconds=900",
    ]);
    let begins = [
        b"".to_vec(),
        b"P".to_vec(),
        http2_begin(),
        b"GET / HTTP/1.1\r\nHost".to_vec(),
        LIVE.to_vec(),
    ];
    let open: Vec<_> = begins
        .iter()
        .map(|begin| {
            let mut stream = connect_from(ATTACKER, &server).unwrap();
            stream.write_all(begin).unwrap();
            stream
        })
        .collect();
    let mut last = open.last().unwrap();
    assert_eq!(answer(&mut last.try_clone().unwrap()).unwrap().0, 200);
    let begun = Instant::now();
    assert!(server.serving.stop().success());
    // The drain may take many minutes; a connection that asks nothing has 5 s.
    assert!(
        begun.elapsed() < Duration::from_secs(120),
        "{:?}",
        begun.elapsed()
    );
    let _ = last.write_all(b"x");
}
