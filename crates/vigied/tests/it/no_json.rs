//! Bodies that are no JSON, on routes that take it: what came is named, and what is wanted.

use crate::harness::Server;

/// Bodies, as `curl --data` sends them, and what they are called.
const BODIES: [(&str, &str); 3] = [
    ("name=prod", "a form (`application/x-www-form-urlencoded`)"),
    ("<name>prod</name>", "XML or HTML"),
    ("", "empty"),
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
            for told in [
                format!("the body is not the JSON asked for: it is {named}"),
                "`Content-Type: application/json`".to_owned(),
            ] {
                assert!(text.contains(&told), "{what}");
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
            let told = format!("the body is {named}, not JSON");
            assert!(text.contains(&told), "{what}");
        }
    }
}
