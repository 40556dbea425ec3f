//! The worst targets of `/render`: deep, long, repeated, and those whose answer nobody reads. An honest client is served beside
//! them, they end with their client, and what they have in memory is counted.

use super::queries::{figure, honest_beside, is_unanswered};
use super::slow_bodies::with_another_account;
use crate::harness::{Reply, Server, until};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// How often what is to be seen running may be over before.
const TRIES: usize = 20;

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Asks by a form, as targets are longer than a URL may be.
fn render(server: &Server, key: &str, parameters: &[(&str, &str)]) -> Reply {
    let form: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", percent(name), percent(value)))
        .collect();
    server
        .request("POST", "/render")
        .header("X-Auth-User-Token", &format!("apikey {key}"))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form.join("&"))
        .send()
}

/// Sends the head of a request and reads nothing.
fn sent(server: &Server, key: &str, path: &str) -> TcpStream {
    let to: SocketAddr = server.serving.address.parse().unwrap();
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&to.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {key}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// Bytes of memory that the server has.
fn memory(server: &Server) -> u64 {
    let path = format!("/proc/{}/status", server.serving.child.id());
    let text = std::fs::read_to_string(path).unwrap();
    let resident = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.unwrap().trim().trim_end_matches(" kB");
    resident.parse::<u64>().unwrap() * 1024
}

/// Targets that take what they can get of time and memory.
fn worst() -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    let nested = |function: &str, times: usize| {
        let (open, close) = (format!("{function}(").repeat(times), ")".repeat(times));
        format!("{open}timeFunction('a',1){close}")
    };
    let long = "x".repeat(1000);
    let names: Vec<String> = (0..40)
        .map(|number| format!("alias(constantLine(1),'{long}{number}')"))
        .collect();
    let names = names.join(",");
    let by_tag: Vec<String> = (0..400)
        .map(|number| format!("seriesByTag('host=~\\w{{20}}{number}')"))
        .collect();
    let variable = |name: &str| format!("${name}").repeat(100);
    vec![
        ("-4h", vec![("target", nested("absolute", 60))]),
        ("-4h", vec![("target", nested("absolute", 1000))]),
        (
            "-70d",
            vec![("target", nested("movingMedian", 1).replace("))", "),'1d')"))],
        ),
        (
            "-4h",
            vec![(
                "target",
                "movingWindow(scale(timeFunction('a',1),0),'8h','stddev')".to_owned(),
            )],
        ),
        (
            "-1h",
            vec![("target", format!("grep(group({names}),'(a?){{2000}}b')"))],
        ),
        (
            "-1h",
            vec![(
                "target",
                format!("aliasSub(group({names}),'(x?){{2000}}y','z')"),
            )],
        ),
        (
            "-1h",
            vec![("target", format!("aliasSub(group({names}),'(.*y)|x','z')"))],
        ),
        (
            "-1h",
            vec![
                ("target", "template($a.x)".to_owned()),
                ("template[a]", variable("b")),
                ("template[b]", variable("c")),
                ("template[c]", variable("d")),
                ("template[d]", "y".repeat(100)),
            ],
        ),
        (
            "-1h",
            vec![(
                "target",
                format!(
                    "cactiStyle(aliasSub(aliasSub(timeFunction('aa',60),'a','{}'),'$','{}'))",
                    "x".repeat(30_000),
                    "y".repeat(10_000)
                ),
            )],
        ),
        (
            "-1h",
            vec![(
                "target",
                format!(
                    "applyByNode(alias(timeFunction('a',60),'{long}'),0,'{}')",
                    "%".repeat(20_000)
                ),
            )],
        ),
        (
            "-1h",
            vec![("target", format!("{}(a)", "f".repeat(60_000)))],
        ),
        (
            "-1h",
            vec![("target", format!("group({})", by_tag.join(",")))],
        ),
        (
            "-1h",
            vec![(
                "target",
                format!(
                    "aliasByNode(alias(randomWalk('a',60),'{}'){})",
                    "x".repeat(20_000),
                    ",0".repeat(10_000)
                ),
            )],
        ),
        (
            "-1h",
            vec![(
                "target",
                format!(
                    "aliasSub(alias(randomWalk('a',60),'{}'),'(.*)','{}')",
                    "x".repeat(15_000),
                    "\\1".repeat(8000)
                ),
            )],
        ),
        (
            "-1h",
            vec![(
                "target",
                format!("grep(randomWalk('a',60),'{}')", "\\w".repeat(30_000)),
            )],
        ),
        (
            "-1h",
            vec![(
                "target",
                format!(
                    "{}a{}",
                    "aliasSub(".repeat(60),
                    ",'\\w{20}N','x')".repeat(60)
                ),
            )],
        ),
        (
            "-70d",
            (0..5)
                .map(|_| {
                    (
                        "target",
                        "timeStack(timeFunction('a',1),'1s',0,1000)".to_owned(),
                    )
                })
                .collect(),
        ),
    ]
}

#[test]
fn regression_9_the_worst_targets_are_answered_or_refused_beside_an_honest_client() {
    let (server, other) = with_another_account(&[
        "--set",
        "limits.request_seconds=2",
        "--set",
        "limits.queries_in_flight_bytes=64MiB",
    ]);
    let before = memory(&server);
    honest_beside(&server, || {
        for (from, mut parameters) in worst() {
            parameters.extend([("format", "json".to_owned()), ("from", from.to_owned())]);
            parameters.push(("maxDataPoints", "10".to_owned()));
            let parameters: Vec<(&str, &str)> = parameters
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let reply = render(&server, &other, &parameters);
            let target: String = parameters[0].1.chars().take(80).collect();
            let text: String = reply.text().chars().take(300).collect();
            assert!(
                matches!(reply.status, 200 | 400 | 429 | 503),
                "{target}: {} {text}",
                reply.status
            );
            until("it has ended with its answer", || {
                figure(&server, "vigie_queries_running") == 0
            });
        }
    });
    let grown = memory(&server).saturating_sub(before);
    assert!(grown < 128 << 20, "{grown} bytes more than before");
    assert_eq!(figure(&server, "vigie_queries_in_flight_bytes"), 0);
    let log = server.serving.log();
    assert!(
        !log.contains("broke off") && !log.contains("panicked"),
        "{log}"
    );
}

/// A target of seconds went on for a minute when its client had gone.
#[test]
fn regression_9_a_target_ends_with_its_client() {
    let server = Server::with(&["--set", "limits.request_seconds=600"]);
    let key = &server.owner.api_key;
    for (from, target) in [
        ("-40d", "movingMedian(timeFunction('a',1),'10d')"),
        (
            "-40d",
            "stddevSeries(timeFunction('a',1),timeFunction('b',1),timeFunction('c',1))",
        ),
        (
            "-10d",
            "movingWindow(removeBelowValue(sinFunction('a',1,1),2),'5d','stddev')",
        ),
    ] {
        let path = format!("/render?format=json&from={from}&target={}", percent(target));
        // A fast machine may be done with it before that was seen.
        let runs = (0..TRIES).find_map(|_| {
            let stream = sent(&server, key, &path);
            until("it runs, or is answered", || {
                figure(&server, "vigie_queries_running") > 0 || !is_unanswered(&stream)
            });
            is_unanswered(&stream).then_some(stream)
        });
        let stream = runs.expect("a target that takes long");
        stream.shutdown(Shutdown::Both).unwrap();
        drop(stream);
        let begun = std::time::Instant::now();
        until("it has ended", || {
            figure(&server, "vigie_queries_running") == 0
        });
        assert!(begun.elapsed() < Duration::from_secs(45), "{target}");
    }
}

/// Five answers of 48 MB each stood in memory, and 3 MB were counted.
#[test]
fn regression_9_series_whose_answer_nobody_reads_are_counted() {
    let server = Server::with(&["--set", "limits.write_stall_seconds=600"]);
    let key = &server.owner.api_key;
    let points = 1_000_000;
    let path = format!(
        "/render?format=json&from=-{points}s&target={}",
        percent("timeFunction('a',1)")
    );
    let mut held: Vec<TcpStream> = (0..3).map(|_| sent(&server, key, &path)).collect();
    until("all wait for their readers", || {
        figure(&server, "vigie_queries_unread") == 3
    });
    let counted = figure(&server, "vigie_queries_in_flight_bytes");
    assert!(counted >= 3 * points * 8, "{counted}");
    // Who hangs up holds nothing.
    held.pop();
    until("two are held", || {
        figure(&server, "vigie_queries_in_flight_bytes") < counted - points * 4
    });
    let mut first = [0; 64];
    held[0].read_exact(&mut first).unwrap();
    assert!(first.starts_with(b"HTTP/1.1 200 "));
    drop(held);
    until("nothing is held", || {
        figure(&server, "vigie_queries_in_flight_bytes") == 0
    });
}

/// A picture of many megabytes was counted as a small answer is.
#[test]
fn regression_6_a_picture_that_nobody_reads_is_counted() {
    let server = Server::with(&["--set", "limits.write_stall_seconds=600"]);
    let key = &server.owner.api_key;
    let target = format!("&target={}", percent("timeFunction('a',1)"));
    // More than the system takes off the server's hands for a client that reads nothing.
    for form in ["svg", "pdf"] {
        let path = format!(
            "/render?format={form}&from=-8000s&width=8192&areaMode=all&lineMode=staircase{}",
            target.repeat(30)
        );
        let mut stream = sent(&server, key, &path);
        let mut first = [0; 64];
        stream.read_exact(&mut first).unwrap();
        assert!(first.starts_with(b"HTTP/1.1 200 "));
        until("it is drawn", || {
            figure(&server, "vigie_queries_running") == 0
        });
        let counted = figure(&server, "vigie_queries_in_flight_bytes");
        assert!(counted >= 8 * 1024 * 1024, "{form}: {counted}");
        drop(stream);
        until("nothing is held", || {
            figure(&server, "vigie_queries_in_flight_bytes") == 0
        });
    }
}

/// 24 million points were in memory before they were refused, and ten series before the first of them was counted.
#[test]
fn regression_9_memory_is_reserved_before_it_is_taken() {
    let server = Server::with(&[
        "--set",
        "limits.queries_in_flight_bytes=16MiB",
        "--set",
        "limits.account_share_percent=50",
    ]);
    let key = &server.owner.api_key;
    let now = crate::harness::now();
    let samples: Vec<String> = (0..10)
        .map(|number| {
            format!(
                r#"{{"name":"s{number}","value":1,"timestamp":{}}}"#,
                now - 60
            )
        })
        .collect();
    let reply = server
        .request("POST", "/v1/metrics")
        .header("X-Auth-User-Token", &format!("apikey {key}"))
        .body(format!("[{}]", samples.join(",")))
        .send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let before = memory(&server);
    for (from, target) in [
        ("-20000000s", "timeFunction('a',1)"),
        ("-20000000s", "sinFunction('a',1,1)"),
        ("-9000000s", "s*"),
        (
            "-100000s",
            "summarize(timeStack(timeFunction('a',1),'1s',0,100),'1s')",
        ),
    ] {
        let asked = [("format", "json"), ("from", from), ("target", target)];
        let reply = render(&server, key, &asked);
        assert_eq!(reply.status, 400, "{target}: {}", reply.text());
        assert!(reply.text().contains("queries_in_flight_bytes"), "{target}");
        let grown = memory(&server).saturating_sub(before);
        assert!(grown < 40 << 20, "{target}: {grown} bytes more than before");
    }
}

/// Three requests of 60 kB held up everybody for seconds.
#[test]
fn regression_9_a_long_name_of_no_function_costs_nothing() {
    let server = Server::start();
    let key = server.owner.api_key.clone();
    honest_beside(&server, || {
        for _ in 0..3 {
            let reply = server
                .request("GET", &format!("/functions/{}", "a".repeat(7000)))
                .header("X-Auth-User-Token", &format!("apikey {key}"))
                .send();
            assert_eq!(reply.status, 404, "{}", reply.text());
            assert!(!reply.text().contains("did you mean"));
        }
    });
}
