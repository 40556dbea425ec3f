//! The limits of one query beside what it reads, and of all queries; the latter are tried in `hostile/queries`.

use super::figure;
use super::{hits, refused};
use crate::harness::{Server, now, until};
use base::limit::{self, Limit};
use serde_json::json;

pub(super) const LIMITS: [Limit; 20] = [
    // In `pictures`.
    limit::TARGETS_PER_RENDER,
    limit::PICTURE_WIDTH,
    limit::PICTURE_HEIGHT,
    limit::PENDING_DELETIONS,
    limit::SLOTS_PER_SERIES,
    limit::CONCURRENT_QUERIES,
    limit::QUEUED_QUERIES,
    limit::QUERIES_IN_FLIGHT_BYTES,
    limit::PATTERN_BYTES,
    limit::PATTERN_TABLE_BYTES,
    limit::NAMES_PER_DRY_RUN,
    limit::TARGET_DEPTH,
    limit::MADE_TARGET_DEPTH,
    limit::VALUES_PER_PARAMETER,
    limit::SHIFTS_PER_STACK,
    limit::REGEX_BYTES,
    limit::REGEX_WORK,
    limit::REPLACEMENT_GROWTH_BYTES,
    limit::MADE_NAME_BYTES,
    limit::FORMAT_WIDTH,
];

#[test]
fn what_one_query_may_look_at() {
    let samples: Vec<_> = (0..5)
        .map(|leaf| json!({"name": format!("{}.{leaf}", "l".repeat(1000)), "value": 1}))
        .collect();
    for (limit, least) in [(limit::STEPS_PER_QUERY, 1), (limit::BYTES_PER_QUERY, 4096)] {
        let server = Server::with(&["--set", &format!("limits.{}={least}", limit.name)]);
        let token = server.token();
        let sent = server.metrics(&token, "POST", "/v1/metrics");
        assert_eq!(sent.json(&json!(samples)).send().status, 200);
        for (method, path) in [
            ("GET", "/v1/metrics?target=*.*"),
            ("GET", "/v1/metrics/list?query=*.*"),
        ] {
            let reply = server.metrics(&token, method, path).send();
            refused(&reply, 400, "BXNMSMT12E", limit);
        }
        assert_eq!(hits(&server, limit), 2);
    }
}

#[test]
fn deletions_that_wait() {
    let limit = limit::PENDING_DELETIONS;
    let server = Server::with(&[
        "--set",
        "limits.pending_deletions=1",
        "--set",
        "storage.flush_samples=1000",
    ]);
    let token = server.token();
    let send = |samples: i64| {
        let times = (0..samples).map(|back| now() - back);
        let samples: Vec<_> = times
            .map(|at| json!({"name": "abc.def", "value": 1, "timestamp": at}))
            .collect();
        let sent = server.metrics(&token, "POST", "/v1/metrics");
        assert_eq!(sent.json(&json!(samples)).send().status, 200);
    };
    let delete = |hours: u32| {
        let path = format!("/v1/metrics/list?query=abc.*&from=-{hours}h&until=now");
        server.metrics(&token, "DELETE", &path).send()
    };
    // What no file holds yet goes at once, and nothing waits.
    for _ in 0..3 {
        send(1);
        assert_eq!(delete(1).status, 200);
    }
    send(1000);
    until("a flush", || figure(&server, "vigie_store_segments") > 0);
    send(1);
    assert_eq!(delete(1).status, 200);
    refused(&delete(2), 429, "BXNMSSV06E", limit);
    assert_eq!(hits(&server, limit), 1);
}

#[test]
fn a_range_of_too_many_slots_is_refused_with_the_limit_by_name() {
    let server = Server::start();
    let token = server.token();
    let set = server.metrics(&token, "PUT", "/v1/settings/domain");
    let set = set.json(&json!({"resolution_seconds": 1})).send();
    assert_eq!(set.status, 200, "{}", set.text());
    let path = "/v1/metrics?target=a&from=-200d";
    let reply = server.metrics(&token, "GET", path).send();
    refused(&reply, 400, "BXNMSMT12E", limit::SLOTS_PER_SERIES);
    assert!(reply.text().contains("10000000"), "{}", reply.text());
    assert_eq!(hits(&server, limit::SLOTS_PER_SERIES), 1);
}

#[test]
fn queries_at_once_are_twice_the_processors_where_nothing_is_set() {
    let server = Server::start();
    let line = "vigie_limit{limit=\"concurrent_queries\",unit=\"queries\"}";
    let cores = std::thread::available_parallelism().unwrap().get() as u64;
    assert_eq!(super::figure(&server, line), 2 * cores);
}

/// A list as long as a pattern may be passes the head; what is longer, or varied beyond measure, is refused by its limit.
#[test]
fn what_a_pattern_may_be() {
    let server = Server::start();
    let token = server.token();
    let different: String = (0..5000_u32)
        .filter_map(|at| char::from_u32(0x4e00 + 2 * at))
        .collect();
    let long = "a".repeat(limit::PATTERN_BYTES.default as usize);
    let longer = format!("{long}a");
    let varied = format!("{}[{different}]", "ab".repeat(8000));
    for (pattern, limit) in [
        (&longer, limit::PATTERN_BYTES),
        (&varied, limit::PATTERN_TABLE_BYTES),
    ] {
        for (method, path, key, code) in [
            ("GET", "/v1/metrics", "target", "BXNMSMT05E"),
            ("GET", "/v1/metrics/list", "query", "BXNMSMT09E"),
            ("DELETE", "/v1/metrics/list", "query", "BXNMSMT09E"),
        ] {
            let path = format!("{path}?{}", wire::query::encode(&[(key, pattern)]));
            refused(
                &server.metrics(&token, method, &path).send(),
                400,
                code,
                limit,
            );
        }
        assert_eq!(hits(&server, limit), 3, "{}", limit.name);
    }
    let path = format!("/v1/metrics?target={long}");
    assert_eq!(server.metrics(&token, "GET", &path).send().status, 200);
}

/// Each refusal of Graphite's words names its limit, and is counted for it.
#[test]
fn what_a_target_may_make_a_server_do() {
    let server = Server::start();
    let token = server.token();
    let name = format!("{}.b", "n".repeat(1000));
    let sent = server.metrics(&token, "POST", "/v1/metrics");
    let sent = sent
        .json(&json!([{"name": name, "value": 1}, {"name": "a.b", "value": 1}]))
        .send();
    assert_eq!(sent.status, 200, "{}", sent.text());
    let nested = format!("{}{name}{}", "absolute(".repeat(65), ")".repeat(65));
    let piped = format!("{name}{}", "|absolute()".repeat(65));
    let values = format!("aliasByNode({name}{})", ",0".repeat(300));
    let long = "x".repeat(5000);
    let letters = "n".repeat(60_000);
    let made = "template(applyByNode(a.b,0,$again))".to_owned();
    for (target, limit) in [
        (nested, limit::TARGET_DEPTH),
        (piped, limit::TARGET_DEPTH),
        (made.clone(), limit::MADE_TARGET_DEPTH),
        (values, limit::VALUES_PER_PARAMETER),
        (
            format!("timeStack({name},'1d',0,1001)"),
            limit::SHIFTS_PER_STACK,
        ),
        (format!("grep({name},'{long}')"), limit::REGEX_BYTES),
        (format!("seriesByTag('name=~{long}')"), limit::REGEX_BYTES),
        (
            format!("aliasSub(alias({name},'{letters}'),'x{{1200}}','')"),
            limit::REGEX_WORK,
        ),
        (
            format!("aliasSub({name},'n','{}')", "y".repeat(100)),
            limit::REPLACEMENT_GROWTH_BYTES,
        ),
        (
            format!("aliasByNode({name}{})", ",0".repeat(200)),
            limit::MADE_NAME_BYTES,
        ),
        (
            "aliasQuery(a.b,'.+','a.b','%300d')".to_owned(),
            limit::FORMAT_WIDTH,
        ),
    ] {
        let before = hits(&server, limit);
        let request = server.metrics(&token, "POST", "/render");
        let form = [
            ("target", target.as_str()),
            ("template[again]", made.as_str()),
            ("format", "json"),
        ];
        let reply = request.form(&form).send();
        refused(&reply, 400, "BXNMSMT05E", limit);
        assert_eq!(hits(&server, limit), before + 1, "{}", limit.name);
    }
    for query in ["findSeries?expr=name=~", "autoComplete/tags?expr=name=~"] {
        let path = format!("/tags/{query}{long}");
        let reply = server.metrics(&token, "GET", &path).send();
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(reply.text().contains("regex_bytes"), "{}", reply.text());
    }
    assert_eq!(hits(&server, limit::REGEX_BYTES), 4);
}

#[test]
fn a_dry_run_tells_so_many_names() {
    let server = Server::start();
    let token = server.token();
    let names: Vec<String> = (0..50).map(|at| format!("a.b{at:02}")).collect();
    let samples: Vec<_> = names
        .iter()
        .map(|name| json!({"name": name, "value": 1}))
        .collect();
    let sent = server
        .metrics(&token, "POST", "/v1/metrics")
        .json(&json!(samples));
    assert_eq!(sent.send().status, 200);
    let most = limit::NAMES_PER_DRY_RUN.default as usize;
    for query in ["a", "a.*", "**", "a.b[0-4]*"] {
        let path = format!("/v1/metrics/list?query={query}&dry_run=true");
        let reply = server.metrics(&token, "DELETE", &path).send().json();
        assert_eq!(reply["deleted"], json!(50), "{query}");
        assert_eq!(reply["names"], json!(names[..most]), "{query}");
    }
}
