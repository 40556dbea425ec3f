//! The claims of tokens, in IBM Cloud's format.

use crate::model::narrowing::Narrowing;
use serde::{Deserialize, Serialize};

/// The `scope` of every IAM token.
pub const SCOPE: &str = "ibm openid";

/// The account part of an IAM token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountClaim {
    /// Whether the account is active.
    pub valid: bool,
    /// The account's id, 32 hexadecimal digits.
    pub bss: String,
    /// Always `true`: the account cannot be switched with this token.
    pub frozen: bool,
}

/// The identity that authenticated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthnClaim {
    /// User name; of a service or profile, its identifier.
    pub sub: String,
    /// IAM id.
    pub iam_id: String,
    /// `ServiceId` or `Profile`; users have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_type: Option<String>,
    /// Full name.
    pub name: String,
    /// Given name, of a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name, of a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// E-mail address, of a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// The limits of the key that the token was obtained with, for other readers of the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachClaim {
    /// The only domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The only permitted action: `send`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
}

impl ReachClaim {
    /// None if there are no limits.
    pub(crate) fn of(narrowing: &Narrowing) -> Option<Self> {
        (!narrowing.is_none()).then(|| Self {
            domain: narrowing.domain.map(|domain| domain.to_string()),
            only: narrowing.only().map(str::to_owned),
        })
    }
}

/// The claims of an IAM token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IamClaims {
    /// `IBMid-…`, `iam-ServiceId-…`, `iam-Profile-…`, or `crn-` and the CRN of an instance.
    pub iam_id: String,
    /// The IAM id under its other name.
    pub id: String,
    /// `IBMid` for users, `iam` for services and profiles, `crn` for instances.
    pub realmid: String,
    /// The login session, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The token's own id.
    pub jti: String,
    /// The part of `iam_id` after the realm.
    pub identifier: String,
    /// Given name, of a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name, of a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Full name.
    pub name: String,
    /// E-mail address, of a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// User name; of anybody else, the identifier.
    pub sub: String,
    /// `ServiceId`, `Profile` or `CRN`; users have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_type: Option<String>,
    /// The identity that authenticated.
    pub authn: AuthnClaim,
    /// The identity, link or rule of the trusted profile by which it was taken on; the token ends with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_by: Option<String>,
    /// The account.
    pub account: AccountClaim,
    /// The token's limits within the rights of its principal, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<ReachClaim>,
    /// Issued, epoch seconds.
    pub iat: i64,
    /// Expires, epoch seconds.
    pub exp: i64,
    /// When its holder proved who they are, epoch seconds: at the login of its session, or with the API key. No renewal, and no token
    /// that is got for another, makes it later. Older tokens do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// Not before, epoch seconds; never written by this server, but checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// The issuer.
    pub iss: String,
    /// How it was obtained.
    pub grant_type: String,
    /// `ibm openid`.
    pub scope: String,
    /// The client it was issued to.
    pub client_id: String,
    /// The API key it was obtained with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iam_apikey_id: Option<String>,
    /// Until when its login was delegated to another program, epoch seconds, if it was: it is for that, not for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegated_until: Option<i64>,
    /// Authentication context.
    pub acr: i64,
    /// Authentication methods.
    pub amr: Vec<String>,
}

/// The claims of a UAA token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UaaClaims {
    /// The token's own id.
    pub jti: String,
    /// The user's GUID.
    pub sub: String,
    /// Scopes.
    pub scope: Vec<String>,
    /// The client it was issued to.
    pub client_id: String,
    /// The client under its short name.
    pub cid: String,
    /// The client as the authorised party.
    pub azp: String,
    /// How it was obtained.
    pub grant_type: String,
    /// The user's GUID.
    pub user_id: String,
    /// The identity provider.
    pub origin: String,
    /// User name.
    pub user_name: String,
    /// E-mail address.
    pub email: String,
    /// Issued, epoch seconds.
    pub iat: i64,
    /// Expires, epoch seconds.
    pub exp: i64,
    /// Not before, epoch seconds; never written by this server, but checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// The issuer.
    pub iss: String,
    /// Identity zone.
    pub zid: String,
    /// Audience.
    pub aud: Vec<String>,
    /// The login session, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The API key it was obtained with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iam_apikey_id: Option<String>,
    /// Until when its login was delegated to another program, epoch seconds, if it was: it is for that, not for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegated_until: Option<i64>,
    /// The only account it opens; if none, every account of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountClaim>,
    /// When the underlying proof was given, epoch milliseconds; older tokens do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_at: Option<i64>,
}
