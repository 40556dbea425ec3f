//! Port 9095: the frames of the multi-tenant lumberjack protocol, against the real server.

use super::Listeners;
use crate::harness::{Server, now, until};
use crate::limits::hits;
use base::limit;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

pub(super) const PLAIN: [&str; 4] = [
    "--set",
    "lumberjack.listen=127.0.0.1:0",
    "--set",
    "lumberjack.without_tls=loopback_only",
];

const LISTENER: &str = "lumberjack.listen";

/// A client of the time.
pub(super) struct Client {
    stream: TcpStream,
    last: u32,
}

fn short(text: &str) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

impl Client {
    pub(super) fn connect(listeners: &Listeners) -> Self {
        let stream = TcpStream::connect(listeners.address(LISTENER)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(300)))
            .unwrap();
        Self { stream, last: 0 }
    }

    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Six bytes; fewer at the end.
    pub(super) fn answer(&mut self) -> Vec<u8> {
        let mut answer = Vec::new();
        let _ = Read::by_ref(&mut self.stream)
            .take(6)
            .read_to_end(&mut answer);
        answer
    }

    /// Says who it is, as the clients of the time: a label first.
    pub(super) fn log_in(&mut self, kind: &[u8], tenant: &str, password: &str) -> Vec<u8> {
        let label = [b"1I".as_slice(), &short("10.1.2.3")].concat();
        let login = [kind, &short(tenant), &short(password)].concat();
        self.send(&[label, login].concat());
        self.answer()
    }

    pub(super) fn window(&mut self, lines: &[String]) {
        let count = u32::try_from(lines.len()).unwrap();
        let mut bytes = [b"1W".as_slice(), &count.to_be_bytes()].concat();
        for line in lines {
            self.last += 1;
            let length = u32::try_from(line.len() + 2).unwrap();
            bytes.extend(b"1M");
            bytes.extend(self.last.to_be_bytes());
            bytes.extend(length.to_be_bytes());
            bytes.extend(line.as_bytes());
            bytes.extend(b"\r\n");
        }
        self.send(&bytes);
    }

    /// Logs in for the space, sends these lines, and waits until they are stored.
    pub(super) fn send_for(&mut self, space: &str, key: &str, lines: &[&str]) {
        assert_eq!(self.log_in(b"2T", space, key), IN);
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        self.window(&lines);
        self.acknowledged();
    }

    fn acknowledged(&mut self) -> u32 {
        let answer = self.answer();
        assert_eq!(answer.get(..2), Some(b"1A".as_slice()), "{answer:?}");
        u32::from_be_bytes(answer[2..].try_into().unwrap())
    }
}

const IN: [u8; 6] = *b"1A\0\0\0\0";
pub(super) const OUT: [u8; 6] = *b"0A\0\0\0\0";

fn lines(prefix: &str, name: &str, count: i64) -> Vec<String> {
    let now = now();
    (0..count)
        .map(|at| format!("{prefix}{name} {at} {}", now - 3000 + at))
        .collect()
}

/// The answer of `POST /login`.
fn login(server: &Server, fields: &[(&str, &str)]) -> crate::harness::Reply {
    server.request("POST", "/login").form(fields).send()
}

fn logging_token(server: &Server) -> String {
    let reply = login(
        server,
        &[
            ("user", &server.owner.user),
            ("passwd", &server.owner.password),
            ("space", "dev"),
            ("organization", "vigie"),
        ],
    );
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let reply = reply.json();
    assert_eq!(reply["space_id"], server.owner.space, "{reply}");
    assert_eq!(reply["org_id"], server.owner.org, "{reply}");
    reply["logging_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_login_by_name_gives_what_port_9095_takes() {
    let listeners = Listeners::open(&PLAIN);
    let server = &listeners.server;
    let token = logging_token(server);
    assert!(token.len() <= 255);
    // The same one again, and one key in the list.
    assert_eq!(logging_token(server), token);
    let iam = server.token();
    let list = server.request("GET", "/v1/apikeys").bearer(&iam).send();
    let list = list.json();
    let keys: Vec<_> = list["apikeys"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["name"] == "logging token")
        .collect();
    assert_eq!(keys.len(), 1, "{list}");
    assert_eq!(keys[0]["reach"]["only"], "send", "{list}");
    let id = keys[0]["id"].as_str().unwrap().to_owned();
    let space = server.owner.space.clone();
    let mut client = Client::connect(&listeners);
    assert_eq!(client.log_in(b"2T", &space, &token), IN);
    let prefix = format!("{space}.");
    client.window(&lines(&prefix, "shop.orders", 10));
    assert_eq!(client.acknowledged(), 10);
    // Acknowledged is there.
    assert_eq!(listeners.stored("shop.orders"), 10);
    // It sends, and nothing else.
    let read = server.metrics(&iam, "GET", "/v1/metrics/list?query=*");
    let read = read.header("X-Auth-User-Token", &format!("apikey {token}"));
    assert!(matches!(read.send().status, 400 | 403));
    // Revoked: the open connection ends, no other begins, and the next login gives another.
    let path = format!("/v1/apikeys/{id}");
    let gone = server.request("DELETE", &path).bearer(&iam).send();
    assert_eq!(gone.status, 204);
    assert_eq!(client.answer(), b"");
    assert_eq!(
        Client::connect(&listeners).log_in(b"2T", &space, &token),
        OUT
    );
    assert_ne!(logging_token(server), token);
    let log = server.serving.log();
    assert!(!log.contains(&token), "{log}");
}

#[test]
fn what_a_login_does_not_find_is_null_and_a_wrong_one_has_the_originals_code() {
    let server = Server::start();
    let owner = &server.owner;
    let right = [
        ("user", owner.user.as_str()),
        ("passwd", owner.password.as_str()),
    ];
    let with = |more: &[(&'static str, &'static str)]| {
        let fields: Vec<_> = right.iter().chain(more).copied().collect();
        login(&server, &fields)
    };
    for more in [
        vec![],
        vec![("space", "nosuch"), ("organization", "vigie")],
        vec![("space", "dev"), ("organization", "nosuch")],
    ] {
        let reply = with(&more);
        assert_eq!(reply.status, 200, "{}", reply.text());
        let reply = reply.json();
        assert!(reply["access_token"].is_string(), "{reply}");
        assert_eq!(reply["space_id"], json!(null), "{reply}");
        assert_eq!(reply["logging_token"], json!(null), "{reply}");
        assert!(reply["message"].is_string(), "{reply}");
    }
    let key = [
        ("user", "apikey"),
        ("passwd", owner.api_key.as_str()),
        ("space", "dev"),
    ];
    let by_key = login(&server, &key).json();
    assert_eq!(by_key["space_id"], owner.space, "{by_key}");
    let (narrow, _) = server.narrow_key();
    let narrow = login(
        &server,
        &[("user", "apikey"), ("passwd", &narrow), ("space", "dev")],
    );
    assert_eq!(narrow.status, 403, "{}", narrow.text());
    for wrong in [
        [
            ("user", owner.user.as_str()),
            ("passwd", "no-such-password"),
        ],
        [
            ("user", "nobody@example.org"),
            ("passwd", "no-such-password"),
        ],
        [("user", "apikey"), ("passwd", "vgk_no-such-key")],
    ] {
        let reply = login(&server, &wrong);
        assert_eq!((reply.status, reply.code().as_str()), (401, "BXNMS0122E"));
        assert!(!reply.text().contains("no-such"), "{}", reply.text());
    }
    assert_eq!(login(&server, &right[..1]).status, 400);
    // `GET /token` says whether such a token opens a space.
    let ask = |token: &str, space: &str| {
        let ask = server
            .request("GET", "/token")
            .header("X-Auth-Token", token);
        ask.header("X-Auth-Project-Id", space).send()
    };
    let token = by_key["access_token"].as_str().unwrap();
    let reply = ask(token, &owner.space);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let expected = json!({"access_token": token, "org_id": owner.org, "space_id": owner.space});
    assert_eq!(reply.json(), expected);
    let other = "00000000-0000-4000-8000-000000000000";
    assert_eq!(ask(token, other).status, 404);
    assert_eq!(ask("x", &owner.space).status, 401);
    assert_eq!(ask(token, "nowhere").status, 400);
}

/// A key that expires gives no key that lasts longer.
#[test]
fn a_logging_token_does_not_outlive_what_it_was_made_with() {
    let listeners = Listeners::open(&[]);
    let server = &listeners.server;
    let lasting = logging_token(server);
    let end = now() + 3600;
    let (key, _) = listeners.key(&json!({"expires_at": chrono_text(end)}));
    let form = [
        ("user", "apikey"),
        ("passwd", key.as_str()),
        ("space", "dev"),
    ];
    let reply = login(server, &form);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let reply = reply.json();
    let token = reply["logging_token"].as_str().unwrap();
    assert_ne!(token, lasting);
    // The next login makes no other, though that ends before half the life of one.
    let again = login(server, &form);
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(again.json()["logging_token"], token);
    let iam = server.token();
    let list = server
        .request("GET", "/v1/apikeys")
        .bearer(&iam)
        .send()
        .json();
    let keys = list["apikeys"].as_array().unwrap().iter();
    let ends: Vec<_> = keys
        .filter(|key| key["name"] == "logging token")
        .map(|key| key["expires_at"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ends.len(), 2, "{list}");
    assert!(ends.contains(&chrono_text(end)), "{ends:?}");
}

#[test]
fn a_logging_token_lasts_as_long_as_its_setting_says() {
    let server = Server::with(&["--set", "tokens.logging_token_seconds=7200"]);
    let before = now();
    logging_token(&server);
    let after = now();
    let iam = server.token();
    let list = server
        .request("GET", "/v1/apikeys")
        .bearer(&iam)
        .send()
        .json();
    let mut keys = list["apikeys"].as_array().unwrap().iter();
    let key = keys.find(|key| key["name"] == "logging token").unwrap();
    let end = key["expires_at"].as_str().unwrap();
    // To the minute, as keys have it.
    let (first, last) = (chrono_text(before + 7200), chrono_text(after + 7200));
    assert!(first.as_str() <= end && end <= last.as_str(), "{end}");
}

/// `2018-03-01T00:00+0000`, as keys have it.
fn chrono_text(seconds: i64) -> String {
    let output = std::process::Command::new("date")
        .args(["-u", "-d", &format!("@{}", seconds - seconds % 60)])
        .arg("+%Y-%m-%dT%H:%M+0000")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_wrong_login_stores_nothing() {
    let listeners = Listeners::open(&PLAIN);
    let (space, key) = (
        listeners.server.owner.space.clone(),
        listeners.server.narrow_key().0,
    );
    let other = "00000000-0000-4000-8000-000000000000";
    for (kind, tenant, password) in [
        (b"2T", space.as_str(), "vgk_wrong"),
        (b"2T", other, key.as_str()),
        (b"2T", "not-a-space", key.as_str()),
        (b"2S", space.as_str(), "vgk_wrong"),
        // A key for one space is none for several.
        (b"2S", space.as_str(), key.as_str()),
    ] {
        let mut client = Client::connect(&listeners);
        assert_eq!(
            client.log_in(kind, tenant, password),
            OUT,
            "{tenant} {password}"
        );
        assert_eq!(client.answer(), b"");
    }
    until("each is counted", || {
        listeners.not_stored(LISTENER, "credential") == 5
    });
    let mut client = Client::connect(&listeners);
    client.window(&lines("", "no.body", 2));
    assert_eq!(client.answer(), b"");
    let mut client = Client::connect(&listeners);
    client.send(b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(client.answer(), b"");
    until("both are counted", || {
        listeners.not_stored(LISTENER, "protocol") == 2
    });
    assert_eq!(listeners.stored("no.*"), 0);
    let log = listeners.server.serving.log();
    assert!(!log.contains("vgk_") && !log.contains("no.body"), "{log}");
}

#[test]
fn what_can_never_be_stored_is_counted_and_does_not_hold_up_the_rest() {
    let listeners = Listeners::open(&PLAIN);
    let space = listeners.server.owner.space.clone();
    let (key, _) = listeners.server.narrow_key();
    let mut client = Client::connect(&listeners);
    assert_eq!(client.log_in(b"2T", &format!("s-{space}"), &key), IN);
    let other = "00000000-0000-4000-8000-000000000000";
    let mut window = lines(&format!("{space}."), "own.a", 1);
    window.extend(lines("", "own.b", 1));
    window.extend(lines(&format!("{other}."), "theirs.a", 2));
    window.push("no sample at all".to_owned());
    window.push(String::new());
    window.push("own.c 1\nown.d 1".to_owned());
    client.window(&window);
    assert_eq!(client.acknowledged(), 7);
    assert_eq!(
        (listeners.stored("own.*"), listeners.stored("theirs.*")),
        (2, 0)
    );
    assert_eq!(listeners.not_stored(LISTENER, "another_space"), 2);
    assert_eq!(listeners.not_stored(LISTENER, "malformed"), 2);
    // A record of a log has a number, is refused with a count, and does not come again for ever.
    let record = b"1W\0\0\0\x02\
        1D\0\0\0\x08\0\0\0\x01\0\0\0\x0eALCH_TENANT_ID\0\0\0\x04guid\
        1M\0\0\0\x09\0\0\0\x0aown.e 1 -1";
    client.send(record);
    assert_eq!(client.acknowledged(), 9);
    assert_eq!(listeners.not_stored(LISTENER, "log_record"), 1);
    listeners.wait_for("own.e", 1);
    // A number that is not the next is the end: nobody could say what it acknowledges.
    client.send(b"1W\0\0\0\x01\x31M\0\0\0\x63\0\0\0\x0aown.f 1 -1");
    assert_eq!(client.answer(), b"");
    assert_eq!(listeners.stored("own.f"), 0);
}

/// Ten bytes each, and each was a credential to look at and a lock to take, outside of all turns.
#[test]
fn records_without_end_count_as_what_they_cost() {
    const RECORDS: u32 = 50_000;
    let rate = ["--set", "limits.sender_bytes_per_second=1MiB"];
    let listeners = Listeners::open(&[&PLAIN[..], &rate].concat());
    let (space, key) = (
        listeners.server.owner.space.clone(),
        listeners.server.narrow_key().0,
    );
    let mut client = Client::connect(&listeners);
    assert_eq!(client.log_in(b"2T", &space, &key), IN);
    let mut bytes = [b"1W".as_slice(), &RECORDS.to_be_bytes()].concat();
    for number in 1..=RECORDS {
        bytes.extend(b"1D");
        bytes.extend(number.to_be_bytes());
        bytes.extend(0_u32.to_be_bytes());
    }
    assert!(bytes.len() < 1 << 20, "less than may come at once");
    client.send(&bytes);
    assert_eq!(client.acknowledged(), RECORDS);
    assert_eq!(
        listeners.not_stored(LISTENER, "log_record"),
        u64::from(RECORDS)
    );
    assert!(hits(&listeners.server, limit::SENDER_BYTES_PER_SECOND) > 0);
}

#[test]
fn a_supertenant_sends_to_every_space_that_its_key_reaches() {
    let listeners = Listeners::open(&PLAIN);
    let server = &listeners.server;
    let iam = server.token();
    let body = json!({"name": "second", "organization_guid": server.owner.org});
    let made = server
        .request("POST", "/v2/spaces")
        .bearer(&iam)
        .json(&body)
        .send();
    assert_eq!(made.status, 201, "{}", made.text());
    let second = made.json()["metadata"]["guid"].as_str().unwrap().to_owned();
    let (key, _) = listeners.key(&json!({"reach": {"only": "send"}}));
    let mut client = Client::connect(&listeners);
    assert_eq!(client.log_in(b"2S", "crawler", &key), IN);
    let first = server.owner.space.clone();
    let nowhere = "00000000-0000-4000-8000-000000000000";
    let mut window = lines(&format!("{first}."), "one.a", 3);
    window.extend(lines(&format!("{second}."), "two.a", 2));
    window.extend(lines(&format!("{nowhere}."), "three.a", 1));
    window.extend(lines("", "four.a", 1));
    client.window(&window);
    assert_eq!(client.acknowledged(), 7);
    assert_eq!(
        (listeners.stored("one.a"), listeners.stored("two.a")),
        (3, 0)
    );
    let token = server.token();
    let path = "/v1/metrics?target=two.a&from=-1d&as=sent";
    let read = server.request("GET", path).bearer(&token);
    let read = read
        .header("X-Auth-Scope-Id", &format!("s-{second}"))
        .send();
    let points = read.json()[0]["datapoints"].as_array().unwrap().len();
    assert_eq!(points, 2, "{}", read.text());
    assert_eq!(listeners.not_stored(LISTENER, "credential"), 1);
    assert_eq!(listeners.not_stored(LISTENER, "no_space"), 1);
}

#[test]
fn an_idle_client_is_closed_after_a_limit_of_its_own() {
    let listeners = Listeners::open(
        &[
            PLAIN.as_slice(),
            &["--set", "limits.lumberjack_idle_seconds=1"],
        ]
        .concat(),
    );
    let (key, _) = listeners.server.narrow_key();
    let mut client = Client::connect(&listeners);
    let space = listeners.server.owner.space.clone();
    assert_eq!(client.log_in(b"2T", &space, &key), IN);
    assert_eq!(client.answer(), b"");
    assert_eq!(hits(&listeners.server, limit::LUMBERJACK_IDLE_SECONDS), 1);
}

/// Labels without end kept a thread busy, without a word of who sends them.
#[test]
fn labels_without_a_login_come_to_an_end() {
    let listeners = Listeners::open(&PLAIN);
    let mut client = Client::connect(&listeners);
    // Closed before all of them are read.
    let _ = client.stream.write_all(&b"1I\0".repeat(100_000));
    until("it is counted", || {
        listeners.not_stored(LISTENER, "no_identity") > 0
    });
    assert!(client.answer().is_empty());
}
