//! Copies of one login, renewed by the real command line at the real server.

use crate::harness::{Server, vigie};
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
