//! What a token says, in IBM Cloud's words.

use crate::model::narrowing::Narrowing;
use serde::{Deserialize, Serialize};

/// The `scope` of every IAM token.
pub const SCOPE: &str = "ibm openid";

/// The account part of an IAM token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountClaim {
    /// Whether the account is in good standing.
    pub valid: bool,
    /// The account's id, 32 hexadecimal digits.
    pub bss: String,
    /// Always `true`: the account cannot be switched with this token.
    pub frozen: bool,
}

/// The identity that really authenticated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthnClaim {
    /// User name.
    pub sub: String,
    /// IAM id.
    pub iam_id: String,
    /// Full name.
    pub name: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// E-mail address.
    pub email: String,
}

/// What a token reaches, where the key that it was obtained with was narrowed: for whoever else looks at the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachClaim {
    /// The one domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The only thing it is for: `send`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
}

impl ReachClaim {
    /// None where nothing is narrowed.
    pub(crate) fn of(narrowing: &Narrowing) -> Option<Self> {
        (!narrowing.is_none()).then(|| Self {
            domain: narrowing.domain.map(|domain| domain.to_string()),
            only: narrowing.only().map(str::to_owned),
        })
    }
}

/// The claims of an IAM token of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IamClaims {
    /// `IBMid-…`.
    pub iam_id: String,
    /// The same.
    pub id: String,
    /// `IBMid`.
    pub realmid: String,
    /// The login session, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The token's own id.
    pub jti: String,
    /// What follows the realm in `iam_id`.
    pub identifier: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Full name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// User name.
    pub sub: String,
    /// Who really authenticated.
    pub authn: AuthnClaim,
    /// For which account.
    pub account: AccountClaim,
    /// And what of it alone, where it is not all that the person may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<ReachClaim>,
    /// Issued, epoch seconds.
    pub iat: i64,
    /// Expires, epoch seconds.
    pub exp: i64,
    /// Not before, epoch seconds; never written by this server, but honoured.
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
    /// The person's GUID.
    pub sub: String,
    /// What it may be used for.
    pub scope: Vec<String>,
    /// The client it was issued to.
    pub client_id: String,
    /// The same.
    pub cid: String,
    /// The same, for the authorised party.
    pub azp: String,
    /// How it was obtained.
    pub grant_type: String,
    /// The person's GUID.
    pub user_id: String,
    /// Where the person is known.
    pub origin: String,
    /// User name.
    pub user_name: String,
    /// E-mail address.
    pub email: String,
    /// Issued, epoch seconds.
    pub iat: i64,
    /// Expires, epoch seconds.
    pub exp: i64,
    /// Not before, epoch seconds; never written by this server, but honoured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// The issuer.
    pub iss: String,
    /// Identity zone.
    pub zid: String,
    /// Whom it is meant for.
    pub aud: Vec<String>,
    /// The login session, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The API key it was obtained with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iam_apikey_id: Option<String>,
    /// The one account it opens; without, every account of the person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountClaim>,
    /// When the proof it rests on was given, epoch milliseconds; a token without it was issued before it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_at: Option<i64>,
}
