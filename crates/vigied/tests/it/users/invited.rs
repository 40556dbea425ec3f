//! The id of an invitation is one of who accepts it, for as long as they are in the account.

use super::{Account, refused, text};
use crate::harness::Server;
use serde_json::{Value, json};

/// A script that invites keeps the id that it was answered with.
#[test]
fn the_id_of_an_invitation_finds_the_access_of_who_accepted_it() {
    let account = Account::start();
    let group = json!({"name": "team"});
    let group = account.call("POST", "/v2/groups").json(&group).send();
    let group = text(&group.json()["id"]);
    let here = json!([{"name": "accountId", "value": account.server.owner.account}]);
    let policy = json!({
        "type": "access",
        "roles": [{"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"}],
        "resources": [{"attributes": here}],
    });
    let email = "bea@example.org";
    let body = json!({
        "users": [{"email": email}], "iam_policy": [policy], "access_groups": [group],
    });
    let invited = account.call("POST", &account.path).json(&body).send();
    assert_eq!(invited.status, 202, "{}", invited.text());
    let invited = invited.json()["resources"][0].clone();
    let id = text(&invited["id"]);
    let subject = |form: &str, pointer: &str| {
        let list = account.read(&format!("/{form}/policies?iam_id={id}"));
        let all = list["policies"].as_array().unwrap();
        assert_eq!(all.len(), 1, "{list}");
        text(all[0].pointer(pointer).unwrap())
    };
    let both = || {
        let first = subject("v1", "/subjects/0/attributes/0/value");
        let second = subject("v2", "/subject/attributes/0/value");
        [first, second]
    };
    assert_eq!(both(), [id.clone(), id.clone()]);
    account.accept(email, &text(&invited["one_time_code"]));
    let iam_id = text(&account.read(&account.one(&id))["iam_id"]);
    assert_eq!(both(), [iam_id.clone(), iam_id.clone()]);
    for named in [&iam_id, &id] {
        let groups = account.read(&format!("/v2/groups?iam_id={named}"));
        assert_eq!(groups["total_count"], 1, "{groups}");
        assert_eq!(groups["groups"][0]["id"], json!(group));
    }
    let members = format!("/v2/groups/{group}/members");
    let is_in = |named: &str| {
        let request = account.call("GET", &format!("{members}/{named}"));
        request.send().status
    };
    assert_eq!((is_in(&iam_id), is_in(&id)), (204, 204));
    let taken = account.call("DELETE", &format!("{members}/{id}")).send();
    assert_eq!(taken.status, 204, "{}", taken.text());
    assert_eq!((is_in(&iam_id), is_in(&id)), (404, 404));
    let wish = json!({"members": [{"iam_id": id, "type": "user"}]});
    let added = account.call("PUT", &members).json(&wish).send();
    assert_eq!(added.json()["members"][0]["status_code"], 200);
    assert_eq!((is_in(&iam_id), is_in(&id)), (204, 204));
}

#[test]
fn the_id_of_an_invitation_finds_what_else_who_accepted_it_has() {
    find_by_the_id(&Account::start(), "bea@example.org");
}

fn find_by_the_id(account: &Account, email: &str) {
    let (id, code) = account.invite(email);
    let refused_so_far = format!("/v1/sessions?iam_id={id}");
    assert_eq!(account.call("GET", &refused_so_far).send().status, 404);
    let token = account.accept(email, &code);
    let iam_id = text(&account.read(&account.one(&id))["iam_id"]);
    assert_ne!(iam_id, id);
    let by_bea = |method: &str, path: &str| account.server.request(method, path).bearer(&token);
    let key = json!({"name": "of Bea", "iam_id": iam_id});
    let made = by_bea("POST", "/v1/apikeys").json(&key).send();
    assert_eq!(made.status, 201, "{}", made.text());
    let of = &account.server.owner.account;
    let preferences = |id: &str| format!("/v1/preferences/accounts/{of}/identities/{id}");
    let page = format!("{}/console/page", preferences(&id));
    let body = json!({"value_string": "metrics"});
    let set = account.call("PUT", &page).json(&body).send();
    assert_eq!(set.status, 200, "{}", set.text());

    for named in [&id, &iam_id] {
        let keys = account.read(&format!("/v1/apikeys?iam_id={named}"));
        assert_eq!(keys["apikeys"][0]["name"], "of Bea", "{keys}");
        let sessions = account.read(&format!("/v1/sessions?iam_id={named}"));
        assert_eq!(
            sessions["sessions"][0]["iam_id"],
            json!(iam_id),
            "{sessions}"
        );
        let kept = account.read(&preferences(named));
        assert_eq!(kept["preferences"][0]["id"], "page", "{kept}");
        let mfa = account.read(&format!("/v1/mfa/accounts/{of}/status?iam_id={named}"));
        assert_eq!(mfa["iam_id"], json!(iam_id), "{mfa}");
    }
    let resource = json!({"attributes": {"accountId": of, "serviceName": "ibmcloud-monitoring"}});
    let authz_request = |named: &String| json!({"subject": {"attributes": {"id": named}}, "action": "domain.render", "resource": resource});
    let authz_requests = json!([authz_request(&id), authz_request(&iam_id)]);
    for request in [
        account.call("POST", "/v2/authz"),
        by_bea("POST", "/v2/authz"),
    ] {
        let reply = request.json(&authz_requests).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let answers = reply.json()["responses"].clone();
        assert_eq!(answers[0], answers[1], "{answers}");
    }
    // It opens nothing for anybody else.
    let owner = &account.owner;
    let keys = format!("/v1/apikeys?iam_id={owner}");
    refused(&by_bea("GET", &keys).send(), 403, "Administrator");
    let keys = by_bea("GET", &format!("/v1/apikeys?iam_id={id}")).send();
    assert_eq!(keys.status, 200, "{}", keys.text());

    let ended = account.call("DELETE", &format!("/v1/sessions?iam_id={id}"));
    assert_eq!(ended.send().status, 204);
    assert_eq!(by_bea("GET", "/v1/sessions").send().status, 401);
}

#[test]
fn the_id_of_an_invitation_is_taken_as_far_as_it_can_be() {
    change_by_the_id(&Account::start(), "bea@example.org");
}

#[test]
fn the_id_of_an_invitation_of_one_node_is_taken_at_the_other() {
    let test = "the_id_of_an_invitation_of_one_node_is_taken_at_the_other";
    if let Some(server) = Server::on_two_nodes(test) {
        let account = Account::on(server);
        find_by_the_id(&account, "bea@example.org");
        change_by_the_id(&account, "cid@example.org");
    }
}

/// Lists show who is invited with the id of the invitation. It takes roles from the beginning; what only members have is refused with what
/// mends it, and taken with the same id once they have accepted.
fn change_by_the_id(account: &Account, email: &str) {
    let (id, code) = account.invite(email);
    let make = |path: &str, body: &Value| {
        let made = account.call("POST", path).json(body).send();
        text(&made.json()["id"])
    };
    let team = make("/v2/groups", &json!({"name": "team"}));
    let of = json!({"name": "ops", "account_id": account.server.owner.account});
    let profile = make("/v1/profiles", &of);
    let identities = format!("/v1/profiles/{profile}/identities");
    let add = || {
        let wish = json!({"members": [{"iam_id": id, "type": "user"}]});
        let path = format!("/v2/groups/{team}/members");
        let reply = account.call("PUT", &path).json(&wish).send();
        reply.json()["members"][0].clone()
    };
    let name = || {
        let all = json!({"identities": [{"identifier": id, "type": "user"}]});
        let request = account.call("PUT", &identities).header("If-Match", "*");
        request.json(&all).send()
    };
    let role = |method: &str| {
        let path = format!("/v2/accounts/{}/roles/Editor", account.server.owner.account);
        let request = account.call(method, &path);
        request.json(&json!({"username": id})).send().status
    };
    let roles = || {
        let user = account.read(&account.one(&id));
        let mut all: Vec<String> = (user["account_roles"].as_array().unwrap().iter())
            .map(text)
            .collect();
        all.sort();
        all
    };

    let pending = add();
    assert_eq!(pending["status_code"], 409, "{pending}");
    assert!(pending.to_string().contains("`access_groups`"), "{pending}");
    refused(&name(), 400, "not accepted");
    assert_eq!(role("PUT"), 204);
    assert_eq!(roles(), ["Editor", "Viewer"]);

    account.accept(email, &code);
    assert_eq!(roles(), ["Editor", "Viewer"]);
    assert_eq!(role("DELETE"), 204);
    assert_eq!(roles(), ["Viewer"]);
    assert_eq!(add()["status_code"], 200);
    let iam_id = account.read(&account.one(&id))["iam_id"].clone();
    for _ in 0..2 {
        let named = name();
        assert_eq!(named.status, 200, "{}", named.text());
        assert_eq!(named.json()["identities"][0]["iam_id"], iam_id);
    }
    let one = format!("{identities}/user/{id}");
    assert_eq!(account.read(&one)["iam_id"], iam_id);
    assert_eq!(account.call("DELETE", &one).send().status, 204);
    assert_eq!(account.call("GET", &one).send().status, 404);
    let nobody = json!({"username": "IBMid-00000000-0000-4000-8000-000000000000"});
    let path = format!("/v2/accounts/{}/roles/Editor", account.server.owner.account);
    assert_eq!(account.call("PUT", &path).json(&nobody).send().status, 404);
}
