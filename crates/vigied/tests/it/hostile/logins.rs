//! Guessing passwords, and frequent logins: only the guesser is slowed down, no answer tells which names exist, and password
//! checks have their own queue.

use super::honest::{Honest, answer, connect_from};
use crate::harness::Server;
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::time::Instant;

/// The address of honest clients.
const HOME: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 7);

/// The address of the attacker.
const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);

/// Wrong passwords for one user from one source that are checked without a pause.
const FREE: usize = 10;

/// `Basic bx:bx`, and `Basic cf:`.
const BX: &str = "Basic Yng6Yng=";
const CF: &str = "Basic Y2Y6";

/// An answer: status and whole text, head included.
struct Answer(u16, String);

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let head = self.1.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| {
            let (header, value) = line.split_once(": ")?;
            header.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn body(&self) -> &str {
        self.1.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

fn ask(stream: &mut TcpStream, path: &str, authorization: &str, body: &str) {
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: vigie\r\nAuthorization: {authorization}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
}

fn form(user: &str, password: &str) -> String {
    wire::query::encode(&[
        ("grant_type", "password"),
        ("username", user),
        ("password", password),
    ])
}

fn log_in(server: &Server, from: Ipv4Addr, user: &str, password: &str) -> Answer {
    let mut stream = connect_from(from, server).unwrap();
    ask(&mut stream, "/identity/token", BX, &form(user, password));
    let (status, text) = answer(&mut stream).unwrap();
    Answer(status, text)
}

fn owner_logs_in(server: &Server, from: Ipv4Addr) -> Answer {
    log_in(server, from, &server.owner.user, &server.owner.password)
}

/// Memory of the process, in kB.
fn resident(server: &Server) -> u64 {
    let path = format!("/proc/{}/status", server.serving.child.id());
    let status = std::fs::read_to_string(path).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let figure = line.unwrap().split_whitespace().next().unwrap();
    figure.parse().unwrap()
}

#[test]
fn seven_hundred_logins_at_once_hold_up_nobody_else() {
    let server = Server::start();
    assert_eq!(owner_logs_in(&server, HOME).0, 200);
    let before = resident(&server);
    let honest = Honest::start(&server, HOME);
    let mut attack: Vec<TcpStream> = (0..700)
        .map(|_| connect_from(ATTACKER, &server).unwrap())
        .collect();
    for (number, stream) in attack.iter_mut().enumerate() {
        ask(
            stream,
            "/identity/token",
            BX,
            &form(&format!("n{number}@example.org"), "guess"),
        );
    }
    // An honest user elsewhere can log in during all these requests.
    let login = owner_logs_in(&server, HOME);
    assert_eq!(login.0, 200, "{}", login.1);
    let mut checked = 0;
    for stream in &mut attack {
        let (status, text) = answer(stream).unwrap();
        let reply = Answer(status, text);
        match reply.0 {
            400 => checked += 1,
            429 => assert!(reply.header("retry-after").is_some(), "{}", reply.1),
            other => panic!("{other}: {}", reply.1),
        }
    }
    assert!(
        (1..200).contains(&checked),
        "{checked} of 700 passwords were checked"
    );
    let served = honest.stop();
    assert!(
        served.refused.is_empty(),
        "{} honest writes were refused: {}",
        served.refused.len(),
        served.refused[0]
    );
    let grown = resident(&server).saturating_sub(before);
    assert!(grown < 120_000, "{grown} kB more than before the attack");
}

#[test]
fn guesses_from_elsewhere_lock_nobody_out() {
    let server = Server::start();
    let begun = Instant::now();
    for number in 0..FREE + 4 {
        let guess = log_in(
            &server,
            ATTACKER,
            &server.owner.user,
            &format!("guess {number}"),
        );
        let expected = if number < FREE { 400 } else { 429 };
        assert_eq!(guess.0, expected, "{number}: {}", guess.1);
    }
    // Every endpoint that takes a password lets the user in, from an address never seen before.
    assert_eq!(owner_logs_in(&server, HOME).0, 200);
    let (user, password) = (&*server.owner.user, &*server.owner.password);
    let page = wire::query::encode(&[("username", user), ("password", password)]);
    for (path, authorization, body) in [
        ("/oauth/token", CF, form(user, password)),
        ("/identity/passcode", BX, page),
    ] {
        let mut stream = connect_from(Ipv4Addr::new(127, 0, 0, 8), &server).unwrap();
        ask(&mut stream, path, authorization, &body);
        let (status, text) = answer(&mut stream).unwrap();
        assert_eq!(status, 200, "{path}: {text}");
    }
    // The attacker's own address is slowed down, also with the right password: the answer does not reveal that it is right.
    let slowed = owner_logs_in(&server, ATTACKER);
    assert_eq!(slowed.0, 429, "{}", slowed.1);
    let seconds: u64 = slowed.header("retry-after").unwrap().parse().unwrap();
    // A minute, of which some has passed.
    let passed = begun.elapsed().as_secs() + 1;
    assert!(seconds <= 61 && seconds + passed >= 60, "{seconds}");
}

#[test]
fn a_login_from_a_familiar_source_is_checked_whatever_others_guess() {
    let server = Server::start();
    assert_eq!(owner_logs_in(&server, HOME).0, 200);
    for number in 0..FREE + 2 {
        let guess = log_in(
            &server,
            HOME,
            &server.owner.user,
            &format!("guess {number}"),
        );
        assert_eq!(guess.0, 400, "{number}: {}", guess.1);
    }
    assert_eq!(owner_logs_in(&server, HOME).0, 200);
    // It survives a restart.
    let data = server.data();
    let Server {
        serving,
        owner,
        folder,
    } = server;
    assert!(serving.stop().success());
    let serving = crate::harness::Serving::start(&data, "127.0.0.1:0", &[]);
    let server = Server {
        serving,
        owner,
        folder,
    };
    // One may try again each ten seconds, so it is not known which of them is refused first; it is soon.
    let mut names = (0..600).map(|number| format!("n{number}@example.org"));
    let mut refused = || names.any(|name| log_in(&server, HOME, &name, "guess").0 == 429);
    assert!(refused(), "nobody is slowed there");
    // Before the owner and after, whatever came back meanwhile.
    assert_eq!(owner_logs_in(&server, HOME).0, 200);
    assert!(refused(), "the owner's login lets everybody in");
}

#[test]
fn another_proof_is_never_stopped() {
    let server = Server::start();
    for number in 0..80 {
        log_in(
            &server,
            ATTACKER,
            &server.owner.user,
            &format!("guess {number}"),
        );
    }
    let key = wire::query::encode(&[
        ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
        ("apikey", &server.owner.api_key),
    ]);
    let mut stream = connect_from(ATTACKER, &server).unwrap();
    ask(&mut stream, "/identity/token", BX, &key);
    let (status, text) = answer(&mut stream).unwrap();
    assert_eq!(status, 200, "{text}");
}

#[test]
fn known_and_unknown_names_are_answered_alike() {
    let server = Server::start();
    let tries = |from: Ipv4Addr, user: &str| -> Vec<(u16, String)> {
        (0..FREE + 3)
            .map(|number| {
                let reply = log_in(&server, from, user, &format!("guess {number}"));
                let value: serde_json::Value = serde_json::from_str(reply.body()).unwrap();
                (reply.0, value["errorMessage"].as_str().unwrap().to_owned())
            })
            .collect()
    };
    let known = tries(Ipv4Addr::new(127, 0, 0, 71), &server.owner.user);
    let unknown = tries(Ipv4Addr::new(127, 0, 0, 72), "nobody@example.org");
    for (number, (known, unknown)) in known.iter().zip(&unknown).enumerate() {
        assert_eq!(
            known.0, unknown.0,
            "try {number}: {} / {}",
            known.1, unknown.1
        );
        let without_figures = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
        assert_eq!(without_figures(&known.1), without_figures(&unknown.1));
    }
}

#[test]
fn password_spraying_is_slowed() {
    let server = Server::start();
    let begun = Instant::now();
    let mut stream = connect_from(ATTACKER, &server).unwrap();
    let mut statuses = Vec::new();
    for number in 0..100 {
        let body = form(&format!("n{number}@example.org"), "Summer2026!");
        ask(&mut stream, "/identity/token", BX, &body);
        statuses.push(answer(&mut stream).unwrap().0);
    }
    let checked = statuses.iter().filter(|status| **status == 400).count();
    let refused = statuses.iter().filter(|status| **status == 429).count();
    assert_eq!(checked + refused, statuses.len(), "{statuses:?}");
    // Fifty, and one more in ten seconds.
    let most = 51 + usize::try_from(begun.elapsed().as_secs() / 10).unwrap();
    assert!(checked <= most, "{checked} of 100 were checked");
    assert!(statuses[..40].iter().all(|status| *status == 400));
    assert_eq!(owner_logs_in(&server, HOME).0, 200);
}

#[test]
fn guessing_keys_and_codes_is_rate_limited() {
    let server = Server::start();
    let mut stream = connect_from(ATTACKER, &server).unwrap();
    let begun = Instant::now();
    let mut checked = 0;
    for number in 0..260 {
        let text = format!("code{number}");
        let fields: [(&str, &str); 2] = match number % 3 {
            0 => [
                ("grant_type", "urn:ibm:params:oauth:grant-type:passcode"),
                ("passcode", &text),
            ],
            1 => [
                ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
                ("apikey", &text),
            ],
            _ => [("grant_type", "refresh_token"), ("refresh_token", &text)],
        };
        ask(
            &mut stream,
            "/identity/token",
            BX,
            &wire::query::encode(&fields),
        );
        let (status, text) = answer(&mut stream).unwrap();
        assert!(status == 400 || status == 429, "{status}: {text}");
        checked += u64::from(status == 400);
    }
    // A hundred, and one more in a second.
    let most = 101 + begun.elapsed().as_secs();
    assert!(checked <= most, "{checked} of 260 were checked");
}

#[test]
fn what_happens_to_credentials_is_in_the_log_without_secrets() {
    let server = Server::start();
    for number in 0..FREE + 2 {
        log_in(
            &server,
            ATTACKER,
            &server.owner.user,
            &format!("secret-guess-{number}"),
        );
    }
    log_in(&server, ATTACKER, "typed-secret-as-name", "x");
    assert_eq!(owner_logs_in(&server, HOME).0, 200);
    let me = crate::harness::Request::new(&server.serving.url(), "GET", "/v1/apikeys")
        .header(
            "X-Auth-User-Token",
            &format!("apikey {}", server.owner.api_key),
        )
        .send();
    let me = me.json()["apikeys"][0]["iam_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let made = server
        .request("POST", "/v1/apikeys")
        .header(
            "X-Auth-User-Token",
            &format!("apikey {}", server.owner.api_key),
        )
        .json(&serde_json::json!({"name": "made", "iam_id": me}))
        .send();
    assert_eq!(made.status, 201, "{}", made.text());
    let text = made.json()["apikey"].as_str().unwrap().to_owned();
    for line in [
        "login_failed",
        "login_slowed",
        "login_from_a_new_source",
        "key_made",
    ] {
        server.serving.wait_for_log(line);
    }
    let log = server.serving.log();
    for place in ["127.0.0.66", "127.0.0.7", "127.0.0.1"] {
        assert!(log.contains(place), "no source {place} in {log}");
    }
    assert!(log.contains(&me), "{log}");
    for secret in [
        "secret-guess",
        "typed-secret",
        &text,
        &server.owner.password,
    ] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
