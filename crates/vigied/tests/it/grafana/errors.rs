//! A refusal is shown beside the panel: Grafana takes it from `error`, where graphite-web has it, and shows `undefined` without.

use super::source::Source;
use crate::harness::{Reply, Server};

fn check_error(reply: &Reply, status: u16, code: &str, parts: &[&str]) {
    let text = reply.text();
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (status, code),
        "{text}"
    );
    assert_eq!(
        reply.header("content-type"),
        Some("application/json"),
        "{text}"
    );
    let body = reply.json();
    let error = body["error"]
        .as_str()
        .unwrap_or_else(|| panic!("no `error`: {text}"));
    let first = &body["errors"][0];
    for field in ["message", "hint"] {
        let part = first[field].as_str().unwrap_or_default();
        assert!(error.contains(part), "{text}");
    }
    for part in parts {
        assert!(error.contains(part), "no `{part}` in {text}");
    }
}

#[test]
fn grafana_shows_the_reason_of_a_refusal() {
    let server = Server::start();
    let domain = format!("s-{}", server.owner.space);
    let source = Source::by_headers(&server, &server.owner.api_key, &domain);
    let range = "from=-1h&until=now&format=json&maxDataPoints=900";
    for (target, parts) in [
        ("sumSerie(shop.*)", ["column 1", "`sumSeries`"]),
        ("sumSeries(shop.*", ["sumSeries(shop.*", "column"]),
        ("scale(shop.*%2C2))", ["scale(shop.*,2))", "column"]),
    ] {
        let form = format!("target={target}&{range}");
        let reply = source.ask("POST", "/render", Some(&form));
        check_error(&reply, 400, "BXNMSMT05E", &parts);
    }
    let reply = source.ask(
        "POST",
        "/render",
        Some("target=shop.*&from=soon&format=json"),
    );
    check_error(&reply, 400, "BXNMSMT07E", &["soon"]);
    let reply = source.ask("POST", "/metrics/find", Some("query="));
    check_error(&reply, 400, &reply.code(), &["`query`"]);
    let reply = source.ask("GET", "/tags/autoComplete/values", None);
    check_error(&reply, 400, "BXNMSMT11E", &["`tag`"]);
    let reply = source.ask("GET", "/functions/sumSerie", None);
    check_error(&reply, 404, "BXNMSMT13E", &["did you mean `sumSeries`?"]);
    let reply = source.ask("GET", "/metrics/fnd?query=*", None);
    check_error(&reply, 404, "BXNMSSV01E", &[]);
    let unknown = Source::by_headers(&server, "vgk_nobody-has-this-key-0123456789", &domain);
    check_error(
        &unknown.ask("GET", "/version", None),
        401,
        "BXNMSRI10E",
        &["key"],
    );
    let foreign = format!("s-{}", "0".repeat(32));
    let elsewhere = Source::by_headers(&server, &server.owner.api_key, &foreign);
    let reply = elsewhere.ask("POST", "/metrics/find", Some("query=*"));
    check_error(&reply, 404, "BXNMSRI13E", &[]);
}

/// The interface of the original keeps its form.
#[test]
fn other_routes_have_no_second_text() {
    let server = Server::start();
    let token = server.token();
    let reply = server.metrics(&token, "GET", "/v1/metrics?target=sumSerie(");
    let reply = reply.send();
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(reply.json().get("error").is_none(), "{}", reply.text());
}
