//! The page at the server's address.

use super::get;
use crate::harness::Server;

#[test]
fn regression_7_a_person_finds_a_page_and_a_program_the_same_links() {
    let server = Server::start();
    let address = server.serving.address.clone();
    let url = format!("http://{address}");
    let page = get(
        &address,
        "/",
        &address,
        "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n",
    );
    assert_eq!(page.status, 200, "{}", page.text());
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert_eq!(page.header("vary"), Some("accept"));
    let text = page.text();
    for part in [
        env!("CARGO_PKG_VERSION"),
        "/openapi.json",
        "/identity/openapi.json",
        "/identity/passcode",
        &format!("vigie login -a {url}"),
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !text.contains("<script") && !text.contains("src="),
        "{text}"
    );
    for accept in [
        "",
        "Accept: */*\r\n",
        "Accept: application/json\r\n",
        "Accept: text/html;q=0.5, application/json\r\n",
    ] {
        let reply = get(&address, "/", &address, accept);
        assert_eq!(reply.status, 200, "{accept}: {}", reply.text());
        let json = reply.json();
        assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(json["links"]["openapi"], format!("{url}/openapi.json"));
        assert_eq!(
            json["links"]["identity_openapi"],
            format!("{url}/identity/openapi.json")
        );
        assert_eq!(json["login"], format!("vigie login -a {url}"));
    }
}

#[test]
fn regression_7_the_openapi_documents_are_served_as_they_are_kept_with_this_servers_address() {
    let server = Server::start();
    let address = server.serving.address.clone();
    for (path, file, at) in [
        (
            "/openapi.json",
            include_str!("../../../../../openapi/vigie.json"),
            "",
        ),
        (
            "/identity/openapi.json",
            include_str!("../../../../../openapi/iam.json"),
            "",
        ),
    ] {
        let reply = get(&address, path, &address, "");
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let mut served = reply.json();
        let kept: serde_json::Value = serde_json::from_str(file).unwrap();
        assert_eq!(
            served["servers"][0]["url"],
            format!("http://{address}{at}"),
            "{path}"
        );
        if kept.get("servers").is_none() {
            served.as_object_mut().unwrap().remove("servers");
        } else {
            served["servers"] = kept["servers"].clone();
        }
        assert_eq!(served, kept, "{path}");
    }
}

/// The page repeats the request's own host on a server for all addresses: never as markup, and for no cache.
#[test]
fn the_page_is_escaped_and_kept_by_no_cache_where_it_says_what_the_caller_said() {
    let folder = tempfile::tempdir().unwrap();
    crate::harness::init(folder.path());
    let flags = ["--allow-plain-http-on-any-address"];
    let serving = crate::harness::Serving::start(folder.path(), "0.0.0.0:0", &flags);
    let port = serving.address.rsplit_once(':').unwrap().1;
    let address = format!("127.0.0.1:{port}");
    let html = "Accept: text/html\r\n";
    let page = get(&address, "/", "metrics.example", html);
    assert!(
        page.text()
            .contains("vigie login -a http://metrics.example"),
        "{}",
        page.text()
    );
    assert_eq!(page.header("cache-control"), Some("no-store"));
    for host in ["\"><b>x", "a'b", "a&b", "a;id"] {
        let page = get(&address, "/", host, html);
        assert!(page.status == 400 || page.status == 200, "{host}");
        assert!(!page.text().contains(host), "{host}: {}", page.text());
    }
}
