//! Discovery by clients of open standards: where the description is, and what is behind its addresses.

use super::refusal;
use crate::harness::{Reply, Server};
use serde_json::json;

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// The issuer has a path, so RFC 8414 3.1 has two places; OpenID's has its own two.
#[test]
fn the_description_is_where_each_standard_looks_for_it() {
    let server = Server::start();
    let of_openid = server
        .request("GET", "/identity/.well-known/openid-configuration")
        .send()
        .json();
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/identity",
    ] {
        let found = server.request("GET", path).send();
        assert_eq!(found.status, 200, "{path}: {}", found.text());
        assert_eq!(found.json(), of_openid, "{path}");
    }
    let at = |path: &str| json!(format!("{}{path}", server.serving.url()));
    assert_eq!(
        of_openid["authorization_endpoint"],
        at("/identity/authorize")
    );
    assert_eq!(of_openid["passcode_endpoint"], at("/identity/passcode"));
    assert_eq!(of_openid["response_types_supported"], json!([]));
}

fn leads_to_the_code(server: &Server, page: &Reply) {
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let link = format!("href=\"{}/identity/passcode\"", server.serving.url());
    assert!(page.text().contains(&link), "{}", page.text());
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
}

#[test]
fn the_authorization_endpoint_leads_to_a_one_time_code_and_redirects_nowhere() {
    let server = Server::start();
    let path = "/identity/authorize";
    let page = server.request("GET", path).send();
    assert_eq!(page.status, 200, "{}", page.text());
    leads_to_the_code(&server, &page);

    let asked = format!(
        "{path}?response_type=%3Cscript%3E&client_id=x&state=y&redirect_uri=https%3A%2F%2Felsewhere.example"
    );
    let program = server.request("GET", &asked).send();
    assert_eq!(refusal(&program), (400, "BXNIM0106E".to_owned()));
    let json = program.json();
    assert_eq!(json["error"], "unsupported_response_type");
    let description = json["error_description"].as_str().unwrap();
    assert!(description.contains("/identity/passcode"), "{description}");

    let browser = server.request("GET", &asked).header("Accept", BROWSER);
    let browser = browser.send();
    assert_eq!(browser.status, 400);
    leads_to_the_code(&server, &browser);
    let text = browser.text();
    assert!(
        text.contains("unsupported_response_type: response_type"),
        "{text}"
    );
    assert!(!text.contains("<script"), "{text}");

    // What is not seen in it is shown by its number.
    let unseen = server.request("GET", &format!("{path}?response_type=a%E2%80%8Bb"));
    let unseen = unseen.header("Accept", BROWSER).send().text();
    assert!(unseen.contains(r"a\u{200b}b"), "{unseen}");

    for answer in [&page, &program, &browser] {
        assert_eq!(answer.header("location"), None);
        assert!(!answer.text().contains("elsewhere.example"));
    }
}

#[test]
fn userinfo_is_told_by_post_as_by_get() {
    let server = Server::start();
    let token = server.token();
    let ask = |method: &str| server.request(method, "/identity/userinfo");
    let by_get = ask("GET").bearer(&token).send();
    assert_eq!(by_get.status, 200, "{}", by_get.text());
    for request in [
        ask("POST").bearer(&token),
        ask("POST").bearer(&token).form(&[("schema", "openid")]),
    ] {
        let by_post = request.send();
        assert_eq!(by_post.status, 200, "{}", by_post.text());
        assert_eq!(by_post.json(), by_get.json());
    }
    assert_eq!(ask("POST").send().status, 401);
}

/// Long enough to spare requests, short enough for a key that is taken out of service.
#[test]
fn the_keys_may_be_cached_for_a_minute() {
    let server = Server::start();
    for path in ["/identity/keys", "/oidc/keys"] {
        let keys = server.request("GET", path).send();
        assert_eq!(
            keys.header("cache-control"),
            Some("public, max-age=60"),
            "{path}"
        );
    }
}
