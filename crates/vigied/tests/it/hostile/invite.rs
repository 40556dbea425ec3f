//! Invitations as a way into other people's accounts.

mod form;
mod guessing;
mod unproven;

use crate::harness::{Reply, Server, VIGIED, knows};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

const CEO: &str = "ceo@new.example";
/// The password chosen by someone with a code meant for another person.
const THEIRS: &str = "chosen by the first inviter";
/// The password chosen by the owner of the address.
const OWN: &str = "chosen by the person alone";

/// Runs an operator's command beside the server; what it prints as JSON.
fn operator(server: &Server, words: &[&str]) -> Value {
    let output = Command::new(VIGIED)
        .args(words)
        .args(["--output", "json", "--data"])
        .arg(server.data())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "vigied {words:?}: {errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The operator's code for an address that was invited into the account.
pub(crate) fn code_of_operator(server: &Server, email: &str, account: &str) -> String {
    let words = ["invitation", "code", email, "--account", account];
    text(&operator(server, &words), "one_time_code")
}

/// An account made by the operator, and its owner's IAM token once the server knows the owner.
fn account(server: &Server, name: &str, owner: &str) -> (String, Value) {
    let made = operator(server, &["account", "create", name, "--owner", owner]);
    (text(&made, "account_guid"), made)
}

fn text(value: &Value, key: &str) -> String {
    let found = value[key].as_str();
    found
        .unwrap_or_else(|| panic!("no `{key}` in {value}"))
        .to_owned()
}

fn invite(server: &Server, token: &str, account: &str, emails: &[&str]) -> Reply {
    let users: Vec<Value> = emails.iter().map(|email| json!({"email": email})).collect();
    server
        .request("POST", &format!("/v2/accounts/{account}/users"))
        .bearer(token)
        .json(&json!({"users": users}))
        .send()
}

/// All secrets in the reply to an invitation.
fn issued_secret(invited: &Value) -> Option<String> {
    let entry = &invited["resources"][0];
    let secret = ["one_time_code", "one_time_password"];
    secret
        .iter()
        .find_map(|key| Some(entry[*key].as_str()?.to_owned()))
}

fn redeem(server: &Server, email: &str, code: &str, password: &str) -> Reply {
    let body = json!({"email": email, "one_time_code": code, "new_password": password});
    server
        .request("POST", "/v2/users/redeem")
        .json(&body)
        .send()
}

fn login(server: &Server, user: &str, password: &str, account: Option<&str>) -> Reply {
    let mut form = vec![
        ("grant_type", "password"),
        ("username", user),
        ("password", password),
    ];
    form.extend(account.map(|account| ("account", account)));
    let request = server.request("POST", "/identity/token");
    request.basic("bx", "bx").form(&form).send()
}

fn access(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", reply.text());
    text(&reply.json(), "access_token")
}

/// The accounts the token's user is in.
fn accounts(server: &Server, token: &str) -> BTreeSet<String> {
    let list = server
        .request("GET", "/coe/v2/accounts")
        .bearer(token)
        .send()
        .json();
    let resources = list["resources"].as_array().unwrap();
    resources
        .iter()
        .map(|one| text(&one["metadata"], "guid"))
        .collect()
}

/// Tries with a wrong code until no other is looked at for some seconds more: how many that takes depends on how fast they are.
fn use_up(wrong: impl Fn() -> Reply, status: u16) {
    becomes("guesses are slowed", || {
        let reply = wrong();
        if reply.status != 429 {
            assert_eq!(reply.status, status, "{}", reply.text());
            return false;
        }
        let wait = reply.header("retry-after").unwrap();
        wait.parse::<u64>().unwrap() >= 5
    });
}

/// Polls until the running server has read the operator's change.
fn becomes(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(300), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until the server has read what the operator changed last: an account made now is known then.
fn settled(server: &Server) {
    let name = format!("settled-{:?}", Instant::now());
    let owner = format!("{}@settled.example", name.len());
    let (_, made) = account(server, &name, &owner);
    let Some(key) = made["api_key"].as_str() else {
        return;
    };
    becomes("the operator's change is known", || {
        let form = [
            ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
            ("apikey", key),
        ];
        server
            .request("POST", "/identity/token")
            .form(&form)
            .send()
            .status
            == 200
    });
}

/// The first inviter uses the code in every way; returns the secrets that may give access from then on.
fn impostor(server: &Server) -> Vec<String> {
    let invited = invite(server, &server.token(), &server.owner.account, &[CEO]);
    assert_eq!(invited.status, 202, "{}", invited.text());
    let Some(secret) = issued_secret(&invited.json()) else {
        return Vec::new();
    };
    redeem(server, CEO, &secret, THEIRS);
    vec![secret, THEIRS.to_owned()]
}

/// No secret of the impostor opens the account.
fn stays_out(server: &Server, secrets: &[String], account: &str) {
    for secret in secrets {
        let into = login(server, CEO, secret, Some(account));
        assert_ne!(
            into.status,
            200,
            "the first inviter is in the second account: {}",
            into.text()
        );
        let anywhere = login(server, CEO, secret, None);
        if anywhere.status == 200 {
            let token = access(&anywhere);
            assert!(
                !accounts(server, &token).contains(account),
                "the impostor is a member of the second account"
            );
            let accept = server.request("POST", "/v2/users/accept").bearer(&token);
            accept.json(&json!({"account_id": account})).send();
            let into = login(server, CEO, secret, Some(account));
            assert_ne!(
                into.status,
                200,
                "the impostor accepted for the real owner: {}",
                into.text()
            );
        }
    }
}

#[test]
fn the_first_inviter_does_not_own_an_account_made_later() {
    let server = Server::start();
    let secrets = impostor(&server);
    assert!(
        !secrets.is_empty(),
        "with a single account the inviter is shown a code"
    );
    let (new, made) = account(&server, "New", CEO);
    settled(&server);
    stays_out(&server, &secrets, &new);
    // The real owner gets access through the operator, and nothing of the impostor remains.
    let before = login(&server, CEO, THEIRS, None);
    let code = text(&made, "one_time_code");
    let entered = redeem(&server, CEO, &code, OWN);
    assert_eq!(entered.status, 204, "{}", entered.text());
    let token = access(&login(&server, CEO, OWN, Some(&new)));
    assert_eq!(accounts(&server, &token), BTreeSet::from([new.clone()]));
    if before.status == 200 {
        let old = access(&before);
        let gone = server
            .request("GET", "/coe/v2/accounts")
            .bearer(&old)
            .send();
        assert_eq!(
            gone.status,
            401,
            "the impostor's token lives: {}",
            gone.text()
        );
    }
    assert_ne!(login(&server, CEO, THEIRS, None).status, 200);
    let again = redeem(&server, CEO, &code, THEIRS);
    assert_eq!(again.status, 400, "a code is good twice: {}", again.text());
    // Where the impostor was a member, the real person is only invited, and decides.
    let waiting = server
        .request("GET", "/v2/users/self/invitations")
        .bearer(&token)
        .send()
        .json();
    assert_eq!(
        text(&waiting["resources"][0], "account_id"),
        server.owner.account
    );
}

#[test]
fn nor_by_an_organization_or_a_space_of_another_account() {
    let server = Server::start();
    let secrets = impostor(&server);
    let (other, made) = account(&server, "Other", "bea@other.example");
    becomes("the second account is known", || {
        knows(&server.serving.url(), &text(&made, "api_key"))
    });
    let bea = access(&login(
        &server,
        "bea@other.example",
        &text(&made, "password"),
        None,
    ));
    let space = text(&made, "space_guid");
    let invited = invite(&server, &bea, &other, &[CEO]);
    assert_eq!(invited.status, 202, "{}", invited.text());
    assert_eq!(
        issued_secret(&invited.json()),
        None,
        "a code was shown on a server of two accounts"
    );
    let given = server
        .request("PUT", &format!("/v2/spaces/{space}/developers"))
        .bearer(&bea);
    let given = given.json(&json!({"username": CEO})).send();
    assert_eq!(given.status, 201, "{}", given.text());
    stays_out(&server, &secrets, &other);
    for secret in &secrets {
        let form = [
            ("grant_type", "password"),
            ("username", CEO),
            ("password", secret.as_str()),
        ];
        let uaa = server
            .request("POST", "/oauth/token")
            .basic("cf", "")
            .form(&form)
            .send();
        if uaa.status == 200 {
            let into = server
                .request("GET", "/v1/metrics/list?query=*")
                .header(
                    "X-Auth-User-Token",
                    &format!("uaa {}", text(&uaa.json(), "access_token")),
                )
                .header("X-Auth-Scope-Id", &format!("s-{space}"))
                .send();
            assert_eq!(into.status, 404, "{}", into.text());
        }
    }
    // With the operator's code, its recipient gets the role of the invitation.
    let code = code_of_operator(&server, CEO, &other);
    let entered = redeem(&server, CEO, &code, OWN);
    assert_eq!(entered.status, 204, "{}", entered.text());
    let token = access(&login(&server, CEO, OWN, Some(&other)));
    let list = server
        .request("GET", "/v1/metrics/list?query=*")
        .header("X-Auth-User-Token", &format!("iam {token}"))
        .header("X-Auth-Scope-Id", &format!("s-{space}"))
        .send();
    assert_eq!(list.status, 200, "{}", list.text());
}

/// The keys of an object and the values of those that do not belong to one person.
fn form(reply: &Reply) -> (u16, Vec<String>, Value) {
    let entry = reply.json()["resources"][0].clone();
    let keys = entry.as_object().unwrap().keys().cloned().collect();
    (reply.status, keys, entry["state"].clone())
}

#[test]
fn an_invitation_is_answered_alike_for_known_and_unknown_and_waits_for_consent() {
    let server = Server::start();
    let (other, made) = account(&server, "Other", "bea@other.example");
    let password = text(&made, "password");
    becomes("the second account is known", || {
        knows(&server.serving.url(), &text(&made, "api_key"))
    });
    let bea = access(&login(&server, "bea@other.example", &password, None));
    let known = invite(&server, &bea, &other, &[&server.owner.user]);
    let unknown = invite(&server, &bea, &other, &["nobody@other.example"]);
    assert_eq!(form(&known), form(&unknown));
    assert_eq!(form(&known).2, "PENDING");
    // An invited user who has not accepted is shown only by the typed address.
    let path = format!("/v2/accounts/{other}/users");
    let list = server.request("GET", &path).bearer(&bea).send().json();
    let pending = |email: &str| {
        let users = list["resources"].as_array().unwrap().clone();
        let mut user = users
            .into_iter()
            .find(|user| user["email"] == email)
            .unwrap();
        for field in ["id", "iam_id", "email", "user_id", "added_on"] {
            user[field] = Value::Null;
        }
        user
    };
    assert_eq!(pending(&server.owner.user), pending("nobody@other.example"));
    assert_eq!(pending("nobody@other.example")["state"], "PENDING");
    let role = |email: &str| {
        let path = format!("/v2/accounts/{other}/roles/Viewer");
        let given = server
            .request("PUT", &path)
            .bearer(&bea)
            .json(&json!({"username": email}));
        given.send().status
    };
    assert_eq!(
        [role(&server.owner.user), role("nobody@other.example")],
        [204, 204]
    );
    // Users join nothing until they accept themselves; a key of theirs cannot accept.
    let owner = access(&login(
        &server,
        &server.owner.user,
        &server.owner.password,
        None,
    ));
    assert!(
        !accounts(&server, &owner).contains(&other),
        "a member without accepting"
    );
    let waiting = server
        .request("GET", "/v2/users/self/invitations")
        .bearer(&owner)
        .send()
        .json();
    let waiting = &waiting["resources"][0];
    assert_eq!(
        (&waiting["account_id"], &waiting["account_name"]),
        (&json!(other), &json!("Other"))
    );
    let accept = format!("/v2/users/self/invitations/{}/accept", text(waiting, "id"));
    let by_key = server
        .request("POST", &accept)
        .bearer(&server.token())
        .send();
    assert_eq!(by_key.status, 403, "{}", by_key.text());
    // Nor does it tell who invites its owner into other accounts.
    let by_key = server
        .request("GET", "/v2/users/self/invitations")
        .bearer(&server.token())
        .send();
    assert_eq!(by_key.status, 403, "{}", by_key.text());
    assert!(
        by_key.text().contains("neither shows nor answers"),
        "{}",
        by_key.text()
    );
    assert!(!by_key.text().contains("Other"), "{}", by_key.text());
    let accepted = server.request("POST", &accept).bearer(&owner).send();
    assert_eq!(accepted.status, 204, "{}", accepted.text());
    let there = access(&login(
        &server,
        &server.owner.user,
        &server.owner.password,
        Some(&other),
    ));
    assert!(accounts(&server, &there).contains(&other));
    let scope = server
        .request("GET", "/v1/metrics?target=a")
        .header("X-Auth-User-Token", &format!("iam {there}"))
        .send();
    assert_eq!(
        scope.status,
        200,
        "the role did not begin: {}",
        scope.text()
    );
}
