//! The share of an account in common resources is for the operator to set, for one account and while the server runs.

use super::honest::{answer, connect_from};
use super::quota::{neighbour, operator};
use crate::harness::{Reply, Server, until};
use serde_json::json;
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};

/// Writes one sample; the body comes at once.
fn send(server: &Server, key: &str) -> Reply {
    let request = server.request("POST", "/v1/metrics");
    let request = request.header("X-Auth-User-Token", &format!("apikey {key}"));
    request.body(r#"[{"name":"a","value":1}]"#).send()
}

/// A body that has its place and does not come.
fn hanging(server: &Server, key: &str) -> TcpStream {
    let mut stream = connect_from(Ipv4Addr::LOCALHOST, server).unwrap();
    let head = format!(
        "POST /v1/metrics HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {key}\r\n\
         Content-Length: 100\r\n\r\n["
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

#[test]
fn the_share_of_one_account_is_set_while_the_server_runs() {
    // None of the bodies that hang is behind before this is over.
    let server = Server::with(&[
        "--set",
        "limits.arriving_bodies=8",
        "--set",
        "limits.body_stall_seconds=120",
        "--set",
        "limits.request_seconds=300",
    ]);
    let next = neighbour(&server);
    let key = server.owner.api_key.clone();
    let set = |value: &str| operator(&server, &["limit", "Next", value]);
    let (done, text) = set("account_share_percent=25");
    assert!(done && text.contains("for this account"), "{text}");
    // A quarter of eight.
    let mut held: Vec<TcpStream> = (0..2).map(|_| hanging(&server, &next)).collect();
    until("the account has its share", || {
        let reply = send(&server, &next);
        if reply.status == 200 {
            return false;
        }
        assert_eq!(reply.status, 429, "{}", reply.text());
        assert_eq!(reply.header("Retry-After"), Some("1"));
        let text = reply.text();
        assert!(text.contains("`account_share_percent`"), "{text}");
        assert!(text.contains("2 bodies"), "{text}");
        true
    });
    // Everybody else has what is set for all.
    held.extend((0..3).map(|_| hanging(&server, &key)));
    for _ in 0..20 {
        assert_eq!(send(&server, &key).status, 200);
    }
    // More for one account holds from the next moment on, and is no more than what is left.
    assert!(set("account_share_percent=default").0);
    until("the account has its share again", || {
        send(&server, &next).status == 200
    });
    for nonsense in ["account_share_percent=0", "account_share_percent=101"] {
        let (done, text) = set(nonsense);
        assert!(!done && text.contains("from 1 to 100"), "{text}");
    }
    for stream in &mut held {
        stream.write_all(&[b' '; 98]).unwrap();
        stream.write_all(b"]").unwrap();
    }
    for stream in &mut held {
        assert_eq!(answer(stream).unwrap().0, 200);
    }
}

#[test]
fn the_invitations_of_one_account_are_set_while_the_server_runs() {
    let server = Server::with(&[
        "--set",
        "limits.invitations_per_account=1",
        "--set",
        "limits.invitations_per_day=1",
    ]);
    let token = server.token();
    let path = format!("/v2/accounts/{}/users", server.owner.account);
    let invite = |emails: &[&str]| {
        let users: Vec<_> = emails.iter().map(|email| json!({"email": email})).collect();
        let request = server.request("POST", &path).bearer(&token);
        request.json(&json!({"users": users})).send()
    };
    let set = |value: &str| {
        let (done, text) = operator(&server, &["limit", &server.owner.account, value]);
        assert!(done, "{text}");
    };
    let both = ["ada@example.org", "bea@example.org"];
    let refused = |status: u16, limit: &str| {
        let reply = invite(&both);
        let text = reply.text();
        (reply.status, text.contains(&format!("`{limit}` = 1"))) == (status, true)
    };
    // No day has room for two.
    assert!(refused(409, "invitations_per_day"));
    set("invitations_per_day=20");
    until("more may be invited in a day", || {
        refused(409, "invitations_per_account")
    });
    set("invitations_per_account=2");
    until("more may wait", || invite(&both).status == 202);
}
