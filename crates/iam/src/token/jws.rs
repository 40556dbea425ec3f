//! Signed tokens in compact form (RFC 7515), as strictly as possible: with a key of our own and by its own algorithm, nothing else.
//!
//! Headers that name another source of keys (`jku`, `jwk`, `x5u`, `x5c`) or change the rules (`crit`) are refused
//! before anything else is checked.

use super::key_error::KeyError;
use super::keyring::{KeyRing, SigningAlgorithm};
use crate::auth_error::AuthError;
use base::time::Millis;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A longer text cannot be our token; refused before it is hashed.
pub(crate) const TOKEN_BYTES_MAX: usize = base::limit::TOKEN_BYTES.default as usize;

#[derive(Serialize)]
struct HeaderOut<'a> {
    kid: &'a str,
    alg: &'static str,
}

#[derive(Deserialize)]
struct HeaderIn {
    alg: String,
    kid: Option<String>,
    #[serde(default)]
    jku: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    jwk: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    x5u: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    x5c: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    crit: Option<serde::de::IgnoredAny>,
}

/// Only the issuer: read before the signature is checked, so that the error can say "of another server" instead of "bad
/// signature".
#[derive(Deserialize)]
struct Issued {
    iss: Option<String>,
}

/// Room for the claims of most tokens; longer ones take more.
const CLAIMS_BYTES: usize = 1024;

/// Room for a signature by RSA of 2048 bits; a larger key of the operator's takes more.
const SIGNATURE_BYTES: usize = 256;

/// Signs claims at this time.
pub(crate) fn sign(
    keys: &KeyRing,
    now: Millis,
    claims: &impl Serialize,
) -> Result<String, KeyError> {
    let mut json = Vec::with_capacity(CLAIMS_BYTES);
    let written = serde_json::to_writer(&mut json, claims);
    written.map_err(|_| KeyError::Crypto("write the claims"))?;
    let (mut token, signature) = keys.sign(now, |kid, algorithm| {
        let alg = algorithm.name();
        let header = serde_json::to_vec(&HeaderOut { kid, alg }).unwrap_or_default();
        // The whole token is written into one text.
        let bytes = header.len() + json.len() + SIGNATURE_BYTES;
        let mut message = String::with_capacity(bytes.div_ceil(3) * 4 + 2);
        URL_SAFE_NO_PAD.encode_string(header, &mut message);
        message.push('.');
        URL_SAFE_NO_PAD.encode_string(json, &mut message);
        message
    })?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// A token in its parts, before anything in it is believed.
struct Parts<'t> {
    message: &'t str,
    header: HeaderIn,
    claims: Vec<u8>,
    signature: Vec<u8>,
    issuer: Option<String>,
}

/// Takes a token apart, and refuses one whose form or header alone rules it out.
fn parts(token: &str) -> Result<Parts<'_>, AuthError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(AuthError::Malformed("it is longer than any token"));
    }
    let (message, signature) = token
        .rsplit_once('.')
        .ok_or(AuthError::Malformed("it has no signature"))?;
    let (header, claims) = message
        .split_once('.')
        .ok_or(AuthError::Malformed("it has not three parts"))?;
    let decode = |part: &str, what| {
        URL_SAFE_NO_PAD
            .decode(part)
            .map_err(|_| AuthError::Malformed(what))
    };
    let header: HeaderIn = serde_json::from_slice(&decode(header, "its header is not base64")?)
        .map_err(|_| AuthError::Malformed("its header is not JSON with an `alg`"))?;
    let claims = decode(claims, "its claims are not base64")?;
    let signature = decode(signature, "its signature is not base64")?;
    let mut known = SigningAlgorithm::ALL.iter();
    if !known.any(|algorithm| algorithm.name() == header.alg) {
        let what = "the algorithm is not RS256, ES256 or EdDSA";
        return Err(AuthError::Signature(what));
    }
    if header.jku.is_some() || header.jwk.is_some() || header.x5u.is_some() || header.x5c.is_some()
    {
        return Err(AuthError::Signature("its header brings a key of its own"));
    }
    if header.crit.is_some() {
        return Err(AuthError::Signature("its header has critical extensions"));
    }
    let issued: Issued = serde_json::from_slice(&claims)
        .map_err(|_| AuthError::Malformed("its claims are not a JSON object"))?;
    Ok(Parts {
        message,
        header,
        claims,
        signature,
        issuer: issued.iss,
    })
}

/// Verifies form and issuer, and the signature with `check` (key name and algorithm, message, signature); returns the claims. The
/// caller checks the times.
pub(crate) fn verify<T: DeserializeOwned>(
    check: impl FnOnce((&str, &str), &[u8], &[u8]) -> Option<bool>,
    check_issuer: impl FnOnce(Option<&str>) -> Result<(), AuthError>,
    token: &str,
) -> Result<T, AuthError> {
    let Parts {
        message,
        header,
        claims,
        signature,
        issuer,
    } = parts(token)?;
    check_issuer(issuer.as_deref())?;
    let kid = header
        .kid
        .ok_or(AuthError::Signature("its header names no key"))?;
    match check(
        (kid.as_str(), header.alg.as_str()),
        message.as_bytes(),
        &signature,
    ) {
        None => {
            return Err(AuthError::Signature(
                "its header names a key that its issuer does not have, or has retired",
            ));
        }
        Some(false) => return Err(AuthError::Signature("it does not match the content")),
        Some(true) => {}
    }
    serde_json::from_slice(&claims)
        .map_err(|_| AuthError::Malformed("its claims are not those of a token"))
}

/// The unverified issuer and key id of a token, to find the key that can verify it.
pub(crate) struct Stated {
    /// The claim `iss`.
    pub(crate) issuer: Option<String>,
    /// The name of the key in the header.
    pub(crate) kid: Option<String>,
}

/// The issuer and key id that a token states.
///
/// # Errors
/// When its form or its header alone rules it out.
pub(crate) fn stated(token: &str) -> Result<Stated, AuthError> {
    let Parts { header, issuer, .. } = parts(token)?;
    let kid = header.kid;
    Ok(Stated { issuer, kid })
}

/// The issuer that a token claims, unverified: only to choose how to verify it.
pub(crate) fn claimed_issuer(token: &str) -> Option<String> {
    let claims = token.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    serde_json::from_slice::<Issued>(&claims).ok()?.iss
}
