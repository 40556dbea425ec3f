//! Tokens that end while a stream runs.

use super::{Listeners, arrivals, lines};
use crate::harness::{now, until};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A token that lives for a few seconds, because its key does.
fn short(listeners: &Listeners, seconds: i64) -> String {
    let at = jiff::Timestamp::from_second(crate::harness::now() + seconds).unwrap();
    let (key, _) = listeners.key(&json!({"expires_at": at.to_string()}));
    crate::harness::token(&listeners.server.serving.url(), &key)
}

/// A 3-second token is renewed while a stream runs, once in time and once too late: nothing is lost.
#[test]
fn a_token_is_renewed_while_a_stream_runs_and_nothing_is_lost() {
    let listeners = Listeners::open(&[]);
    let space = &listeners.server.owner.space;
    let mut sender = listeners.connect();
    sender.auth(&format!("iam {} s-{space}", short(&listeners, 3)));
    sender.send(&lines("stream.a", 5));
    let warned = sender.answer();
    assert!(warned.starts_with("WARN "), "{warned}");
    sender.auth(&format!("iam {}", short(&listeners, 3)));
    sender.send(&lines("stream.b", 5));
    assert!(sender.answer().starts_with("WARN "));
    // It ends now; what comes is held and not stored until there is a new one.
    let log = || listeners.server.serving.log();
    std::thread::sleep(std::time::Duration::from_secs(4));
    sender.send(&lines("stream.c", 5));
    listeners.wait_for("stream.a", 5);
    listeners.wait_for("stream.b", 5);
    assert_eq!(listeners.stored("stream.c"), 0, "{}", log());
    sender.auth(&format!("iam {}", listeners.server.token()));
    sender.send(&lines("stream.d", 5));
    listeners.wait_for("stream.c", 5);
    listeners.wait_for("stream.d", 5);
    assert_eq!(listeners.not_stored("graphite.listen", "expired"), 0);
}

/// No new token comes: what was held is refused, counted, and the sender is told.
#[test]
fn what_was_held_for_nothing_is_counted() {
    let listeners = Listeners::open(&[
        "--set",
        "limits.sender_held_seconds=1",
        "--set",
        "limits.sender_held_bytes=4096",
    ]);
    let space = &listeners.server.owner.space;
    let mut sender = listeners.connect();
    sender.auth(&format!("iam {} s-{space}", short(&listeners, 2)));
    assert!(sender.answer().starts_with("WARN "));
    std::thread::sleep(std::time::Duration::from_secs(3));
    let filler = "x".repeat(900);
    let text: String = (0..20)
        .map(|at| format!("late.{filler}{at} 1 -1\n"))
        .collect();
    // The connection may be over before.
    let _ = std::io::Write::write_all(&mut sender.stream, text.as_bytes());
    let answer = sender.answer();
    assert!(
        answer.starts_with("ERR ") && answer.contains("expired"),
        "{answer}"
    );
    assert_eq!(sender.answer(), "");
    let hits = |limit| crate::limits::hits(&listeners.server, limit);
    assert!(hits(base::limit::SENDER_HELD_SECONDS) == 1);
    assert_eq!(listeners.stored("late.*"), 0);
}

/// Each look at the key of an open connection counted, also where nothing came.
#[test]
fn each_batch_counts_as_one_use_of_its_key() {
    let listeners = Listeners::open(&[]);
    let (key, id) = listeners.server.narrow_key();
    let mut sender = listeners.connect();
    sender.auth(&format!("apikey {key}"));
    for (name, batches) in [("use.a", 1), ("use.b", 2)] {
        sender.send(&lines(name, 5));
        listeners.wait_for(name, 5);
        let path = format!("/v1/apikeys/{id}?include_activity=true");
        let url = listeners.server.serving.url();
        let shown = crate::harness::Request::new(&url, "GET", &path);
        let shown = shown.bearer(&listeners.server.token()).send().json();
        assert_eq!(shown["activity"]["authn_count"], batches, "{shown}");
    }
}

/// A key that is withdrawn holds nothing.
#[test]
fn a_key_that_is_withdrawn_ends_the_connection() {
    let listeners = Listeners::open(&[]);
    let (key, id) = listeners.server.narrow_key();
    let mut sender = listeners.connect();
    sender.auth(&format!("apikey {key}"));
    sender.send(&lines("gone.a", 2));
    listeners.wait_for("gone.a", 2);
    let token = listeners.server.token();
    let path = format!("/v1/apikeys/{id}");
    assert_eq!(
        listeners
            .server
            .request("DELETE", &path)
            .bearer(&token)
            .send()
            .status,
        204
    );
    let answer = sender.answer();
    assert!(answer.starts_with("ERR "), "{answer}");
    assert_eq!(sender.answer(), "");
}

/// Somebody else's token does not bring in what was held.
#[test]
fn another_sender_does_not_bring_in_what_was_held() {
    let listeners = Listeners::open(&[]);
    let space = &listeners.server.owner.space;
    let org = &listeners.server.owner.org;
    let mut sender = listeners.connect();
    sender.auth(&format!("iam {} s-{space}", short(&listeners, 2)));
    assert!(sender.answer().starts_with("WARN "));
    std::thread::sleep(std::time::Duration::from_secs(3));
    sender.send(&lines("held.a", 4));
    sender.auth(&format!("iam {} o-{org}", listeners.server.token()));
    until("it is counted", || {
        listeners.not_stored("graphite.listen", "another_sender") == 4
    });
    let answer = sender.answer();
    assert!(
        answer.starts_with("WARN 4 lines were not stored"),
        "{answer}"
    );
    assert_eq!(listeners.stored("held.a"), 0);
    let rejects = arrivals::summary(&listeners, "rejects");
    let reasons = json!({"another_sender": 4});
    assert_eq!(rejects["by_reason"], reasons, "{rejects}");
}

/// They were counted when the time was over, and again at the end.
#[test]
fn what_was_held_for_nothing_is_counted_once() {
    let listeners = Listeners::open(&["--set", "limits.sender_held_seconds=2"]);
    let space = &listeners.server.owner.space;
    let mut sender = listeners.connect();
    sender.auth(&format!("iam {} s-{space}", short(&listeners, 2)));
    assert!(sender.answer().starts_with("WARN "));
    std::thread::sleep(std::time::Duration::from_secs(2));
    sender.send(&lines("late.a", 4));
    let answer = sender.answer();
    assert!(answer.contains("expired"), "{answer}");
    assert!(
        answer.trim_end().ends_with("; 4 lines were not stored"),
        "{answer}"
    );
    assert_eq!(sender.answer(), "");
    assert_eq!(listeners.not_stored("graphite.listen", "expired"), 4);
}

/// It has nothing more to send, but still reads.
#[test]
fn a_sender_that_ends_while_its_lines_wait_is_told() {
    let listeners = Listeners::open(&[]);
    let space = &listeners.server.owner.space;
    let mut sender = listeners.connect();
    sender.auth(&format!("iam {} s-{space}", short(&listeners, 2)));
    assert!(sender.answer().starts_with("WARN "));
    std::thread::sleep(std::time::Duration::from_secs(3));
    sender.send(&lines("late.b", 4));
    sender.stream.shutdown(std::net::Shutdown::Write).unwrap();
    let answer = sender.answer();
    assert!(
        answer.starts_with("ERR 4 lines were not stored"),
        "{answer}"
    );
    assert_eq!(listeners.not_stored("graphite.listen", "expired"), 4);
    assert_eq!(listeners.stored("late.b"), 0);
    // Those who look after the space see it, too.
    let rejects = arrivals::summary(&listeners, "rejects");
    assert_eq!(rejects["by_reason"], json!({"expired": 4}), "{rejects}");
}

/// Streams a line every ten milliseconds, and shows another token whenever the server warns. How many lines, and how many tokens.
fn stream(listeners: &Listeners, lasting: Duration, token: impl Fn() -> String) -> (usize, usize) {
    let mut stream = TcpStream::connect(listeners.address("graphite.listen")).unwrap();
    let answers = BufReader::new(stream.try_clone().unwrap());
    let (line_sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in answers.lines().map_while(Result::ok) {
            if line_sender.send(line).is_err() {
                break;
            }
        }
    });
    let space = &listeners.server.owner.space;
    let begin = now() - 80_000;
    let (mut sent, mut tokens, mut right) = (0, 1, 0);
    let mut write = |text: String| stream.write_all(text.as_bytes()).unwrap();
    write(format!("AUTH iam {} s-{space}\n", token()));
    let begun = Instant::now();
    while begun.elapsed() < lasting {
        write(format!("stream.a {sent} {}\n", begin + sent));
        sent += 1;
        while let Ok(line) = lines.try_recv() {
            match &line[..3] {
                "OK " => right += 1,
                "WAR" => {
                    write(format!("AUTH iam {}\n", token()));
                    tokens += 1;
                }
                _ => panic!("{line}"),
            }
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    // It answers when all before it was read.
    while right < tokens {
        let line = lines.recv_timeout(Duration::from_secs(300)).unwrap();
        right += usize::from(line.starts_with("OK "));
    }
    (usize::try_from(sent).unwrap(), tokens)
}

/// With `VIGIE_LONG`, five minutes under tokens of 30 seconds; without, some seconds under tokens of three.
#[test]
fn a_stream_outlives_its_tokens_and_loses_nothing() {
    let is_long = std::env::var_os("VIGIE_LONG").is_some();
    let listeners = Listeners::open(&["--set", "tokens.access_token_seconds=30"]);
    let (lasting, life) = if is_long { (300, 30) } else { (10, 3) };
    let begun = Instant::now();
    let first = std::cell::OnceCell::new();
    let token = || {
        let token = match is_long {
            true => listeners.server.token(),
            false => short(&listeners, life),
        };
        first.get_or_init(|| token.clone());
        token
    };
    let (sent, tokens) = stream(&listeners, Duration::from_secs(lasting), token);
    println!(
        "{sent} lines in {:.0} s under {tokens} tokens of {life} s",
        begun.elapsed().as_secs_f64()
    );
    listeners.wait_for("stream.a", sent);
    let values = listeners.values("stream.a").remove("stream.a").unwrap();
    assert!(values.windows(2).all(|pair| pair[0] + 1.0 == pair[1]));
    assert_eq!(listeners.not_stored("graphite.listen", "expired"), 0);
    // They did end.
    assert!(tokens >= 3, "{tokens}");
    let first = first.get().unwrap();
    let ended = listeners
        .server
        .metrics(first, "GET", "/v1/metrics/list?query=*");
    assert_eq!(ended.send().status, 401);
}
