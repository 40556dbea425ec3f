//! Replies of the UAA.

use crate::secret::SecretText;
use serde::{Deserialize, Serialize};

/// The answer of `POST /oauth/token`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UaaTokenReply {
    /// A JWT, signed with RS256.
    pub access_token: SecretText,
    /// Renews the access token; `not_supported` where what was shown cannot be renewed itself.
    pub refresh_token: SecretText,
    /// `bearer`, in lower case.
    pub token_type: String,
    /// Seconds until the access token expires.
    pub expires_in: i64,
    /// The token's scopes, blank-separated.
    pub scope: String,
    /// The token's id.
    pub jti: String,
}
