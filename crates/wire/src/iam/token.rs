//! Replies of the token endpoint.

use crate::secret::SecretText;
use serde::{Deserialize, Serialize};

/// The answer of `POST /identity/token`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TokenReply {
    /// A JWT.
    pub access_token: SecretText,
    /// Renews the access token; `not_supported` where the grant gives none.
    pub refresh_token: SecretText,
    /// `Bearer`.
    pub token_type: String,
    /// Seconds until the access token expires.
    pub expires_in: i64,
    /// When it expires, in epoch seconds.
    pub expiration: i64,
    /// `ibm openid`.
    pub scope: String,
    /// The login session, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The token for `receiver_client_ids`, where `response_type` asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegated_refresh_token: Option<SecretText>,
    /// The UAA access token, where `response_type` asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uaa_token: Option<SecretText>,
    /// The UAA refresh token, where `response_type` asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uaa_refresh_token: Option<SecretText>,
}

/// The answer of `POST /identity/token` to `client_credentials`: RFC 6749 4.4.3 has no refresh token there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ClientTokenReply {
    /// A JWT.
    pub access_token: SecretText,
    /// `Bearer`.
    pub token_type: String,
    /// Seconds until the access token expires.
    pub expires_in: i64,
    /// When it expires, in epoch seconds.
    pub expiration: i64,
    /// `ibm openid`.
    pub scope: String,
}

/// The answer of `POST /identity/passcode`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PasscodeReply {
    /// A code that logs in once.
    pub passcode: SecretText,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reply_reads_back_and_hides_its_tokens() {
        let reply = TokenReply {
            access_token: "eyJ.a.b".into(),
            refresh_token: "not_supported".into(),
            token_type: "Bearer".to_owned(),
            expires_in: 3600,
            expiration: 1_700_003_600,
            scope: "ibm openid".to_owned(),
            session_id: None,
            delegated_refresh_token: None,
            uaa_token: None,
            uaa_refresh_token: None,
        };
        let text = serde_json::to_string(&reply).unwrap();
        assert_eq!(
            text,
            "{\"access_token\":\"eyJ.a.b\",\"refresh_token\":\"not_supported\",\"token_type\":\"Bearer\",\
             \"expires_in\":3600,\"expiration\":1700003600,\"scope\":\"ibm openid\"}"
        );
        assert_eq!(serde_json::from_str::<TokenReply>(&text).unwrap(), reply);
        assert!(!format!("{reply:?}").contains("eyJ"));
    }
}
