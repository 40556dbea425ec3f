//! The times and the audience of a compute resource's token. Unlike its own tokens, the server does not trust that the issuer wrote
//! them as they belong: each that it needs must be there, and be a number.

use super::cr_token_error::CrTokenError;
use base::time::Millis;
use serde_json::Value;

/// How far `iat` and `nbf` may be in the future: synchronised clocks differ a little.
const LEEWAY_SECONDS: i64 = 60;

/// The seconds since 1970 that a claim says, rounded down; none if it is no number.
fn seconds(claims: &Value, name: &str) -> Option<i64> {
    let value = claims.get(name)?;
    // The conversion keeps a number between the least and the greatest integer.
    let rounded = || value.as_f64().map(|number| number.floor() as i64);
    value.as_i64().or_else(rounded)
}

/// Refuses a token that is for somebody else.
pub(super) fn check_audience(claims: &Value, wanted: &str) -> Result<(), CrTokenError> {
    let is_for_us = match claims.get("aud") {
        Some(Value::String(one)) => one == wanted,
        Some(Value::Array(all)) => all.iter().any(|one| one.as_str() == Some(wanted)),
        _ => false,
    };
    is_for_us.then_some(()).ok_or(CrTokenError::Audience)
}

fn expires(claims: &Value) -> Result<i64, CrTokenError> {
    seconds(claims, "exp").ok_or_else(|| CrTokenError::NoClaim("exp".to_owned()))
}

/// When a token ends.
pub(super) fn end(claims: &Value) -> Result<Millis, CrTokenError> {
    expires(claims).map(Millis::from_secs)
}

/// Refuses a token that is over, not valid yet, or does not say when it is valid.
pub(super) fn check(claims: &Value, now: Millis) -> Result<(), CrTokenError> {
    let named = |name: &'static str| CrTokenError::NoClaim(name.to_owned());
    let issued = seconds(claims, "iat").ok_or_else(|| named("iat"))?;
    let expires = expires(claims)?;
    let begins = match claims.get("nbf") {
        None => issued,
        Some(_) => seconds(claims, "nbf").ok_or_else(|| named("nbf"))?,
    };
    let now = now.secs();
    if now >= expires {
        let seconds_ago = now.saturating_sub(expires);
        return Err(CrTokenError::Expired { seconds_ago });
    }
    if begins.max(issued) > now.saturating_add(LEEWAY_SECONDS) {
        return Err(CrTokenError::NotYetValid);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_audience_is_the_one_or_among_others() {
        for (aud, is_for_us) in [
            (json!("vigie"), true),
            (json!(["other", "vigie"]), true),
            (json!("vigie2"), false),
            (json!("other"), false),
            (json!([]), false),
            (json!([["vigie"]]), false),
            (json!({"vigie": 1}), false),
            (json!(null), false),
        ] {
            let checked = check_audience(&json!({"aud": aud}), "vigie");
            assert_eq!(checked.is_ok(), is_for_us, "{aud}");
        }
        assert_eq!(
            check_audience(&json!({}), "vigie"),
            Err(CrTokenError::Audience)
        );
    }

    #[test]
    fn a_token_without_times_is_none() {
        for (claims, name) in [
            (json!({"exp": 9}), "iat"),
            (json!({"iat": 1}), "exp"),
            (json!({"iat": "1", "exp": 9}), "iat"),
            (json!({"iat": 1, "exp": "9"}), "exp"),
            (json!({"iat": 1, "exp": null}), "exp"),
            (json!({"iat": 1, "exp": 9, "nbf": "1"}), "nbf"),
        ] {
            let expected = Err(CrTokenError::NoClaim(name.to_owned()));
            assert_eq!(check(&claims, Millis::from_secs(5)), expected, "{claims}");
        }
        // As JSON of other programs has numbers.
        let claims = json!({"iat": 1.5, "exp": 9e0, "nbf": 1.0});
        assert_eq!(check(&claims, Millis::from_secs(5)), Ok(()));
        assert_eq!(end(&claims), Ok(Millis::from_secs(9)));
    }

    proptest! {
        #[test]
        fn it_is_valid_between_its_times_alone(
            iat in -200_i64..200, nbf in prop::option::of(-200_i64..200), exp in -200_i64..200, now in -200_i64..200,
        ) {
            let mut claims = json!({"iat": iat, "exp": exp});
            if let Some(nbf) = nbf {
                claims["nbf"] = json!(nbf);
            }
            let is_good = now < exp && iat <= now + 60 && nbf.is_none_or(|nbf| nbf <= now + 60);
            prop_assert_eq!(check(&claims, Millis::from_secs(now)).is_ok(), is_good);
        }

        #[test]
        fn no_number_breaks_it(iat: i64, exp: i64, number: f64) {
            let _ = check(&json!({"iat": iat, "exp": exp}), Millis::from_secs(5));
            let _ = check(&json!({"iat": number, "exp": number}), Millis::from_secs(5));
        }
    }
}
