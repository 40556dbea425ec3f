//! Queries that wait for their turn: the wait counts towards the time limit, and its refusal says so.

use super::super::slow_bodies::with_another_account;
use super::{ask, figure, long_names, percent, send, until};

#[test]
fn who_waits_for_a_turn_until_his_time_is_over_is_told_so() {
    let (server, other) = with_another_account(&[
        "--set",
        "limits.steps_per_query=1000000000000",
        "--set",
        "limits.request_seconds=6",
        "--set",
        "limits.concurrent_queries=1",
        "--set",
        "limits.account_share_percent=100",
    ]);
    let own = server.owner.api_key.clone();
    for key in [&own, &other] {
        for part in 0..8 {
            let names = long_names(4000).map(|name| format!("p{part}.{name}"));
            send(&server, key, names);
        }
    }
    // Together much longer than the time that is given here.
    let pattern = percent(&format!("*.c.*.{}", "*y".repeat(480) + "z"));
    let path = format!("/v1/metrics/list?query={pattern}");
    let waiting = |count: u64| {
        until("one runs, and the others wait", || {
            // The first account's runs, or waits for its turn again.
            (1..=2).contains(&figure(&server, "vigie_queries_running"))
                && figure(&server, "vigie_queries_waiting") == count
        });
    };
    let before = figure(&server, "vigie_limit_hits_total{limit=\"request_seconds\"}");
    std::thread::scope(|scope| {
        let begin = |key: &str| {
            let asked = ask(&server, key, "GET", &path);
            scope.spawn(move || asked.send())
        };
        let first = begin(&own);
        waiting(0);
        let second = begin(&own);
        waiting(1);
        let third = begin(&own);
        waiting(2);
        // Accounts share the turn: this one and the first have it by turns until their time is over, and what has not begun comes
        // behind what has.
        let neighbours = begin(&other);
        waiting(3);
        for waited in [second, third] {
            let told = waited.join().unwrap();
            assert_eq!((told.status, told.code().as_str()), (503, "BXNMSSV05E"));
            let text = told.text();
            assert!(text.contains("waited for its turn"), "{text}");
            assert!(text.contains("`request_seconds` = 6"), "{text}");
            assert!(told.header("Retry-After").is_some());
        }
        // Those that had a turn are told another reason.
        for worked in [first, neighbours] {
            let reply = worked.join().unwrap();
            // A fast machine may come to the end of one within its time.
            assert!([200, 503].contains(&reply.status), "{}", reply.text());
            let text = reply.text();
            assert!(!text.contains("waited for its turn"), "{text}");
        }
    });
    let hits = figure(&server, "vigie_limit_hits_total{limit=\"request_seconds\"}");
    assert_eq!(hits - before, 4);
    until("nobody waits or runs any more", || {
        figure(&server, "vigie_queries_running") + figure(&server, "vigie_queries_waiting") == 0
    });
}
