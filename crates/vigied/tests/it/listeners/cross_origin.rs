//! CORS: which pages may read answers, and that nothing is open to all of them.

use super::bare;
use crate::harness::{Reply, Server};
use base::limit::{self, Limit};

/// Tried in [`super`].
pub(crate) const LIMITS: [Limit; 1] = [limit::CORS_ORIGINS];

const FRIEND: &str = "https://grafana.example";
const OTHER: &str = "http://localhost:3000";
const EVIL: &str = "https://grafana.example.evil";

fn preflight(server: &Server, path: &str, origin: &str) -> Reply {
    server
        .request("OPTIONS", path)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "GET")
        .header("Access-Control-Request-Headers", "authorization")
        .send()
}

fn all(reply: &Reply, name: &str) -> String {
    let matching = reply.headers.iter().filter(|(known, _)| known == name);
    matching
        .map(|(_, value)| value.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

fn is_shared(reply: &Reply) -> bool {
    let allowed = all(reply, "access-control-allow-origin");
    assert!(
        allowed.is_empty() || allowed == FRIEND || allowed == OTHER,
        "{allowed}"
    );
    assert_eq!(reply.header("access-control-allow-credentials"), None);
    !allowed.is_empty()
}

#[test]
fn a_listed_page_may_read_answers_about_metrics_and_no_other_page_may() {
    let server = Server::with(&["--set", &format!("cors.origins={FRIEND}, {OTHER}")]);
    let scope = format!("s-{}", server.owner.space);
    for path in [
        "/render".to_owned(),
        "/v1/metrics".to_owned(),
        "/tags/host".to_owned(),
        format!("/graphite/{scope}/render"),
    ] {
        for origin in [FRIEND, OTHER] {
            let asked = preflight(&server, &path, origin);
            assert_eq!(asked.status, 204, "{path}: {}", asked.text());
            assert!(is_shared(&asked) && asked.body.is_empty(), "{path}");
            assert_eq!(all(&asked, "access-control-allow-origin"), origin);
            let methods = all(&asked, "access-control-allow-methods");
            assert!(
                methods.contains("GET") && !methods.contains('*'),
                "{methods}"
            );
            let headers = all(&asked, "access-control-allow-headers");
            for expected in [
                "authorization",
                "x-auth-user-token",
                "x-auth-scope-id",
                "content-type",
            ] {
                assert!(
                    headers.split(", ").any(|header| header == expected),
                    "{headers}"
                );
            }
            assert!(all(&asked, "vary").contains("origin"));
        }
        for origin in [
            EVIL,
            "null",
            "*",
            "",
            "https://grafana.example:8443",
            "http://grafana.example",
        ] {
            let asked = preflight(&server, &path, origin);
            assert_eq!(asked.status, 405, "{path} {origin}");
            assert!(!is_shared(&asked), "{path} {origin}");
            assert!(all(&asked, "vary").contains("origin"), "{path} {origin}");
        }
    }
    for (origin, shared) in [(FRIEND, true), (EVIL, false), ("null", false)] {
        // An error is read as well.
        for (path, status) in [
            ("/render?target=a&format=json", 200),
            ("/render?target=sum(&format=json", 400),
        ] {
            let request = bare(&server, "GET", path).bearer(&server.owner.api_key);
            let reply = request.header("Origin", origin).send();
            assert_eq!(
                (reply.status, is_shared(&reply)),
                (status, shared),
                "{origin} {path}"
            );
            assert!(all(&reply, "vary").contains("origin"), "{path}");
        }
        let refused = bare(&server, "GET", "/version")
            .header("Origin", origin)
            .send();
        assert_eq!(
            (refused.status, is_shared(&refused)),
            (401, shared),
            "{origin}"
        );
    }
    let plain = bare(&server, "GET", "/version")
        .bearer(&server.owner.api_key)
        .send();
    assert!(!is_shared(&plain) && all(&plain, "vary").contains("origin"));
}

#[test]
fn what_manages_identities_is_shared_with_no_page() {
    let server = Server::with(&["--set", &format!("cors.origins={FRIEND}")]);
    for path in [
        "/v1/apikeys",
        "/v2/organizations",
        "/identity/token",
        "/oauth/token",
        "/coe/v2/accounts",
        "/",
        "/none",
    ] {
        let asked = preflight(&server, path, FRIEND);
        assert!(
            matches!(asked.status, 404 | 405),
            "{path}: {}",
            asked.status
        );
        assert!(!is_shared(&asked), "{path}");
        let reply = server.request("GET", path).bearer(&server.token());
        let reply = reply.header("Origin", FRIEND).send();
        assert!(!is_shared(&reply), "{path}");
        assert!(!all(&reply, "vary").contains("origin"), "{path}");
    }
}

#[test]
fn without_a_list_nothing_is_shared() {
    let server = Server::start();
    let asked = preflight(&server, "/render", FRIEND);
    assert_eq!(asked.status, 405);
    assert!(!is_shared(&asked) && !all(&asked, "vary").contains("origin"));
    let reply = bare(&server, "GET", "/version").bearer(&server.owner.api_key);
    assert!(!is_shared(&reply.header("Origin", FRIEND).send()));
}
