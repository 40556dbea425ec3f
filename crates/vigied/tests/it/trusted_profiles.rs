//! Trusted profiles as IBM's clients know them: made, listed, changed with their tag, deleted; their rules, links and identities; and
//! what whoever takes one on may do.

mod assumed;
mod counted;

use crate::harness::{Account, Reply};
use crate::limits::hits;
use base::limit::{self, Limit};
use serde_json::{Value, json};

pub(crate) const LIMITS: [Limit; 3] = [
    limit::RULES_PER_PROFILE,
    limit::LINKS_PER_PROFILE,
    limit::IDENTITIES_PER_PROFILE,
];

impl Account {
    fn delete(&self, path: &str) {
        let reply = self.call("DELETE", path).send();
        assert_eq!(reply.status, 204, "{path}: {}", reply.text());
    }

    /// A service ID without any role, and the text of its key.
    fn service_id(&self, name: &str) -> (String, String) {
        let (iam_id, key) = self.service(name);
        (iam_id.strip_prefix("iam-").unwrap().to_owned(), key)
    }

    fn profile(&self, name: &str) -> Value {
        let account = &self.server.owner.account;
        let body = json!({"name": name, "account_id": account, "description": "of ours"});
        self.make("/v1/profiles", &body)
    }
}

fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_else(|| panic!("{value}"));
    text.to_owned()
}

fn path_of(profile: &Value) -> String {
    format!("/v1/profiles/{}", text(&profile["id"]))
}

fn names(list: &Value) -> Vec<String> {
    let all = list["profiles"].as_array().unwrap().iter();
    all.map(|entry| text(&entry["name"])).collect()
}

fn refused(reply: &Reply, status: u16, word: &str, about: &str) {
    let body = reply.text();
    assert_eq!(reply.status, status, "{body}");
    assert_eq!(reply.json()["errors"][0]["message_code"], word, "{body}");
    assert!(body.contains(about), "{body}");
}

fn saml(user: &str) -> Value {
    json!({
        "type": "Profile-SAML", "name": "people", "realm_name": "IBMid", "expiration": 1200,
        "conditions": [{"claim": "email", "operator": "EQUALS", "value": format!("\"{user}\"")}],
    })
}

fn of_resources() -> Value {
    json!({
        "type": "Profile-CR", "cr_type": "IKS_SA",
        "conditions": [{"claim": "namespace", "operator": "EQUALS", "value": "\"prod\""}],
    })
}

#[test]
fn a_profile_lives_and_changes_with_its_tag() {
    let account = Account::start();
    let made = account.profile("ops");
    let id = text(&made["id"]);
    assert!(id.starts_with("Profile-"), "{made}");
    assert_eq!(made["iam_id"], format!("iam-{id}"));
    let account_id = &account.server.owner.account;
    let crn = format!("crn:v1:bluemix:public:iam-identity::a/{account_id}::profile:{id}");
    assert_eq!(
        (&made["crn"], &made["account_id"]),
        (&json!(crn), &json!(account_id))
    );
    assert_eq!(made["description"], "of ours");
    assert_eq!(made.get("email"), None);
    let path = path_of(&made);
    assert_eq!(account.read(&path), made);
    assert_eq!(account.read(&format!("/v1/profiles/iam-{id}")), made);
    let reply = account.call("GET", &path).send();
    let tag = format!("\"{}\"", text(&made["entity_tag"]));
    assert_eq!(reply.header("ETag"), Some(tag.as_str()));

    let change = |tag: &str, body: &Value| {
        let request = account.call("PUT", &path).header("If-Match", tag);
        request.json(body).send()
    };
    let body = json!({"name": "operations", "email": "ops@example.org"});
    let changed = change(&tag, &body);
    assert_eq!(changed.status, 200, "{}", changed.text());
    let changed = changed.json();
    assert_eq!(changed["email"], "ops@example.org");
    assert_eq!(changed["description"], "of ours");
    refused(&change(&tag, &body), 409, "conflict", "entity tag");
    assert_eq!(change("*", &json!({"description": ""})).status, 200);
    assert_eq!(account.read(&path).get("description"), None);
    let bare = account.ask("PUT", &path, &body);
    refused(&bare, 400, "invalid_parameter", "If-Match");
    let twice = json!({"name": "operations", "account_id": account_id});
    refused(
        &account.ask("POST", "/v1/profiles", &twice),
        409,
        "conflict",
        "name",
    );
    let elsewhere = json!({"name": "x", "account_id": "0".repeat(32)});
    refused(
        &account.ask("POST", "/v1/profiles", &elsewhere),
        404,
        "not_found",
        "account_id",
    );

    let with_history = account.read(&format!("{path}?include_history=true"));
    let history = with_history["history"].as_array().unwrap();
    let actions: Vec<String> = history.iter().map(|entry| text(&entry["action"])).collect();
    let changed = "trusted_profile_changed";
    assert_eq!(actions, [changed, changed, "trusted_profile_made"]);
    let never = account.read(&format!("{path}?include_activity=true"));
    assert_eq!(never["activity"], json!({"authn_count": 0}));
    let unclear = account
        .call("GET", &format!("{path}?include_activity=perhaps"))
        .send();
    refused(&unclear, 400, "invalid_parameter", "include_activity");
    account.delete(&path);
    refused(
        &account.call("GET", &path).send(),
        404,
        "not_found",
        "trusted profile",
    );
}

#[test]
fn profiles_are_listed_in_pages_by_filter_and_order() {
    let account = Account::start();
    for name in ["batch", "ops", "audit"] {
        account.profile(name);
    }
    let account_id = &account.server.owner.account;
    let list = |query: &str| account.read(&format!("/v1/profiles?account_id={account_id}{query}"));
    assert_eq!(names(&list("")), ["audit", "batch", "ops"]);
    assert_eq!(names(&list("&order=desc")), ["ops", "batch", "audit"]);
    assert_eq!(names(&list("&name=ops")), ["ops"]);
    assert_eq!(names(&list("&filter=name%20sw%20%22a%22")), ["audit"]);
    let first = list("&pagesize=2");
    assert_eq!((names(&first).len(), &first["limit"]), (2, &json!(2)));
    let next = text(&first["next"]);
    let at = next.find("/v1/profiles").unwrap();
    let second = account.read(&next[at..]);
    assert_eq!(names(&second), ["ops"]);
    assert_eq!(second.get("next"), None);
    assert!(second.get("previous").is_some());
    for (query, about) in [
        ("include_history=yes", "include_history"),
        ("sort=email", "sort"),
        ("filter=email%20sw%20%22a%22", "filter"),
        ("pagesize=0", "pagesize"),
    ] {
        let reply = account.call("GET", &format!("/v1/profiles?{query}")).send();
        refused(&reply, 400, "invalid_parameter", about);
    }
}

#[test]
fn rules_are_made_changed_with_their_tag_and_deleted() {
    let account = Account::start();
    let path = format!("{}/rules", path_of(&account.profile("ops")));
    let user = account.server.owner.user.clone();
    let people = account.make(&path, &saml(&user));
    assert!(text(&people["id"]).starts_with("ClaimRule-"), "{people}");
    assert_eq!(
        (&people["type"], &people["expiration"]),
        (&json!("Profile-SAML"), &json!(1200))
    );
    assert_eq!(people["conditions"], saml(&user)["conditions"]);
    let resources = account.make(&path, &of_resources());
    assert_eq!(
        (&resources["cr_type"], resources.get("realm_name")),
        (&json!("IKS_SA"), None)
    );
    let list = account.read(&path);
    let all = list["rules"].as_array().unwrap();
    assert!(all.len() == 2 && all.contains(&people) && all.contains(&resources));
    let one = format!("{path}/{}", text(&people["id"]));
    let replace = |tag: &str, body: &Value| {
        let request = account.call("PUT", &one).header("If-Match", tag);
        request.json(body).send()
    };
    let tag = text(&people["entity_tag"]);
    let changed = replace(&tag, &of_resources());
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(changed.json()["type"], "Profile-CR");
    refused(
        &replace(&tag, &of_resources()),
        409,
        "conflict",
        "entity tag",
    );
    let mut wrongs = vec![
        (json!({"type": "Profile-LDAP"}), "type"),
        (json!({"realm_name": "https://idp.example"}), "realm_name"),
        (json!({"realm_name": null}), "realm_name"),
        (json!({"expiration": null}), "expiration"),
        (json!({"expiration": 60}), "expiration"),
        (json!({"cr_type": "VSI"}), "cr_type"),
        (json!({"conditions": []}), "conditions"),
        (json!({"context": {"operation": "x"}}), "context"),
    ];
    let unknown = json!({"claim": "isManager", "operator": "EQUALS", "value": "true"});
    wrongs.push((json!({"conditions": [unknown]}), "claim"));
    for (wrong, field) in wrongs {
        let mut body = saml(&user);
        for (key, value) in wrong.as_object().unwrap() {
            body[key] = value.clone();
        }
        refused(
            &account.ask("POST", &path, &body),
            400,
            "invalid_parameter",
            field,
        );
    }
    for (key, value) in [
        ("cr_type", json!("VM")),
        ("realm_name", json!("IBMid")),
        ("expiration", json!(900)),
        ("expiration", json!(43_200)),
    ] {
        let mut body = of_resources();
        body[key] = value;
        refused(
            &account.ask("POST", &path, &body),
            400,
            "invalid_parameter",
            key,
        );
    }
    account.delete(&one);
    refused(&account.call("GET", &one).send(), 404, "not_found", "rule");
}

#[test]
fn links_say_which_compute_resource_they_are_for() {
    let account = Account::start();
    let path = format!("{}/links", path_of(&account.profile("ops")));
    let resource = json!({"crn": "crn:v1:x", "namespace": "prod", "name": "web"});
    let body =
        json!({"cr_type": "IKS_SA", "name": "ours", "link": resource, "is_cross_account": false});
    let made = account.make(&path, &body);
    assert!(text(&made["id"]).starts_with("Link-"), "{made}");
    assert_eq!((&made["link"], &made["name"]), (&resource, &json!("ours")));
    refused(&account.ask("POST", &path, &body), 409, "conflict", "link");
    let one = format!("{path}/{}", text(&made["id"]));
    assert_eq!(account.read(&one), made);
    assert_eq!(account.read(&path), json!({"links": [made]}));
    for (key, value, field) in [
        ("cr_type", json!("VM"), "cr_type"),
        ("is_cross_account", json!(true), "is_cross_account"),
        ("link", json!({}), "link"),
        ("link", json!({"crn": ""}), "link"),
        (
            "link",
            json!({"crn": "crn:v1:c", "component_type": "job"}),
            "component_type",
        ),
        ("link", json!({"crn": "nope", "namespace": "prod"}), "crn"),
    ] {
        let mut body = body.clone();
        body[key] = value;
        refused(
            &account.ask("POST", &path, &body),
            400,
            "invalid_parameter",
            field,
        );
    }
    let named = |query: &str| account.call("DELETE", &format!("{path}?{query}")).send();
    refused(&named("crn=crn:v1:x"), 400, "invalid_parameter", "type");
    refused(
        &named("type=IKS_SA&namespace=prod&name=web"),
        404,
        "not_found",
        "link",
    );
    refused(
        &named("type=IKS_SA&component_name=x"),
        400,
        "invalid_parameter",
        "component_name",
    );
    let gone = named("type=IKS_SA&crn=crn:v1:x&namespace=prod&name=web");
    assert_eq!(gone.status, 204, "{}", gone.text());
    let again = account.make(&path, &body);
    account.delete(&format!("{path}/{}", text(&again["id"])));
    refused(&account.call("GET", &one).send(), 404, "not_found", "link");
}

#[test]
fn identities_are_users_and_service_ids_of_the_account() {
    let account = Account::start();
    let path = format!("{}/identities", path_of(&account.profile("ops")));
    let (service, _) = account.service_id("ci");
    let account_id = account.server.owner.account.clone();
    let owner = text(&account.read("/identity/userinfo")["iam_id"]);
    let list = account.call("GET", &path).send();
    let tag = text(&list.json()["entity_tag"]);
    assert_eq!(list.header("ETag"), Some(format!("\"{tag}\"").as_str()));
    assert_eq!(list.json()["identities"], json!([]));

    let body = json!({"identifier": service, "type": "serviceid", "description": "at night"});
    let added = account.ask("POST", &format!("{path}/serviceid"), &body);
    assert_eq!(added.status, 200, "{}", added.text());
    let of_service = json!({
        "iam_id": format!("iam-{service}"), "identifier": service, "type": "serviceid",
        "description": "at night",
    });
    assert_eq!(added.json(), of_service);
    for id in [service.clone(), format!("iam-{service}")] {
        assert_eq!(account.read(&format!("{path}/serviceid/{id}")), of_service);
    }
    let of_owner =
        json!({"iam_id": owner, "identifier": owner, "type": "user", "accounts": [account_id]});
    let body = json!({"identifier": owner, "type": "user", "accounts": [account_id]});
    let set = |tag: &str, all: &Value| {
        let request = account.call("PUT", &path).header("If-Match", tag);
        request.json(&json!({"identities": all})).send()
    };
    refused(&set(&tag, &json!([body])), 409, "conflict", "entity tag");
    let tag = text(&account.read(&path)["entity_tag"]);
    let all = set(&tag, &json!([body]));
    assert_eq!(all.status, 200, "{}", all.text());
    assert_eq!(all.json()["identities"], json!([of_owner]));
    assert_ne!(text(&all.json()["entity_tag"]), tag);

    let nobody = "IBMid-00000000-0000-4000-8000-000000000000";
    for (kind, key, value, field) in [
        ("user", "identifier", json!(nobody), "identifier"),
        ("user", "identifier", json!(service), "identifier"),
        ("user", "accounts", json!(["0".repeat(32)]), "accounts"),
        ("user", "type", json!("serviceid"), "type"),
        ("crn", "identifier", json!("crn:v1:x"), "type"),
        ("robot", "type", json!("robot"), "type"),
    ] {
        let mut body = body.clone();
        body[key] = value;
        let reply = account.ask("POST", &format!("{path}/{kind}"), &body);
        refused(&reply, 400, "invalid_parameter", field);
    }
    let narrowed = json!({"identifier": service, "type": "serviceid", "accounts": [account_id]});
    let reply = account.ask("POST", &format!("{path}/serviceid"), &narrowed);
    refused(&reply, 400, "invalid_parameter", "leave `accounts` out");
    let junk = json!({"name": "with junk", "account_id": account_id, "email": "junk"});
    let reply = account.ask("POST", "/v1/profiles", &junk);
    refused(&reply, 400, "invalid_parameter", "e-mail address");
    let nothing = account.call("PUT", &path).header("If-Match", "*");
    let nothing = nothing.json(&json!({})).send();
    refused(&nothing, 400, "invalid_parameter", "identities");
    let twice = json!([body, body]);
    refused(&set("*", &twice), 400, "invalid_parameter", "twice");
    account.delete(&format!("{path}/user/{owner}"));
    for missing in [format!("user/{owner}"), "user/x".to_owned()] {
        let reply = account.call("GET", &format!("{path}/{missing}")).send();
        refused(&reply, 404, "not_found", "");
    }
}

#[test]
fn what_belongs_to_a_profile_has_limits() {
    let account = Account::start();
    let path = path_of(&account.profile("ops"));
    let over = |reply: &Reply, status: u16, limit: Limit| {
        assert_eq!(reply.status, status, "{}", reply.text());
        assert!(reply.text().contains(limit.name), "{}", reply.text());
        assert!(hits(&account.server, limit) > 0, "{}", limit.name);
    };
    for _ in 0..limit::RULES_PER_PROFILE.default {
        account.make(&format!("{path}/rules"), &of_resources());
    }
    let rule = account.ask("POST", &format!("{path}/rules"), &of_resources());
    over(&rule, 409, limit::RULES_PER_PROFILE);
    let link = |number: u64| {
        let resource = json!({"namespace": format!("n{number}")});
        let body = json!({"cr_type": "IKS_SA", "link": resource});
        account.ask("POST", &format!("{path}/links"), &body)
    };
    let most = limit::LINKS_PER_PROFILE.default;
    for number in 0..most {
        assert_eq!(link(number).status, 201);
    }
    over(&link(most), 409, limit::LINKS_PER_PROFILE);
    let many: Vec<Value> = (0..=limit::IDENTITIES_PER_PROFILE.default)
        .map(|number| {
            let id = format!("ServiceId-00000000-0000-4000-8000-{number:012}");
            json!({"identifier": id, "type": "serviceid"})
        })
        .collect();
    let request = account.call("PUT", &format!("{path}/identities"));
    let request = request.header("If-Match", "*");
    let reply = request.json(&json!({"identities": many})).send();
    over(&reply, 400, limit::IDENTITIES_PER_PROFILE);
}
