//! The answer of `POST /login` and `GET /token`.

use crate::secret::SecretText;
use serde::{Deserialize, Serialize};

/// The tokens for a space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LoginReply {
    /// A UAA token, for `X-Auth-User-Token: uaa TOKEN`.
    pub access_token: SecretText,
    /// An API key that may only send to the space: the password for port 9095. `null` without a space to which the caller may send, and
    /// where Administrators alone make API keys.
    pub logging_token: Option<SecretText>,
    /// The GUID of the organization; `null` if the caller sees none of that name, or several.
    pub org_id: Option<String>,
    /// The GUID of the space; `null` if the caller sees none of that name, or several.
    pub space_id: Option<String>,
    /// Why something is `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The token that was shown, and what it opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SpaceTokenReply {
    /// The UAA token.
    pub access_token: SecretText,
    /// The GUID of the space's organization.
    pub org_id: String,
    /// The GUID of the space.
    pub space_id: String,
}
