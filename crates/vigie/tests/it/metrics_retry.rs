//! How long `metrics send` waits for a server that takes nothing for now, and what it says of it.

use crate::store::busy;
use crate::terminal::Terminal;

/// A full disk was waited for two and a half minutes, and nobody was told how long that would be.
#[test]
fn how_long_is_waited_is_told_and_can_be_said() {
    let mut terminal = Terminal::logged_in();
    // For how long the server asks, how often it does, how long is waited; what is said, and how often it is asked.
    for (asks_s, times, retry_for, expected, requests) in [
        (
            30,
            1,
            "10s",
            "the server asks to wait 30 s, longer than this",
            1,
        ),
        (
            30,
            1,
            "0",
            "the server asks to wait 30 s, longer than this",
            1,
        ),
        (2, 1, "5s", "trying again in 2 s, for 5 s at the most", 2),
        (2, 2, "3s", "trying again in 2 s, for 3 s at the most", 2),
    ] {
        let is_stored = requests > times;
        terminal
            .server
            .configure(|behavior| behavior.retry_after_s = Some(asks_s));
        let instead = (0..times).map(|_| busy());
        let mut store = terminal.server.store.lock().unwrap();
        store.instead.extend(instead);
        drop(store);
        let before = terminal.server.requests("POST", "/v1/metrics").len();
        let ran = terminal.run(&format!("vigie metrics send a.b=1 --retry-for {retry_for}"));
        assert_eq!(ran.code == 0, is_stored, "{retry_for}: {ran:?}");
        assert!(ran.stderr.contains(expected), "{retry_for}: {ran:?}");
        let after = terminal.server.requests("POST", "/v1/metrics").len();
        assert_eq!(after - before, requests, "{retry_for}: {ran:?}");
    }
    // What is waited without the flag is told, too.
    terminal
        .server
        .configure(|behavior| behavior.retry_after_s = Some(2));
    let mut store = terminal.server.store.lock().unwrap();
    store.instead.push_back(busy());
    drop(store);
    let ran = terminal.run("vigie metrics send a.b=1");
    assert_eq!(ran.code, 0, "{ran:?}");
    let expected = "trying again in 2 s, for 150 s at the most";
    assert!(ran.stderr.contains(expected), "{ran:?}");
}
