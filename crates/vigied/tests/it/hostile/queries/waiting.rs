//! Queries that wait for their turn: the wait counts towards the time limit, and its refusal says so.

use super::super::slow_bodies::with_another_account;
use super::{ask, figure, percent, send_long_names};
use crate::harness::until;

/// Where everything stands in its place before the first one's time is over: on a slow machine that takes longer, as the queries
/// do themselves.
#[test]
fn a_query_that_times_out_in_the_queue_is_told_so() {
    let is_reported = [6, 12, 24, 48].into_iter().any(are_told_within);
    assert!(is_reported, "the queries ended before all of them waited");
}

/// False where the first query's time was over before the last one had come.
fn are_told_within(seconds: u64) -> bool {
    let time = format!("limits.request_seconds={seconds}");
    let (server, other) = with_another_account(&[
        "--set",
        "limits.steps_per_query=1000000000000",
        "--set",
        &time,
        "--set",
        "limits.concurrent_queries=1",
        "--set",
        "limits.account_share_percent=100",
    ]);
    let first_key = server.owner.api_key.clone();
    for key in [&first_key, &other] {
        send_long_names(&server, key, 24);
    }
    // Together much longer than the time that is given here.
    let pattern = percent(&format!("*.c.*.{}", "*y".repeat(480) + "z"));
    let path = format!("/v1/metrics/list?query={pattern}");
    let before = figure(&server, "vigie_limit_hits_total{limit=\"request_seconds\"}");
    let ended = std::thread::scope(|scope| {
        let begin = |key: &str| {
            let asked = ask(&server, key, "GET", &path);
            scope.spawn(move || asked.send())
        };
        let first = begin(&first_key);
        // The first account's runs, or waits for its turn again, and so many others wait.
        let waiting = |count: u64| {
            let mut is_so = false;
            until("one runs, and the others wait", || {
                is_so = (1..=2).contains(&figure(&server, "vigie_queries_running"))
                    && figure(&server, "vigie_queries_waiting") == count;
                is_so || first.is_finished()
            });
            is_so
        };
        let mut others = Vec::new();
        let mut are_there = waiting(0);
        // Accounts share the turn: the last one and the first have it by turns until their time is over, and what has not begun
        // comes after what has.
        for (count, key) in (1..).zip([&first_key, &first_key, &other]) {
            if are_there {
                others.push(begin(key));
                are_there = waiting(count);
            }
        }
        if !are_there {
            return 0;
        }
        let mut ended = 2;
        let neighbours = others.pop().unwrap();
        for waited in others {
            let reply = waited.join().unwrap();
            assert_eq!((reply.status, reply.code().as_str()), (503, "BXNMSSV05E"));
            let text = reply.text();
            assert!(text.contains("waited for its turn"), "{text}");
            let limit = format!("`request_seconds` = {seconds}");
            assert!(text.contains(&limit), "{text}");
            assert!(reply.header("Retry-After").is_some());
        }
        // Those that had a turn are told another reason.
        for worked in [first, neighbours] {
            let reply = worked.join().unwrap();
            // A fast machine may come to the end of one within its time.
            assert!([200, 503].contains(&reply.status), "{}", reply.text());
            let text = reply.text();
            assert!(!text.contains("waited for its turn"), "{text}");
            ended += u64::from(reply.status == 503);
        }
        ended
    });
    if ended > 0 {
        let hits = figure(&server, "vigie_limit_hits_total{limit=\"request_seconds\"}");
        assert_eq!(hits - before, ended);
        until("nobody waits or runs any more", || {
            figure(&server, "vigie_queries_running") + figure(&server, "vigie_queries_waiting") == 0
        });
    }
    ended > 0
}
