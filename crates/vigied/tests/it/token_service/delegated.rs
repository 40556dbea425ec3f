//! Delegated refresh tokens: the command line asks for one for the container service, which redeems it by itself.

use super::ask;
use crate::harness::{Reply, Server};
use serde_json::Value;

const DELEGATED: &str = "urn:ibm:params:oauth:grant-type:delegated-refresh-token";

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

fn form<'f>(server: &'f Server, more: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let mut form = vec![
        ("grant_type", "password"),
        ("username", server.owner.user.as_str()),
        ("password", server.owner.password.as_str()),
        ("response_type", "cloud_iam,delegated_refresh_token"),
    ];
    form.extend(more);
    form
}

fn code(reply: &Reply) -> (u16, String) {
    (reply.status, text(&reply.json()["errorCode"]))
}

#[test]
fn a_delegated_token_is_redeemed_by_its_receiver_alone_and_ends_with_the_login() {
    redeem_delegated(&Server::start());
}

#[test]
fn a_delegated_token_is_redeemed_by_its_receiver_alone_and_ends_with_the_login_on_postgres() {
    let test =
        "a_delegated_token_is_redeemed_by_its_receiver_alone_and_ends_with_the_login_on_postgres";
    if let Some(server) = Server::on_two_nodes(test) {
        redeem_delegated(&server);
    }
}

fn redeem_delegated(server: &Server) {
    let more = [
        ("receiver_client_ids", "kube"),
        ("delegated_refresh_token_expiry", "600"),
    ];
    let login = ask(server).basic("bx", "bx").form(&form(server, &more));
    let login = login.send().json();
    let delegated = text(&login["delegated_refresh_token"]);
    assert_ne!(login["delegated_refresh_token"], login["refresh_token"]);
    let redeem = |client: &str, grant: &str, token: &str| {
        let form = [("grant_type", grant), ("refresh_token", token)];
        ask(server).basic(client, client).form(&form).send()
    };
    // Another client, or another token, gets nothing.
    for (client, grant, token, status) in [
        ("bx", "refresh_token", &delegated, 400),
        ("bx", DELEGATED, &delegated, 401),
        ("kube", DELEGATED, &text(&login["refresh_token"]), 400),
    ] {
        let reply = redeem(client, grant, token);
        assert_eq!(reply.status, status, "{client} {grant}: {}", reply.text());
    }
    let redeemed = redeem("kube", DELEGATED, &delegated);
    assert_eq!(redeemed.status, 200, "{}", redeemed.text());
    let redeemed = redeemed.json();
    assert_eq!(redeemed["session_id"], login["session_id"]);
    let is_open = |token: &Value| {
        let request = server.request("GET", "/v2/spaces").bearer(&text(token));
        request.send().status == 200
    };
    assert!(is_open(&redeemed["access_token"]));
    let next = redeem("kube", "refresh_token", &text(&redeemed["refresh_token"]));
    assert_eq!(next.status, 200, "{}", next.text());
    let next = next.json();
    let with_account = ask(server).basic("kube", "kube").form(&[
        ("grant_type", DELEGATED),
        ("refresh_token", &text(&next["refresh_token"])),
        ("account", &server.owner.account),
    ]);
    assert_eq!(code(&with_account.send()), (400, "BXNIM0106E".to_owned()));

    let session = format!("/v1/sessions/{}", text(&login["session_id"]));
    let request = server.request("DELETE", &session);
    let ended = request.bearer(&text(&login["access_token"])).send();
    assert_eq!(ended.status, 204, "{}", ended.text());
    assert!(!is_open(&next["access_token"]));
    let late = redeem("kube", DELEGATED, &text(&next["refresh_token"]));
    assert_eq!(code(&late), (400, "BXNIM0407E".to_owned()));
}

#[test]
fn what_is_delegated_to_nobody_known_is_refused() {
    let server = Server::start();
    for (more, word) in [
        (vec![], "BXNIM0109E"),
        (vec![("receiver_client_ids", "other")], "BXNIM0106E"),
        (vec![("receiver_client_ids", "kube,other")], "BXNIM0106E"),
        (
            vec![
                ("receiver_client_ids", "kube"),
                ("delegated_refresh_token_expiry", "0"),
            ],
            "BXNIM0106E",
        ),
    ] {
        let request = ask(&server).basic("bx", "bx");
        let reply = request.form(&form(&server, &more)).send();
        assert_eq!(code(&reply), (400, word.to_owned()), "{more:?}");
    }
    // Without a client there is no login that could be delegated.
    let key = [
        ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
        ("apikey", server.owner.api_key.as_str()),
        ("response_type", "delegated_refresh_token"),
        ("receiver_client_ids", "kube"),
    ];
    let reply = ask(&server).form(&key).send();
    assert_eq!(code(&reply), (401, "BXNIM0308E".to_owned()));
}
