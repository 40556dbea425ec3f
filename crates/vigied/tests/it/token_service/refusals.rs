//! Refusals of the token endpoint, with their status and code, and requests that it takes although they are almost wrong.

use super::{APIKEY, ask, by_key, by_password, refusal};
use crate::harness::{Server, now};

/// What becomes of a session at one node is told by the other.
#[test]
fn refresh_tokens_that_are_over_and_a_key_among_several_accounts_on_two_nodes() {
    let test = "refresh_tokens_that_are_over_and_a_key_among_several_accounts_on_two_nodes";
    if let Some(server) = Server::on_two_nodes(test) {
        refresh_what_has_expired(&server);
        refresh_what_has_ended(&server);
        name_several_accounts(&server);
    }
}

#[test]
fn a_key_is_taken_for_its_account_among_several() {
    name_several_accounts(&Server::start());
}

fn name_several_accounts(server: &Server) {
    let account = server.owner.account.clone();
    let other = server.second_account();
    for list in [format!("{other},{account}"), format!("{account}, {other}")] {
        for request in [ask(server), ask(server).basic("bx", "bx")] {
            let request = request.header("ibm-cloud-tenant", &list);
            let reply = request.form(&by_key(server)).send();
            assert_eq!(reply.status, 200, "{}", reply.text());
            let (_, claims) = super::decoded(&reply.json()["access_token"]);
            assert_eq!(claims["account"]["bss"], account.as_str());
        }
    }
    let several = format!("{account},{other}");
    let by_password = ask(server).basic("bx", "bx").form(&by_password(server));
    let reply = by_password.header("ibm-cloud-tenant", &several).send();
    assert_eq!(refusal(&reply), (400, "BXNIM0106E".to_owned()));
}

fn with_type<'a>(
    form: impl IntoIterator<Item = (&'a str, &'a str)>,
    types: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let all = form.into_iter();
    all.chain([("response_type", types)]).collect()
}

#[test]
fn refusals_have_these_statuses_and_codes() {
    let server = Server::start();
    let password = by_password(&server);
    let request = || ask(&server).basic("bx", "bx");
    let cases = [
        (
            "no grant",
            request().form(&[("apikey", "x")]),
            400,
            "BXNIM0109E",
        ),
        (
            "no key",
            request().form(&[("grant_type", APIKEY)]),
            400,
            "BXNIM0109E",
        ),
        (
            "no password",
            request().form(&password[..2]),
            400,
            "BXNIM0109E",
        ),
        (
            "an unknown grant",
            request().form(&[("grant_type", "x")]),
            400,
            "BXNIM0106E",
        ),
        (
            "an unknown key",
            request().form(&[("grant_type", APIKEY), ("apikey", "x")]),
            400,
            "BXNIM0415E",
        ),
        (
            "a wrong password",
            request().form(&[password[0], password[1], ("password", "x")]),
            400,
            "BXNIM0602E",
        ),
        (
            "an unknown refresh token",
            request().form(&[("grant_type", "refresh_token"), ("refresh_token", "x")]),
            400,
            "BXNIM0407E",
        ),
        (
            "another account",
            request().form(&[password[0], password[1], password[2], ("account", "x")]),
            400,
            "BXNIM0141E",
        ),
        (
            "an account that the header does not list",
            request().header("ibm-cloud-tenant", "x").form(&password),
            400,
            "BXNIM0141E",
        ),
        (
            "several accounts, none of which is the key's",
            request()
                .header("ibm-cloud-tenant", "x,y")
                .form(&by_key(&server)),
            400,
            "BXNIM0141E",
        ),
        (
            "several accounts, and an unknown key",
            request()
                .header("ibm-cloud-tenant", "x,y")
                .form(&[("grant_type", APIKEY), ("apikey", "x")]),
            400,
            "BXNIM0415E",
        ),
        (
            "an unknown type of response",
            request().form(&with_type(by_key(&server), "cloud_iam,foo")),
            400,
            "BXNIM0106E",
        ),
        (
            "a UAA token without a client",
            ask(&server).form(&with_type(by_key(&server), "cloud_iam,uaa")),
            401,
            "BXNIM0308E",
        ),
        ("no client", ask(&server).form(&password), 401, "BXNIM0308E"),
        (
            "an unknown client",
            ask(&server).basic("kube", "kube").form(&password),
            401,
            "BXNIM0308E",
        ),
        (
            "a wrong method",
            server.request("GET", "/identity/token"),
            405,
            "BXNIM0060E",
        ),
        (
            "another wrong method",
            server.request("PUT", "/oidc/token"),
            405,
            "BXNIM0060E",
        ),
    ];
    for (what, request, status, code) in cases {
        let reply = request.send();
        assert_eq!(refusal(&reply), (status, code.to_owned()), "{what}");
        let challenge = (status == 401).then_some("Basic realm=\"vigie\"");
        assert_eq!(reply.header("www-authenticate"), challenge, "{what}");
        assert_eq!(
            reply.header("allow"),
            (status == 405).then_some("POST"),
            "{what}"
        );
        let kind = reply.json()["context"]["requestType"].clone();
        assert!(
            kind == "incoming.Identity_Token" || kind == "incoming.Oidc_Token",
            "{kind}"
        );
    }
    let wrong = [password[0], ("username", "nobody@example.org"), password[2]];
    for _ in 0..10 {
        request().form(&wrong).send();
    }
    let paused = request().form(&wrong).send();
    assert_eq!(refusal(&paused), (429, "BXNIM0602E".to_owned()));
    assert_eq!(paused.header("retry-after"), Some("60"));
}

#[test]
fn requests_that_are_almost_right() {
    let server = Server::with(&["--set", "limits.body_bytes=100000"]);
    let (key, password) = (by_key(&server), by_password(&server));
    let form = wire::query::encode(&key);
    let raw = |kind: &str, body: &str| ask(&server).header("Content-Type", kind).body(body);
    let basic = |value: &str| ask(&server).header("Authorization", value).form(&password);
    let urlencoded = "application/x-www-form-urlencoded";
    let cases = [
        (
            "a charset",
            raw(&format!("{urlencoded}; charset=UTF-8"), &form),
            200,
            "",
        ),
        (
            "capitals in the type",
            raw("Application/X-WWW-Form-URLEncoded", &form),
            200,
            "",
        ),
        ("a type that is wrong", raw("text/plain", &form), 200, ""),
        ("no type", ask(&server).body(form.as_str()), 200, ""),
        (
            "a line end behind the form",
            raw(urlencoded, &format!("{form}\r\n")),
            200,
            "",
        ),
        (
            "an unknown field",
            raw(urlencoded, &format!("{form}&mfa=1&ims_account=2")),
            200,
            "",
        ),
        (
            "an empty account",
            raw(urlencoded, &format!("{form}&account=")),
            200,
            "",
        ),
        (
            "the old path",
            server.request("POST", "/oidc/token").form(&key),
            200,
            "",
        ),
        ("no body", ask(&server), 400, "BXNIM0109E"),
        (
            "JSON",
            raw("application/json", "{\"grant_type\":\"x\"}"),
            400,
            "BXNIM0106E",
        ),
        (
            "a field twice",
            raw(urlencoded, &format!("{form}&apikey=x")),
            400,
            "BXNIM0106E",
        ),
        (
            "broken escapes",
            raw(urlencoded, "grant_type=%zz"),
            400,
            "BXNIM0106E",
        ),
        (
            "no UTF-8",
            raw(urlencoded, "grant_type=%ff"),
            400,
            "BXNIM0106E",
        ),
        (
            "no UTF-8, unescaped",
            ask(&server).body(*b"grant_type=\xff"),
            400,
            "BXNIM0106E",
        ),
        (
            "a large form",
            raw(urlencoded, &"a".repeat(66_000)),
            400,
            "BXNIM0106E",
        ),
        (
            "a huge body",
            raw(urlencoded, &"a".repeat(100_001)),
            413,
            "BXNMSSV03E",
        ),
        (
            "a slash at the end",
            server.request("POST", "/identity/token/").form(&key),
            200,
            "",
        ),
        ("basic in small letters", basic("basic Yng6Yng="), 200, ""),
        (
            "BASIC in capitals, two blanks",
            basic("BASIC  Yng6Yng="),
            200,
            "",
        ),
        (
            "a client that is escaped",
            basic("Basic JTYyeDpiJTc4"),
            401,
            "BXNIM0308E",
        ),
        (
            "basic without its padding",
            basic("Basic Yng6Yng"),
            401,
            "BXNIM0308E",
        ),
        (
            "basic without a colon",
            basic("Basic Yng="),
            401,
            "BXNIM0308E",
        ),
        (
            "basic that is no base64",
            basic("Basic !!"),
            401,
            "BXNIM0308E",
        ),
        ("an empty basic", basic("Basic "), 401, "BXNIM0308E"),
        ("bearer instead", basic("Bearer x"), 401, "BXNIM0308E"),
    ];
    for (what, request, status, code) in cases {
        let reply = request.send();
        if status == 200 {
            assert_eq!(reply.status, 200, "{what}: {}", reply.text());
        } else {
            assert_eq!(refusal(&reply), (status, code.to_owned()), "{what}");
        }
        // What was sent is not sent back: it could be a secret.
        assert!(!reply.text().contains(&server.owner.api_key), "{what}");
    }
    let head = server.request("HEAD", "/identity/keys").send();
    assert_eq!((head.status, head.body.len()), (200, 0));
    let options = server.request("OPTIONS", "/identity/token").send();
    assert_eq!(options.status, 405);
    let message = raw("application/json", "{}").send().json();
    assert!(
        message["errorDetails"]
            .as_str()
            .unwrap()
            .contains(urlencoded),
        "{message}"
    );
}

/// It was in the message, which programs of others show beside advice of their own.
#[test]
fn what_to_do_about_an_ended_login_is_in_the_details_alone() {
    let server = Server::start();
    let form = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    let reply = ask(&server).basic("bx", "bx").form(&form).send();
    assert_eq!(refusal(&reply), (400, "BXNIM0407E".to_owned()));
    let body = reply.json();
    assert_eq!(body["errorMessage"], "Provided refresh token is invalid");
    assert_eq!(body["errorDetails"], "log in again with `vigie login`");
}

/// It was told as one that nobody has.
#[test]
fn a_refresh_token_of_an_ended_session_says_so() {
    refresh_what_has_ended(&Server::start());
}

fn refresh_what_has_ended(server: &Server) {
    let login = ask(server).basic("bx", "bx").form(&by_password(server));
    let login = login.send().json();
    let text = |name: &str| login[name].as_str().unwrap().to_owned();
    let ended = server.request("DELETE", "/v1/sessions");
    let ended = ended.bearer(&text("access_token")).send();
    assert_eq!(ended.status, 204, "{}", ended.text());
    let token = text("refresh_token");
    let form = [("grant_type", "refresh_token"), ("refresh_token", &*token)];
    let reply = ask(server).basic("bx", "bx").form(&form).send();
    assert_eq!(refusal(&reply), (400, "BXNIM0407E".to_owned()));
    let message = reply.json()["errorMessage"].clone();
    assert_eq!(
        message,
        "Provided refresh token is invalid: its session has ended"
    );
}

/// One lives for a minute at least: this one is made older.
#[test]
fn an_expired_refresh_token_says_so() {
    refresh_what_has_expired(&Server::start());
}

fn refresh_what_has_expired(server: &Server) {
    let login = ask(server).basic("bx", "bx").form(&by_password(server));
    let login = login.send().json();
    let token = login["refresh_token"].as_str().unwrap();
    let sql = "UPDATE refresh_tokens SET expires_at = $1";
    let past = (now() - 60) * 1000;
    assert_eq!(server.change_rows(sql, &[past.into()]), 1);
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let reply = ask(server).basic("bx", "bx").form(&form).send();
    assert_eq!(refusal(&reply), (400, "BXNIM0408E".to_owned()));
    assert_eq!(reply.json()["error"], "invalid_grant");
}
