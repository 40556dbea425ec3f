//! Tokens that prove nothing, and issuers that would hold up the server, fill its memory or lead it elsewhere.

use super::issuer::{AUDIENCE, CLUSTER, ISSUER, Publisher, Publishing, Signer, claims, message};
use super::{CR_TOKEN, Place, code};
use crate::harness::{Server, Serving, init, now};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use std::time::Instant;

/// A place where the token of `prod/web` is good for `collector`.
fn linked() -> Place {
    let place = Place::start();
    let profile = place.profile("collector");
    place.link(&profile, "prod", "web");
    place
}

const NAMED: [(&str, &str); 1] = [("profile_name", "collector")];

#[test]
fn a_token_that_somebody_else_could_have_made_proves_nothing() {
    let place = linked();
    let signer = &place.signer;
    let good = signer.token("prod", "web");
    assert_eq!(place.ask(&good, &NAMED).status, 200);
    let valid = claims("prod", "web");
    let with = |name: &str, value: Value| {
        let mut claims = valid.clone();
        claims[name] = value;
        signer.token_with(&signer.header(), &claims)
    };
    let headed = |name: &str, value: Value| {
        let mut header = signer.header();
        header[name] = value;
        signer.token_with(&header, &valid)
    };
    let stranger = Signer::new("first");
    let by_hmac = |secret: &[u8]| {
        let message = message(&json!({"alg": "HS256", "kid": "first"}), &valid);
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let tag = hmac::sign(&key, message.as_bytes());
        format!("{message}.{}", BASE64.encode(tag.as_ref()))
    };
    let unsigned = message(&json!({"alg": "none", "kid": "first"}), &valid);
    let (signed, _) = good.rsplit_once('.').unwrap();
    let jwk = signer.jwk();
    let published = jwk["n"].as_str().unwrap();
    for (what, token) in [
        ("no algorithm", format!("{unsigned}.")),
        ("no algorithm, signed", headed("alg", json!("none"))),
        ("another algorithm", headed("alg", json!("ES256"))),
        ("HMAC with the modulus", by_hmac(&signer.modulus())),
        ("HMAC with its text", by_hmac(published.as_bytes())),
        ("HMAC with the JWK", by_hmac(jwk.to_string().as_bytes())),
        ("a stranger's key", stranger.token("prod", "web")),
        ("no signature", format!("{signed}.")),
        ("no key", headed("kid", Value::Null)),
        ("an unknown key", headed("kid", json!("other"))),
        ("a key of its own", headed("jwk", stranger.jwk())),
        (
            "a key elsewhere",
            headed("jku", json!(place.publisher.url())),
        ),
        ("an extension", headed("crit", json!(["exp"]))),
        (
            "another issuer",
            with("iss", json!("https://other.example")),
        ),
        ("no issuer", with("iss", Value::Null)),
        ("another audience", with("aud", json!("other"))),
        ("no audience", with("aud", Value::Null)),
        ("expired", with("exp", json!(now() - 1))),
        ("no end", with("exp", Value::Null)),
        ("no beginning", with("iat", Value::Null)),
        ("issued later", with("iat", json!(now() + 3600))),
        ("valid later", with("nbf", json!(now() + 3600))),
        ("no namespace", with("kubernetes.io", json!({}))),
        ("no token", "nonsense".to_owned()),
        ("no claims", format!("{}.e30.c2ln", BASE64.encode("{}"))),
    ] {
        let reply = place.ask(&token, &NAMED);
        assert_eq!(code(&reply), (400, "BXNIM0106E".to_owned()), "{what}");
        assert!(!reply.text().contains(&token), "{what}: {}", reply.text());
    }
    assert_eq!(place.ask(&good, &NAMED).status, 200);
}

#[test]
fn a_field_that_is_too_long_is_refused_by_its_limit() {
    let place = linked();
    let good = place.signer.token("prod", "web");
    let long = |bytes: usize| "x".repeat(bytes + 1);
    let (token, name, word) = (long(16 * 1024), long(255), long(128));
    for (token, more, field, limit) in [
        (&token, NAMED, "cr_token", "token_bytes"),
        (
            &good,
            [("profile_name", &*name)],
            "profile_name",
            "label_bytes",
        ),
        (
            &good,
            [("profile_crn", &*name)],
            "profile_crn",
            "label_bytes",
        ),
        (&good, [("profile_id", &*word)], "profile_id", "word_bytes"),
    ] {
        let reply = place.ask(token, &more);
        assert_eq!(code(&reply), (400, "BXNIM0106E".to_owned()), "{field}");
        let text = reply.text();
        assert!(text.contains(field) && text.contains(limit), "{text}");
        assert!(text.len() < 2048, "{field}: {} bytes", text.len());
    }
}

/// Whatever names the tokens make up, the issuer is asked once a minute at most.
#[test]
fn made_up_keys_do_not_make_the_server_ask_the_issuer_at_will() {
    let place = linked();
    let begun = Instant::now();
    for number in 0..60 {
        let header = json!({"alg": "RS256", "kid": format!("made-up-{number}")});
        let token = place.signer.token_with(&header, &claims("prod", "web"));
        let reply = place.ask(&token, &NAMED);
        // Guesses are slowed after a while.
        assert!([400, 429].contains(&reply.status), "{}", reply.text());
    }
    let minutes = usize::try_from(begun.elapsed().as_secs() / 60).unwrap();
    let asked = place.publisher.times_asked();
    assert!(asked <= 2 + minutes, "{asked} times in {minutes} minutes");
    // The right one is taken all the same.
    let good = place.signer.token("prod", "web");
    assert_eq!(place.ask(&good, &NAMED).status, 200);
}

/// One table of the file of issuers.
fn table(account: &str, name: &str, url: &str) -> String {
    format!(
        "[[issuer]]\nissuer = \"{ISSUER}/{name}\"\naudience = \"{AUDIENCE}\"\ncr_type = \"IKS_SA\"\naccount = \"{account}\"\n\
         crn = \"{CLUSTER}\"\nname_claim = \"sub\"\njwks_url = \"{url}\"\n"
    )
}

#[test]
fn an_issuer_that_answers_badly_is_away_and_holds_up_nobody() {
    let signer = Signer::new("first");
    let elsewhere = Publisher::start(Publishing::Keys(vec![signer.jwk()]));
    let raw = |text: &str| Publishing::Raw(text.to_owned());
    let keys = json!({"keys": [signer.jwk()]}).to_string();
    let with_status = |status: &str| {
        let length = keys.len();
        raw(&format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nLocation: {}\r\nConnection: close\r\n\r\n{keys}",
            elsewhere.url()
        ))
    };
    let padded = format!("{keys}{}", " ".repeat(256 * 1024));
    let ways = [
        ("never", Publishing::Never),
        ("trickle", Publishing::Trickle),
        (
            "huge",
            raw(&format!(
                "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{padded}"
            )),
        ),
        (
            "announced",
            raw("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{"),
        ),
        ("moved", with_status("302 Found")),
        ("kept-moved", with_status("307 Temporary Redirect")),
        ("missing", with_status("404 Not Found")),
        ("broken", raw("nonsense")),
        (
            "no-json",
            raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{]"),
        ),
        ("empty", Publishing::Keys(Vec::new())),
    ];
    let ways = ways.map(|(name, how)| (name, Publisher::start(how)));

    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = init(&data);
    let tables = ways
        .iter()
        .map(|(name, publisher)| table(&owner.account, name, &publisher.url()));
    let file = folder.path().join("issuers.toml");
    std::fs::write(&file, tables.collect::<String>()).unwrap();
    let setting = format!("workloads.issuers_file={}", file.display());
    let serving = Serving::start(&data, "127.0.0.1:0", &["--set", &setting]);
    let server = Server {
        serving,
        owner,
        folder,
    };
    let token_for = |name: &str| {
        let mut claims = claims("prod", "web");
        claims["iss"] = json!(format!("{ISSUER}/{name}"));
        signer.token_with(&signer.header(), &claims)
    };
    std::thread::scope(|scope| {
        for (name, _) in &ways {
            let (server, token) = (&server, token_for(name));
            scope.spawn(move || {
                let form = [
                    ("grant_type", CR_TOKEN),
                    ("cr_token", token.as_str()),
                    ("profile_name", "collector"),
                ];
                let request = server.request("POST", "/identity/token");
                let reply = request.form(&form).send();
                assert_eq!(code(&reply), (503, "BXNIM0106E".to_owned()), "{name}");
            });
        }
        // Meanwhile everybody else is served.
        assert!(!server.token().is_empty());
    });
    assert_eq!(elsewhere.times_asked(), 0, "a redirect was followed");
    for (name, publisher) in &ways {
        assert_eq!(publisher.times_asked(), 1, "{name}");
    }
    let expected = "keys of an issuer of workloads not read";
    server.serving.wait_for_log(expected);
}
