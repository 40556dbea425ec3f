//! The contents of invitations, their number per request, and the form of codes.

use super::{CEO, OWN, invite, issued_secret, login, redeem, text, use_up};
use crate::harness::{Server, VIGIED};
use serde_json::{Value, json};
use std::process::Command;

#[test]
fn two_spellings_of_one_address_are_one_person() {
    let server = Server::start();
    let token = server.token();
    for round in 0..8 {
        let spellings = [format!("x{round}@c.example"), format!("X{round}@C.Example")];
        std::thread::scope(|scope| {
            for email in &spellings {
                scope.spawn(|| invite(&server, &token, &server.owner.account, &[email]));
            }
        });
        let path = format!("/v2/accounts/{}/users", server.owner.account);
        let list = server.request("GET", &path).bearer(&token).send().json();
        let folded = |user: &Value| text(user, "email").to_lowercase() == spellings[0];
        let found = list["resources"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|user| folded(user))
            .count();
        assert_eq!(found, 1, "round {round}: {list}");
    }
}

#[test]
fn what_is_no_address_is_refused() {
    let server = Server::start();
    let token = server.token();
    for wrong in [
        "a@b@c",
        "a@",
        "@b",
        "a b@c",
        "a,b@c",
        "\"a\"@c",
        "a\u{202e}b@c",
        "a\u{200b}@c",
        "a@c\u{feff}",
        "a\u{1b}@c",
        "a@c..d",
        "a@-c",
        "<a@c>",
        "a\u{3164}@c",
        "e\u{301}@c",
        &format!("{}@c", "a".repeat(300)),
    ] {
        let refused = invite(&server, &token, &server.owner.account, &[wrong]);
        assert_eq!(refused.status, 400, "{wrong:?}: {}", refused.text());
        let create = ["account", "create", "Wrong", "--owner", wrong, "--data"];
        let create = Command::new(VIGIED)
            .args(create)
            .arg(server.data())
            .output()
            .unwrap();
        assert_eq!(create.status.code(), Some(1), "{wrong:?}");
    }
    for right in [
        "o'brien+x@example.org",
        "müller@example.org",
        "ada@localhost",
    ] {
        let taken = invite(&server, &token, &server.owner.account, &[right]);
        assert_eq!(taken.status, 202, "{right:?}: {}", taken.text());
    }
}

fn users(server: &Server, token: &str) -> usize {
    let path = format!("/v2/accounts/{}/users", server.owner.account);
    let list = server.request("GET", &path).bearer(token).send().json();
    list["resources"].as_array().unwrap().len()
}

#[test]
fn an_invitation_of_many_is_done_whole_or_not_at_all() {
    let server = Server::start();
    let token = server.token();
    let names: Vec<String> = (0..40).map(|at| format!("many-{at}@example.org")).collect();
    let mut emails: Vec<&str> = names.iter().map(String::as_str).collect();
    for wrong in ["no address", &server.owner.user, "MANY-3@example.org"] {
        emails.push(wrong);
        let refused = invite(&server, &token, &server.owner.account, &emails);
        assert!(
            (400..500).contains(&refused.status),
            "{wrong}: {}",
            refused.text()
        );
        assert_eq!(
            users(&server, &token),
            1,
            "some were invited beside `{wrong}`"
        );
        emails.pop();
    }
    let roles = json!({"users": [{"email": "a@c"}, {"email": "b@c", "account_role": "King"}]});
    let path = format!("/v2/accounts/{}/users", server.owner.account);
    let refused = server
        .request("POST", &path)
        .bearer(&token)
        .json(&roles)
        .send();
    assert_eq!((refused.status, users(&server, &token)), (400, 1));
    let taken = invite(&server, &token, &server.owner.account, &emails);
    assert_eq!(taken.status, 202, "{}", taken.text());
    assert_eq!(users(&server, &token), 41);
    // The report's 2500: refused at once by name, rather than half done.
    let names: Vec<String> = (0..2500)
        .map(|at| format!("crowd-{at}@example.org"))
        .collect();
    let emails: Vec<&str> = names.iter().map(String::as_str).collect();
    let refused = invite(&server, &token, &server.owner.account, &emails);
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(
        refused.text().contains("invitations_per_request"),
        "{}",
        refused.text()
    );
    assert_eq!(users(&server, &token), 41);
}

/// A code opens nothing but the setting of a password.
#[test]
fn a_code_is_no_password_and_a_wrong_one_tells_nothing() {
    let server = Server::with(&["--set", "limits.code_tries_per_minute=6"]);
    let invited = invite(&server, &server.token(), &server.owner.account, &[CEO]);
    let code = issued_secret(&invited.json()).unwrap();
    assert_eq!(
        login(&server, CEO, &code, None).status,
        400,
        "a code is a password"
    );
    let passcode = [
        ("grant_type", "urn:ibm:params:oauth:grant-type:passcode"),
        ("passcode", &*code),
    ];
    let passcode = server
        .request("POST", "/identity/token")
        .basic("bx", "bx")
        .form(&passcode)
        .send();
    assert_eq!(passcode.status, 400, "a code is a passcode");
    let wrong = "vgc-0000-0000-0000-0000-0000";
    let refusal = |email: &str, code: &str| {
        let refused = redeem(&server, email, code, OWN);
        let mut body = refused.json();
        body["trace"] = Value::Null;
        (refused.status, body)
    };
    let expected = refusal("nobody@example.org", wrong);
    assert_eq!(expected.0, 400);
    for (email, code) in [
        (CEO, wrong),
        (&*server.owner.user, wrong),
        ("nobody@example.org", &*code),
        ("no address", &*code),
    ] {
        assert_eq!(refusal(email, code), expected, "{email}");
    }
    // The source has used up its tries; another source has its own.
    use_up(|| redeem(&server, CEO, wrong, OWN), 400);
    let slowed = redeem(&server, CEO, &code, OWN);
    assert_eq!(slowed.status, 429, "{}", slowed.text());
    assert!(slowed.header("retry-after").is_some());
    assert!(
        slowed.text().contains("code_tries_per_minute"),
        "{}",
        slowed.text()
    );
}
