//! `/identity/keys`: the public keys that tokens are verified with.

use super::reply::json;
use crate::app::App;
use crate::http::problem::Refusal;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use iam::sync::key_store::PUBLIC_KEYS_KEPT_SECONDS;
use iam::token::keyring::{PublicKey, PublicNumbers};
use std::sync::Arc;
use wire::iam::discovery::{Jwk, Jwks};

pub(super) async fn keys(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let keys = app.iam.public_keys().into_iter();
    let keys = Jwks {
        keys: keys.map(jwk).collect(),
    };
    let mut answer = json(StatusCode::OK, &keys)?;
    // Not long: a new key waits until nobody goes by the older ones alone, and nobody should go on trusting a stolen one.
    let cache_control = format!("public, max-age={PUBLIC_KEYS_KEPT_SECONDS}");
    if let Ok(cache_control) = HeaderValue::from_str(&cache_control) {
        answer
            .headers_mut()
            .insert(header::CACHE_CONTROL, cache_control);
    }
    Ok(answer)
}

fn jwk(key: PublicKey) -> Jwk {
    let common = Jwk {
        alg: key.algorithm.name().to_owned(),
        kid: key.kid,
        ..Jwk::default()
    };
    match key.numbers {
        PublicNumbers::Rsa { n, e } => Jwk {
            kty: "RSA".to_owned(),
            n: Some(n),
            e: Some(e),
            ..common
        },
        PublicNumbers::P256 { x, y } => Jwk {
            kty: "EC".to_owned(),
            crv: Some("P-256".to_owned()),
            x: Some(x),
            y: Some(y),
            ..common
        },
        PublicNumbers::Ed25519 { x } => Jwk {
            kty: "OKP".to_owned(),
            crv: Some("Ed25519".to_owned()),
            x: Some(x),
            ..common
        },
    }
}
