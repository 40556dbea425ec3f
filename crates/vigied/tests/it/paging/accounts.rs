//! The lists of accounts, of what an account has, and of a person's invitations come in pages.

use super::{entity_name, follow, get, make};
use crate::harness::{Server, VIGIED, knows};
use serde_json::{Value, json};
use std::process::{Command, Stdio};

/// A new account by the operator's word; what is printed of it.
fn account(server: &Server, account: &str, email: &str) -> Value {
    operator(server, &["create", account, "--owner", email])
}

/// What a command of the operator about accounts prints.
fn operator(server: &Server, words: &[&str]) -> Value {
    let done = Command::new(VIGIED)
        .arg("account")
        .args(words)
        .args(["--output", "json", "--data"])
        .arg(server.data())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    serde_json::from_slice(&done.stdout).unwrap()
}

#[test]
fn accounts_come_in_pages() {
    let server = Server::start();
    for number in 1..4 {
        account(&server, &format!("next-{number}"), &server.owner.user);
    }
    let until = std::time::Instant::now();
    while get(&server, "/coe/v2/accounts")["resources"]
        .as_array()
        .unwrap()
        .len()
        < 4
    {
        assert!(
            until.elapsed().as_secs() < 300,
            "the server never saw the accounts"
        );
    }
    assert!(knows(&server.serving.url(), &server.owner.api_key));
    let all = follow(&server, "/coe/v2/accounts", 100, entity_name);
    assert_eq!(all.len(), 4);
    assert_eq!(
        follow(&server, "/coe/v2/accounts?limit=1", 1, entity_name),
        all
    );
    // One that was read and goes moves none that is still to come.
    let first = get(&server, "/coe/v2/accounts?limit=2");
    assert_eq!(all[1], "next-1");
    operator(&server, &["delete", "next-1", "--yes"]);
    crate::harness::until("the server has heard that the account has gone", || {
        follow(&server, "/coe/v2/accounts", 100, entity_name).len() == 3
    });
    let next = first["next_url"].as_str().unwrap();
    assert_eq!(follow(&server, next, 2, entity_name), all[2..]);
}

/// A nested list is bounded as well: the organizations that an account's entry names.
#[test]
fn an_account_names_no_more_organizations_than_a_page_holds() {
    let server = Server::start();
    for number in 0..103 {
        make(
            &server,
            "/v2/organizations",
            &json!({"name": format!("org-{number:03}")}),
        );
    }
    let one = get(
        &server,
        &format!("/coe/v2/accounts/{}", server.owner.account),
    );
    let named = one["entity"]["organizations_region"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(named, 100);
    assert_eq!(
        follow(&server, "/v2/organizations", 50, entity_name).len(),
        104
    );
}

#[test]
fn the_invitations_of_one_person_come_in_pages() {
    let server = Server::start();
    for number in 1..4 {
        let made = account(
            &server,
            &format!("next-{number}"),
            &format!("o{number}@example.org"),
        );
        let key = made["api_key"].as_str().unwrap();
        let begun = std::time::Instant::now();
        while !knows(&server.serving.url(), key) {
            assert!(
                begun.elapsed().as_secs() < 300,
                "the server never saw the account"
            );
        }
        let path = format!(
            "/v2/accounts/{}/users",
            made["account_guid"].as_str().unwrap()
        );
        let invited = server
            .request("POST", &path)
            .header("X-Auth-User-Token", &format!("apikey {key}"))
            .json(&json!({"users": [{"email": server.owner.user}]}))
            .send();
        assert_eq!(invited.status, 202, "{}", invited.text());
    }
    let (user, password) = (&server.owner.user, &server.owner.password);
    let login = server
        .request("POST", "/identity/token")
        .basic("bx", "bx")
        .form(&[
            ("grant_type", "password"),
            ("username", user),
            ("password", password),
        ])
        .send()
        .json();
    let token = login["access_token"].as_str().unwrap();
    let list = |path: &str| {
        let reply = server.request("GET", path).bearer(token).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    };
    let whole = list("/v2/users/self/invitations");
    assert_eq!(whole["resources"].as_array().unwrap().len(), 3);
    assert_eq!(whole.get("next_url"), None, "{whole}");
    let mut path = "/v2/users/self/invitations?limit=1".to_owned();
    let mut read = Vec::new();
    for _ in 0..3 {
        let page = list(&path);
        read.extend(page["resources"].as_array().unwrap().clone());
        path = page["next_url"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(path, "", "the list goes on");
    assert_eq!(json!(read), whole["resources"]);
    for wrong in ["limit=0", "limit=101", "_start=x", "_start=1"] {
        let path = format!("/v2/users/self/invitations?{wrong}");
        let reply = server.request("GET", &path).bearer(token).send();
        assert_eq!(reply.status, 400, "{wrong}: {}", reply.text());
    }
    // Answering each as it is read leaves none out.
    let mut path = "/v2/users/self/invitations?limit=1".to_owned();
    for _ in 0..3 {
        let page = list(&path);
        let id = page["resources"][0]["id"].as_str().unwrap();
        let decline = format!("/v2/users/self/invitations/{id}/decline");
        let reply = server.request("POST", &decline).bearer(token).send();
        assert_eq!(reply.status, 204, "{}", reply.text());
        path = page["next_url"].as_str().unwrap_or_default().to_owned();
    }
    let left = list("/v2/users/self/invitations");
    assert_eq!(left["resources"], json!([]));
}
