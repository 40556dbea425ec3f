//! API keys sent in place of tokens, and tokens in place of keys. A token contains dots; a key that the server has made contains none.

use base::error::Problem;
use base::name::API_KEY_PREFIX;
use iam::{AuthError, Credential};
use wire::code;

/// The refusal of what was sent as a token, and is a key or may be one.
pub(super) fn problem(credential: Credential<'_>, error: &AuthError) -> Option<Problem> {
    let (Credential::Iam(text) | Credential::Uaa(text)) = credential else {
        return None;
    };
    if !matches!(error, AuthError::Malformed(_)) || text.contains('.') {
        return None;
    }
    let message = match text.starts_with(API_KEY_PREFIX) {
        true => "an API key was sent in the place of a token".to_owned(),
        false => error.to_string(),
    };
    let hint = "an API key is exchanged for a token at `POST /identity/token`, as IBM's `IAMAuthenticator` does, or sent as \
                `X-Auth-User-Token: apikey KEY`; `vigie iam token` prints a token, whole and on one line";
    Some(code::TOKEN_MALFORMED.problem(message).hint(hint))
}

/// The hint for what was sent as a key, and is a token.
pub(super) fn token_as_key(credential: Credential<'_>, error: &AuthError) -> Option<&'static str> {
    let Credential::ApiKey(text) = credential else {
        return None;
    };
    let is_unknown = matches!(error, AuthError::KeyUnknown | AuthError::KeyMistyped);
    // The header of each begins with `{"`.
    let is_token = text.starts_with("eyJ") && text.split('.').count() == 3;
    (is_unknown && is_token)
        .then_some("this is a token and not a key: send it as `X-Auth-User-Token: iam TOKEN`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_dots_may_be_a_key() {
        let error = AuthError::Malformed("it has no signature");
        let key = problem(Credential::Iam("vgk_abc"), &error).unwrap();
        assert_eq!(key.code, code::TOKEN_MALFORMED.code);
        assert!(key.message.starts_with("an API key"), "{key}");
        let refusal = problem(Credential::Uaa("a key of my own choice"), &error).unwrap();
        assert_eq!(refusal.message, error.to_string());
        assert!(refusal.hint.unwrap().contains("/identity/token"));
        assert_eq!(problem(Credential::Iam("a.b.c"), &error), None);
        assert_eq!(problem(Credential::ApiKey("vgk_abc"), &error), None);
        let revoked = AuthError::Revoked("x");
        assert_eq!(problem(Credential::Iam("vgk_abc"), &revoked), None);
    }

    #[test]
    fn a_token_that_is_sent_as_a_key_is_told_from_a_key() {
        let unknown = AuthError::KeyUnknown;
        let hint = |text| token_as_key(Credential::ApiKey(text), &unknown);
        assert!(hint("eyJhbGciOiJSUzI1NiJ9.e30.c2ln").is_some());
        for key in ["vgk_abc", "eyJhbGciOiJSUzI1NiJ9", "a.b.c"] {
            assert_eq!(hint(key), None, "{key}");
        }
        let token = Credential::Iam("eyJhbGciOiJSUzI1NiJ9.e30.c2ln");
        assert_eq!(token_as_key(token, &unknown), None);
    }
}
