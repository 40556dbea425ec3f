//! Limits per user on sessions, renewals and passcodes. Someone with a user's password or key cannot fill the database with
//! them, nor, with a key, end the sessions that the user started.

use crate::harness::{Reply, Server};
use crate::limits::hits;
use base::limit::{self, Limit};

/// Tried here.
pub(crate) const LIMITS: [Limit; 3] = [
    limit::SESSIONS_PER_USER,
    limit::REFRESH_TOKENS_PER_SESSION,
    limit::PASSCODES_PER_USER,
];

const BY_KEY: &str = "urn:ibm:params:oauth:grant-type:apikey";
const BY_CODE: &str = "urn:ibm:params:oauth:grant-type:passcode";

/// A session: its access token and its refresh token.
struct Session {
    access: String,
    refresh: String,
}

fn ask(server: &Server, path: &str, fields: &[(&str, &str)]) -> Reply {
    let request = server.request("POST", path).basic("bx", "bx");
    request.form(fields).send()
}

fn session(reply: &Reply) -> Session {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let reply = reply.json();
    let text = |name: &str| reply[name].as_str().unwrap().to_owned();
    Session {
        access: text("access_token"),
        refresh: text("refresh_token"),
    }
}

fn by_password(server: &Server) -> Session {
    let (user, password) = (&server.owner.user, &server.owner.password);
    let fields = [
        ("grant_type", "password"),
        ("username", user),
        ("password", password),
    ];
    session(&ask(server, "/identity/token", &fields))
}

fn by_key(server: &Server) -> Session {
    let fields = [("grant_type", BY_KEY), ("apikey", &*server.owner.api_key)];
    session(&ask(server, "/identity/token", &fields))
}

fn renew(server: &Server, token: &str) -> Reply {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    ask(server, "/identity/token", &fields)
}

/// Whether the access token opens anything. Nothing is renewed by asking.
fn is_usable(server: &Server, session: &Session) -> bool {
    let reply = server
        .request("GET", "/v2/organizations")
        .bearer(&session.access)
        .send();
    assert!(matches!(reply.status, 200 | 401), "{}", reply.text());
    reply.status == 200
}

#[test]
fn a_login_beyond_the_limit_ends_the_session_longest_unused() {
    let server = Server::with(&["--set", "limits.sessions_per_user=3"]);
    let first = by_password(&server);
    let others = [by_password(&server), by_password(&server)];
    assert!(is_usable(&server, &first));
    let fourth = by_password(&server);
    assert!(!is_usable(&server, &first), "four sessions live");
    assert_eq!(renew(&server, &first.refresh).status, 400);
    assert!(
        others
            .iter()
            .chain([&fourth])
            .all(|session| is_usable(&server, session))
    );

    // Once a key has most of the sessions, its new logins end its own: a key cannot log its user out.
    let by_keys: Vec<Session> = (0..8).map(|_| by_key(&server)).collect();
    let kept = others
        .iter()
        .chain([&fourth])
        .filter(|session| is_usable(&server, session))
        .count();
    assert!(kept >= 1, "the key ended every session of the person's own");
    let kept_before = kept;
    for _ in 0..8 {
        by_key(&server);
    }
    let kept = others
        .iter()
        .chain([&fourth])
        .filter(|session| is_usable(&server, session))
        .count();
    assert_eq!(kept, kept_before);
    assert!(!is_usable(&server, &by_keys[0]));
    let all = others.iter().chain([&fourth]).chain(&by_keys);
    assert!(all.filter(|session| is_usable(&server, session)).count() <= 3);
}

#[test]
fn a_session_is_renewed_so_many_times_and_no_more() {
    let server = Server::with(&["--set", "limits.refresh_tokens_per_session=3"]);
    let begun = by_password(&server);
    let second = session(&renew(&server, &begun.refresh));
    let third = session(&renew(&server, &second.refresh));
    for _ in 0..2 {
        // The token is not used up by a refusal.
        let refused = renew(&server, &third.refresh);
        assert_eq!(refused.status, 429, "{}", refused.text());
        assert!(
            refused.text().contains("refresh_tokens_per_session"),
            "{}",
            refused.text()
        );
        assert!(refused.header("Retry-After").is_some());
    }
    assert!(hits(&server, limit::REFRESH_TOKENS_PER_SESSION) >= 2);
    assert!(is_usable(&server, &third));
    // Other sessions are renewed as before.
    let other = by_password(&server);
    session(&renew(&server, &other.refresh));
}

#[test]
fn a_passcode_beyond_the_limit_ends_the_oldest() {
    let server = Server::with(&["--set", "limits.passcodes_per_user=2"]);
    let begun = by_password(&server);
    let code = || {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &*begun.refresh),
        ];
        let reply = ask(&server, "/identity/passcode", &fields);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["passcode"].as_str().unwrap().to_owned()
    };
    let codes = [code(), code(), code()];
    let redeem = |code: &str| {
        let fields = [("grant_type", BY_CODE), ("passcode", code)];
        ask(&server, "/identity/token", &fields).status
    };
    assert_eq!(codes.each_ref().map(|code| redeem(code)), [400, 200, 200]);
}

/// The code was used up and the session there, and nothing was answered.
#[test]
fn a_login_with_tokens_of_the_uaa_is_made_with_all_or_refused_with_none() {
    let server = Server::with(&["--set", "limits.refresh_tokens_per_session=1"]);
    let begun = by_password(&server);
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*begun.refresh),
    ];
    let made = ask(&server, "/identity/passcode", &fields);
    assert_eq!(made.status, 200, "{}", made.text());
    let code = made.json()["passcode"].as_str().unwrap().to_owned();
    let by_code = [("grant_type", BY_CODE), ("passcode", &*code)];
    let mut with_uaa = by_code.to_vec();
    with_uaa.push(("response_type", "cloud_iam uaa"));
    let refused = ask(&server, "/identity/token", &with_uaa);
    assert_eq!(refused.status, 429, "{}", refused.text());
    session(&ask(&server, "/identity/token", &by_code));
}
