//! Copies of one login, renewed by the real command line at the real server.

use crate::harness::{Server, VIGIED, vigie};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn run(home: &Path, arguments: &[&str]) -> String {
    let output = Command::new(vigie())
        .args(arguments)
        .env_clear()
        .env("VIGIE_HOME", home)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn refresh_token(home: &Path) -> Value {
    let text = std::fs::read(home.join("config.json")).unwrap();
    let config: Value = serde_json::from_slice(&text).unwrap();
    config["IAMRefreshToken"].clone()
}

#[test]
fn a_copy_of_a_login_goes_on_where_the_original_is() {
    renew_a_copy(&Server::start());
}

/// Each renewal is one of the other node than the one before.
#[test]
fn a_copy_of_a_login_goes_on_where_the_original_is_on_two_nodes() {
    let test = "a_copy_of_a_login_goes_on_where_the_original_is_on_two_nodes";
    if let Some(server) = Server::on_two_nodes(test) {
        renew_a_copy(&server);
    }
}

/// A container starts from a folder that was copied a moment ago, while the original has been renewed twice.
fn renew_a_copy(server: &Server) {
    let home = |name: &str| -> PathBuf { server.folder.path().join(name) };
    let (first, second) = (home("original"), home("copy"));
    let (url, key) = (server.serving.url(), server.owner.api_key.clone());
    run(&first, &["login", "-a", &url, "--apikey", &key]);
    std::fs::create_dir(&second).unwrap();
    std::fs::copy(first.join("config.json"), second.join("config.json")).unwrap();
    // Longer than the server gives any: so each call renews.
    let renew = ["iam", "token", "--min-ttl", "2d"];
    let begun = refresh_token(&first);
    run(&first, &renew);
    run(&first, &renew);
    assert_ne!(refresh_token(&first), begun);
    run(&second, &renew);
    assert_eq!(refresh_token(&second), refresh_token(&first));
}

/// All commands but those of metrics failed until the next login, and the UAA token was printed for as long as it said it was good.
#[test]
fn a_login_outlives_the_key_that_signed_its_tokens() {
    let server = Server::start();
    let home = server.folder.path().join("cli");
    let (url, key) = (server.serving.url(), server.owner.api_key.clone());
    run(
        &home,
        &["login", "-a", &url, "--apikey", &key, "-o", "vigie"],
    );
    let keys = |arguments: &[&str]| -> Value {
        let mut command = Command::new(VIGIED);
        command.arg("keys").args(arguments);
        command.args(["--output", "json", "--data"]);
        let output = command.arg(server.data()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let status = |token: &str| {
        let orgs = server.request("GET", "/v2/organizations");
        orgs.bearer(token).send().status
    };
    let uaa = || run(&home, &["cf", "oauth-token"]);
    let (stolen, signed_by_it) = (keys(&["list"])[0]["kid"].clone(), uaa());
    keys(&["rotate", "--now"]);
    keys(&["retire", stolen.as_str().unwrap()]);
    let refused = run(&home, &["iam", "token"]);
    assert_eq!(status(refused.trim()), 401);
    let listed = run(&home, &["account", "orgs"]);
    assert!(listed.contains("vigie"), "{listed}");
    let renewed = run(&home, &["iam", "token"]);
    assert_eq!(status(renewed.trim()), 200);
    let fresh = uaa();
    assert_ne!(fresh, signed_by_it);
    let bare = fresh.trim().trim_start_matches("bearer ");
    assert_eq!(status(bare), 200);
    assert_eq!(uaa(), fresh);
}
