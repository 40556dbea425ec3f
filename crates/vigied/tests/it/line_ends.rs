//! Answers end their line: at a terminal the next answer, or the prompt, begins a line of its own.

use crate::harness::{Reply, Server};
use serde_json::json;

fn ends_its_line(reply: &Reply, what: &str) {
    let text = reply.text();
    let line = text.strip_suffix('\n');
    assert!(
        line.is_some_and(|line| !line.ends_with('\n')),
        "{what}: {text:?}"
    );
}

#[test]
fn regression_7_every_answer_that_is_text_ends_its_line_once() {
    let server = Server::start();
    let token = server.token();
    let sent = server.metrics(&token, "POST", "/v1/metrics");
    ends_its_line(
        &sent.json(&json!([{"name": "a.b", "value": 1}])).send(),
        "receipt",
    );
    for path in [
        "/v1/metrics?target=a.b",
        "/v1/metrics?target=a.b&from=nonsense",
        "/v1/metrics/list",
        "/v1/metrics/senders",
        "/v1/settings/domain",
        "/metrics/find?query=*",
        "/metrics/index.json",
        "/render?target=a.b&format=json&from=-1min",
        "/render?target=a.b&format=csv&from=-1min",
        "/render?target=a.b&format=raw&from=-1min",
        "/render?target=a.b&format=rickshaw&from=-1min",
        "/render?target=(&format=json",
        "/functions",
        "/tags",
        "/events/get_data",
        "/v2/info",
        "/v2/regions",
        "/v2/organizations",
        "/identity/keys",
        "/.well-known/openid-configuration",
        "/openapi.json",
        "/nowhere",
    ] {
        let reply = server.metrics(&token, "GET", path).send();
        ends_its_line(&reply, path);
    }
    for path in ["/identity/token", "/oauth/token"] {
        let refused = server.request("POST", path).form(&[("grant_type", "none")]);
        ends_its_line(&refused.send(), path);
    }
}
