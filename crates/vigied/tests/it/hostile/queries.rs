//! Expensive queries: by their pattern, by what they read, and by not reading the answer.

mod deletions;
mod giving_way;
mod unread;
mod waiting;

use super::honest::{answer, connect_from};
use super::raw_http2::{PREFACE, get};
use super::slow_bodies::{with_another_account, write_sample};
use crate::harness::{Reply, Request, Server, until};
use serde_json::json;
use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

const HONEST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// How often an attack may be over before anybody else could be answered.
const TRIES: usize = 50;

/// Between two requests of the one who is served beside an attack.
const PAUSE: Duration = Duration::from_millis(5);

/// No query ends because the machine is busy: what ends it is the number of its steps.
const BY_STEPS_ALONE: [&str; 2] = ["--set", "limits.request_seconds=3600"];

fn ask(server: &Server, key: &str, method: &str, path: &str) -> Request {
    let request = server.request(method, path);
    let request = request.header("X-Auth-User-Token", &format!("apikey {key}"));
    request.patiently()
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn send(server: &Server, key: &str, names: impl Iterator<Item = String>) {
    let samples: Vec<_> = names
        .map(|name| json!({"name": name, "value": 1}))
        .collect();
    let reply = ask(server, key, "POST", "/v1/metrics")
        .json(&json!(samples))
        .send();
    assert_eq!(reply.status, 200, "{}", reply.text());
}

pub(super) fn figure(server: &Server, name: &str) -> u64 {
    let text = server.operations("/metrics").text();
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .unwrap_or_else(|| panic!("no `{name}` in {text}"));
    value.parse().unwrap()
}

/// The head of a query that takes very long where there are long names; `lines` are further ones.
pub(super) fn worst_head(key: &str, lines: &str) -> String {
    let pattern = percent(&format!("*.c.*.{}", "*y".repeat(480) + "z"));
    format!(
        "GET /v1/metrics/list?query={pattern} HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {key}\r\n{lines}\r\n"
    )
}

/// Whether no byte of an answer has arrived yet.
pub(super) fn is_unanswered(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let peeked = stream.peek(&mut [0]);
    peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// Serves others while `attack` goes on. Somebody must be served before it has ended; where it was over too soon to tell, it is
/// repeated. How long either takes says nothing on a busy machine.
fn beside<T: Send>(mut serve: impl FnMut(), attack: impl Fn() -> T + Sync) -> T {
    for _ in 0..TRIES {
        let (meanwhile, done) = std::thread::scope(|scope| {
            let attack = scope.spawn(&attack);
            let mut meanwhile = 0;
            while !attack.is_finished() {
                serve();
                if !attack.is_finished() {
                    meanwhile += 1;
                    // Without a pause, the one who is served would keep the processors from the attack.
                    std::thread::sleep(PAUSE);
                }
            }
            (meanwhile, attack.join().unwrap())
        });
        if meanwhile > 0 {
            return done;
        }
    }
    panic!("nobody was served before the attack had ended, {TRIES} times");
}

/// Sends samples of another tenant from another address while `attack` goes on: each is taken, and one before the attack has
/// ended.
pub(super) fn honest_beside<T: Send>(server: &Server, attack: impl Fn() -> T + Sync) -> T {
    let mut stream = connect_from(HONEST, server).unwrap();
    let serve = || {
        let (status, text) = write_sample(&mut stream, &server.owner.api_key);
        assert_eq!(status, 200, "{text}");
    };
    beside(serve, attack)
}

/// The same pattern by every route that takes one.
fn everywhere(server: &Server, key: &str, pattern: &str) -> Vec<Reply> {
    let pattern = percent(pattern);
    let paths = [
        ("GET", format!("/v1/metrics?target={pattern}")),
        (
            "GET",
            format!(
                "/v1/metrics?target={pattern}&target={pattern}&maxDataPoints=18446744073709551615"
            ),
        ),
        ("GET", format!("/v1/metrics/list?query={pattern}")),
        (
            "GET",
            format!("/v1/metrics/list?query={pattern}&from=-30d&until=now&format=nodes"),
        ),
        (
            "DELETE",
            format!("/v1/metrics/list?query={pattern}&dry_run=true"),
        ),
        (
            "GET",
            format!("/render?format=json&noCache=1&from=-1h&target={pattern}"),
        ),
        ("GET", format!("/metrics/find?query={pattern}")),
    ];
    let send = |(method, path): (&str, String)| ask(server, key, method, &path).send();
    paths.into_iter().map(send).collect()
}

/// Each element doubled what was tried, with the store's lock held, and never ended.
#[test]
fn alternatives_are_not_tried_where_no_name_begins_so() {
    let (server, other) = with_another_account(&BY_STEPS_ALONE);
    send(&server, &other, std::iter::once("a.b".to_owned()));
    let pattern = vec!["{a,b}"; 40].join(".");
    honest_beside(&server, || {
        for reply in everywhere(&server, &other, &pattern) {
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
        let delete = format!("/v1/metrics/list?query={}", percent(&pattern));
        let reply = ask(&server, &other, "DELETE", &delete).send();
        assert_eq!(reply.json()["deleted"], 0, "{}", reply.text());
    });
    assert_eq!(server.request("GET", "/health/ready").send().status, 200);
    assert!(server.serving.stop().success());
}

fn long_names(count: usize) -> impl Iterator<Item = String> {
    let rest = "y".repeat(1000);
    (0..count).map(move |number| format!("c.n{number}.{rest}"))
}

/// So many times four thousand long names, with which [`worst_head`] takes very long.
pub(super) fn send_long_names(server: &Server, key: &str, parts: usize) {
    for part in 0..parts {
        let names = long_names(4000).map(|name| format!("p{part}.{name}"));
        send(server, key, names);
    }
}

/// Matching took the name's length times the pattern's, for each name, with the store's lock held.
#[test]
fn long_names_and_long_patterns_hold_up_nobody() {
    let (server, other) = with_another_account(&BY_STEPS_ALONE);
    send(&server, &other, long_names(4000));
    let y = "y".repeat(480);
    let wild: Vec<String> = (0..500).map(|number| format!("*{number}*z")).collect();
    let wild = wild.join(",");
    for pattern in [format!("c.*.*{y}z"), format!("c.n1*.{{{wild}}}")] {
        honest_beside(&server, || {
            for reply in everywhere(&server, &other, &pattern) {
                assert!(matches!(reply.status, 200 | 400), "{}", reply.text());
            }
        });
    }
}

/// Braces were written out on the threads that answer everybody.
#[test]
fn braces_are_not_written_out() {
    let (server, other) = with_another_account(&[]);
    let digits = "{0,1,2,3,4,5,6,7,8,9}".repeat(2) + "{0,1,2,3,4,5,6,7,8}";
    let pattern = digits + &"{a}".repeat(1345);
    let mut stream = connect_from(HONEST, &server).unwrap();
    let serve = || {
        let live = b"GET /health/live HTTP/1.1\r\nHost: vigie\r\n\r\n";
        stream.write_all(live).unwrap();
        assert_eq!(answer(&mut stream).unwrap().0, 200);
    };
    beside(serve, || {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| everywhere(&server, &other, &pattern));
            }
        });
    });
}

/// Other expensive patterns.
#[test]
fn no_pattern_holds_up_others() {
    let (server, other) = with_another_account(&BY_STEPS_ALONE);
    let deep = (0..300).map(|number| format!("d{number}{}", ".a".repeat(60)));
    send(&server, &other, deep.chain(long_names(200)));
    let patterns = [
        "{".repeat(500) + "a" + &"}".repeat(500),
        "{a,{b,{c,".repeat(50) + "d" + &"}}}".repeat(50),
        "?".repeat(1000),
        "c.*.".to_owned() + &"?".repeat(1000),
        "c.*.".to_owned() + &"[a-y]".repeat(700),
        "c.*.".to_owned() + &"[!a-x]".repeat(500),
        "c.*.".to_owned() + &"*".repeat(4000),
        "**.**.**".to_owned(),
        "c.*.*y*y*y*y*y*y*y*y*y*y*y*z".to_owned(),
        vec!["*"; 64].join("."),
        vec!["*"; 2000].join("."),
        vec!["{a,*,?,[a-z]}"; 61].join("."),
        "d*".to_owned() + &".{a,b}".repeat(60),
        "x".repeat(4096),
        "\u{1F9A6}\u{202E}\u{301}".repeat(100),
        "{\u{1F9A6},*}\u{10FFFF}?".repeat(100),
        ".".repeat(4000),
        "a".to_owned() + &"{,}".repeat(900),
    ];
    honest_beside(&server, || {
        for pattern in &patterns {
            for reply in everywhere(&server, &other, pattern) {
                assert!(
                    matches!(reply.status, 200 | 400),
                    "{pattern}: {}",
                    reply.text()
                );
            }
        }
        for target in [
            "grep(c.*.*,'(a?){2000}b')".to_owned(),
            "aliasSub(c.*.*,'(.*y)|a','b')".to_owned(),
            format!("grep(c.*.*,'{}')", r"\W".repeat(2000)),
            format!("seriesByTag('name=~{}')", r"\W".repeat(2000)),
            "seriesByTag('name=~.*y.*y.*y.*y.*z')".to_owned(),
            "movingMedian(timeFunction('a',1),'1d')".to_owned(),
            "movingWindow(c.*.*,'1h','stddev')".to_owned(),
            "stddevSeries(c.*.*,d*.*.*)".to_owned(),
            "groupByNodes(c.*.*,'stddev',0,1)".to_owned(),
        ] {
            let target = percent(&target);
            let path =
                format!("/render?format=json&noCache=1&from=-2d&maxDataPoints=10&target={target}");
            let reply = ask(&server, &other, "GET", &path).send();
            let is_answered = matches!(reply.status, 200 | 400);
            assert!(is_answered, "{target}: {}", reply.text());
        }
    });
}

/// The slots of all series are known before any is read.
#[test]
fn too_many_slots_are_refused_before_they_are_made() {
    let (server, other) = with_another_account(&[]);
    send(
        &server,
        &other,
        (0..300).map(|number| format!("s.n{number}")),
    );
    let resolution = ask(&server, &other, "PUT", "/v1/settings/domain")
        .json(&json!({"resolution_seconds": 1}))
        .send();
    assert_eq!(resolution.status, 200, "{}", resolution.text());
    let path = "/v1/metrics?target=s.*&from=-100d&until=now";
    let reply = honest_beside(&server, || ask(&server, &other, "GET", path).send());
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(
        reply.text().contains("samples_per_query"),
        "{}",
        reply.text()
    );
}

/// No query delays the end of the process.
#[test]
fn the_process_ends_in_the_middle_of_the_worst_query() {
    let mut server = Server::with(&[
        "--set",
        "limits.steps_per_query=1000000000000",
        "--set",
        "limits.request_seconds=100000",
    ]);
    let key = server.owner.api_key.clone();
    send(&server, &key, long_names(4000));
    let path = format!(
        "/v1/metrics/list?query={}",
        percent(&format!("c.*.{}", "*y".repeat(480) + "z"))
    );
    std::thread::scope(|scope| {
        let asked = ask(&server, &key, "GET", &path);
        scope.spawn(|| asked.try_send());
        until("the query runs", || {
            figure(&server, "vigie_queries_running") > 0
        });
        server.serving.signal("TERM");
        let begun = Instant::now();
        while server.serving.child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(300));
            std::thread::sleep(Duration::from_millis(20));
        }
    });
}

/// The disconnect of a client ends its query.
#[test]
fn a_client_that_hangs_up_ends_its_query() {
    let server = Server::with(&[
        "--set",
        "limits.steps_per_query=1000000000000",
        "--set",
        "limits.request_seconds=100000",
        "--set",
        "limits.concurrent_queries=2",
    ]);
    let key = server.owner.api_key.clone();
    send_long_names(&server, &key, 4);
    let pattern = percent(&format!("*.c.*.{}", "*y".repeat(480) + "z"));
    let head = format!(
        "GET /v1/metrics/list?query={pattern} HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {key}\r\n\r\n"
    );
    let mut gone: Vec<_> = (0..3)
        .map(|number| {
            let mut stream = connect_from(Ipv4Addr::new(127, 0, 1, number + 1), &server).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    until("one runs, two wait", || {
        figure(&server, "vigie_queries_running") == 1
            && figure(&server, "vigie_queries_waiting") == 2
    });
    gone.truncate(1);
    until("who has gone waits no more", || {
        figure(&server, "vigie_queries_waiting") == 0
    });
    drop(gone);
    until("it has ended", || {
        figure(&server, "vigie_queries_running") == 0
    });
    // By HTTP/2 the connection stays, and the stream goes.
    let mut stream = connect_from(Ipv4Addr::new(127, 0, 1, 9), &server).unwrap();
    let path = format!("/v1/metrics/list?query={pattern}");
    let key = format!("apikey {key}");
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let asked = get(1, &path, &[("x-auth-user-token", &key)]);
    stream
        .write_all(&[PREFACE, &settings[..], &asked].concat())
        .unwrap();
    until("it runs", || figure(&server, "vigie_queries_running") == 1);
    stream
        .write_all(&[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8])
        .unwrap();
    until("it has ended, too", || {
        figure(&server, "vigie_queries_running") == 0
    });
    assert_eq!(figure(&server, "vigie_queries_in_flight_bytes"), 0);
}
