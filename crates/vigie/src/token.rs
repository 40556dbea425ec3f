//! Reads the claims of an access token.
//!
//! Nothing is verified here; the server does that. The program reads its own token only for its expiry and its user.

use crate::figures;
use base::secret::Secret;
use base::time::Millis;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A token counts as expired this long before its expiry, so that it does not expire during a request.
pub(crate) const EXPIRY_MARGIN_SECONDS: i64 = 10;

/// The access token without `Bearer`.
pub(crate) type Token = Secret<String>;

/// The stored token, if it is valid for long enough.
pub(crate) fn good(stored: &str, ttl_min: Duration, now: Millis) -> Option<Token> {
    let needed = i64::try_from(ttl_min.as_secs())
        .unwrap_or(i64::MAX)
        .max(EXPIRY_MARGIN_SECONDS);
    let claims = Claims::of(stored).filter(|_| is_token(bare(stored)))?;
    (claims.remaining(now) > needed).then(|| Secret::new(bare(stored).to_owned()))
}

/// The claims the program reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) exp: i64,
    pub(crate) iat: i64,
    /// When the credential was shown that the login began with; a renewal makes it no later.
    pub(crate) auth_time: Option<i64>,
    pub(crate) iam_id: String,
    pub(crate) sub: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) user_name: String,
    pub(crate) iam_apikey_id: String,
    pub(crate) account: ClaimedAccount,
    /// The limits, if the token is of a narrowed API key.
    pub(crate) reach: Option<Reach>,
}

/// The limits of a narrowed API key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Reach {
    /// The only domain; `None`: all domains of its account.
    pub(crate) domain: Option<String>,
    /// The only action: `send`.
    pub(crate) only: Option<String>,
}

/// The account a token is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct ClaimedAccount {
    pub(crate) bss: String,
}

impl Claims {
    /// Reads the claims of a token, with or without `Bearer` in front; `None` if it is no token.
    pub(crate) fn of(token: &str) -> Option<Self> {
        let payload = bare(token).split('.').nth(1)?;
        let json = URL_SAFE_NO_PAD.decode(payload).ok()?;
        serde_json::from_slice(&json).ok()
    }

    /// The expiry for people: RFC 3339 in UTC.
    pub(crate) fn expires_at(&self) -> Option<String> {
        figures::instant(self.exp)
    }

    /// Seconds until it expires; negative if it has expired.
    pub(crate) const fn remaining(&self, now: Millis) -> i64 {
        self.exp.saturating_sub(now.secs())
    }

    /// Whether it is of a service ID or a trusted profile, which are no people.
    pub(crate) fn is_of_program(&self) -> bool {
        self.iam_id.starts_with("iam-")
    }

    /// The user for people: the e-mail address, else the subject.
    pub(crate) fn user(&self) -> &str {
        [&self.email, &self.user_name, &self.sub, &self.iam_id]
            .into_iter()
            .find(|text| !text.is_empty())
            .map_or("", String::as_str)
    }
}

/// The name (`kid`) of the key that signed a token, with or without `Bearer` in front; `None` if it names none.
pub(crate) fn signing_key(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Header {
        kid: String,
    }
    let header = URL_SAFE_NO_PAD
        .decode(bare(token).split('.').next()?)
        .ok()?;
    let header: Header = serde_json::from_slice(&header).ok()?;
    Some(header.kid)
}

/// Whether a text has the form of a token (RFC 6750, 2.1), so that it is safe in a header, a line and a quoted shell word.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte))
}

/// The token without `Bearer`.
pub(crate) fn bare(token: &str) -> &str {
    token.rsplit(' ').next().unwrap_or(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn claims_are_read_with_and_without_bearer() {
        let text = token(
            r#"{"exp":100,"iat":40,"email":"ada@example.org","sub":"x","account":{"bss":"ab","valid":true}}"#,
        );
        let claims = Claims::of(&format!("Bearer {text}")).unwrap();
        assert_eq!(claims, Claims::of(&text).unwrap());
        assert_eq!(
            (claims.user(), claims.account.bss.as_str()),
            ("ada@example.org", "ab")
        );
        assert_eq!(claims.remaining(Millis::from_secs(95)), 5);
        assert_eq!(Claims::of("not a token"), None);
    }

    #[test]
    fn the_signing_key_is_read_with_and_without_bearer() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"k1"}"#);
        let key = |token: &str| signing_key(token);
        assert_eq!(key(&format!("{header}.e30.s")).as_deref(), Some("k1"));
        assert_eq!(
            key(&format!("bearer {header}.e30.s")).as_deref(),
            Some("k1")
        );
        assert_eq!((key("e30.e30.s"), key("none"), key("")), (None, None, None));
    }

    #[test]
    fn a_token_is_good_until_ten_seconds_before_it_expires() {
        let token = format!("Bearer e30.{}.s", URL_SAFE_NO_PAD.encode(r#"{"exp":1000}"#));
        let is_good =
            |now, ttl| good(&token, Duration::from_secs(ttl), Millis::from_secs(now)).is_some();
        assert!(is_good(989, 0));
        assert!(!is_good(990, 0));
        assert!(is_good(699, 300));
        assert!(!is_good(700, 300));
        assert!(good("", Duration::ZERO, Millis(0)).is_none());
    }
}
