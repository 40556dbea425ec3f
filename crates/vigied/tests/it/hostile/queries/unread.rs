//! Large answers: sent in pieces, bounded in memory, and dropped if the client does not read.

use super::{ask, figure, send};
use crate::harness::{Server, now, until};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

/// Samples of the series `big`: an answer that is larger than what sockets buffer.
const SAMPLES: i64 = 500_000;

fn with_samples(flags: &[&str]) -> Server {
    let flags: Vec<&str> = flags.iter().flat_map(|flag| ["--set", flag]).collect();
    let server = Server::with(&flags);
    let first = now() - SAMPLES - 60;
    for part in 0..5 {
        let mut body = String::from("[");
        for at in part * SAMPLES / 5..(part + 1) * SAMPLES / 5 {
            let comma = if body.len() > 1 { "," } else { "" };
            let at = first + at;
            let _ = write!(
                body,
                r#"{comma}{{"name":"big","value":1234.5,"timestamp":{at}}}"#
            );
        }
        body.push(']');
        let reply = ask(&server, &server.owner.api_key, "POST", "/v1/metrics").body(body);
        let reply = reply.send();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    server
}

const PATH: &str = "/v1/metrics?target=big&from=-30d";

/// Requests everything with a small receive buffer, and reads nothing.
fn unread(server: &Server) -> TcpStream {
    let to: SocketAddr = server.serving.address.parse().unwrap();
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&to.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    let key = &server.owner.api_key;
    let head =
        format!("GET {PATH} HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {key}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(300)))
        .unwrap();
    stream
}

fn hits(server: &Server, limit: &str) -> u64 {
    figure(
        server,
        &format!("vigie_limit_hits_total{{limit=\"{limit}\"}}"),
    )
}

#[test]
fn a_large_answer_comes_whole_in_pieces() {
    let server = with_samples(&[]);
    let key = &server.owner.api_key;
    let reply = ask(&server, key, "GET", PATH).send();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("Content-Length"), None);
    let rows = reply.json();
    assert_eq!(rows[0]["datapoints"].as_array().unwrap().len(), 500_000);
    let two = ask(&server, key, "GET", &format!("{PATH}&target=b*")).send();
    assert_eq!(two.json().as_array().unwrap().len(), 2);
    let few = ask(&server, key, "GET", &format!("{PATH}&maxDataPoints=10")).send();
    assert!(few.header("Content-Length").is_some());
    let names = (0..2000).map(|number| format!("n{number}.{}", "x".repeat(500)));
    send(&server, key, names);
    for format in ["paths", "nodes"] {
        let path = format!("/v1/metrics/list?query=n*.*&format={format}");
        let listing = ask(&server, key, "GET", &path).send().json();
        assert_eq!(listing.as_array().unwrap().len(), 2000);
    }
    until("nothing is held", || {
        figure(&server, "vigie_queries_in_flight_bytes") == 0
    });
}

/// Twelve answers that nobody read stayed in memory for ever.
#[test]
fn answers_that_nobody_reads_hold_no_turn_and_break_off() {
    let server = with_samples(&[
        "limits.write_stall_seconds=3",
        "limits.concurrent_queries=2",
    ]);
    let mut held: Vec<TcpStream> = (0..12).map(|_| unread(&server)).collect();
    until("all wait for their readers", || {
        figure(&server, "vigie_queries_unread") == 12 || hits(&server, "write_stall_seconds") > 0
    });
    // They hold no turn: others are answered meanwhile.
    let key = &server.owner.api_key;
    let list = ask(&server, key, "GET", "/v1/metrics/list").send();
    assert_eq!(list.status, 200, "{}", list.text());
    until("all have broken off", || {
        figure(&server, "vigie_queries_running") == 0
    });
    assert!(hits(&server, "write_stall_seconds") > 0);
    // What was not sent as a whole has no end, and is not taken for the whole.
    let mut text = Vec::new();
    let _ = held[0].read_to_end(&mut text);
    assert!(text.starts_with(b"HTTP/1.1 200 ") && !text.ends_with(b"0\r\n\r\n"));
    drop(held);
    until("nothing is held", || {
        figure(&server, "vigie_queries_in_flight_bytes") == 0
    });
}

/// Bytes of memory that the server has, or has had at the most.
fn memory(server: &Server, line: &str) -> u64 {
    let path = format!("/proc/{}/status", server.serving.child.id());
    let text = std::fs::read_to_string(path).unwrap();
    let value = text.lines().find_map(|row| row.strip_prefix(line)).unwrap();
    let kib = value.trim().trim_end_matches(" kB").parse::<u64>().unwrap();
    kib * 1024
}

/// Eight queries of 5 M samples took 1.2 GB.
#[test]
fn the_memory_of_all_queries_is_bounded() {
    // Room for one at a time.
    let room = 20_000_000;
    let server = with_samples(&[
        &format!("limits.queries_in_flight_bytes={room}"),
        "limits.account_share_percent=100",
        "limits.concurrent_queries=8",
    ]);
    let key = &server.owner.api_key;
    let before = memory(&server, "VmRSS:");
    until("one is refused and one is answered", || {
        let replies: Vec<_> = std::thread::scope(|scope| {
            let send = || ask(&server, key, "GET", PATH).send();
            let sent: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
            while !sent.iter().all(ScopedJoinHandle::is_finished) {
                assert!(figure(&server, "vigie_queries_in_flight_bytes") <= room);
            }
            sent.into_iter()
                .map(|handle| handle.join().unwrap())
                .collect()
        });
        for reply in &replies {
            match reply.status {
                200 => assert!(reply.body.ends_with(b"]]}]\n")),
                _ => {
                    assert_eq!(reply.status, 429, "{}", reply.text());
                    assert!(reply.text().contains("queries_in_flight_bytes"));
                    assert!(reply.header("Retry-After").is_some());
                }
            }
        }
        let refused = replies.iter().filter(|reply| reply.status == 429).count();
        (1..8).contains(&refused)
    });
    // What allocators keep, and what columns that grow have for moments, included.
    let grown = memory(&server, "VmHWM:").saturating_sub(before);
    assert!(grown < 6 * room, "{grown} bytes more than before");
    assert!(hits(&server, "queries_in_flight_bytes") > 0);
    assert_eq!(figure(&server, "vigie_queries_in_flight_bytes"), 0);
}

/// So is how many wait.
#[test]
fn the_queue_of_queries_is_bounded() {
    let server = with_samples(&["limits.concurrent_queries=1", "limits.queued_queries=1"]);
    let key = &server.owner.api_key;
    let few = format!("{PATH}&maxDataPoints=10");
    until("one is refused", || {
        std::thread::scope(|scope| {
            let send = || ask(&server, key, "GET", &few).send();
            let sent: Vec<_> = (0..6).map(|_| scope.spawn(send)).collect();
            sent.into_iter().any(|handle| {
                let reply = handle.join().unwrap();
                let refused = reply.status == 429;
                assert!(refused || reply.status == 200, "{}", reply.text());
                assert_eq!(refused, reply.text().contains("queued_queries"));
                refused
            })
        })
    });
    assert!(hits(&server, "queued_queries") > 0);
    until("nobody waits", || {
        figure(&server, "vigie_queries_waiting") == 0
    });
}
