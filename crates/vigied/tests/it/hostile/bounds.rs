//! No exchange, grant or endpoint gives more rights than the credential shown, and what is derived expires with its root.
//! `pairs` tries every credential at every endpoint that issues one; this file has the ways that once worked.

mod pairs;
pub(super) mod presented;

use crate::harness::{Reply, Server, now};
use presented::{Fixture, Kind, text};
use serde_json::{Value, json};

/// A token of one account is no way into another: not by exchange, and not by what the exchange gives.
#[test]
fn a_token_of_one_account_opens_no_other_by_exchange() {
    let place = Fixture::start();
    let login = place.login(Some(&place.second));
    let token = text(&login, "access_token");
    let users = |account: &str, bearer: &str| {
        let path = format!("/v2/accounts/{account}/users");
        place.server.request("GET", &path).bearer(bearer).send()
    };
    let exchanged = place.exchange(&token);
    assert_eq!(exchanged.status, 200, "{}", exchanged.text());
    let uaa = text(&exchanged.json(), "access_token");
    assert_eq!(users(&place.second, &uaa).status, 200);
    assert_ne!(users(&place.server.owner.account, &uaa).status, 200);
    let list = |space: &str| {
        let list = place.server.request("GET", "/v1/metrics/list");
        list.header("X-Auth-User-Token", &format!("uaa {uaa}"))
            .header("X-Auth-Scope-Id", &format!("s-{space}"))
            .send()
    };
    assert_ne!(list(&place.server.owner.space).status, 200);
    // It ends no later than the token shown, and brings nothing to renew it with.
    assert_eq!(exchanged.json()["refresh_token"], "not_supported");
    let (presented, got) = (presented::claims(&token), presented::claims(&uaa));
    assert!(got["exp"].as_i64() <= presented["exp"].as_i64());
    assert_eq!(got["session_id"], presented["session_id"]);
    place.log_out(&token);
    assert_eq!(users(&place.second, &uaa).status, 401);
}

/// A login that gives no refresh token gives none by exchange, either.
#[test]
fn a_login_without_a_refresh_token_gets_none_by_exchange() {
    let place = Fixture::start();
    let exchanged = place.exchange(&place.server.token());
    assert_eq!(exchanged.status, 200, "{}", exchanged.text());
    assert_eq!(exchanged.json()["refresh_token"], "not_supported");
    // But a refresh token is exchanged for one of the same session, which ends with it.
    let login = place.login(None);
    let renewed = place.token(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", &text(&login, "refresh_token")),
        ("response_type", "cloud_iam uaa"),
    ]);
    let renewed = renewed.json();
    let carried = text(&renewed, "uaa_refresh_token");
    let renew = || place.oauth(&[("grant_type", "refresh_token"), ("refresh_token", &carried)]);
    let session = &presented::claims(&text(&renewed, "uaa_token"))["session_id"];
    assert_eq!(*session, login["session_id"]);
    place.log_out(&text(&renewed, "access_token"));
    assert_eq!(renew().status, 401, "{}", renew().text());
}

/// Neither a key that expires nor anything obtained with it lengthens its life, nor makes a key that outlives it.
#[test]
fn a_key_that_expires_neither_prolongs_itself_nor_mints_a_longer_one() {
    let place = Fixture::start();
    let soon = now() + 900;
    let (id, key) = place.key(Some(soon));
    let iam = text(&place.by_key(&key, false), "access_token");
    let session = text(&place.by_key(&key, true), "access_token");
    let uaa = text(&place.exchange(&iam).json(), "access_token");
    for header in [
        format!("apikey {key}"),
        format!("iam {iam}"),
        format!("iam {session}"),
        format!("uaa {uaa}"),
    ] {
        let kind = header.split(' ').next().unwrap().to_owned();
        let call = |method: &str, path: &str, body: &Value| {
            let request = place.server.request(method, path);
            let request = request.header("X-Auth-User-Token", &header);
            request.header("If-Match", "*").json(body).send()
        };
        let path = format!("/v1/apikeys/{id}");
        let later = presented::time(soon + 60);
        for body in [
            json!({"name": "mine", "expires_at": "2099-01-01T00:00+0000"}),
            json!({"name": "mine", "expires_at": later}),
            json!({"name": "mine", "expires_at": ""}),
            json!({"name": "mine", "expires_at": null}),
        ] {
            let reply = call("PUT", &path, &body);
            assert_eq!(reply.status, 403, "{kind}: {}", reply.text());
            assert!(reply.text().contains("expires_at"), "{}", reply.text());
        }
        let mut body = json!({"name": "another", "iam_id": place.iam_id});
        assert_eq!(call("POST", "/v1/apikeys", &body).status, 403, "{kind}");
        body["expires_at"] = json!(later);
        assert_eq!(call("POST", "/v1/apikeys", &body).status, 403, "{kind}");
        // What stays within its own life is its user's right; so is shortening it.
        body["expires_at"] = json!(presented::time(soon - 60));
        assert_eq!(call("POST", "/v1/apikeys", &body).status, 201, "{kind}");
        let named = call("PUT", &path, &json!({"name": "renamed"}));
        assert_eq!(named.status, 200, "{}", named.text());
        assert_eq!(named.json()["expires_at"], json!(presented::time(soon)));
    }
    // The user's own login is not restricted by the key.
    let token = text(&place.login(None), "access_token");
    let reply = place.server.request("PUT", &format!("/v1/apikeys/{id}"));
    let reply = reply.bearer(&token).header("If-Match", "*");
    let reply = reply.json(&json!({"name": "mine", "expires_at": "2099-01-01T00:00+0000"}));
    assert_eq!(reply.send().status, 200);
}

/// A key that expires brings no key back that does not.
#[test]
fn a_key_that_expires_revives_no_key_that_lasts_longer() {
    let place = Fixture::start();
    let (_, key) = place.key(Some(now() + 900));
    let (lasting, _) = place.key(None);
    let token = text(&place.login(None), "access_token");
    // A locked key works, so unlocking it is no gain.
    for (switch, off) in [("lock", 204), ("disable", 403)] {
        let path = format!("/v1/apikeys/{lasting}/{switch}");
        let done = |reply: Reply| reply.status;
        let by_own = |method: &str| done(place.server.request(method, &path).bearer(&token).send());
        let header = format!("apikey {key}");
        let by_key = |method: &str| {
            let request = place.server.request(method, &path);
            done(request.header("X-Auth-User-Token", &header).send())
        };
        // Taking a key out of service is no gain.
        assert_eq!(by_key("POST"), 204, "{switch}");
        assert_eq!(by_key("DELETE"), off, "{switch}");
        assert_eq!(by_own("DELETE"), 204, "{switch}");
    }
}

/// Tokens got with a key end with the key, not an hour later.
#[test]
fn tokens_of_a_key_expire_no_later_than_it() {
    let place = Fixture::start();
    let soon = now() + 900;
    let (_, key) = place.key(Some(soon));
    for with_client in [false, true] {
        let login = place.by_key(&key, with_client);
        let claims = presented::claims(&text(&login, "access_token"));
        assert!(claims["exp"].as_i64().unwrap() <= soon, "{claims}");
        assert_eq!(login["expiration"], claims["exp"]);
        let life = login["expires_in"].as_i64().unwrap();
        assert_eq!(
            life,
            claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()
        );
    }
}

fn code(place: &Fixture, refresh: &str) -> String {
    let reply = place.server.request("POST", "/identity/passcode");
    let reply = reply
        .basic("bx", "bx")
        .form(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]);
    text(&reply.send().json(), "passcode")
}

/// A code ends with the session it was asked for with, and so does the session that was begun with a code.
#[test]
fn a_code_ends_with_its_session_and_so_does_what_it_became() {
    let place = Fixture::start();
    let login = place.login(None);
    let refresh = text(&login, "refresh_token");
    let (unused, used) = (code(&place, &refresh), code(&place, &refresh));
    let redeem =
        |code: &str| place.token(&[("grant_type", Kind::Passcode.grant()), ("passcode", code)]);
    let derived = redeem(&used);
    assert_eq!(derived.status, 200, "{}", derived.text());
    let derived = text(&derived.json(), "access_token");
    let orgs = |bearer: &str| {
        let orgs = place.server.request("GET", "/v2/organizations");
        orgs.bearer(bearer).send().status
    };
    assert_eq!(orgs(&derived), 200);
    place.log_out(&text(&login, "access_token"));
    let late = redeem(&unused);
    assert_eq!(late.status, 400, "{}", late.text());
    assert_eq!(orgs(&derived), 401);
}

/// A code ends with the password, whichever credential requested it.
#[test]
fn a_code_ends_with_the_password() {
    let place = Fixture::start();
    let owner = &place.server.owner;
    let page = place.server.request("POST", "/identity/passcode");
    let page = page.form(&[("username", &owner.user), ("password", &owner.password)]);
    let page = page.send().text();
    let from = page.find("<code>").unwrap() + 6;
    let of_page = page[from..from + 10].to_owned();
    let login = place.login(None);
    let of_session = code(&place, &text(&login, "refresh_token"));
    let change = place.server.request("PUT", "/v2/users/self/password");
    let change = change.bearer(&text(&login, "access_token")).json(&json!({
        "current_password": owner.password, "new_password": "correct horse battery staple",
    }));
    assert!(change.send().status < 300);
    for code in [of_page, of_session] {
        let late = [("grant_type", Kind::Passcode.grant()), ("passcode", &code)];
        let late = place.token(&late);
        assert_eq!(late.status, 400, "{}", late.text());
    }
}

/// Two logouts at once, and a renewal beside them: nothing is left that renews.
#[test]
fn a_renewal_beside_a_logout_leaves_nothing_alive() {
    let server = Server::start();
    let place = Fixture::on(server);
    for _ in 0..10 {
        let login = place.login(None);
        let refresh = text(&login, "refresh_token");
        let access = text(&login, "access_token");
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &*refresh),
        ];
        let renewed = std::thread::scope(|scope| {
            let renewal = scope.spawn(|| place.token(&fields));
            let end = scope.spawn(|| place.log_out(&access));
            end.join().unwrap();
            renewal.join().unwrap()
        });
        if renewed.status == 200 {
            let renewed = renewed.json();
            let orgs = place.server.request("GET", "/v2/organizations");
            let orgs = orgs.bearer(&text(&renewed, "access_token")).send();
            assert_eq!(orgs.status, 401, "{}", orgs.text());
            let again = text(&renewed, "refresh_token");
            let again = place.token(&[("grant_type", "refresh_token"), ("refresh_token", &again)]);
            assert_eq!(again.status, 400, "{}", again.text());
        }
    }
}
