//! Every pair of a kind of credential and an endpoint that issues one: what comes out is shown again, everywhere, until
//! nothing new comes; and none of it gives more than what it came from.

use super::presented::{Fixture, Kind, claims, text, time};
use crate::harness::{Reply, Request, now};
use serde_json::{Value, json};
use std::collections::{BTreeSet, VecDeque};

/// A credential and its bounds, as the test knows them.
#[derive(Debug, Clone)]
struct PresentedCredential {
    kind: Kind,
    text: String,
    /// Its origin, for the failing test's reader.
    path: String,
    /// The one account it may open.
    account: Option<String>,
    /// When it and what comes of it must have ended.
    until: Option<i64>,
    /// When keys made with it must have ended.
    keys_until: Option<i64>,
    renewable: bool,
}

impl PresentedCredential {
    /// Credentials alike in all of this give alike.
    fn likeness(&self) -> (Kind, bool, bool, bool, bool) {
        let (account, until) = (self.account.is_some(), self.until.is_some());
        (
            self.kind,
            account,
            until,
            self.keys_until.is_some(),
            self.renewable,
        )
    }
}

fn ask(place: &Fixture, path: &str, client: Option<(&str, &str)>, form: &[(&str, &str)]) -> Reply {
    let request = place.server.request("POST", path);
    let request = match client {
        Some((id, secret)) => request.basic(id, secret),
        None => request,
    };
    request.form(form).send()
}

/// A login of the original for a sender to one space, which gives a UAA token and a key.
fn log_in(place: &Fixture, user: &str, password: &str) -> Reply {
    let form = [
        ("user", user),
        ("passwd", password),
        ("space", "dev"),
        ("organization", "vigie"),
    ];
    ask(place, "/login", None, &form)
}

/// Every endpoint that issues, asked in every way that takes such a credential.
fn everywhere(
    place: &Fixture,
    presented: &PresentedCredential,
    issued: &mut dyn FnMut(&str, &Reply),
) {
    let owner = &place.server.owner;
    let (kind, text) = (presented.kind, presented.text.as_str());
    let mut form = vec![("grant_type", kind.grant()), (kind.field(), text)];
    if kind == Kind::Password {
        form.push(("username", &owner.user));
    }
    let with = |more: &[(&'static str, &'static str)]| {
        let mut all = form.clone();
        all.extend(more);
        all
    };
    // A code is used up by the first that takes it: each way gets the turn to be first in some walk.
    let clients = [Some(("bx", "bx")), Some(("cf", "")), None];
    let of_code = ["/identity/passcode"];
    for path in of_code {
        issued(path, &ask(place, path, clients[0], &form));
        issued(path, &ask(place, path, None, &form));
    }
    if kind == Kind::Password {
        let page = [("username", owner.user.as_str()), ("password", text)];
        issued("page", &ask(place, "/identity/passcode", None, &page));
    }
    let mut uaa = form.clone();
    if kind == Kind::Key {
        uaa = vec![
            ("grant_type", "password"),
            ("username", "apikey"),
            ("password", text),
        ];
    } else if kind == Kind::Passcode {
        uaa = vec![("grant_type", "password"), ("passcode", text)];
    }
    let second = [("account", place.second.as_str())];
    for client in clients {
        let mut other = form.clone();
        other.extend(second);
        issued(
            "/identity/token",
            &ask(place, "/identity/token", client, &other),
        );
        let both = with(&[("response_type", "cloud_iam uaa")]);
        issued(
            "/identity/token",
            &ask(place, "/identity/token", client, &both),
        );
        if kind != Kind::Password {
            issued("/oauth/token", &ask(place, "/oauth/token", client, &uaa));
        }
    }
    if kind == Kind::Password {
        issued(
            "/oauth/token",
            &ask(place, "/oauth/token", clients[1], &uaa),
        );
    }
    match kind {
        Kind::Password => issued("/login", &log_in(place, &owner.user, text)),
        Kind::Key => issued("/login", &log_in(place, "apikey", text)),
        _ => {}
    }
    let Some(word) = kind.word() else { return };
    let call = |method: &str, path: &str| -> Request {
        let request = place.server.request(method, path);
        request.header("X-Auth-User-Token", &format!("{word} {text}"))
    };
    for expires in [
        None,
        Some("2099-01-01T00:00+0000".to_owned()),
        Some(time(now() + 60)),
    ] {
        let body = json!({"name": "minted", "iam_id": place.iam_id, "expires_at": expires});
        issued("POST key", &call("POST", "/v1/apikeys").json(&body).send());
    }
}

/// The credentials in a reply, with the bounds they must have.
fn credentials_in(
    presented: &PresentedCredential,
    endpoint: &str,
    reply: &Reply,
) -> Vec<PresentedCredential> {
    if reply.status >= 300 {
        return Vec::new();
    }
    let from = |kind: Kind, text: String| {
        let mut path = format!("{} → {endpoint} → {kind:?}", presented.path);
        if kind == Kind::Iam || kind == Kind::Uaa {
            let claims = claims(&text);
            path.push_str(&format!(" {claims}"));
        }
        PresentedCredential {
            kind,
            text,
            path,
            ..presented.clone()
        }
    };
    let body = reply.text();
    if let Some(at) = body.find("<code>") {
        return vec![from(Kind::Passcode, body[at + 6..at + 16].to_owned())];
    }
    let body = reply.json();
    let mut found = Vec::new();
    let refresh = match endpoint {
        "/oauth/token" | "/login" => Kind::RefreshCf,
        _ => Kind::RefreshBx,
    };
    for (field, kind) in [
        (
            "access_token",
            if refresh == Kind::RefreshCf {
                Kind::Uaa
            } else {
                Kind::Iam
            },
        ),
        ("refresh_token", refresh),
        ("uaa_token", Kind::Uaa),
        ("uaa_refresh_token", Kind::RefreshCf),
        ("passcode", Kind::Passcode),
        ("apikey", Kind::Key),
    ] {
        if body[field]
            .as_str()
            .is_some_and(|text| text != "not_supported")
        {
            found.push(from(kind, text(&body, field)));
        }
    }
    for credential in &mut found {
        settle(credential, &body);
    }
    found
}

/// Checks a credential that was issued against what was shown for it, and narrows its bounds to its own.
fn settle(credential: &mut PresentedCredential, reply: &Value) {
    let path = &credential.path;
    match credential.kind {
        Kind::Iam | Kind::Uaa => {
            let claims = claims(&credential.text);
            let ends = claims["exp"].as_i64().unwrap();
            assert!(
                credential.until.is_none_or(|until| ends <= until),
                "lives longer: {path}"
            );
            let account = claims["account"]["bss"].as_str().map(str::to_owned);
            let bound = account.or_else(|| credential.account.clone());
            assert!(
                credential.account.is_none() || credential.account == bound,
                "another account: {path}"
            );
            credential.account = bound;
            credential.until = Some(ends);
            credential.renewable = false;
        }
        Kind::RefreshBx | Kind::RefreshCf | Kind::Passcode => {
            assert!(
                credential.renewable,
                "renews what was not renewable: {path}"
            );
        }
        Kind::Key => {
            let ends = reply["expires_at"].as_str();
            let ends = ends.map(|text| wire::iam::api_key::read_time(text).unwrap().secs());
            if let Some(until) = credential.keys_until {
                assert!(
                    ends.is_some_and(|ends| ends <= until),
                    "a longer key: {path} {reply}"
                );
            }
            credential.until = ends;
            credential.keys_until = ends;
            credential.account = Some(text(reply, "account_id"));
            credential.renewable = true;
        }
        Kind::Password => unreachable!("nobody is given a password"),
    }
}

/// Whether an access token or key opens an account: its users are listed.
fn opens(place: &Fixture, credential: &PresentedCredential, account: &str) -> bool {
    let Some(word) = credential.kind.word() else {
        return false;
    };
    let request = place
        .server
        .request("GET", &format!("/v2/accounts/{account}/users"));
    let request = request.header("X-Auth-User-Token", &format!("{word} {}", credential.text));
    request.send().status == 200
}

/// Shows a credential everywhere, and what comes of it, until nothing unlike comes. All that was issued.
fn walk(
    place: &Fixture,
    root: PresentedCredential,
    tried: &mut BTreeSet<(Kind, String)>,
) -> Vec<PresentedCredential> {
    let mut waiting = VecDeque::from([root]);
    let (mut seen, mut all) = (BTreeSet::new(), Vec::new());
    while let Some(presented) = waiting.pop_front() {
        let mut replies = Vec::new();
        everywhere(place, &presented, &mut |endpoint, reply| {
            replies.extend(credentials_in(&presented, endpoint, reply));
            if reply.status < 300 {
                tried.insert((presented.kind, endpoint.to_owned()));
            }
        });
        for reply in replies {
            for account in [&place.server.owner.account, &place.second] {
                let may = reply.account.as_ref().is_none_or(|bound| bound == account);
                assert!(
                    may || !opens(place, &reply, account),
                    "opens {account}: {}",
                    reply.path
                );
            }
            if seen.insert(reply.likeness()) {
                waiting.push_back(reply.clone());
            }
            all.push(reply);
        }
    }
    all
}

/// Whether what was issued opens anything.
fn is_usable(place: &Fixture, credential: &PresentedCredential) -> bool {
    if credential.kind.word().is_some() {
        let accounts = [&place.server.owner.account, &place.second];
        return accounts
            .iter()
            .any(|account| opens(place, credential, account));
    }
    let (grant, field) = (credential.kind.grant(), credential.kind.field());
    let form = [("grant_type", grant), (field, credential.text.as_str())];
    let reply = match credential.kind {
        Kind::RefreshCf => place.oauth(&form),
        _ => place.token(&form),
    };
    reply.status == 200
}

fn root(kind: Kind, text: &str) -> PresentedCredential {
    PresentedCredential {
        kind,
        text: text.to_owned(),
        path: format!("{kind:?}"),
        account: None,
        until: None,
        keys_until: None,
        renewable: true,
    }
}

#[test]
fn no_pair_of_credential_and_endpoint_gives_more_than_was_shown() {
    let place = Fixture::start();
    let owner = &place.server.owner;
    let mut tried = BTreeSet::new();
    let soon = now() + 1200;
    let (id, expiring) = place.key(Some(soon));
    let of_key = PresentedCredential {
        account: Some(owner.account.clone()),
        until: Some(soon),
        keys_until: Some(soon),
        ..root(Kind::Key, &expiring)
    };
    // The key for a space that a login with it gives: nothing made with it lives longer, and it makes no key.
    let login = log_in(&place, "apikey", &expiring);
    let narrowed = PresentedCredential {
        text: text(&login.json(), "logging_token"),
        path: "Key → /login → logging token".to_owned(),
        ..of_key.clone()
    };
    assert!(!opens(&place, &narrowed, &owner.account));
    for credential in walk(&place, narrowed, &mut BTreeSet::new()) {
        assert!(
            credential.kind != Kind::Key,
            "makes a key: {}",
            credential.path
        );
        assert!(
            !opens(&place, &credential, &owner.account),
            "{}",
            credential.path
        );
    }
    let of_expiring = walk(&place, of_key, &mut tried);
    let (lasting_id, lasting) = place.key(None);
    let of_key = PresentedCredential {
        account: Some(owner.account.clone()),
        ..root(Kind::Key, &lasting)
    };
    let of_lasting = walk(&place, of_key, &mut tried);
    let of_password = walk(&place, root(Kind::Password, &owner.password), &mut tried);

    // The walk went everywhere it should.
    for (kind, endpoint) in [
        (Kind::Password, "/identity/token"),
        (Kind::Password, "/oauth/token"),
        (Kind::Password, "page"),
        (Kind::Password, "/login"),
        (Kind::Passcode, "/identity/token"),
        (Kind::RefreshBx, "/identity/token"),
        (Kind::RefreshBx, "/identity/passcode"),
        (Kind::RefreshCf, "/oauth/token"),
        (Kind::Iam, "/oauth/token"),
        (Kind::Iam, "POST key"),
        (Kind::Uaa, "POST key"),
        (Kind::Key, "/identity/token"),
        (Kind::Key, "/oauth/token"),
        (Kind::Key, "/login"),
        (Kind::Key, "POST key"),
    ] {
        let pair = (kind, endpoint.to_owned());
        assert!(
            tried.contains(&pair),
            "{kind:?} at {endpoint}: never answered; {tried:?}"
        );
    }

    // What was derived ends with its root; a key stands on its own, within the life of what made it.
    let session = text(&place.login(None), "access_token");
    for (id, derived) in [(id, of_expiring), (lasting_id, of_lasting)] {
        let request = place.server.request("DELETE", &format!("/v1/apikeys/{id}"));
        assert_eq!(request.bearer(&session).send().status, 204);
        for credential in derived
            .iter()
            .filter(|credential| credential.kind != Kind::Key)
        {
            let by_other_key =
                credential.path.contains("Key → ") && credential.path.matches("Key →").count() > 1;
            assert!(
                by_other_key || !is_usable(&place, credential),
                "outlives its key: {}",
                credential.path
            );
        }
    }
    let change = place.server.request("PUT", "/v2/users/self/password");
    let change = change.bearer(&session).json(&json!({
        "current_password": owner.password, "new_password": "correct horse battery staple",
    }));
    assert!(change.send().status < 300);
    for credential in of_password {
        let by_key = credential.path.contains("Key");
        assert!(
            by_key || !is_usable(&place, &credential),
            "outlives the password: {}",
            credential.path
        );
    }
}
