//! Keys of instances: a service ID with a role in the instance's space, and an API key of it.

use super::{Account, escaped, names, path_of, refused, text};
use crate::limits::hits;
use base::limit;
use serde_json::{Value, json};

#[test]
fn a_key_opens_its_space_alone_and_only_until_it_is_deleted() {
    let account = Account::start();
    let instance = account.instance("premium");
    let wish = json!({"name": "ci", "source": instance["id"], "role": "Reader"});
    let made = account.make("/v2/resource_keys", &wish);
    let secret = text(&made["credentials"]["apikey"]);
    assert_eq!(made["source_crn"], instance["crn"]);
    assert_eq!(
        made["role"],
        "crn:v1:bluemix:public:iam::::serviceRole:Reader"
    );
    let status = |method: &str, scope: &str| {
        let request = account
            .server
            .request(method, "/v1/metrics?target=plan.seen");
        let request = request
            .header("X-Auth-User-Token", &format!("apikey {secret}"))
            .header("X-Auth-Scope-Id", scope);
        let request = match method {
            "POST" => request.json(&json!([{"name": "plan.seen", "value": 1}])),
            _ => request,
        };
        request.send().status
    };
    let scope = format!("s-{}", account.server.owner.space);
    let other = format!("s-{}", account.new_space("second"));
    assert_eq!((status("GET", &scope), status("POST", &scope)), (200, 403));
    assert_eq!(status("GET", &other), 404);

    // The service ID may do in the space what it may do with the instance, by whose name it is asked about.
    let service = text(&made["credentials"]["iam_serviceid_crn"]);
    let (_, service) = service.split_once("serviceid:").unwrap();
    let may = |action: &str, crn: &str| {
        let authz_request = json!([{
            "subject": {"attributes": {"id": format!("iam-{service}")}},
            "resource": {"crn": crn}, "action": action,
        }]);
        let reply = account.ask("POST", "/v2/authz", &authz_request);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["responses"][0]["authorizationDecision"]["permitted"] == true
    };
    let crn = text(&instance["crn"]);
    assert!(may("domain.render", &crn) && !may("domain.write", &crn));
    let guid = text(&instance["guid"]);
    let unknown = crn.replace(&guid, "01234567-89ab-cdef-0123-456789abcdef");
    assert!(!may("domain.render", &unknown));

    // The secret is told once.
    let path = format!("/v2/resource_keys/{}", text(&made["guid"]));
    let read = account.read(&path);
    assert_eq!(read["credentials"].get("apikey"), None);
    assert_eq!(
        read["credentials"]["iam_apikey_id"],
        made["credentials"]["iam_apikey_id"]
    );
    let by_crn = format!("/v2/resource_keys/{}", escaped(&made["crn"]));
    assert_eq!(account.read(&by_crn), read);
    let writer = json!({"name": "agent", "source": instance["guid"]});
    let writer = account.make("/v2/resource_keys", &writer);
    assert_eq!(
        writer["role"],
        "crn:v1:bluemix:public:iam::::serviceRole:Writer"
    );
    let of_instance = format!("{}/resource_keys", path_of(&instance));
    for list in ["/v2/resource_keys", of_instance.as_str()] {
        assert_eq!(names(&account.read(list)), ["ci", "agent"]);
        let found = account.read(&format!("{list}?name=agent"));
        assert_eq!(names(&found), ["agent"]);
        assert!(names(&account.read(&format!("{list}?resource_id=kms"))).is_empty());
        let page = account.read(&format!("{list}?limit=1"));
        let next = text(&page["next_url"]);
        let (_, query) = next.split_once('?').unwrap();
        assert_eq!(names(&account.read(&format!("{list}?{query}"))), ["agent"]);
    }
    for (field, value) in [
        ("role", json!("Owner")),
        ("parameters", json!({"exclude_apikey": true})),
        ("name", json!("")),
    ] {
        let mut wish = wish.clone();
        wish[field] = value;
        let about = if field == "parameters" {
            "exclude_apikey"
        } else {
            field
        };
        let reply = account.ask("POST", "/v2/resource_keys", &wish);
        refused(&reply, 400, "invalid_parameter", about);
    }
    let unknown = account.call("GET", "/v2/resource_keys?guid=x").send();
    refused(&unknown, 400, "invalid_parameter", "guid");
    let renamed = account.ask("PATCH", &path, &json!({"name": "build"}));
    assert_eq!(
        (renamed.status, &renamed.json()["name"]),
        (200, &json!("build"))
    );
    assert_eq!(account.call("DELETE", &path).send().status, 204);
    assert_eq!(status("GET", &scope), 401);
    refused(&account.call("GET", &path).send(), 404, "not_found", "");

    let held = account.call("DELETE", &path_of(&instance)).send();
    refused(&held, 409, "conflict", "recursive");
    let all = format!("{}?recursive=true", path_of(&instance));
    assert_eq!(account.call("DELETE", &all).send().status, 202);
    let services = account.read("/v1/serviceids");
    assert_eq!(services["serviceids"], json!([]));
    assert_eq!(account.read("/v1/policies")["policies"], json!([]));
}

#[test]
fn a_key_whose_api_key_was_deleted_says_so() {
    let account = Account::start();
    let instance = account.instance("lite");
    let wish = json!({"name": "ci", "source": instance["guid"]});
    let made = account.make("/v2/resource_keys", &wish);
    let other = account.make("/v2/resource_keys", &wish);
    assert_eq!(made["state"], "active");
    let api_key = text(&made["credentials"]["iam_apikey_id"]);
    let path = format!("/v1/apikeys/{api_key}");
    assert_eq!(account.call("DELETE", &path).send().status, 204);
    let state = |key: &Value| {
        let path = format!("/v2/resource_keys/{}", text(&key["guid"]));
        account.read(&path)["state"].clone()
    };
    assert_eq!(
        (state(&made), state(&other)),
        (json!("removed"), json!("active"))
    );
    let list = account.read("/v2/resource_keys");
    let states = list["resources"].as_array().unwrap().iter();
    let states: Vec<String> = states.map(|key| text(&key["state"])).collect();
    assert_eq!(states.iter().filter(|state| *state == "removed").count(), 1);
    // What was made with it is there still, until the key is deleted.
    let path = format!("/v2/resource_keys/{}", text(&made["guid"]));
    assert_eq!(account.call("DELETE", &path).send().status, 204);
    let services = account.read("/v1/serviceids");
    assert_eq!(services["serviceids"].as_array().unwrap().len(), 1);
}

/// [`limit::RESOURCE_KEYS_PER_INSTANCE`], which `service_ids` names.
#[test]
fn an_instance_has_so_many_keys() {
    let account = Account::start();
    let instance = account.instance("lite");
    let wish = json!({"name": "ci", "source": instance["guid"]});
    let limit = limit::RESOURCE_KEYS_PER_INSTANCE;
    for _ in 0..limit.default {
        account.make("/v2/resource_keys", &wish);
    }
    let over = account.ask("POST", "/v2/resource_keys", &wish);
    refused(&over, 409, "limit_exceeded", limit.name);
    assert_eq!(hits(&account.server, limit), 1);
}

/// A locked service ID gets none either.
#[test]
fn a_locked_instance_gets_no_keys() {
    let account = Account::start();
    let instance = account.instance("lite");
    let wish = json!({"name": "ci", "source": instance["guid"]});
    let lock = format!("{}/lock", path_of(&instance));
    assert_eq!(account.call("POST", &lock).send().status, 200);
    let refused_key = account.ask("POST", "/v2/resource_keys", &wish);
    refused(&refused_key, 409, "locked", "unlock");
    assert_eq!(account.read("/v1/serviceids")["serviceids"], json!([]));
    assert_eq!(account.call("DELETE", &lock).send().status, 200);
    account.make("/v2/resource_keys", &wish);
}

/// Its name is what people know of an instance.
#[test]
fn a_source_that_is_a_name_is_refused_with_what_is_wanted() {
    let account = Account::start();
    account.instance("lite");
    for source in ["monitoring", "crn:v1:monitoring"] {
        let wish = json!({"name": "ci", "source": source});
        let reply = account.ask("POST", "/v2/resource_keys", &wish);
        refused(&reply, 404, "not_found", "not its name");
        let body = reply.text();
        assert!(body.contains("/v2/resource_instances?name="), "{body}");
    }
}
