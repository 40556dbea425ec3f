//! `/graphite/SCOPE/…`: the domain in the path, for programs that can set no header.

use crate::harness::{Reply, Request, Server, now};
use serde_json::json;

/// Sends one sample to the space, and returns the server.
fn server() -> Server {
    let server = Server::start();
    let sent = server.metrics(&server.token(), "POST", "/v1/metrics");
    let sample = json!([{"name": "app.load", "value": 1, "timestamp": now() - 5}]);
    assert_eq!(sent.json(&sample).send().status, 200);
    server
}

fn request(server: &Server, method: &str, path: &str) -> Request {
    server
        .request(method, path)
        .basic("apikey", &server.owner.api_key)
}

fn get(server: &Server, path: &str) -> Reply {
    request(server, "GET", path).send()
}

#[test]
fn the_path_names_the_domain_where_no_header_does() {
    let server = server();
    let (space, org, account) = (
        &server.owner.space,
        &server.owner.org,
        &server.owner.account,
    );
    for (scope, names) in [
        (format!("s-{space}"), json!(["app.load"])),
        (format!("o-{org}"), json!([])),
        (format!("a-{account}"), json!([])),
    ] {
        let reply = get(&server, &format!("/graphite/{scope}/metrics/index.json"));
        assert_eq!(
            (reply.status, reply.json()),
            (200, names.clone()),
            "{scope}"
        );
        // With doubled slashes, and one at the end.
        for path in [
            "//graphite/SCOPE//metrics/index.json",
            "/graphite/SCOPE/metrics/index.json/",
        ] {
            let reply = get(&server, &path.replace("SCOPE", &scope));
            assert_eq!((reply.status, reply.json()), (200, names.clone()), "{path}");
        }
    }
    let rendered = get(
        &server,
        &format!("/graphite/s-{space}/render?target=app.*&format=csv&from=-1h"),
    );
    assert!(rendered.text().contains("app.load,"), "{}", rendered.text());
    let form = request(&server, "POST", &format!("/graphite/s-{space}/render"));
    let form = form
        .form(&[("target", "app.*"), ("format", "csv"), ("from", "-1h")])
        .send();
    assert!(form.text().contains("app.load,"), "{}", form.text());
    // Graphite's documentation writes it both ways.
    let plain = request(&server, "GET", "/metrics/find/?query=app.*");
    let plain = plain
        .header("X-Auth-Scope-Id", &format!("s-{space}"))
        .send();
    assert_eq!(plain.json()[0]["id"], "app.load");
    let tag = get(&server, &format!("/graphite/s-{space}/tags/name"));
    assert_eq!(
        tag.status,
        200,
        "a route with a part to fill in: {}",
        tag.text()
    );
    let function = get(&server, &format!("/graphite/s-{space}/functions/sumSeries"));
    assert_eq!(function.json()["name"], "sumSeries");
}

#[test]
fn header_and_path_name_one_domain_or_the_request_is_refused() {
    let server = server();
    let (space, org) = (&server.owner.space, &server.owner.org);
    let path = format!("/graphite/s-{space}/version");
    for (scope, status) in [
        (format!("s-{space}"), 200),
        (format!("S-{}", space.to_uppercase()), 200),
        (format!("o-{org}"), 400),
        (format!("s-{org}"), 400),
    ] {
        let reply = request(&server, "GET", &path)
            .header("X-Auth-Scope-Id", &scope)
            .send();
        let is_read = wire::scope_id::parse(scope.as_bytes()).is_ok();
        let status = if is_read { status } else { 400 };
        assert_eq!(reply.status, status, "{scope}: {}", reply.text());
    }
}

/// The same answers as to the header.
#[test]
fn a_scope_that_is_none_or_anothers_is_answered_as_in_the_header() {
    let server = server();
    let nobodys = "00000000-0000-4000-8000-000000000000";
    for scope in [
        format!("s-{nobodys}"),
        format!("o-{nobodys}"),
        format!("s-{}", server.owner.org),
        "s-1".to_owned(),
        "render".to_owned(),
        "x".repeat(200),
        "s-%00".to_owned(),
    ] {
        let by_path = get(&server, &format!("/graphite/{scope}/version"));
        let by_header = request(&server, "GET", "/version")
            .header("X-Auth-Scope-Id", &scope)
            .send();
        assert!(matches!(by_path.status, 400 | 404), "{scope}");
        let outcome = |reply: &Reply| {
            let error = reply.json()["errors"][0].clone();
            (
                reply.status,
                error["code"].clone(),
                error["message"].clone(),
            )
        };
        assert_eq!(outcome(&by_path), outcome(&by_header), "{scope}");
    }
    // Without a credential nobody learns whether there is such a domain.
    let stranger = server.request(
        "GET",
        &format!("/graphite/s-{}/version", server.owner.space),
    );
    assert_eq!(stranger.send().status, 401);
}

#[test]
fn nothing_but_graphite_is_behind_the_prefix() {
    let server = server();
    let scope = format!("s-{}", server.owner.space);
    for (method, path) in [
        ("GET", "/metrics"),
        ("GET", "/v1/metrics?target=app.*"),
        ("POST", "/v1/metrics"),
        ("GET", "/v1/settings/domain"),
        ("GET", "/v1/apikeys"),
        ("GET", "/v2/organizations"),
        ("GET", "/health/live"),
        ("GET", "/openapi.json"),
        ("POST", "/identity/token"),
        ("GET", "/none"),
        ("GET", "/graphite/s-1/render"),
    ] {
        for credential in ["Authorization", "X-Auth-User-Token"] {
            let request = server.request(method, &format!("/graphite/{scope}{path}"));
            let reply = match credential {
                "Authorization" => request.basic("apikey", &server.owner.api_key),
                name => request.header(name, &format!("apikey {}", server.owner.api_key)),
            };
            let reply = reply.send();
            assert_eq!(reply.status, 404, "{method} {path}: {}", reply.text());
        }
    }
    for path in [
        "/graphite",
        "/graphite/render",
        &format!("/graphite/{scope}"),
    ] {
        assert_eq!(get(&server, path).status, 404, "{path}");
    }
    let wrong = request(&server, "DELETE", &format!("/graphite/{scope}/render")).send();
    assert_eq!(wrong.status, 405);
}
