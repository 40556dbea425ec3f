//! The monitoring routes: the domain is named by `X-Auth-Scope-Id`, so the columns are the scopes.

use super::world::{CREDENTIALS, ELSEWHERE, User, World};
use crate::harness::Request;
use serde_json::json;

/// The scopes of the columns.
pub(crate) const SCOPES: [&str; 6] = [
    "own space",
    "other space",
    "own org",
    "other org",
    "account",
    "none",
];

/// The request by which a route is tried, and the right it needs.
pub(crate) fn request(world: &World, method: &str, path: &str) -> Option<(Request, &'static str)> {
    request_behind(world, "", method, path)
}

fn request_behind(
    world: &World,
    prefix: &str,
    method: &str,
    path: &str,
) -> Option<(Request, &'static str)> {
    let request = |path: &str| world.server.request(method, &format!("{prefix}{path}"));
    Some(match (method, path) {
        ("POST", "/v1/metrics") => (
            request(path).json(&json!([{"name": "matrix.sent", "value": 1}])),
            "write",
        ),
        ("POST", "/write" | "/api/v2/write") => (request(path).body("matrix sent=1"), "write"),
        ("POST", "/collectd") => (request(path).body("PUTVAL a/matrix/sent N:1"), "write"),
        ("GET" | "POST", "/query") => (request("/query?q=CREATE+DATABASE+x"), "write"),
        ("GET", "/v1/metrics") => (request("/v1/metrics?target=*.*"), "render"),
        ("GET", "/v1/metrics/list") => (request("/v1/metrics/list?query=*"), "find"),
        ("DELETE", "/v1/metrics/list") => (request("/v1/metrics/list?query=nothing.*"), "delete"),
        (
            "GET",
            "/v1/settings/domain"
            | "/v1/metrics/senders"
            | "/v1/metrics/rejects"
            | "/metrics"
            | "/version",
        )
        | ("POST", "/version") => (request(path), "render"),
        ("PUT", "/v1/settings/domain") => (
            request(path).json(&json!({"resolution_seconds": null})),
            "configure",
        ),
        ("GET" | "POST", "/render") => (request("/render?target=*.*&format=json"), "render"),
        // Of all groups: the default of a parameter of another one is infinite, which graphite-web writes as `1e9999`.
        ("GET", "/functions") => (request("/functions?group=Sorting"), "render"),
        ("GET", "/functions/{name}") => (request("/functions/sumSeries"), "render"),
        ("GET" | "POST", "/metrics/find" | "/metrics/expand") => {
            (request(&format!("{path}?query=*")), "names")
        }
        (
            "GET" | "POST",
            "/metrics/index.json" | "/tags" | "/tags/autoComplete/tags" | "/events/get_data",
        )
        | ("GET", "/events" | "/events/") => (request(path), "names"),
        ("GET", "/tags/{tag}") => (request("/tags/name"), "names"),
        ("GET" | "POST", "/tags/findSeries") => (request("/tags/findSeries?expr=name=a"), "names"),
        ("GET" | "POST", "/tags/autoComplete/values") => {
            (request("/tags/autoComplete/values?tag=name"), "names")
        }
        ("POST", "/tags/tagSeries" | "/tags/tagMultiSeries") => {
            (request(&format!("{path}?path=a;host=b")), "write")
        }
        ("POST", "/tags/delSeries") => (request("/tags/delSeries?path=nothing;a=b"), "delete"),
        // The rows of `POST /events` are before this one.
        ("GET", "/events/{id}" | "/events/{id}/") => (request(&path.replace("{id}", "1")), "names"),
        ("POST", "/events" | "/events/") => {
            let event = json!({"what": "matrix", "when": 1_700_000_000});
            (request(path).json(&event), "write")
        }
        ("DELETE", "/events" | "/events/") => (request(&format!("{path}?until=1970")), "delete"),
        _ => return None,
    })
}

/// Whether a route is one of those that senders of other systems know; they are not under `/graphite`.
fn is_of_senders(path: &str) -> bool {
    matches!(path, "/write" | "/api/v2/write" | "/query" | "/collectd")
}

/// The status by the rules, independent of the table.
fn rule(user: &User, credential: &str, scope: &str, right: &str) -> u16 {
    let scope_is_account = matches!(scope, "account" | "none");
    if credential == "uaa" && scope_is_account {
        return if scope == "none" { 400 } else { 403 };
    }
    // Without the header, the request is for the caller's own account.
    let meant = match (scope, user.domain) {
        ("none", ELSEWHERE) => ELSEWHERE,
        ("none", _) => "account",
        _ => scope,
    };
    if user.domain != meant {
        return 404;
    }
    // Whoever may read `*` may list the names.
    let rights: &[&str] = match right {
        "names" => &["find", "render"],
        _ => &[right],
    };
    if user.allowed.split(' ').any(|right| rights.contains(&right)) {
        200
    } else {
        403
    }
}

/// The same request with a name and a password, and on Graphite's routes with the scope in the path. UAA tokens have no name of
/// their own.
fn by_password(
    world: &World,
    user: &User,
    (scope, credential): (&str, &str),
    method: &str,
    path: &str,
) -> Request {
    let is_graphite = !path.starts_with("/v1/") && path != "/metrics" && !is_of_senders(path);
    let domain = world.domains.get(scope);
    let prefix = match domain {
        Some(domain) if is_graphite => format!("/graphite/{domain}"),
        _ => String::new(),
    };
    let (mut request, _) = request_behind(world, &prefix, method, path).unwrap();
    if let Some(domain) = domain.filter(|_| !is_graphite) {
        request = request.header("X-Auth-Scope-Id", domain);
    }
    let name = if credential == "uaa" {
        "token"
    } else {
        credential
    };
    request.basic(name, &user.credentials[credential])
}

/// The cells of a person's line.
pub(crate) fn cells(world: &World, user: &User, method: &str, path: &str) -> Vec<String> {
    let mut columns = Vec::new();
    for scope in SCOPES {
        let mut statuses = Vec::new();
        for credential in CREDENTIALS {
            let (mut request, right) = request(world, method, path).unwrap();
            let value = format!("{credential} {}", user.credentials[credential]);
            request = request.header("X-Auth-User-Token", &value);
            if let Some(domain) = world.domains.get(scope) {
                request = request.header("X-Auth-Scope-Id", domain);
            }
            let reply = request.send();
            let rule = match rule(user, credential, scope, right) {
                200 if path.ends_with("/write") => 204,
                rule => rule,
            };
            let what = format!(
                "{method} {path} as {} by {credential} in {scope}",
                user.name()
            );
            assert_eq!(reply.status, rule, "{what}: {}", reply.text());
            let reply = by_password(world, user, (scope, credential), method, path).send();
            assert_eq!(reply.status, rule, "{what}, by Basic: {}", reply.text());
            statuses.push(reply.status.to_string());
        }
        columns.push(statuses.join("/"));
    }
    columns
}
