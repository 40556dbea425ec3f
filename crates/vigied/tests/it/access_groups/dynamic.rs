//! Who is in a group without being put there: by a rule, or because everybody is.

use super::{Account, PUBLIC, last_part, refused, text, texts};
use crate::limits::hits;
use base::limit;
use serde_json::{Value, json};

#[test]
fn a_rule_lets_in_whom_it_describes() {
    let account = Account::start();
    let group = account.group("team");
    let path = format!("{group}/rules");
    let body = json!({
        "name": "ours", "expiration": 24, "realm_name": "IBMid",
        "conditions": [{
            "claim": "email", "operator": "EQUALS", "value": format!("\"{}\"", account.server.owner.user),
        }],
    });
    let made = account.make(&path, &body);
    assert!(text(&made["id"]).starts_with("ClaimRule-"), "{made}");
    assert_eq!(made["conditions"], body["conditions"]);
    assert_eq!(made["access_group_id"], last_part(&group));
    let federated = account.read(&format!("{group}?show_federated=true"));
    assert_eq!(federated["is_federated"], true);
    let dynamic = || {
        account.read(&format!(
            "{group}/members?membership_type=dynamic&verbose=true"
        ))
    };
    let inside = dynamic();
    assert_eq!(inside["total_count"], 1);
    let owner = &inside["members"][0];
    assert_eq!(owner["email"], account.server.owner.user.as_str());
    assert_eq!(owner.get("created_at"), None);
    let membership = format!("{group}/members/{}", text(&owner["iam_id"]));
    assert_eq!(account.call("HEAD", &membership).send().status, 204);
    let removed = account.call("DELETE", &membership).send();
    refused(&removed, 404, "not_found", "by name");

    let one = format!("{path}/{}", text(&made["id"]));
    let read = account.call("GET", &one).send();
    assert_eq!(read.json(), made);
    let tag = read.header("etag").unwrap().to_owned();
    let replace = |tag: &str, body: &Value| {
        let request = account.call("PUT", &one).header("If-Match", tag);
        request.json(body).send()
    };
    let mut others = body.clone();
    others["conditions"][0]["operator"] = json!("NOT_EQUALS");
    let changed = replace(&tag, &others);
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(dynamic()["total_count"], 0);
    refused(&replace(&tag, &body), 409, "conflict", "read it again");
    assert_eq!(replace("*", &body).status, 200);
    assert_eq!(dynamic()["total_count"], 1);
    assert_eq!(account.read(&path)["rules"].as_array().unwrap().len(), 1);
    for (pointer, value, about) in [
        ("/realm_name", json!("https://idp.example"), "`realm_name`"),
        ("/expiration", json!(0), "hours from 1 to 24"),
        ("/expiration", json!(25), "hours from 1 to 24"),
        ("/expiration", json!(-1), "hours from 1 to 24"),
        ("/expiration", json!(1.5), "hours from 1 to 24"),
        ("/conditions", json!([]), "`conditions`"),
        ("/conditions/0/claim", json!("isManager"), "`claim`"),
        ("/conditions/0/operator", json!("LIKE"), "`operator`"),
        ("/conditions/0/value", json!(""), "`value`"),
    ] {
        let mut wrong = body.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        let reply = account.ask("POST", &path, &wrong);
        refused(&reply, 400, "invalid_parameter", about);
    }
    let held = account.call("DELETE", &group).send();
    refused(&held, 409, "conflict", "force");
    assert_eq!(account.call("DELETE", &one).send().status, 204);
    assert_eq!(dynamic()["total_count"], 0);
    assert_eq!(account.call("DELETE", &group).send().status, 204);
}

#[test]
fn everybody_is_in_the_public_group_while_there_is_one() {
    let account = Account::start();
    let (member, key) = account.service("ci");
    let settings = "/v2/groups/settings";
    assert_eq!(account.read(settings)["public_access_enabled"], false);
    refused(&account.give(PUBLIC), 400, "invalid_parameter", "subject");
    let switch = |on: bool| {
        let body = json!({"public_access_enabled": on});
        let reply = account.ask("PATCH", settings, &body);
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.json()["public_access_enabled"], on);
    };
    switch(true);
    let policy = account.give(PUBLIC);
    assert_eq!(policy.status, 201, "{}", policy.text());
    let named = policy.json()["subjects"][0]["attributes"][0]["value"].clone();
    assert_eq!(named, json!(PUBLIC));
    assert_eq!(account.asks(&key), 200);
    let list = account.read("/v2/groups");
    assert_eq!(texts(&list["groups"], "id"), [PUBLIC]);
    let list = account.read("/v2/groups?hide_public_access=true");
    assert_eq!(list["total_count"], 0);
    let membership = format!("/v2/groups/{PUBLIC}/members/{member}");
    assert_eq!(account.call("HEAD", &membership).send().status, 204);
    let reply = account.call("DELETE", &format!("/v2/groups/{PUBLIC}"));
    refused(
        &reply.send(),
        403,
        "insufficient_permissions",
        "public access group",
    );
    switch(false);
    assert_eq!(account.asks(&key), 404);
    switch(true);
    assert_eq!(account.asks(&key), 404);
}

/// The original's list of rules has no pages, and so has this one: it is short.
#[test]
fn a_group_has_no_more_rules_than_one_answer_holds() {
    let account = Account::start();
    let path = format!("{}/rules", account.group("team"));
    let body = json!({
        "expiration": 24, "realm_name": "IBMid",
        "conditions": [{"claim": "email", "operator": "EQUALS", "value": "\"nobody@example.org\""}],
    });
    let most = limit::RULES_PER_GROUP.default;
    for _ in 0..most {
        account.make(&path, &body);
    }
    let name = limit::RULES_PER_GROUP.name;
    refused(
        &account.ask("POST", &path, &body),
        409,
        "limit_exceeded",
        name,
    );
    assert_eq!(hits(&account.server, limit::RULES_PER_GROUP), 1);
    let listed = account.read(&path)["rules"].as_array().unwrap().len();
    assert_eq!(listed as u64, most);
    // Another group has room, and so has this one when a rule is gone.
    let other = format!("{}/rules", account.group("other"));
    account.make(&other, &body);
    let first = text(&account.read(&path)["rules"][0]["id"]);
    let gone = account.call("DELETE", &format!("{path}/{first}")).send();
    assert_eq!(gone.status, 204, "{}", gone.text());
    account.make(&path, &body);
}
