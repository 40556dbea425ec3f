//! The shutdown, under any load, and the health routes meanwhile.

use crate::harness::{Request, Server, Serving, now};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// Far beyond every deadline that is set here, far below "never".
const PATIENCE: Duration = Duration::from_secs(90);

fn ended(serving: &mut Serving) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = serving.child.try_wait().unwrap() {
            return status;
        }
        assert!(begun.elapsed() < PATIENCE, "it lives: {}", serving.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Thousands of ways through a pattern, of which none leads anywhere: on a store that walks them all it holds the lock.
fn attack(server: &Server, token: &str) -> TcpStream {
    let pattern = vec!["{a,b}"; 40].join(".");
    let mut stream = TcpStream::connect(&server.serving.address).unwrap();
    let request = format!(
        "GET /v1/metrics?target={pattern} HTTP/1.1\r\nHost: v\r\nX-Auth-User-Token: iam {token}\r\nX-Auth-Scope-Id: s-{}\r\n\r\n",
        server.owner.space
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn write(server: &Server, token: &str) -> Request {
    server
        .metrics(token, "POST", "/v1/metrics")
        .json(&json!([{"name": "a.b", "value": 1, "timestamp": now()}]))
}

#[test]
fn the_process_ends_by_its_deadline_while_queries_are_worked_on() {
    let mut server = Server::with(&["--set", "shutdown_seconds=3"]);
    let token = server.token();
    assert_eq!(write(&server, &token).send().status, 200);
    let _queries: Vec<TcpStream> = (0..4).map(|_| attack(&server, &token)).collect();
    let waiting = write(&server, &token);
    // Not waited for: on a store that is stuck it is never answered.
    std::thread::spawn(move || waiting.try_send());
    let begun = Instant::now();
    let reply = server.operations("/health/ready");
    assert!(
        begun.elapsed() < PATIENCE / 3,
        "health waited for the store"
    );
    let text = reply.text();
    // Stuck or not, what it says is what it does.
    let answers = reply.json()["store"] == "ok";
    assert_eq!(reply.status == 200, answers, "{text}");
    server.serving.signal("TERM");
    let status = ended(&mut server.serving);
    let log = server.serving.log();
    assert!(
        status.success() || log.contains("nothing acknowledged is lost"),
        "{status}: {log}"
    );
    let again = Serving::start(&server.data(), "127.0.0.1:0", &[]);
    let read = Request::new(&again.url(), "GET", "/v1/metrics?target=a.b")
        .header(
            "X-Auth-User-Token",
            &format!("apikey {}", server.owner.api_key),
        )
        .header("X-Auth-Scope-Id", &format!("s-{}", server.owner.space))
        .send();
    assert_eq!(read.json()[0]["target"], "a.b", "{}", read.text());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut server = Server::with(&[
        "--set",
        "shutdown_seconds=3600",
        "--set",
        "limits.request_seconds=3600",
    ]);
    let mut stream = TcpStream::connect(&server.serving.address).unwrap();
    stream.write_all(b"POST /identity/token HTTP/1.1\r\nHost: v\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
        .unwrap();
    // It is being worked on when the server asks for its body.
    assert_ne!(stream.read(&mut [0; 1]).unwrap(), 0);
    server.serving.signal("TERM");
    server
        .serving
        .wait_for_log("SIGTERM: no new connections; the last requests are answered");
    let begun = Instant::now();
    while TcpStream::connect(&server.serving.address).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "the port is still taken");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(
        server.serving.child.try_wait().unwrap().is_none(),
        "{}",
        server.serving.log()
    );
    server.serving.signal("TERM");
    let status = ended(&mut server.serving);
    assert_eq!((status.code(), status.signal()), (Some(143), None));
}

/// Connections that were still to be accepted, or to be read for the first time, were closed without an answer.
#[test]
fn what_had_arrived_before_the_signal_is_answered() {
    const REQUEST: &[u8] = b"GET /health/live HTTP/1.1\r\nHost: v\r\n\r\n";
    let mut server = Server::start();
    let mut open = Vec::new();
    // It accepts and reads none of them before the other signal.
    server.serving.signal("STOP");
    for _ in 0..200 {
        let mut stream = TcpStream::connect(&server.serving.address).unwrap();
        stream.write_all(REQUEST).unwrap();
        open.push(stream);
    }
    server.serving.signal("TERM");
    server.serving.signal("CONT");
    for mut stream in open {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:?}");
    }
    assert!(ended(&mut server.serving).success());
}

/// With nothing left to answer, the end of the shutdown stood in the log before the signal that began it.
#[test]
fn regression_7_the_log_tells_a_stop_in_the_order_in_which_it_went() {
    for _ in 0..5 {
        let mut server = Server::start();
        server.serving.signal("TERM");
        assert!(ended(&mut server.serving).success());
        server.serving.wait_for_log("stopped");
        let log = server.serving.log();
        let at = |text: &str| {
            log.find(text)
                .unwrap_or_else(|| panic!("no `{text}` in {log}"))
        };
        let (signal, flush, end) = (
            at("SIGTERM: no new connections"),
            at("shutting down: the last request is answered"),
            at("stopped"),
        );
        assert!(signal < flush && flush < end, "{log}");
    }
}
