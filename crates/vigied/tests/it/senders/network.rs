//! Packets of collectd's plugin `network`: in clear by address, signed and encrypted by the secret of a key.

use super::Listeners;
use crate::harness::{Server, VIGIED, now, until};
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
    let signature = hmac::sign(&key, &text);
    let header = part(0x0200, &[signature.as_ref(), user.as_bytes()].concat());
    [header, packet.to_vec()].concat()
}

fn encrypted(user: &str, secret: &str, packet: &[u8]) -> Vec<u8> {
    let sum = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, packet);
    let mut text = [sum.as_ref(), packet].concat();
    let key = digest::digest(&digest::SHA256, secret.as_bytes());
    let key = UnboundCipherKey::new(&AES_256, key.as_ref()).unwrap();
    let vector = [7_u8; 16];
    // In this mode both directions are one.
    let cipher = DecryptingKey::ofb(key).unwrap();
    let context = DecryptionContext::Iv128(FixedLength::from(vector));
    cipher.decrypt(&mut text, context).unwrap();
    let length = u16::try_from(user.len()).unwrap().to_be_bytes();
    part(
        0x0210,
        &[&length[..], user.as_bytes(), &vector, &text].concat(),
    )
}

/// The output of the operator's command.
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
pub(crate) fn with_user(flags: &[&str]) -> (Listeners, String, String) {
    let listeners = Listeners {
        server: Server::start(),
    };
    let (_, id) = listeners.server.narrow_key();
    let secret = secret_of(&listeners.server, &id);
    let users = format!("collectd.users=web7={id}");
    let flags = [&super::ALL[..], &["--set", &users], flags].concat();
    (listeners.restarted("TERM", &flags), secret, id)
}

fn send(listeners: &Listeners, packet: &[u8]) {
    listeners.datagram_to("collectd.listen", packet);
}

#[test]
fn packets_in_clear_come_from_a_known_address_alone() {
    let (listeners, _) = Listeners::with_source("127.0.0.1/32", &[]);
    send(&listeners, &load("web1.example.org", now()));
    listeners.wait_for("web1_example_org.load.load.*", 3);
    let values = listeners.values("web1_example_org.load.load.*");
    assert_eq!(values["web1_example_org.load.load.midterm"], [1.0]);
    let other = std::net::UdpSocket::bind("127.0.0.2:0").unwrap();
    let address = listeners.address("collectd.listen");
    other.send_to(&load("web2", now()), address).unwrap();
    until("it is counted", || {
        listeners.not_stored("collectd.listen", "no_identity") == 3
    });
    // What breaks off is counted, and what stood before it is stored.
    let packet = load("web3", now());
    send(&listeners, &[&packet[..], &packet[..25]].concat());
    listeners.wait_for("web3.load.load.*", 3);
    until("it is counted", || listeners.rejected("malformed") == 1);
    send(&listeners, &[2, 0]);
    until("it is counted", || {
        listeners.not_stored("collectd.listen", "malformed") == 1
    });
}

#[test]
fn signed_and_encrypted_packets_are_those_of_the_users_key() {
    let (listeners, secret, id) = with_user(&[]);
    send(&listeners, &signed("web7", &secret, &load("signed", now())));
    listeners.wait_for("signed.load.load.*", 3);
    send(
        &listeners,
        &encrypted("web7", &secret, &load("sealed", now())),
    );
    listeners.wait_for("sealed.load.load.*", 3);
    // In clear it has no identity: the address is not known.
    send(&listeners, &load("clear", now()));
    for (user, secret) in [("web7", "another"), ("web8", secret.as_str()), ("web7", "")] {
        send(&listeners, &signed(user, secret, &load("wrong", now())));
        send(&listeners, &encrypted(user, secret, &load("wrong", now())));
    }
    let mut changed = signed("web7", &secret, &load("wrong", now()));
    *changed.last_mut().unwrap() ^= 1;
    send(&listeners, &changed);
    until("all are counted", || {
        listeners.not_stored("collectd.listen", "credential") == 7
            && listeners.not_stored("collectd.listen", "no_identity") == 3
    });
    // The secret opens nothing else.
    let mut sender = listeners.connect();
    sender.send(&format!("AUTH apikey {secret}\n"));
    let answer = sender.answer();
    assert!(
        answer.starts_with("ERR ") && !answer.contains(&secret),
        "{answer}"
    );
    // It ends with its key.
    let token = listeners.server.token();
    let path = format!("/v1/apikeys/{id}");
    let request = listeners.server.request("DELETE", &path).bearer(&token);
    assert_eq!(request.send().status, 204);
    send(&listeners, &signed("web7", &secret, &load("late", now())));
    until("it is counted", || {
        listeners.not_stored("collectd.listen", "credential") == 10
    });
    assert_eq!(
        listeners.stored("wrong.*.*.*") + listeners.stored("late.*.*.*"),
        0
    );
    let log = listeners.server.serving.log();
    assert!(!log.contains(&secret), "{log}");
}

/// Somebody who has recorded a packet can send it again only while it stores the same at the same time.
#[test]
fn a_recorded_packet_is_refused_later() {
    let (listeners, secret, _) = with_user(&["--set", "collectd.replay_seconds=60"]);
    let at = now() - 20;
    let packet = signed("web7", &secret, &load("again", at));
    send(&listeners, &packet);
    send(&listeners, &packet);
    listeners.wait_for("again.load.load.*", 3);
    for at in [now() - 90, now() + 90] {
        send(&listeners, &signed("web7", &secret, &load("old", at)));
    }
    until("both are counted", || listeners.rejected("timestamp") == 6);
    // Without a time it would be new for ever.
    send(&listeners, &signed("web7", &secret, &load("timeless", 0)));
    until("it is counted", || {
        listeners.not_stored("collectd.listen", "no_time") == 3
    });
    assert_eq!(listeners.stored("*.load.load.*"), 3);
}

#[test]
fn less_than_the_least_protection_is_refused() {
    let (listeners, secret, _) = with_user(&["--set", "collectd.security_level=encrypt"]);
    send(&listeners, &load("clear", now()));
    send(&listeners, &signed("web7", &secret, &load("signed", now())));
    send(
        &listeners,
        &encrypted("web7", &secret, &load("sealed", now())),
    );
    listeners.wait_for("sealed.load.load.*", 3);
    assert_eq!(listeners.not_stored("collectd.listen", "unprotected"), 2);
    assert_eq!(listeners.stored("*.load.load.*"), 3);
}

/// The command makes the same secret again, for a key that may only send; and says what is wrong with another.
#[test]
fn the_operator_is_shown_the_secret_of_a_key_that_may_only_send() {
    let listeners = Listeners {
        server: Server::start(),
    };
    let (_, id) = listeners.server.narrow_key();
    let secret = secret_of(&listeners.server, &id);
    assert!(secret.starts_with("vgs_") && secret.len() == 47, "{secret}");
    assert_eq!(secret, secret_of(&listeners.server, &id));
    let (_, wide) = listeners.key(&serde_json::json!({}));
    let nobody = "ApiKey-00000000-0000-4000-8000-000000000000";
    for (id, expected) in [
        (wide.as_str(), "may do more than send"),
        (nobody, "there is no API key"),
    ] {
        let output = Command::new(VIGIED)
            .args(["sender-secret", id, "--data"])
            .arg(listeners.server.data())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && errors.contains(expected),
            "{errors}"
        );
    }
    assert!(!listeners.server.serving.log().contains(&secret));
    let output = Command::new(VIGIED)
        .args(["audit", "--output", "json", "--data"])
        .arg(listeners.server.data())
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
    let (listeners, _) = Listeners::with_source("127.0.0.1", &["--set", &flag]);
    send(&listeners, &load("own", now()));
    listeners.wait_for("own.load.load.b", 1);
    let data = listeners.server.data();
    drop(listeners.server.serving);
    std::fs::write(&file, "load\n").unwrap();
    let flags = [&super::ALL[..], &["--set", &flag]].concat();
    let error = crate::harness::Serving::try_start(&data, "127.0.0.1:0", &flags).unwrap_err();
    assert!(
        error.contains("line 1") && error.contains("collectd.types_db"),
        "{error}"
    );
}
