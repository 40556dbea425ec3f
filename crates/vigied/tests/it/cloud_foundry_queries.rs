//! The parameters of Cloud Foundry's interface: what its clients send beside what they ask for is taken, and what would change the
//! answer and is not served is refused by its name.

use crate::harness::{Reply, Server};
use serde_json::{Value, json};

/// What clients send for objects within objects.
const INLINE: &str = "inline-relations-depth=1&include-relations=organization&exclude-relations=apps&orphan-relations=1";

fn ask(server: &Server, method: &str, path: &str, body: &Value) -> Reply {
    let request = server.request(method, path).bearer(&server.token());
    match body {
        Value::Null => request.send(),
        body => request.json(body).send(),
    }
}

#[test]
fn what_cloud_foundrys_clients_send_is_taken() {
    let server = Server::start();
    let (org, space) = (&server.owner.org, &server.owner.space);
    let read = |path: &str| {
        let reply = ask(&server, "GET", path, &Value::Null);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    };
    let spaces = format!("/v2/organizations/{org}/spaces");
    for path in ["/v2/organizations", "/v2/spaces", spaces.as_str()] {
        let sent = format!("{path}?{INLINE}&order-by=name&order-direction=asc&results-per-page=50");
        assert_eq!(read(&sent), read(path));
    }
    let by_region = format!("{spaces}?q=name:none&region={}", server.owner.region);
    assert_eq!(read(&by_region)["total_results"], 0);
    for path in [
        format!("/v2/organizations/{org}"),
        format!("/v2/spaces/{space}"),
    ] {
        assert_eq!(read(&format!("{path}?{INLINE}")), read(&path));
    }
    let managers = format!("/v2/spaces/{space}/managers");
    let sent = format!("{managers}?{INLINE}&order-direction=asc");
    assert_eq!(read(&sent), read(&managers));

    // Changes, which are made when they are answered.
    let made = json!({"name": "second"});
    let made = ask(&server, "POST", "/v2/organizations?async=true", &made);
    assert_eq!(made.status, 201, "{}", made.text());
    let second = made.json()["metadata"]["guid"].as_str().unwrap().to_owned();
    let path = format!("/v2/organizations/{second}");
    let region = &server.owner.region;
    let new = json!({"name": "third"});
    let renamed = format!("{path}?async=true&region={region}");
    assert_eq!(ask(&server, "PUT", &renamed, &new).status, 201);
    let new = json!({"name": "inner", "organization_guid": second});
    let inner = ask(&server, "POST", "/v2/spaces?async=true", &new);
    let inner = inner.json()["metadata"]["guid"]
        .as_str()
        .unwrap()
        .to_owned();
    let user = json!({"username": server.owner.user});
    let role = format!("{path}/auditors?region={region}");
    for (method, status) in [("PUT", 201), ("DELETE", 204)] {
        assert_eq!(ask(&server, method, &role, &user).status, status);
    }
    let gone = format!("/v2/spaces/{inner}?async=false&recursive=true");
    assert_eq!(ask(&server, "DELETE", &gone, &Value::Null).status, 204);
    let gone = format!("{path}?async=true&recursive=true&region={region}");
    assert_eq!(ask(&server, "DELETE", &gone, &Value::Null).status, 204);
}

/// They were passed over: a list by a filter that is not served was the whole.
#[test]
fn what_is_not_served_of_cloud_foundrys_lists_is_refused() {
    let server = Server::start();
    let (org, space) = (&server.owner.org, &server.owner.space);
    let organization = format!("/v2/organizations/{org}");
    let managers = format!("/v2/spaces/{space}/managers");
    for (method, path, query, named) in [
        ("GET", "/v2/spaces", "foo=bar", "`foo`"),
        (
            "GET",
            "/v2/spaces",
            "organization_guid=x",
            "`organization_guid`",
        ),
        ("GET", "/v2/spaces", "region=x", "`region`"),
        (
            "GET",
            "/v2/spaces",
            "resultsPerPage=1",
            "`results-per-page`?",
        ),
        ("GET", "/v2/organizations", "page=1&page=2", "`page`"),
        ("GET", "/v2/organizations", "order-direction=desc", "`asc`"),
        ("GET", "/v2/spaces", "order-by=created_at", "`name`"),
        ("GET", "/v2/deleted", "q=name:dev", "`q`"),
        ("GET", managers.as_str(), "q=name:ada", "`q`"),
        ("GET", organization.as_str(), "page=1", "`page`"),
        ("DELETE", organization.as_str(), "force=true", "`force`"),
    ] {
        let reply = ask(&server, method, &format!("{path}?{query}"), &Value::Null);
        let text = reply.text();
        assert_eq!(reply.status, 400, "{method} {path}?{query}: {text}");
        assert_eq!(reply.json()["error_code"], "CF-MessageParseError");
        assert!(text.contains(named), "{method} {path}?{query}: {text}");
    }
    assert_eq!(ask(&server, "GET", &organization, &Value::Null).status, 200);
}

/// The names in a list.
fn names(server: &Server, path: &str) -> Vec<String> {
    let reply = ask(server, "GET", path, &Value::Null);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    let list = reply.json();
    let all = list["resources"].as_array().unwrap().iter();
    all.map(|one| one["entity"]["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The GUID of what was made.
fn made(server: &Server, path: &str, body: &Value) -> String {
    let reply = ask(server, "POST", path, body);
    assert_eq!(reply.status, 201, "{path}: {}", reply.text());
    reply.json()["metadata"]["guid"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// As `cf`, its libraries for Go and Java, and scripts ask: spaces of one organization among those of all.
#[test]
fn spaces_are_filtered_by_organization_and_name() {
    let server = Server::start();
    let first = &server.owner.org;
    let second = made(&server, "/v2/organizations", &json!({"name": "second"}));
    for (name, org) in [("a;b", first), ("test", first), ("test", &second)] {
        let new = json!({"name": name, "organization_guid": org});
        made(&server, "/v2/spaces", &new);
    }
    let of_second = format!("/v2/organizations/{second}/spaces");
    let none = "11111111-2222-3333-4444-555555555555";
    for (path, query, found) in [
        (
            "/v2/spaces",
            "q=name:test".to_owned(),
            &["test", "test"][..],
        ),
        (
            "/v2/spaces",
            format!("q=organization_guid:{second}"),
            &["test"],
        ),
        (
            "/v2/spaces",
            format!("q=name:test&q=organization_guid:{second}"),
            &["test"],
        ),
        (
            "/v2/spaces",
            format!("q=name:test;organization_guid:{first}"),
            &["test"],
        ),
        (
            "/v2/spaces",
            format!("q=name%20IN%20a;b,test&q=organization_guid+IN+{second},{first}"),
            &["a;b", "test", "test"],
        ),
        (
            "/v2/spaces",
            format!("q=name:a;b;organization_guid:{second}"),
            &[],
        ),
        ("/v2/spaces", "q=name:a;b".to_owned(), &["a;b"]),
        ("/v2/spaces", format!("q=organization_guid:{none}"), &[]),
        ("/v2/spaces", "q=organization_guid:x".to_owned(), &[]),
        (
            &of_second,
            format!("q=organization_guid:{second}"),
            &["test"],
        ),
        (&of_second, format!("q=organization_guid:{first}"), &[]),
        (
            "/v2/organizations",
            "q=name+IN+second,x".to_owned(),
            &["second"],
        ),
    ] {
        let path = format!("{path}?{query}");
        let mut named = names(&server, &path);
        named.sort();
        assert_eq!(named, found, "{path}");
    }
    // The links to other pages repeat every filter.
    let filters = format!("q=name:test&q=organization_guid+IN+{first},{second}");
    let path = format!("/v2/spaces?{filters}&results-per-page=1");
    let page = ask(&server, "GET", &path, &Value::Null).json();
    assert_eq!(page["total_results"], 2);
    let next = page["next_url"].as_str().unwrap();
    let page = ask(&server, "GET", next, &Value::Null).json();
    assert_eq!(
        (&page["total_results"], &page["next_url"]),
        (&json!(2), &Value::Null)
    );
    assert_eq!(page["resources"][0]["entity"]["name"], "test");
}

#[test]
fn a_filter_that_is_not_served_is_refused_by_its_text() {
    let server = Server::start();
    let spaces = format!("/v2/organizations/{}/spaces", server.owner.org);
    for (path, filter) in [
        ("/v2/spaces", "status:active"),
        ("/v2/spaces", "developer_guid:x"),
        ("/v2/spaces", "name>a"),
        (&spaces, "app_guid:x"),
        ("/v2/organizations", "organization_guid:x"),
        ("/v2/organizations", "status:active"),
    ] {
        let sent = filter.replace('>', "%3E");
        for query in [format!("q={sent}"), format!("q=name:dev;{sent}")] {
            let path = format!("{path}?{query}");
            let reply = ask(&server, "GET", &path, &Value::Null);
            let text = reply.text();
            assert_eq!(reply.status, 400, "{path}: {text}");
            assert_eq!(reply.json()["error_code"], "CF-BadQueryParameter");
            assert_eq!(reply.json()["code"], 10_005);
            assert!(text.contains(&format!("`{filter}`")), "{path}: {text}");
        }
    }
}
