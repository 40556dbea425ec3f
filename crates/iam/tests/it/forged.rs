//! Forged, altered and mistimed tokens: each is refused for its own reason.

use crate::world::{ACCESS as LIFE, START as ISSUED, config};
use aws_lc_rs::hmac;
use base::secret::Secret;
use base::time::{ManualClock, Millis};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use db::Db;
use iam::bootstrap::Request;
use iam::flow::grant::{Grant, TokenRequest};
use iam::token::keyring::PublicNumbers;
use iam::{AuthError, Credential, Iam, IamConfig};
use proptest::prelude::*;
use std::sync::Arc;

struct World {
    iam: Iam,
    clock: Arc<ManualClock>,
    token: String,
    _folder: tempfile::TempDir,
}

fn world(issuer: &str) -> World {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path().join("iam.db").to_str().unwrap())
            .await
            .unwrap();
        let clock = Arc::new(ManualClock::at(Millis::from_secs(ISSUED)));
        let config = IamConfig {
            issuer: issuer.to_owned(),
            uaa_issuer: format!("{issuer}/uaa"),
            ..config(folder.path())
        };
        let iam = Iam::open(db, config, clock.clone()).await.unwrap();
        let request = Request {
            account: "a".to_owned(),
            region: Some("r".to_owned()),
            org: "o".to_owned(),
            space: "s".to_owned(),
            owner: "ada@example.org".to_owned(),
            password: None,
        };
        let made = iam.bootstrap(request).await.unwrap();
        let request = TokenRequest {
            grant: Grant::ApiKey(Secret::new(made.opening.unwrap().api_key.expose().clone())),
            client: None,
            account: None,
            with_uaa: false,
            delegated_seconds: None,
            source: base::source::Source::here(),
        };
        let tokens = iam.token(request).await.unwrap();
        let token = tokens.access_token.expose().clone();
        World {
            iam,
            clock,
            token,
            _folder: folder,
        }
    })
}

impl World {
    fn verify(&self, token: &str) -> Result<(), AuthError> {
        // A new verifier each time, so that no cache answers.
        self.iam
            .verifier()
            .scope(Credential::Iam(token), None)
            .map(drop)
    }

    fn parts(&self) -> Vec<&str> {
        self.token.split('.').collect()
    }

    fn with_header(&self, header: &str) -> String {
        let parts = self.parts();
        format!("{}.{}.{}", BASE64.encode(header), parts[1], parts[2])
    }

    fn kid(&self) -> String {
        self.iam.public_keys()[0].kid.clone()
    }
}

const ISSUER: &str = "https://vigie.example/identity";

fn refused_signature(result: &Result<(), AuthError>) {
    assert!(matches!(result, Err(AuthError::Signature(_))), "{result:?}");
}

#[test]
fn the_real_one_is_good() {
    let world = world(ISSUER);
    world.verify(&world.token).unwrap();
}

#[test]
fn algorithm_none() {
    let world = world(ISSUER);
    let header = BASE64.encode(format!("{{\"alg\":\"none\",\"kid\":\"{}\"}}", world.kid()));
    refused_signature(&world.verify(&format!("{header}.{}.", world.parts()[1])));
}

#[test]
fn hs256_with_the_public_key_as_its_secret() {
    let world = world(ISSUER);
    let public = world.iam.public_keys().remove(0).numbers;
    let PublicNumbers::Rsa { n, .. } = public else {
        panic!("{public:?}");
    };
    let public = BASE64.decode(&n).unwrap();
    let header = BASE64.encode(format!("{{\"alg\":\"HS256\",\"kid\":\"{}\"}}", world.kid()));
    let message = format!("{header}.{}", world.parts()[1]);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &public);
    let tag = hmac::sign(&key, message.as_bytes());
    refused_signature(&world.verify(&format!("{message}.{}", BASE64.encode(tag.as_ref()))));
}

#[test]
fn another_kid() {
    let world = world(ISSUER);
    refused_signature(&world.verify(&world.with_header("{\"alg\":\"RS256\",\"kid\":\"other\"}")));
}

#[test]
fn a_header_that_brings_its_own_key() {
    let world = world(ISSUER);
    for name in ["jku", "x5u", "jwk", "x5c", "crit"] {
        let header = format!(
            "{{\"alg\":\"RS256\",\"kid\":\"{}\",\"{name}\":\"http://127.0.0.1:9/\"}}",
            world.kid()
        );
        refused_signature(&world.verify(&world.with_header(&header)));
    }
}

#[test]
fn another_issuer() {
    let (here, there) = (world(ISSUER), world("https://elsewhere.example/identity"));
    assert_eq!(here.verify(&there.token), Err(AuthError::WrongIssuer));
}

#[test]
fn the_same_issuer_but_another_key() {
    let (here, there) = (world(ISSUER), world(ISSUER));
    refused_signature(&here.verify(&there.token));
}

#[test]
fn changed_claims() {
    let world = world(ISSUER);
    let claims = String::from_utf8(BASE64.decode(world.parts()[1]).unwrap()).unwrap();
    let longer = claims.replace(
        &(ISSUED + LIFE).to_string(),
        &(ISSUED + 100 * LIFE).to_string(),
    );
    assert_ne!(claims, longer);
    let parts = world.parts();
    let token = format!("{}.{}.{}", parts[0], BASE64.encode(longer), parts[2]);
    refused_signature(&world.verify(&token));
}

#[test]
fn it_expires_at_exp_and_not_before() {
    let world = world(ISSUER);
    world.clock.advance((LIFE - 1) * 1000 + 999);
    world.verify(&world.token).unwrap();
    world.clock.advance(1);
    assert_eq!(
        world.verify(&world.token),
        Err(AuthError::Expired { seconds_ago: 0 })
    );
}

#[test]
fn it_is_not_valid_before_its_time_but_for_a_minute() {
    let world = world(ISSUER);
    world.clock.advance(-60_000);
    world.verify(&world.token).unwrap();
    world.clock.advance(-1000);
    assert_eq!(world.verify(&world.token), Err(AuthError::NotYetValid));
}

#[test]
fn a_hundred_kilobytes() {
    let world = world(ISSUER);
    let result = world.verify(&"a".repeat(100_000));
    assert!(matches!(result, Err(AuthError::Malformed(_))), "{result:?}");
}

#[test]
fn broken_base64_and_missing_parts() {
    let world = world(ISSUER);
    let parts = world.parts();
    for token in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}!.{}.{}", parts[0], parts[1], parts[2]),
        format!("{}.{}!.{}", parts[0], parts[1], parts[2]),
        format!("{}.{}.{}!", parts[0], parts[1], parts[2]),
    ] {
        let result = world.verify(&token);
        assert!(matches!(result, Err(AuthError::Malformed(_))), "{token}");
    }
}

#[test]
fn an_iam_token_is_no_uaa_token() {
    let world = world(ISSUER);
    let verifier = world.iam.verifier();
    assert_eq!(
        verifier.identity(Credential::Uaa(&world.token)).map(drop),
        Err(AuthError::WrongKind {
            sent: "uaa",
            is: "iam"
        })
    );
}

#[test]
fn no_text_panics_or_opens_anything() {
    let world = world(ISSUER);
    proptest!(|(text in "\\PC{0,80}")| {
        prop_assert!(world.verify(&text).is_err());
    });
}
