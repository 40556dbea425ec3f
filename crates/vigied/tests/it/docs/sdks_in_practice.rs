//! The page about IBM's SDKs in practice: its blocks run as one program, and what it calls refused is refused.

use super::sdks::blocks_of;
use crate::harness::Server;
use serde_json::{Value, json};
use std::process::Command;

fn page() -> String {
    std::fs::read_to_string(super::docs().join("guides/sdks-in-practice.md")).unwrap()
}

#[test]
fn the_page_about_sdks_in_practice_runs() {
    let Some(python) = std::env::var_os("VIGIE_TEST_PYTHON") else {
        let test = "the_page_about_sdks_in_practice_runs";
        testing::skipped(test, "no Python with IBM's SDKs");
        return;
    };
    let server = Server::start();
    let (page, owner) = (page(), &server.owner);
    // What `vigie` prints to the shell is the id of the space.
    let shell = blocks_of(&page, "sh")
        .join("\n")
        .replace("https://vigie.example.org", &server.serving.url())
        .replace("vgk_...", &owner.api_key);
    let space = &owner.space;
    let script = format!("vigie() {{ echo {space}; }}\n{shell}\nexec \"$0\" -c \"$1\"");
    let output = Command::new("sh")
        .env_remove("IBM_CREDENTIALS_FILE")
        .args(["-e", "-c", &script])
        .arg(python)
        .arg(blocks_of(&page, "python").join("\n"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    // It cleans up what it has made.
    let list = |path: &str, all: &str| {
        let request = server.request("GET", path).bearer(&server.token());
        request.send().json()[all].clone()
    };
    assert_eq!(list("/v1/serviceids", "serviceids"), json!([]));
    assert_eq!(list("/v1/policies", "policies"), json!([]));
}

/// What the page calls refused, in requests as the SDK sends them: its name, the method, the path and the body.
fn refused(
    account: &str,
    iam_id: &str,
    group: &str,
    space: &str,
) -> Vec<(&'static str, &'static str, String, Value)> {
    let get = |name: &'static str, path: &str| {
        let path = path.replace("ACCOUNT", account);
        (name, "GET", path, Value::Null)
    };
    let key = |name: &'static str, value: Value| {
        let body = json!({"name": "refused", "iam_id": iam_id, name: value});
        (name, "POST", "/v1/apikeys".to_owned(), body)
    };
    let policy = |name: &'static str, kind: &str, tags: Value| {
        let mut resource = json!({"attributes": [{"name": "accountId", "value": account}]});
        if !tags.is_null() {
            resource["tags"] = tags;
        }
        let body = json!({
            "type": kind,
            "subjects": [{"attributes": [{"name": "iam_id", "value": iam_id}]}],
            "roles": [{"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"}],
            "resources": [resource],
        });
        (name, "POST", "/v1/policies".to_owned(), body)
    };
    let instance = |name: &'static str, value: Value| {
        let body = json!({
            "name": "refused",
            "target": "local",
            "resource_group": group,
            "resource_plan_id": "premium",
            "parameters": {"space_id": space},
            name: value,
        });
        (name, "POST", "/v2/resource_instances".to_owned(), body)
    };
    let setting = |name: &'static str, value: Value| {
        let path = format!("/v1/accounts/{account}/settings/identity");
        (name, "PUT", path, json!({name: value}))
    };
    let of_key =
        json!({"name": "refused", "source": "none", "parameters": {"serviceid_crn": "crn:v1:x"}});
    vec![
        key("support_sessions", json!(false)),
        key("action_when_leaked", json!("delete")),
        key("store_value", json!(true)),
        get("tag_name", "/v1/policies?account_id=ACCOUNT&tag_name=team"),
        get(
            "tag_value",
            "/v1/policies?account_id=ACCOUNT&tag_value=shop",
        ),
        get(
            "format",
            "/v1/policies?account_id=ACCOUNT&format=include_last_permit",
        ),
        get(
            "format",
            "/v2/policies?account_id=ACCOUNT&format=include_last_permit",
        ),
        policy("tags", "access", json!([{"name": "team", "value": "shop"}])),
        policy("iam_id", "authorization", Value::Null),
        get(
            "source_service_name",
            "/v2/roles?account_id=ACCOUNT&source_service_name=ibmcloud-monitoring",
        ),
        instance("tags", json!(["team:shop"])),
        instance("allow_cleanup", json!(true)),
        (
            "serviceid_crn",
            "POST",
            "/v2/resource_keys".to_owned(),
            of_key,
        ),
        get(
            "date",
            "/v2/resource_groups?account_id=ACCOUNT&date=2026-01",
        ),
        get(
            "include_deleted",
            "/v2/resource_groups?account_id=ACCOUNT&include_deleted=true",
        ),
        setting("user_mfa", json!([{"iam_id": iam_id, "mfa": "TOTP"}])),
        setting(
            "restrict_user_domains",
            json!([{"realm_id": "IBMid", "invitation_email_allow_patterns": ["*"]}]),
        ),
        setting("mfa", json!("TOTP")),
    ]
}

/// The same about access: conditions and rules that would never be met, and roles of other services.
fn refused_access(
    account: &str,
    iam_id: &str,
    group: &str,
    profile: &str,
) -> Vec<(&'static str, &'static str, String, Value)> {
    let policy = |name: &'static str, pattern: &str, rule: Value| {
        let attribute = |key: &str, value: &str| json!({"key": key, "operator": "stringEquals", "value": value});
        let role = json!({"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"});
        let body = json!({
            "type": "access",
            "subject": {"attributes": [attribute("iam_id", iam_id)]},
            "resource": {"attributes": [attribute("accountId", account)]},
            "control": {"grant": {"roles": [role]}},
            "pattern": pattern,
            "rule": rule,
        });
        (name, "POST", "/v2/policies".to_owned(), body)
    };
    let own = "IBMid";
    let rule = |name: &'static str, path: &str, claim: &str, realm: &str| {
        let mut body = json!({
            "name": "refused",
            "expiration": 900,
            "realm_name": realm,
            "conditions": [{"claim": claim, "operator": "EQUALS", "value": "\"true\""}],
        });
        match path.starts_with("/v1") {
            true => body["type"] = json!("Profile-SAML"),
            false => body["expiration"] = json!(24),
        }
        (name, "POST", path.to_owned(), body)
    };
    let of_group = format!("/v2/groups/{group}/rules");
    let of_profile = format!("/v1/profiles/{profile}/rules");
    let conditions = json!([{"claim": "name", "operator": "EQUALS", "value": "\"collector\""}]);
    let of_resource = json!({"type": "Profile-CR", "cr_type": "IKS_SA", "expiration": 900, "conditions": conditions});
    let role = json!({"name": "Refused", "display_name": "Refused", "account_id": account,
        "service_name": "iam-groups", "actions": ["iam-groups.groups.read"]});
    vec![
        policy(
            "pattern",
            "attribute-based-condition:resource:literal-and-wildcard",
            json!({"key": "{{resource.attributes.path}}", "operator": "stringMatch", "value": "*"}),
        ),
        rule("realm_name", &of_group, "name", "https://idp.example.org"),
        rule("realm_name", &of_profile, "name", "https://idp.example.org"),
        rule("claim", &of_group, "isManager", own),
        rule("claim", &of_profile, "blueGroups", own),
        ("expiration", "POST", of_profile.clone(), of_resource),
        ("service_name", "POST", "/v2/roles".to_owned(), role),
    ]
}

/// The same about lists, settings and users.
fn refused_elsewhere(
    account: &str,
    iam_id: &str,
) -> Vec<(&'static str, &'static str, String, Value)> {
    let get = |name: &'static str, path: String| (name, "GET", path, Value::Null);
    let settings = |kind: &str| format!("/v1/accounts/{account}/{kind}/identity");
    let setting = |name: &'static str| {
        let body = json!({name: "NOT_RESTRICTED"});
        (name, "PUT", settings("settings"), body)
    };
    let user = |name: &'static str, below: &str| {
        let path = format!("/v2/accounts/{account}/users/{iam_id}{below}");
        (name, "PATCH", path, json!({name: "123456789"}))
    };
    let resolved = |kind: &str| format!("{}?resolve_user_mfa=true", settings(kind));
    vec![
        get(
            "resource_group_id",
            format!("/v2/resource_keys?resource_group_id={account}"),
        ),
        get("sub_type", "/v2/resource_instances?sub_type=x".to_owned()),
        setting("restrict_create_service_id"),
        setting("restrict_user_list_visibility"),
        get("resolve_user_mfa", resolved("settings")),
        get("resolve_user_mfa", resolved("effective_settings")),
        user("language", "/settings"),
        user("notification_language", "/settings"),
        user("phonenumber", ""),
        user("altphonenumber", ""),
        user("photo", ""),
    ]
}

#[test]
fn what_the_page_about_sdks_calls_refused_is_refused_by_its_name() {
    let server = Server::start();
    let (owner, token) = (&server.owner, server.token());
    let read = |path: &str| server.request("GET", path).bearer(&token).send().json();
    let keys = read("/v1/apikeys");
    let iam_id = keys["apikeys"][0]["iam_id"].as_str().unwrap();
    let groups = read(&format!("/v2/resource_groups?account_id={}", owner.account));
    let group = groups["resources"][0]["id"].as_str().unwrap();
    let made = |path: &str, body: &Value| {
        let request = server.request("POST", path).bearer(&token).json(body);
        request.send().json()["id"].as_str().unwrap().to_owned()
    };
    let of_group = format!("/v2/groups?account_id={}", owner.account);
    let access_group = made(&of_group, &json!({"name": "managers"}));
    let profile = json!({"name": "managers", "account_id": owner.account});
    let profile = made("/v1/profiles", &profile);
    let mut refused = refused(&owner.account, iam_id, group, &owner.space);
    let about_access = refused_access(&owner.account, iam_id, &access_group, &profile);
    refused.extend(about_access);
    refused.extend(refused_elsewhere(&owner.account, iam_id));
    for (name, method, path, body) in &refused {
        let request = server.request(method, path).bearer(&token);
        let request = match (*method, body) {
            ("GET", _) => request,
            ("PUT", body) => request.header("If-Match", "*").json(body),
            (_, body) => request.json(body),
        };
        let reply = request.send();
        assert_eq!(reply.status, 400, "{method} {path}: {}", reply.text());
        let answer = reply.json();
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(name), "{name}: {message}");
    }
    // Each row of the table is among them, and they are all in it.
    let page = page();
    let table = page.split("## What IBM's examples ask for").nth(1).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let mut cells = Vec::new();
    for row in rows {
        let cell = row.split('|').nth(2).unwrap();
        let first = cell.split('`').nth(1).unwrap();
        let first = first.split('=').next().unwrap();
        let is_tried = refused.iter().any(|(name, ..)| *name == first);
        assert!(is_tried, "{row}");
        cells.push(cell);
    }
    for (name, ..) in &refused {
        let quoted = format!("`{name}");
        assert!(cells.iter().any(|cell| cell.contains(&quoted)), "{name}");
    }
    for path in ["/v1/policy_templates", "/v1/profile_templates"] {
        let reply = server.request("GET", path).bearer(&token).send();
        assert_eq!(reply.status, 404, "{path}: {}", reply.text());
        assert!(reply.text().contains("there is no such route"));
    }
}
