//! The source of a request behind proxies: a client cannot claim another one.

use super::honest::{answer, connect_from};
use super::queries::figure;
use crate::harness::{Server, Serving, init, until};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};

const PROXY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);
const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);
const DEBUG: [&str; 4] = [
    "--set",
    "log.level=info,vigied=debug",
    "--set",
    "trusted_proxies=127.0.0.9, 10.0.0.0/8",
];

/// Sends a request with its own number, and returns the source that the server logged for it.
fn source(server: &Server, stream: &mut TcpStream, number: u32, lines: &str) -> String {
    let text = format!(
        "GET /health/live HTTP/1.1\r\nHost: vigie\r\nTransaction-Id: number-{number}-\r\n{lines}\r\n"
    );
    stream.write_all(text.as_bytes()).unwrap();
    assert_eq!(answer(stream).unwrap().0, 200);
    let id = format!("transaction=\"number-{number}-\"");
    server.serving.wait_for_log(&id);
    let log = server.serving.log();
    let line = log.lines().find(|line| line.contains(&id)).unwrap();
    let (_, rest) = line.split_once("source=").unwrap();
    rest.trim().to_owned()
}

#[test]
fn only_a_trusted_proxy_names_its_client() {
    let server = Server::with(&DEBUG);
    let lines = "X-Forwarded-For: 9.9.9.9, 192.0.2.1\r\nForwarded: for=192.0.2.1\r\n";
    let mut stranger = connect_from(STRANGER, &server).unwrap();
    assert_eq!(source(&server, &mut stranger, 1, lines), "127.0.0.66");
    let mut proxy = connect_from(PROXY, &server).unwrap();
    for (at, (lines, is)) in [
        (lines, "192.0.2.1"),
        ("", "127.0.0.9"),
        ("X-Forwarded-For: 192.0.2.1, 10.3.4.5\r\n", "192.0.2.1"),
        (
            "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 192.0.2.1\r\n",
            "192.0.2.1",
        ),
        (
            "Forwarded: for=\", for=\"[2001:db8::1]:4711\"\r\n",
            "2001:db8::1",
        ),
        (
            "Forwarded: for=9.9.9.9\r\nX-Forwarded-For: 192.0.2.1\r\n",
            "127.0.0.9",
        ),
        ("X-Forwarded-For: nonsense\r\n", "127.0.0.9"),
    ]
    .into_iter()
    .enumerate()
    {
        let number = 10 + u32::try_from(at).unwrap();
        assert_eq!(source(&server, &mut proxy, number, lines), is, "{lines}");
    }
}

#[test]
fn the_proxy_protocol_names_the_client_and_only_a_trusted_proxy_speaks_it() {
    let mut flags = DEBUG.to_vec();
    flags.extend(["--set", "proxy_protocol=true"]);
    let server = Server::with(&flags);
    let mut second = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    second.extend([192, 0, 2, 2, 10, 0, 0, 1, 0, 1, 0, 2]);
    let forged = "X-Forwarded-For: 9.9.9.9\r\nForwarded: for=9.9.9.9\r\n";
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0".to_vec();
    let unspecified = b"\r\n\r\n\0\r\nQUIT\n\x21\0\0\0".to_vec();
    for (number, header, lines, is) in [
        (
            1,
            b"PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n".to_vec(),
            "X-Forwarded-For: 9.9.9.9\r\n",
            "192.0.2.1",
        ),
        (2, second, "", "192.0.2.2"),
        (3, b"PROXY UNKNOWN\r\n".to_vec(), "", "127.0.0.9"),
        // Who is not named by the proxy does not name themselves.
        (5, b"PROXY UNKNOWN\r\n".to_vec(), forged, "127.0.0.9"),
        (6, local, forged, "127.0.0.9"),
        (7, unspecified, forged, "127.0.0.9"),
        // A proxy behind a balancer.
        (
            4,
            b"PROXY TCP4 10.1.1.1 127.0.0.1 1 2\r\n".to_vec(),
            "X-Forwarded-For: 192.0.2.3\r\n",
            "192.0.2.3",
        ),
    ] {
        let mut stream = connect_from(PROXY, &server).unwrap();
        stream.write_all(&header).unwrap();
        assert_eq!(source(&server, &mut stream, number, lines), is);
    }
    for (from, begin) in [
        (PROXY, "GET /health/live HTTP/1.1\r\nHost: vigie\r\n\r\n"),
        (
            STRANGER,
            "PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\nGET /health/live HTTP/1.1\r\nHost: vigie\r\n\r\n",
        ),
    ] {
        let mut stream = connect_from(from, &server).unwrap();
        let _ = stream.write_all(begin.as_bytes());
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        assert_eq!(text, "", "from {from}");
    }
    server
        .serving
        .wait_for_log("does not begin with a PROXY header");
    server.serving.wait_for_log("not in `trusted_proxies`");
}

#[test]
fn proxies_that_cannot_be_meant_are_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    for (flags, what) in [
        (
            &["--set", "trusted_proxies=10.0.0.1/8"][..],
            "write `10.0.0.0/8`",
        ),
        (
            &["--set", "trusted_proxies=proxy.example"],
            "not `proxy.example`",
        ),
        (
            &["--set", "trusted_proxies=0.0.0.0/0"],
            "`trusted_proxies` must not hold `0.0.0.0/0`",
        ),
        (
            &["--set", "proxy_protocol=true"],
            "name the proxies in `trusted_proxies`",
        ),
        (
            &["--set", "proxy_header=via"],
            "`proxy_header` must be one of",
        ),
    ] {
        let log = Serving::try_start(&data, "127.0.0.1:0", flags).unwrap_err();
        assert!(log.contains(what), "{log}");
    }
}

/// A proxy carries the connections of many people: they do not count as one source, unless the proxy names the clients.
#[test]
fn connections_count_for_who_is_named_and_not_for_the_proxy() {
    let mut flags = DEBUG.to_vec();
    flags.extend(["--set", "limits.connections_per_source=2"]);
    let server = Server::with(&flags);
    let mut pool: Vec<_> = (0..6)
        .map(|_| connect_from(PROXY, &server).unwrap())
        .collect();
    for (number, stream) in (1..).zip(&mut pool) {
        assert_eq!(source(&server, stream, number, ""), "127.0.0.9");
    }

    flags.extend(["--set", "proxy_protocol=true"]);
    let server = Server::with(&flags);
    let connect = |client: &str| {
        let mut stream = connect_from(PROXY, &server).unwrap();
        let header = format!("PROXY TCP4 {client} 127.0.0.1 1 2\r\n");
        stream.write_all(header.as_bytes()).unwrap();
        stream
    };
    let mut honest = connect("192.0.2.1");
    assert_eq!(source(&server, &mut honest, 1, ""), "192.0.2.1");
    let mut silent: Vec<_> = (0..6).map(|_| connect("192.0.2.66")).collect();
    // Four of them give way to the others, and nobody else does.
    for stream in &silent {
        stream.set_nonblocking(true).unwrap();
    }
    until("two are left", || {
        let is_open = |stream: &mut TcpStream| !matches!(stream.read(&mut [0]), Ok(0));
        silent.retain_mut(is_open);
        silent.len() <= 2
    });
    assert_eq!(source(&server, &mut honest, 2, ""), "192.0.2.1");
    let mut one_more = connect("192.0.2.66");
    assert_eq!(source(&server, &mut one_more, 3, ""), "192.0.2.66");
}

/// The header ends at the server's own limit, which it counts; when, and whether the end comes as a reset, depends on the machine.
#[test]
fn a_proxy_header_has_its_end() {
    let mut flags = DEBUG.to_vec();
    flags.extend([
        "--set",
        "proxy_protocol=true",
        "--set",
        "limits.head_seconds=2",
    ]);
    let server = Server::with(&flags);
    let ended = || figure(&server, "vigie_limit_hits_total{limit=\"head_seconds\"}");
    for (before, begin) in (0..).zip([
        &b""[..],
        b"PROXY TCP4 192.0.2.1",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c",
    ]) {
        assert_eq!(ended(), before, "{begin:?}");
        let mut stream = connect_from(PROXY, &server).unwrap();
        // It may have ended before a slow client has written.
        let _ = stream.write_all(begin);
        until("the header has its end", || ended() > before);
        // Nothing was answered, and nothing will be.
        match stream.read(&mut [0]) {
            Ok(read) => assert_eq!(read, 0, "{begin:?}"),
            Err(error) => assert!(
                matches!(
                    error.kind(),
                    ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
                ),
                "{begin:?}: {error}"
            ),
        }
    }
}
