//! A user who started with a code that the inviter had seen cannot decide on invitations for the address, and sees little of them.

use super::*;

#[test]
fn an_impostor_has_no_say_in_what_waits_for_the_true_owner() {
    let server = Server::start();
    assert!(!impostor(&server).is_empty());
    let (new, made) = account(&server, "New", CEO);
    settled(&server);
    let impostor = access(&login(&server, CEO, THEIRS, None));
    let waiting = server
        .request("GET", "/v2/users/self/invitations")
        .bearer(&impostor)
        .send()
        .json();
    let one = &waiting["resources"][0];
    assert_eq!(text(one, "account_id"), new);
    // The account's name and the inviter are not shown to a user who may not own the address.
    assert_eq!(
        (text(one, "account_name"), text(one, "invited_by")),
        ("".into(), "".into())
    );
    let path = format!("/v2/users/self/invitations/{}/decline", text(one, "id"));
    let declined = server.request("POST", &path).bearer(&impostor).send();
    assert_eq!(declined.status, 403, "{}", declined.text());
    assert!(declined.text().contains("address_unproven"));
    // The real owner can still get in, and does not leave the account without an owner.
    let code = text(&made, "one_time_code");
    let entered = redeem(&server, CEO, &code, OWN);
    assert_eq!(entered.status, 204, "{}", entered.text());
    let owner = access(&login(&server, CEO, OWN, Some(&new)));
    assert_eq!(accounts(&server, &owner), BTreeSet::from([new]));
}
