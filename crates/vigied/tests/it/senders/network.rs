//! Packets of collectd's plugin `network`: in clear by address, signed and encrypted by the secret of a key.

use super::Doors;
use crate::harness::{Server, VIGIED, now};
use crate::limits::until;
use aws_lc_rs::cipher::{AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::{digest, hmac, iv::FixedLength};
use std::process::{Command, Stdio};

fn part(kind: u16, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 4).unwrap();
    [&kind.to_be_bytes()[..], &length.to_be_bytes(), body].concat()
}

/// A packet with the three values of `load`.
pub(crate) fn load(host: &str, at: i64) -> Vec<u8> {
    let text = |kind, text: &str| part(kind, format!("{text}\0").as_bytes());
    let mut values = vec![0, 3, 1, 1, 1];
    for value in [0.5_f64, 1.0, 1.5] {
        values.extend_from_slice(&value.to_le_bytes());
    }
    [
        text(0, host),
        part(1, &at.to_be_bytes()),
        text(2, "load"),
        text(4, "load"),
        part(6, &values),
    ]
    .concat()
}

fn signed(user: &str, secret: &str, packet: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let text = [user.as_bytes(), packet].concat();
    let own = hmac::sign(&key, &text);
    let own = part(0x0200, &[own.as_ref(), user.as_bytes()].concat());
    [own, packet.to_vec()].concat()
}

fn encrypted(user: &str, secret: &str, packet: &[u8]) -> Vec<u8> {
    let sum = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, packet);
    let mut text = [sum.as_ref(), packet].concat();
    let key = digest::digest(&digest::SHA256, secret.as_bytes());
    let key = UnboundCipherKey::new(&AES_256, key.as_ref()).unwrap();
    let vector = [7_u8; 16];
    // In this mode both directions are one.
    let own = DecryptingKey::ofb(key).unwrap();
    let context = DecryptionContext::Iv128(FixedLength::from(vector));
    own.decrypt(&mut text, context).unwrap();
    let length = u16::try_from(user.len()).unwrap().to_be_bytes();
    part(
        0x0210,
        &[&length[..], user.as_bytes(), &vector, &text].concat(),
    )
}

/// What the operator's command prints.
pub(crate) fn secret_of(server: &Server, id: &str) -> String {
    let output = Command::new(VIGIED)
        .args(["sender-secret", id, "--data"])
        .arg(server.data())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

/// A server with a user `web7` whose key may send to the first space; the secret, and the key's id.
pub(crate) fn with_user(flags: &[&str]) -> (Doors, String, String) {
    let doors = Doors {
        server: Server::start(),
    };
    let (_, id) = doors.server.narrow_key();
    let secret = secret_of(&doors.server, &id);
    let users = format!("collectd.users=web7={id}");
    let flags = [&super::ALL[..], &["--set", &users], flags].concat();
    (doors.restarted("TERM", &flags), secret, id)
}

fn send(doors: &Doors, packet: &[u8]) {
    doors.datagram_to("collectd.listen", packet);
}

#[test]
fn packets_in_clear_come_from_a_known_address_alone() {
    let (doors, _) = Doors::with_source("127.0.0.1/32", &[]);
    send(&doors, &load("web1.example.org", now()));
    doors.wait_for("web1_example_org.load.load.*", 3);
    let values = doors.values("web1_example_org.load.load.*");
    assert_eq!(values["web1_example_org.load.load.midterm"], [1.0]);
    let other = std::net::UdpSocket::bind("127.0.0.2:0").unwrap();
    let address = doors.address("collectd.listen");
    other.send_to(&load("web2", now()), address).unwrap();
    until("it is counted", || {
        doors.not_stored("collectd.listen", "no_identity") == 3
    });
    // What breaks off is counted, and what stood before it is stored.
    let packet = load("web3", now());
    send(&doors, &[&packet[..], &packet[..25]].concat());
    doors.wait_for("web3.load.load.*", 3);
    until("it is counted", || doors.rejected("malformed") == 1);
    send(&doors, &[2, 0]);
    until("it is counted", || {
        doors.not_stored("collectd.listen", "malformed") == 1
    });
}

#[test]
fn signed_and_encrypted_packets_are_those_of_the_users_key() {
    let (doors, secret, id) = with_user(&[]);
    send(&doors, &signed("web7", &secret, &load("signed", now())));
    doors.wait_for("signed.load.load.*", 3);
    send(&doors, &encrypted("web7", &secret, &load("sealed", now())));
    doors.wait_for("sealed.load.load.*", 3);
    // In clear it has no identity: the address is not known.
    send(&doors, &load("clear", now()));
    for (user, secret) in [("web7", "another"), ("web8", secret.as_str()), ("web7", "")] {
        send(&doors, &signed(user, secret, &load("wrong", now())));
        send(&doors, &encrypted(user, secret, &load("wrong", now())));
    }
    let mut changed = signed("web7", &secret, &load("wrong", now()));
    *changed.last_mut().unwrap() ^= 1;
    send(&doors, &changed);
    until("all are counted", || {
        doors.not_stored("collectd.listen", "credential") == 7
            && doors.not_stored("collectd.listen", "no_identity") == 3
    });
    // The secret opens nothing else.
    let mut sender = doors.connect();
    sender.send(&format!("AUTH apikey {secret}\n"));
    let answer = sender.answer();
    assert!(
        answer.starts_with("ERR ") && !answer.contains(&secret),
        "{answer}"
    );
    // It ends with its key.
    let token = doors.server.token();
    let path = format!("/v1/apikeys/{id}");
    let request = doors.server.request("DELETE", &path).bearer(&token);
    assert_eq!(request.send().status, 204);
    send(&doors, &signed("web7", &secret, &load("late", now())));
    until("it is counted", || {
        doors.not_stored("collectd.listen", "credential") == 10
    });
    assert_eq!(doors.stored("wrong.*.*.*") + doors.stored("late.*.*.*"), 0);
    let log = doors.server.serving.log();
    assert!(!log.contains(&secret), "{log}");
}

/// Somebody who has recorded a packet can send it again only while it stores the same at the same time.
#[test]
fn a_recorded_packet_is_refused_later() {
    let (doors, secret, _) = with_user(&["--set", "collectd.replay_seconds=60"]);
    let at = now() - 20;
    let packet = signed("web7", &secret, &load("again", at));
    send(&doors, &packet);
    send(&doors, &packet);
    doors.wait_for("again.load.load.*", 3);
    for at in [now() - 90, now() + 90] {
        send(&doors, &signed("web7", &secret, &load("old", at)));
    }
    until("both are counted", || doors.rejected("timestamp") == 6);
    // Without a time it would be new for ever.
    send(&doors, &signed("web7", &secret, &load("timeless", 0)));
    until("it is counted", || {
        doors.not_stored("collectd.listen", "no_time") == 3
    });
    assert_eq!(doors.stored("*.load.load.*"), 3);
}

#[test]
fn less_than_the_least_protection_is_refused() {
    let (doors, secret, _) = with_user(&["--set", "collectd.security_level=encrypt"]);
    send(&doors, &load("clear", now()));
    send(&doors, &signed("web7", &secret, &load("signed", now())));
    send(&doors, &encrypted("web7", &secret, &load("sealed", now())));
    doors.wait_for("sealed.load.load.*", 3);
    assert_eq!(doors.not_stored("collectd.listen", "unprotected"), 2);
    assert_eq!(doors.stored("*.load.load.*"), 3);
}

/// The command makes the same secret again, for a key that may only send; and says what is wrong with another.
#[test]
fn the_operator_is_shown_the_secret_of_a_key_that_may_only_send() {
    let doors = Doors {
        server: Server::start(),
    };
    let (_, id) = doors.server.narrow_key();
    let secret = secret_of(&doors.server, &id);
    assert!(secret.starts_with("vgs_") && secret.len() == 47, "{secret}");
    assert_eq!(secret, secret_of(&doors.server, &id));
    let (_, wide) = doors.key(&serde_json::json!({}));
    let nobody = "ApiKey-00000000-0000-4000-8000-000000000000";
    for (id, expected) in [
        (wide.as_str(), "may do more than send"),
        (nobody, "there is no API key"),
    ] {
        let output = Command::new(VIGIED)
            .args(["sender-secret", id, "--data"])
            .arg(doors.server.data())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains(expected),
            "{said}"
        );
    }
    assert!(!doors.server.serving.log().contains(&secret));
    let output = Command::new(VIGIED)
        .args(["audit", "--output", "json", "--data"])
        .arg(doors.server.data())
        .output()
        .unwrap();
    let entries = String::from_utf8(output.stdout).unwrap();
    assert_eq!(entries.matches("sender_secret_shown").count(), 2);
    assert!(entries.contains(&id) && !entries.contains(&secret));
}

/// A file that `collectd.types_db` names is read, and one that cannot be keeps the server from starting.
#[test]
fn types_are_read_from_the_files_that_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("types.db");
    std::fs::write(&file, "load a:GAUGE:0:U, b:GAUGE:0:U, c:GAUGE:0:U\n").unwrap();
    let flag = format!("collectd.types_db={}", file.display());
    let (doors, _) = Doors::with_source("127.0.0.1", &["--set", &flag]);
    send(&doors, &load("own", now()));
    doors.wait_for("own.load.load.b", 1);
    let data = doors.server.data();
    drop(doors.server.serving);
    std::fs::write(&file, "load\n").unwrap();
    let flags = [&super::ALL[..], &["--set", &flag]].concat();
    let error = crate::harness::Serving::try_start(&data, "127.0.0.1:0", &flags).unwrap_err();
    assert!(
        error.contains("line 1") && error.contains("collectd.types_db"),
        "{error}"
    );
}
