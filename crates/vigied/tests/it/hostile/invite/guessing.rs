//! Guesses at one-time codes: many at once, and by logged-in users.

use super::{
    CEO, OWN, access, account, becomes, invite, issued_secret, login, operator, redeem, settled,
    text, use_up,
};
use crate::harness::{Server, VIGIED};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Instant;

const WRONG: &str = "vgc-0000-0000-0000-0000-0000";

/// A user of the server's first account whose address is not proven; returns the user's token.
fn unproven(server: &Server) -> String {
    let invited = invite(server, &server.token(), &server.owner.account, &[CEO]);
    let code = issued_secret(&invited.json()).unwrap();
    assert_eq!(redeem(server, CEO, &code, OWN).status, 204);
    access(&login(server, CEO, OWN, None))
}

#[test]
fn of_many_guesses_at_once_no_more_are_looked_at_than_of_guesses_one_by_one() {
    let server = Server::with(&["--set", "limits.code_tries_per_minute=4"]);
    let begun = Instant::now();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let guess = || scope.spawn(|| redeem(&server, CEO, WRONG, OWN).status);
        let guesses: Vec<_> = (0..48).map(|_| guess()).collect();
        guesses
            .into_iter()
            .map(|guess| guess.join().unwrap())
            .collect()
    });
    let checked = statuses.iter().filter(|status| **status == 400).count();
    let slowed = statuses.iter().filter(|status| **status == 429).count();
    assert_eq!(checked + slowed, 48, "{statuses:?}");
    // While they ran some may have come back: four in a minute.
    let most = 5 + usize::try_from(begun.elapsed().as_secs() / 15).unwrap();
    assert!((4..=most).contains(&checked), "{statuses:?}");
}

#[test]
fn a_logged_in_user_guesses_no_invitation_code_either() {
    let server = Server::with(&["--set", "limits.code_tries_per_minute=4"]);
    let token = unproven(&server);
    let (_, made) = account(&server, "Second", CEO);
    let code = text(&made, "one_time_code");
    settled(&server);
    let list = server
        .request("GET", "/v2/users/self/invitations")
        .bearer(&token)
        .send();
    let id = text(&list.json()["resources"][0], "id");
    let accept = |body: &Value| {
        let path = format!("/v2/users/self/invitations/{id}/accept");
        server
            .request("POST", &path)
            .bearer(&token)
            .json(body)
            .send()
    };
    // A request without a code is no guess.
    for _ in 0..8 {
        assert_eq!(accept(&json!({})).status, 403);
    }
    use_up(|| accept(&json!({"one_time_code": WRONG})), 403);
    let slowed = accept(&json!({"one_time_code": code}));
    assert_eq!(slowed.status, 429, "{}", slowed.text());
    assert!(
        slowed.text().contains("code_tries_per_minute"),
        "{}",
        slowed.text()
    );
    assert!(slowed.header("retry-after").is_some());
    becomes("the right code is taken", || {
        accept(&json!({"one_time_code": code})).status == 204
    });
    server.serving.wait_for_log("address_proven");
    server.serving.wait_for_log("invitation_accepted");
}

/// The output of the operator's command, without `--output json`.
fn printed(server: &Server, words: &[&str]) -> String {
    let output = Command::new(VIGIED)
        .args(words)
        .arg("--data")
        .arg(server.data())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The operator who passes on a code is told what it ends.
#[test]
fn the_operator_is_told_that_a_code_ends_who_uses_the_address() {
    let server = Server::start();
    unproven(&server);
    let member = printed(&server, &["invitation", "code", CEO]);
    assert!(
        member.contains("SOMEBODY USES THIS ADDRESS ALREADY"),
        "{member}"
    );
    assert!(
        member.contains(&format!("vigied user confirm {CEO}")),
        "{member}"
    );
    let (second, _) = account(&server, "Second", CEO);
    let words = ["invitation", "code", CEO, "--account", &second];
    let elsewhere = printed(&server, &words);
    let keeps = format!("vigie account accept {second} --code CODE");
    assert!(elsewhere.contains(&keeps), "{elsewhere}");
    // A server that runs the command knows its own address.
    let login = format!("vigie login -a {} -u", server.serving.url());
    assert!(elsewhere.contains(&login), "{elsewhere}");
    assert!(!elsewhere.contains("`public_url`"), "{elsewhere}");
    // The owner's first code was made with the account.
    assert!(
        elsewhere.contains("The code given out before is void"),
        "{elsewhere}"
    );
    let by_name = ["invitation", "code", CEO, "--account", "Second"];
    let again = operator(&server, &by_name);
    assert_eq!(again["account_guid"], second.as_str());
    assert_eq!(
        (&again["address_in_use"], &again["replaces_code"]),
        (&json!(true), &json!(true))
    );
    let made = printed(
        &server,
        &["account", "create", "Third", "--owner", "new@third.example"],
    );
    let login = format!("{login} new@third.example -c ");
    assert!(made.contains(&login), "{made}");
}
