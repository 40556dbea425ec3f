//! Answers that clients do not read, or read very slowly, are dropped, and their memory is freed.

use super::honest::{Honest, answer};
use super::raw_http2::{PREFACE, get, no_window, until_closed};
use crate::harness::{Server, until};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

const HONEST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// How long anything may take where nothing is said about time: builds without optimisation walk fourteen megabytes of names.
const PATIENCE: Duration = Duration::from_secs(240);

/// More than the sockets of both sides hold.
pub(super) const NAMES: usize = 15_000;

/// A server with a listing of about 14 MB.
pub(super) fn server(flags: &[&str]) -> Server {
    let mut all = vec![
        "--set",
        "log.level=info,vigied=debug",
        "--set",
        "limits.body_bytes=100000000",
        // Only those who do not read are to be given up, however busy the machine is.
        "--set",
        "limits.request_seconds=600",
    ];
    all.extend(flags);
    let server = Server::with(&all);
    let key = format!("apikey {}", server.owner.api_key);
    fill(&server, &[("X-Auth-User-Token", &key)], NAMES);
    server
}

/// Sends what the listing is made of to the domain that these lines name.
pub(super) fn fill(server: &Server, lines: &[(&str, &str)], names: usize) {
    let long = "n".repeat(900);
    let samples: Vec<_> = (0..names)
        .map(|at| json!({"name": format!("{at}{long}"), "value": 1}))
        .collect();
    let mut request = server.request("POST", "/v1/metrics?durability=buffered");
    for (name, value) in lines {
        request = request.header(name, value);
    }
    let reply = request.json(&json!(samples)).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// A client whose own socket takes little.
pub(super) fn small_client(server: &Server) -> TcpStream {
    let to: SocketAddr = server.serving.address.parse().unwrap();
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&to.into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn ask(server: &Server) -> String {
    format!(
        "GET /v1/metrics/list?query=* HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {}\r\n\r\n",
        server.owner.api_key
    )
}

/// How many bytes still come until the end.
fn rest(stream: &mut TcpStream) -> usize {
    let mut buffer = vec![0; 1 << 16];
    let mut all = 0;
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        all += read;
    }
    all
}

/// Bytes in the system's buffers that sockets of this port have written and nobody has taken.
fn held_by_system(port: &str) -> u64 {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let sizes = table.lines().filter_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let (local, queues) = (words.get(1)?, words.get(4)?);
        let (sending, _) = queues.split_once(':')?;
        local
            .ends_with(port)
            .then(|| u64::from_str_radix(sending, 16).ok())?
    });
    // The honest client's answers are small and on their way.
    sizes.filter(|bytes| *bytes > 10_000).sum()
}

#[test]
fn an_answer_that_nobody_reads_is_given_up() {
    let server = server(&["--set", "limits.write_stall_seconds=1"]);
    let honest = Honest::start(&server, HONEST);
    let mut clients: Vec<_> = (0..4).map(|_| small_client(&server)).collect();
    for client in &mut clients {
        client.write_all(ask(&server).as_bytes()).unwrap();
    }
    let closed = |log: &str| log.matches("limit=\"write_stall_seconds\"").count();
    server.serving.wait_for_log("limit=\"write_stall_seconds\"");
    until("all are closed", || {
        closed(&server.serving.log()) >= clients.len()
    });
    // Neither does the system keep what it holds for them.
    let port = server.serving.address.rsplit(':').next().unwrap();
    let port = format!(":{:04X}", port.parse::<u16>().unwrap());
    until("nothing is held", || held_by_system(&port) == 0);
    for client in &mut clients {
        let read = rest(client);
        assert!(read < NAMES * 900, "the whole answer came: {read} bytes");
    }
    let served = honest.stop();
    assert!(served.refused.is_empty(), "{:?}", served.refused);
}

#[test]
fn an_answer_that_is_read_drop_by_drop_is_given_up() {
    let flags = [
        "--set",
        "limits.write_stall_seconds=4",
        "--set",
        "limits.answer_bytes_per_second=100000000",
    ];
    let server = server(&flags);
    let mut client = small_client(&server);
    client.write_all(ask(&server).as_bytes()).unwrap();
    let mut buffer = vec![0; 16 * 1024];
    let begun = std::time::Instant::now();
    while !server
        .serving
        .log()
        .contains("limit=\"answer_bytes_per_second\"")
    {
        assert!(begun.elapsed() < PATIENCE, "{}", server.serving.log());
        let _ = client.read(&mut buffer);
        // The step of a slow client.
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn an_http2_client_that_opens_no_window_is_closed() {
    let server = server(&[
        "--set",
        "limits.write_stall_seconds=1",
        "--set",
        "limits.idle_seconds=3600",
    ]);
    let key = format!("apikey {}", server.owner.api_key);
    for (path, lines) in [
        ("/health/live", vec![]),
        (
            "/v1/metrics/list?query=*",
            vec![("x-auth-user-token", key.as_str())],
        ),
    ] {
        let mut client = small_client(&server);
        let mut begin = PREFACE.to_vec();
        begin.extend(no_window());
        for stream in [1, 3, 5] {
            begin.extend(get(stream, path, &lines));
        }
        client.write_all(&begin).unwrap();
        // It answers pings: it is there, and takes nothing.
        until_closed(&mut client, true);
    }
}

#[test]
fn a_slow_reader_within_the_rate_gets_the_whole_answer() {
    let server = server(&[
        "--set",
        "limits.write_stall_seconds=5",
        "--set",
        "limits.answer_bytes_per_second=1000",
    ]);
    let mut client = small_client(&server);
    client.write_all(ask(&server).as_bytes()).unwrap();
    let (status, text) = answer(&mut client).unwrap();
    assert_eq!(status, 200);
    assert!(text.len() > NAMES * 900);
}
