//! A question about many series is answered by several threads where turns are idle, with the very bytes of one thread.

use crate::harness::{Server, now};
use serde_json::json;

/// Counts how often a thread helped.
const HELPED: &str = "vigie_query_helpers_total";

/// Wide enough to be divided.
const SERIES: u32 = 600;

/// The same samples in each server.
fn filled(concurrent: u32, begin: i64) -> (Server, String) {
    let concurrent = format!("limits.concurrent_queries={concurrent}");
    let all = [
        "--set",
        &concurrent,
        "--set",
        "limits.account_share_percent=100",
    ];
    let server = Server::with(&all);
    let token = server.token();
    for minute in 0..3 {
        let samples: Vec<_> = (0..SERIES)
            .map(|number| {
                let value = f64::from(number) / 7.0 + f64::from(minute);
                json!({"name": format!("app.h{number}.load"), "value": value, "timestamp": begin + 60 * i64::from(minute)})
            })
            .collect();
        let sent = server.metrics(&token, "POST", "/v1/metrics");
        let reply = sent.json(&json!(samples)).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    (server, token)
}

fn figure(server: &Server, name: &str) -> u64 {
    let text = server.operations("/metrics").text();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no `{name}`"))
        .parse()
        .unwrap()
}

#[test]
fn several_threads_answer_with_the_bytes_of_one() {
    let begin = now() / 60 * 60 - 3600;
    let [alone, together] = [1, 16].map(|concurrent| filled(concurrent, begin));
    let range = format!("from={}&until={}", begin - 600, begin + 600);
    for target in [
        "app.*.load",
        "sumSeries(app.*.load)",
        "app.h1*.load&target=highestMax(app.*.load,5)&target=app.*.load",
    ] {
        let path = format!("/render?target={target}&{range}&format=json");
        let [one, other] = [&alone, &together].map(|(server, token)| {
            let reply = server.metrics(token, "GET", &path).send();
            assert_eq!(reply.status, 200, "{}", reply.text());
            reply.text()
        });
        assert!(one.contains("app."), "{one}");
        assert_eq!(one, other, "{target}");
    }
    assert_eq!(figure(&alone.0, HELPED), 0, "the one turn is taken");
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    assert_eq!(figure(&together.0, HELPED) > 0, processors > 1);
}
