//! Bodies that are no JSON, on routes that take it: what came is named, and what is wanted.

use crate::harness::Server;
use serde_json::json;

/// Bodies, as `curl --data` sends them, and what they are called.
const BODIES: [(&str, &str); 4] = [
    ("name=prod", "a form (`application/x-www-form-urlencoded`)"),
    ("<name>prod</name>", "XML or HTML"),
    ("", "empty"),
    ("\u{feff}{}", "text behind a byte order mark (U+FEFF)"),
];

/// A form was `expected value at line 1 column 1`.
#[test]
fn regression_7_management_routes_name_a_body_that_is_no_json() {
    let server = Server::start();
    let token = server.token();
    let (org, space) = (&server.owner.org, &server.owner.space);
    let routes = [
        ("POST", "/v1/apikeys".to_owned()),
        ("POST", "/v2/organizations".to_owned()),
        ("PUT", format!("/v2/organizations/{org}")),
        ("POST", "/v2/spaces".to_owned()),
        ("PUT", format!("/v2/spaces/{space}")),
        ("PUT", format!("/v2/spaces/{space}/developers")),
        ("DELETE", format!("/v2/spaces/{space}/developers")),
    ];
    for (method, path) in routes {
        for (body, named) in BODIES {
            let reply = server
                .request(method, &path)
                .bearer(&token)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(body)
                .send();
            let text = reply.text();
            let what = format!("{method} {path} {body:?}: {text}");
            assert_eq!(reply.status, 400, "{what}");
            for expected in [
                format!("the body is not the JSON asked for: it is {named}"),
                "`Content-Type: application/json`".to_owned(),
            ] {
                assert!(text.contains(&expected), "{what}");
            }
        }
    }
    // What is meant as JSON is told where it is wrong.
    let reply = server
        .request("POST", "/v2/spaces")
        .bearer(&token)
        .body("{\"name\":}")
        .send();
    assert_eq!(reply.status, 400);
    assert!(reply.text().contains("column 9"), "{}", reply.text());
}

/// The parser's own message names a type of the source.
#[test]
fn a_value_that_is_no_object_is_told_what_is_asked_for() {
    let server = Server::start();
    let token = server.token();
    for path in ["/v1/apikeys", "/v1/serviceids", "/v2/groups", "/v2/spaces"] {
        for body in ["null", "\"x\"", "7"] {
            let request = server.request("POST", path).bearer(&token);
            let reply = request
                .header("Content-Type", "application/json")
                .body(body)
                .send();
            let text = reply.text();
            assert_eq!(reply.status, 400, "{path} {body}: {text}");
            assert!(text.contains("expected an object"), "{path} {body}: {text}");
            assert!(!text.contains("struct"), "{path} {body}: {text}");
        }
    }
}

/// The parser's words were `missing field ... at line 1 column 17`, of a body that is JSON.
#[test]
fn a_member_that_is_missing_is_named() {
    let server = Server::start();
    let token = server.token();
    for (path, body, member) in [
        ("/v1/policies", json!({"type": "access"}), "subjects"),
        (
            "/v2/authz",
            json!([{"subject": {"attributes": {}}, "resource": {}, "action": "domain.render"}]),
            "[0].subject.attributes.id",
        ),
        ("/v1/serviceids", json!({"name": "ci"}), "account_id"),
    ] {
        let request = server.request("POST", path).bearer(&token);
        let reply = request.json(&body).send();
        let text = reply.text();
        assert_eq!(reply.status, 400, "{path}: {text}");
        assert!(
            text.contains(&format!("\"`{member}` is missing\"")),
            "{path}: {text}"
        );
        assert!(!text.contains("column"), "{path}: {text}");
    }
}

/// A list was taken for the values of an object's fields, in the order in which the source names them.
#[test]
fn a_list_in_place_of_an_object_is_refused() {
    let server = Server::start();
    let token = server.token();
    let account = &server.owner.account;
    let org = &server.owner.org;
    let space = format!("[\"second\",\"{org}\"]");
    let path_of_org = format!("/v2/organizations/{org}");
    let service_id = format!("[\"{account}\",\"ci\",\"\",null,null,null]");
    for (method, path, body) in [
        ("POST", "/v1/serviceids", &*service_id),
        ("POST", "/v2/spaces", &*space),
        ("PUT", &*path_of_org, " [\"renamed\"]"),
    ] {
        let reply = server.request(method, path).bearer(&token).body(body);
        let reply = reply.send();
        assert_eq!(reply.status, 400, "{path}: {}", reply.text());
        let expected = "it is a list, not an object";
        assert!(reply.text().contains(expected), "{path}: {}", reply.text());
    }
    let path = "/v1/settings/domain";
    for body in ["[]", "[null,null]", "[60]"] {
        let reply = server.metrics(&token, "PUT", path).body(body).send();
        assert_eq!(reply.status, 400, "{body}: {}", reply.text());
        let expected = "the body is a list, not an object";
        assert!(reply.text().contains(expected), "{body}: {}", reply.text());
    }
    // Deep in a body as well.
    let path = format!("/v1/accounts/{account}/settings/access_management");
    for (body, expected) in [("[null,null]", 400), ("[]", 400), ("{}", 200)] {
        let body =
            format!("{{\"external_account_identity_interaction\":{{\"identity_types\":{body}}}}}");
        let request = server.request("PATCH", &path).bearer(&token);
        let reply = request.header("If-Match", "*").body(body.as_str()).send();
        assert_eq!(reply.status, expected, "{body}: {}", reply.text());
    }
    // Where a list is asked for, it is one.
    let reply = server
        .request("POST", "/v2/authz")
        .bearer(&token)
        .body("[]");
    let reply = reply.send();
    assert_ne!(reply.status, 400, "{}", reply.text());
}

#[test]
fn regression_7_routes_of_metrics_name_a_body_that_is_no_json() {
    let server = Server::start();
    let token = server.token();
    for (method, path) in [("PUT", "/v1/settings/domain"), ("POST", "/events/")] {
        for (body, named) in BODIES {
            let reply = server.metrics(&token, method, path).body(body).send();
            let text = reply.text();
            let what = format!("{method} {path} {body:?}: {text}");
            assert_eq!(reply.status, 400, "{what}");
            let expected = format!("the body is {named}, not JSON");
            assert!(text.contains(&expected), "{what}");
        }
    }
}

/// What stood in the body of a `DELETE` had no effect, and nobody was told.
#[test]
fn the_body_of_a_deletion_asks_for_nothing_or_is_refused() {
    let server = Server::start();
    let token = server.token();
    let space = json!({"name": "old", "organization_guid": server.owner.org});
    let made = server
        .request("POST", "/v2/spaces")
        .bearer(&token)
        .json(&space)
        .send();
    assert_eq!(made.status, 201, "{}", made.text());
    let guid = made.json()["metadata"]["guid"].as_str().unwrap().to_owned();
    let path = format!("/v2/spaces/{guid}");
    let delete = |body: &str| {
        server
            .request("DELETE", &path)
            .bearer(&token)
            .body(body)
            .send()
    };
    for (body, named) in [
        ("{\"recursive\":true}", "`recursive`"),
        ("recursive=true", "takes no body"),
    ] {
        let reply = delete(body);
        assert_eq!(reply.status, 400, "{body}: {}", reply.text());
        for expected in [named, "in its query"] {
            assert!(reply.text().contains(expected), "{}", reply.text());
        }
    }
    let there = server.request("GET", &path).bearer(&token).send();
    assert_eq!(there.status, 200, "{}", there.text());
    // Some clients send this with every request.
    let gone = delete("{}");
    assert_eq!(gone.status, 204, "{}", gone.text());
}
