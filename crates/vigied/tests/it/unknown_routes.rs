//! What is no route is answered in the form of the API that it would be of, and with the document that lists its routes.

use crate::harness::Server;

const IDENTITY: &str = "/identity/openapi.json";
const MONITORING: &str = "`/openapi.json`";

#[test]
fn an_unknown_route_of_an_api_is_answered_in_the_form_of_that_api() {
    let server = Server::start();
    for path in [
        "/v1/policy_templates",
        "/v1/policy_templates/1/versions/2",
        "/v1/policies/1/2",
        "/v1/profiles/1/2/3",
        "/v1/profile_templates",
        "/v1/activity/1",
        "/v1/idps/1",
        "/v2/groups/1/2",
        "/v2/resource_groups/1/2",
        "/v2/resource_bindings",
        "/v1/reclamations",
        "/v4/accounts/1/users",
    ] {
        let reply = server.request("GET", path).send();
        let body = reply.json();
        assert_eq!(reply.status, 404, "{path}: {body}");
        assert_eq!(body["status_code"], "404", "{path}: {body}");
        assert_eq!(body["errors"][0]["code"], "not_found", "{path}: {body}");
        let hint = body["errors"][0]["details"].as_str().unwrap_or_default();
        assert!(hint.contains(IDENTITY), "{path}: {body}");
    }
    for (path, status, hint) in [
        ("/v1/metric", 404, MONITORING),
        ("/v2/organisations", 404, IDENTITY),
        ("/identity/tokens", 404, IDENTITY),
        ("/render/1", 404, MONITORING),
    ] {
        let reply = server.request("GET", path).send();
        let body = reply.text();
        assert_eq!(reply.status, status, "{path}: {body}");
        assert!(body.contains(hint), "{path}: {body}");
    }
    // So is a method that a route does not know.
    let reply = server.request("DELETE", "/v2/resource_groups").send();
    let body = reply.json();
    assert_eq!(reply.status, 405, "{body}");
    assert_eq!(body["status_code"], "405", "{body}");
    let hint = body["errors"][0]["details"].as_str().unwrap_or_default();
    assert!(hint.contains(IDENTITY), "{body}");
    let reply = server.request("PATCH", "/v1/metrics").send();
    assert_eq!(reply.status, 405, "{}", reply.text());
    assert!(reply.text().contains(MONITORING), "{}", reply.text());
}

/// Old scripts ask for it, and show the message alone.
#[test]
fn the_old_route_of_policies_is_refused_with_the_ones_to_use() {
    let server = Server::start();
    let account = &server.owner.account;
    let path = format!("/acms/v1/scopes/a%2F{account}/users/IBMid-1/policies");
    for method in ["POST", "GET", "DELETE"] {
        let reply = server.request(method, &path).send();
        let body = reply.json();
        assert_eq!(reply.status, 404, "{method}: {body}");
        let message = body["errors"][0]["message"].as_str().unwrap();
        for route in [
            "POST /v1/policies",
            "GET /v1/policies",
            "DELETE /v1/policies/ID",
        ] {
            assert!(message.contains(route), "{method}, {route}: {message}");
        }
    }
}

#[test]
fn the_home_page_has_no_parameters() {
    let server = Server::start();
    for path in ["/?q=a", "/?q"] {
        let reply = server.request("GET", path).send();
        let body = reply.text();
        assert_eq!(reply.status, 400, "{path}: {body}");
        for part in ["`q`", "`/openapi.json`"] {
            assert!(body.contains(part), "{path}, {part}: {body}");
        }
    }
    assert_eq!(server.request("GET", "/").send().status, 200);
}
