//! Tokens in the answer of the token service.

use base::secret::Secret;
use iam::flow::grant::Tokens;
use iam::token::claims::SCOPE;
use wire::iam::token::{ClientTokenReply, TokenReply};
use wire::secret::SecretText;

/// The original service's text for a client without a refresh token.
const NOT_SUPPORTED: &str = "not_supported";

pub(super) fn reply(tokens: &Tokens) -> TokenReply {
    TokenReply {
        access_token: text(&tokens.access_token),
        refresh_token: refresh_text(tokens.refresh_token.as_ref()),
        token_type: "Bearer".to_owned(),
        expires_in: tokens.expires_in,
        expiration: tokens.expires_at,
        scope: SCOPE.to_owned(),
        delegated_refresh_token: tokens.delegated_refresh_token.as_ref().map(text),
        session_id: tokens.session.map(|session| session.to_string()),
        uaa_token: tokens.uaa.as_ref().map(|uaa| text(&uaa.access_token)),
        uaa_refresh_token: (tokens.uaa.as_ref())
            .map(|uaa| refresh_text(uaa.refresh_token.as_ref())),
    }
}

pub(super) fn client_reply(tokens: &Tokens) -> ClientTokenReply {
    ClientTokenReply {
        access_token: text(&tokens.access_token),
        token_type: "Bearer".to_owned(),
        expires_in: tokens.expires_in,
        expiration: tokens.expires_at,
        scope: SCOPE.to_owned(),
    }
}

/// The field `refresh_token`. It is always present, because clients always read it.
pub(super) fn refresh_text(token: Option<&Secret<String>>) -> SecretText {
    token.map_or_else(|| SecretText::new(NOT_SUPPORTED), text)
}

pub(super) fn text(secret: &Secret<String>) -> SecretText {
    SecretText::new(secret.expose().clone())
}
