//! What a refused policy, role, key or invitation is told to write instead.

use super::{Account, VIEWER, text};
use crate::harness::Reply;
use serde_json::{Value, json};

/// An account that is not there.
const OTHER: &str = "0123456789abcdef0123456789abcdef";

/// The message and what mends it.
fn check_error(reply: &Reply, status: u16, parts: &[&str]) {
    let body = reply.text();
    assert_eq!(reply.status, status, "{body}");
    let error = reply.json()["errors"][0].clone();
    let details = error["details"].as_str().unwrap_or_default();
    let whole = format!("{}; {details}", text(&error["message"]));
    for part in parts {
        assert!(whole.contains(part), "no `{part}` in: {whole}");
    }
}

/// Each said what is wrong, and neither what would be right nor how to find it.
#[test]
fn a_refused_policy_of_the_first_form_says_what_to_write() {
    let account = Account::start();
    let (subject, _) = account.service("ci");
    let refused = |body: &Value, parts: &[&str]| {
        check_error(&account.ask("POST", "/v1/policies", body), 400, parts);
    };
    let mut foreign = account.first(&subject, VIEWER, &[]);
    foreign["resources"][0]["attributes"][0]["value"] = json!(OTHER);
    refused(&foreign, &[&account.server.owner.account]);

    for (key, value, part) in [
        ("spaceId", "dev", "`vigie account space NAME --guid`"),
        ("organizationId", "vigie", "`vigie account org NAME --guid`"),
        ("resourceGroupId", "Default", "`GET /v2/resource_groups`"),
        ("region", "us-south", "which has `local`"),
    ] {
        refused(
            &account.first(&subject, VIEWER, &[(key, value)]),
            &[key, part],
        );
    }
    // A GUID of the right form that is not there.
    let missing = account.first(&subject, VIEWER, &[("organizationId", account.space())]);
    refused(&missing, &["`vigie account orgs`"]);

    let id = subject.strip_prefix("iam-").unwrap();
    refused(
        &account.first(id, VIEWER, &[]),
        &[&format!("write `{subject}`")],
    );
    let mut of_group = account.first("senders", VIEWER, &[]);
    of_group["subjects"][0]["attributes"][0]["name"] = json!("access_group_id");
    refused(&of_group, &["`senders`", "`GET /v2/groups`"]);
    let member = account.first("owner@vigie.local", VIEWER, &[]);
    refused(&member, &["`ibmUniqueId`"]);

    let crn = format!("`{VIEWER}`");
    for role in [
        "Viewer",
        "viewer",
        "crn:v1:bluemix:public:iam::::serviceRole:Viewer",
    ] {
        refused(&account.first(&subject, role, &[]), &[&crn]);
    }
    account.make(
        "/v2/roles",
        &json!({
            "name": "Sender", "display_name": "Sends", "actions": ["domain.write"],
            "account_id": account.server.owner.account, "service_name": "ibmcloud-monitoring",
        }),
    );
    for role in ["Sender", "Sends"] {
        let body = account.first(&subject, role, &[]);
        refused(&body, &["::customRole:Sender`"]);
    }
    refused(&account.first(&subject, "Boss", &[]), &["`GET /v2/roles`"]);

    for (field, name) in [("subjects", "iam_id"), ("resources", "accountId")] {
        let mut body = account.first(&subject, VIEWER, &[]);
        let one = body[field][0].clone();
        let shape = format!("\"name\": \"{name}\"");
        for (entries, count) in [(json!([one, one]), "has 2"), (json!([]), "has 0")] {
            body[field] = entries;
            refused(
                &body,
                &[&format!("`{field}` takes one entry"), count, &shape],
            );
        }
    }
}

/// It was told that `subjects` is too long, a member that the second form does not have.
#[test]
fn the_crn_of_a_group_is_told_its_id() {
    let account = Account::start();
    let path = format!("/v2/groups?account_id={}", account.server.owner.account);
    let made = account.make(&path, &json!({"name": "readers"}));
    let id = text(&made["id"]);
    let path = format!("/v2/groups/{id}?show_crn=true");
    let crn = text(&account.call("GET", &path).send().json()["crn"]);
    let mut first = account.first(&crn, VIEWER, &[]);
    first["subjects"][0]["attributes"][0]["name"] = json!("access_group_id");
    let mut second = account.second(&crn, VIEWER, &[]);
    second["subject"]["attributes"][0]["key"] = json!("access_group_id");
    for (path, body) in [("/v1/policies", first), ("/v2/policies", second)] {
        let reply = account.ask("POST", path, &body);
        check_error(
            &reply,
            400,
            &["`access_group_id`", "CRN", &format!("write `{id}`")],
        );
    }
    let mut long = account.second(&"x".repeat(200), VIEWER, &[]);
    long["subject"]["attributes"][0]["key"] = json!("access_group_id");
    let reply = account.ask("POST", "/v2/policies", &long);
    check_error(
        &reply,
        400,
        &["`access_group_id` has 200 bytes", "`word_bytes`"],
    );
}

/// It said that `value` is a text, of no attribute and whatever the operator.
#[test]
fn an_operator_that_is_not_enforced_is_refused_with_its_attribute() {
    let account = Account::start();
    let (subject, _) = account.service("ci");
    let there = "`stringEquals` and `stringMatch`";
    for (operator, value) in [
        ("stringExists", json!(true)),
        ("stringEqualsAnyOf", json!(["a", "b"])),
        ("timeLessThan", json!("09:00:00+00:00")),
    ] {
        let mut body = account.second(&subject, VIEWER, &[("region", "local")]);
        body["resource"]["attributes"][1]["operator"] = json!(operator);
        body["resource"]["attributes"][1]["value"] = value;
        let reply = account.ask("POST", "/v2/policies", &body);
        check_error(&reply, 400, &[&format!("`{operator}`"), "`region`", there]);
    }
    let mut body = account.second(&subject, VIEWER, &[("region", "local")]);
    body["resource"]["attributes"][1]["value"] = json!(7);
    let reply = account.ask("POST", "/v2/policies", &body);
    check_error(&reply, 400, &["`value` of the attribute `region`"]);
}

#[test]
fn what_is_refused_beside_policies_says_what_is_meant() {
    let account = Account::start();
    let account_id = account.server.owner.account.clone();
    let (subject, _) = account.service("ci");
    let id = subject.strip_prefix("iam-").unwrap();
    let whole = format!("write `{subject}`");
    // It spoke of keys that the credential makes.
    let reply = account.call("GET", &format!("/v2/roles?account_id={OTHER}"));
    check_error(
        &reply.send(),
        404,
        &[&format!("`account_id` must be `{account_id}`")],
    );
    for list in [
        format!("/v1/apikeys?account_id={account_id}&iam_id={id}"),
        format!("/v1/policies?account_id={account_id}&iam_id={id}"),
        format!("/v1/sessions?iam_id={id}"),
    ] {
        check_error(&account.call("GET", &list).send(), 400, &[&whole]);
    }
    let key = json!({"name": "second", "iam_id": id});
    check_error(&account.ask("POST", "/v1/apikeys", &key), 403, &[&whole]);
    let kept = json!({"name": "second", "iam_id": subject, "store_value": true});
    let reply = account.ask("POST", "/v1/apikeys", &kept);
    check_error(&reply, 400, &["`store_value`", "leave it out"]);
    let invited = json!({"users": [{"email": "bea@example.org", "account_role": "Boss"}]});
    let people = format!("/v2/accounts/{account_id}/users");
    let reply = account.ask("POST", &people, &invited);
    check_error(&reply, 400, &["Boss", "or Member for none"]);
    // Names in place of ids.
    let invited = json!({"users": [{"email": "bea@example.org"}], "access_groups": ["senders"]});
    let reply = account.ask("POST", &people, &invited);
    check_error(&reply, 400, &["`senders`", "`GET /v2/groups`"]);
    let instance = |space: &str, group: &str| {
        let body = json!({
            "name": "monitoring", "target": account.server.owner.region, "resource_group": group,
            "resource_plan_id": "premium", "parameters": {"space_id": space},
        });
        account.ask("POST", "/v2/resource_instances", &body)
    };
    let by_name = instance("dev", &account_id);
    check_error(&by_name, 400, &["`vigie account space NAME --guid`"]);
    let by_name = instance(account.space(), "Default");
    check_error(&by_name, 400, &["`GET /v2/resource_groups`"]);
    let authz_request = json!([{
        "subject": {"attributes": {"id": subject}}, "action": "domain.write",
        "resource": {"attributes": {"spaceId": "dev"}},
    }]);
    let reply = account.ask("POST", "/v2/authz", &authz_request);
    check_error(&reply, 400, &["`vigie account space NAME --guid`"]);
}

/// It was told of roles alone, of addresses that it does not have, and that its key is no token.
#[test]
fn a_service_id_is_told_how_it_gets_a_right() {
    let account = Account::start();
    let (subject, key) = account.service("ci");
    let user_token = format!("apikey {key}");
    let ask = |method: &str, path: &str| {
        let request = account.server.request(method, path);
        request
            .header("X-Auth-User-Token", &user_token)
            .header("X-Auth-Scope-Id", &format!("s-{}", account.space()))
    };
    let hint = |reply: &Reply, status: u16, parts: &[&str]| {
        assert_eq!(reply.status, status, "{}", reply.text());
        let hint = text(&reply.json()["errors"][0]["hint"]);
        for part in parts {
            assert!(hint.contains(part), "no `{part}` in: {hint}");
        }
    };
    let role = format!("`vigie account space-role-set {subject} ORG SPACE SpaceDeveloper`");
    let reply = ask("GET", "/v1/metrics?target=a").send();
    hint(&reply, 404, &[&role, "an access policy for you"]);

    account.make("/v1/policies", &account.first(&subject, VIEWER, &[]));
    let sample = json!([{"name": "a", "value": 1, "timestamp": crate::harness::now() - 5}]);
    let reply = ask("POST", "/v1/metrics").json(&sample).send();
    hint(&reply, 403, &["Writer", "`domain.write`"]);

    let list = || account.server.request("GET", "/v1/serviceids");
    let reply = list().header("X-Auth-User-Token", &user_token).send();
    check_error(&reply, 403, &["role-set EMAIL Administrator`", "`iam_id`"]);
    let reply = list().bearer(&key).send();
    check_error(&reply, 401, &["an API key was sent", "`IAMAuthenticator`"]);
}
