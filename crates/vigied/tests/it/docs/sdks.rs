//! The guide to IBM's SDKs: its Python and its JavaScript run with the real ones, its bodies are taken, and its tables are those of the
//! server.

use crate::harness::{Reply, Server};
use base::scope::Action;
use iam::directory::NamedRole;
use serde_json::{Value, json};
use std::process::Command;

fn guide() -> String {
    std::fs::read_to_string(super::docs().join("guides/sdks.md")).unwrap()
}

fn blocks(language: &str) -> Vec<String> {
    blocks_of(&guide(), language)
}

/// The blocks of a language in a page.
pub(super) fn blocks_of(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let blocks = page.split(&fence).skip(1);
    let blocks: Vec<String> = blocks
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect();
    assert!(!blocks.is_empty(), "no block of {language}");
    blocks
}

/// Runs the blocks of a language as the owner of a new server, and checks that they clean up what they have made.
fn run(language: &str, mut program: Command) {
    let server = Server::start();
    let output = program
        .env_remove("IBM_CREDENTIALS_FILE")
        .env("VIGIE_API", server.serving.url())
        .env("VIGIE_API_KEY", &server.owner.api_key)
        .env("SPACE", &server.owner.space)
        .arg(blocks(language).join("\n"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let list = |path: &str, all: &str| {
        let request = server.request("GET", path).bearer(&server.token());
        request.send().json()[all].clone()
    };
    assert_eq!(list("/v1/serviceids", "serviceids"), json!([]));
    assert_eq!(list("/v1/policies", "policies"), json!([]));
}

#[test]
fn the_python_of_the_guide_to_sdks_runs() {
    let Some(python) = std::env::var_os("VIGIE_TEST_PYTHON") else {
        let test = "the_python_of_the_guide_to_sdks_runs";
        testing::skipped(test, "no Python with IBM's SDKs");
        return;
    };
    let mut program = Command::new(python);
    program.arg("-c");
    run("python", program);
}

#[test]
fn the_node_of_the_guide_to_sdks_runs() {
    let Some(modules) = std::env::var_os("VIGIE_TEST_NODE_MODULES") else {
        let test = "the_node_of_the_guide_to_sdks_runs";
        testing::skipped(test, "no SDKs of IBM's for Node");
        return;
    };
    let mut program = Command::new("node");
    program.env("NODE_PATH", modules).arg("-e");
    run("js", program);
}

#[test]
fn the_bodies_of_the_guide_to_sdks_are_taken() {
    let server = Server::start();
    let (owner, token) = (&server.owner, server.token());
    let post = |path: &str, body: &Value| -> Reply {
        let request = server.request("POST", path).bearer(&token);
        request.json(body).send()
    };
    let service = json!({"account_id": owner.account, "name": "collector"});
    let service = post("/v1/serviceids", &service).json();
    let bodies = blocks("json");
    assert_eq!(bodies.len(), 2);
    for (path, body) in ["/v1/policies", "/v2/policies"].into_iter().zip(bodies) {
        let body = body
            .replace("iam-ServiceId-GUID", service["iam_id"].as_str().unwrap())
            .replace("SPACE-GUID", &owner.space)
            .replace("ACCOUNT", &owner.account);
        let reply = post(path, &serde_json::from_str(&body).unwrap());
        assert_eq!(reply.status, 201, "{path}: {}", reply.text());
    }
}

/// A cell for each action.
fn cells(of: impl Fn(Action) -> String) -> String {
    let all = Action::ALL.into_iter();
    all.map(|action| format!("{} |", of(action))).collect()
}

#[test]
fn the_roles_and_actions_of_the_guide_to_sdks_are_those_of_the_server() {
    let guide = guide();
    let head = cells(|action| format!(" `{}`", action.name()));
    let head = format!("| role | `role_id` |{head}\n");
    assert!(guide.contains(&head), "{head}");
    for role in NamedRole::PLATFORM.into_iter().chain(NamedRole::SERVICE) {
        let may = cells(|action| match role.actions().contains(action) {
            true => " yes".to_owned(),
            false => String::new(),
        });
        let row = format!("| `{}` | `{}` |{may}\n", role.name(), role.crn());
        assert!(guide.contains(&row), "{row}");
    }
    for action in Action::ALL {
        let row = format!("\n| `{}` | ", action.name());
        assert!(guide.contains(&row), "{row}");
    }
}

#[test]
fn the_ranges_of_settings_in_the_guide_to_sdks_are_those_of_the_server() {
    let server = Server::start();
    let token = server.token();
    let path = format!("/v1/accounts/{}/settings/identity", server.owner.account);
    let set = |name: &str, value: i64| {
        let request = server.request("PUT", &path).bearer(&token);
        let request = request.header("If-Match", "*");
        request
            .json(&json!({name: value.to_string()}))
            .send()
            .status
    };
    let guide = guide();
    let mut count = 0;
    for line in guide.lines() {
        let words: Vec<&str> = line.split('`').collect();
        let ["| ", name, " | ", first, " to ", last, ..] = words.as_slice() else {
            continue;
        };
        let (first, last): (i64, i64) = (first.parse().unwrap(), last.parse().unwrap());
        let statuses = [first - 1, last + 1, first, last].map(|value| set(name, value));
        assert_eq!(statuses, [400, 400, 200, 200], "{line}");
        count += 1;
    }
    assert_eq!(count, 4);
}

/// It said that there is no such route, as if the SDK were too new.
#[test]
fn a_base_address_that_has_a_path_is_told_so() {
    let server = Server::start();
    for (path, end) in [
        ("/v1/v1/serviceids", "`/v1`"),
        ("/v2/v2/policies", "`/v2`"),
        ("/identity/v1/apikeys", "`/identity`"),
        ("/v1/identity/token", "`/v1`"),
    ] {
        let reply = server.request("GET", path).send();
        assert_eq!(reply.status, 404, "{path}");
        let body = reply.json();
        // Where the SDKs look for it.
        let of_token = body["errorMessage"].as_str();
        let message = of_token.or_else(|| body["errors"][0]["message"].as_str());
        let message = message.unwrap_or_else(|| panic!("{path}: {body}"));
        let expected = format!("base address ends in {end}");
        assert!(message.contains(&expected), "{path}: {message}");
    }
}
