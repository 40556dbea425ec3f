//! Input that a page in a browser can make the browser send, from an address that is known: nothing of it is taken.

use super::{Listeners, Sender};
use crate::harness::until;
use std::io::Write;

/// The lines after the head of a request were stored in the name of the address, whatever page had it sent.
#[test]
fn a_browser_at_a_known_address_sends_nothing() {
    let (listeners, _) = Listeners::with_source("127.0.0.1", &["--set", "statsd.flush_seconds=1"]);
    let rest = "Host: vigie.example.org\r\nContent-Type: text/plain\r\n\r\n";
    let long = "x".repeat(20_000);
    for (listener, line) in [
        ("graphite.listen", "page.a 1 -1\n"),
        ("statsd.listen", "page.a:1|c\n"),
    ] {
        for (begin, expected) in [
            (
                format!("POST / HTTP/1.1\r\n{rest}"),
                "no HTTP is taken here",
            ),
            // One that is longer than any line, which is passed over.
            (
                format!("GET /?{long} HTTP/1.1\r\n{rest}"),
                "no HTTP is taken here",
            ),
            (
                "\u{16}\u{3}\u{1}\u{2}\0\u{1}\n".to_owned(),
                "no TLS is taken here",
            ),
        ] {
            let mut sender = Sender::new(&listeners.address(listener));
            // It may be closed before.
            let text = format!("{begin}{line}");
            let _ = sender.stream.write_all(text.as_bytes());
            let answer = sender.answer();
            assert!(
                answer.is_empty() || answer == format!("ERR {expected}"),
                "{answer}"
            );
        }
        until(listener, || listeners.not_stored(listener, "protocol") == 3);
        // Behind a line of a sender it is a line that is none.
        let mut sender = Sender::new(&listeners.address(listener));
        let line = line.replace("page", "honest");
        sender.send(&format!("{line}POST / HTTP/1.1\r\n{line}"));
    }
    listeners.wait_for("honest.a", 2);
    until("both are flushed", || {
        let counts = listeners.values("stats_counts.honest.a");
        counts.values().flatten().sum::<f64>() >= 2.0
    });
    for name in ["page.a", "stats_counts.page.a", "stats.page.a"] {
        assert_eq!(listeners.stored(name), 0, "{name}");
    }
}
