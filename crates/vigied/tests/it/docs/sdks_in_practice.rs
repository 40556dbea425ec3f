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
        get(
            "include_history",
            "/v1/apikeys?account_id=ACCOUNT&include_history=true",
        ),
        get(
            "include_history",
            "/v1/serviceids?account_id=ACCOUNT&include_history=true",
        ),
        get(
            "include_history",
            "/v1/profiles?account_id=ACCOUNT&include_history=true",
        ),
        get("show_crn", "/v2/groups?account_id=ACCOUNT&show_crn=true"),
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
        policy("authorization", "authorization", Value::Null),
        get(
            "authorization",
            "/v2/roles?account_id=ACCOUNT&policy_type=authorization",
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

#[test]
fn what_the_page_about_sdks_calls_refused_is_refused_by_its_name() {
    let server = Server::start();
    let (owner, token) = (&server.owner, server.token());
    let read = |path: &str| server.request("GET", path).bearer(&token).send().json();
    let keys = read("/v1/apikeys");
    let iam_id = keys["apikeys"][0]["iam_id"].as_str().unwrap();
    let groups = read(&format!("/v2/resource_groups?account_id={}", owner.account));
    let group = groups["resources"][0]["id"].as_str().unwrap();
    let refused = refused(&owner.account, iam_id, group, &owner.space);
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
