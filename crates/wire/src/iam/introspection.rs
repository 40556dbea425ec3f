//! Introspection and userinfo of a token.

use super::api_key::KeyReach;
use serde::{Deserialize, Serialize};

/// The account a token is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TokenAccount {
    /// The account's id: 32 hexadecimal digits.
    pub bss: String,
    /// The classic-infrastructure account, on the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ims: Option<String>,
    /// Whether the account is in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
}

/// The answer of `POST /identity/introspect`; of a token that is no good only `active`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Introspection {
    /// Whether the token or key is good now.
    pub active: bool,
    /// The issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The realm of its subject.
    #[serde(rename = "realmId", default, skip_serializing_if = "Option::is_none")]
    pub realm_id: Option<String>,
    /// The subject's id within the realm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// The subject, for example an e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The sort of subject, where it is no person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_type: Option<String>,
    /// The subject's IAM id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iam_id: Option<String>,
    /// The account it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<TokenAccount>,
    /// Its reach, where that is less than its subject's rights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<KeyReach>,
    /// The space that it may send to, as `s-GUID`, where it was made for no domain and its account has no other space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_space: Option<String>,
    /// Its scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The client it was given to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The grant it was given for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// The subject's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The subject's e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The login session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// When its holder proved who they are, in epoch seconds: from then the hours of dynamic rules count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// When it was issued, in epoch seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// When it expires, in epoch seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
}

impl Introspection {
    /// The answer about anything that is no good; it says nothing else.
    #[must_use]
    pub fn inactive() -> Self {
        Self::default()
    }
}

/// The answer of `GET /identity/userinfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserInfo {
    /// Always `true`: another token is answered with 401.
    pub active: bool,
    /// The realm of the subject.
    #[serde(rename = "realmId")]
    pub realm_id: String,
    /// The subject's id within the realm.
    pub identifier: String,
    /// The subject's IAM id.
    pub iam_id: String,
    /// First name, of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Last name, of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Whole name of a person; name of a service ID or trusted profile.
    pub name: String,
    /// E-mail address, of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The subject: the e-mail address of a person, otherwise the id.
    pub sub: String,
    /// The account the token is bound to.
    pub account: TokenAccount,
    /// When its holder proved who they are, in epoch seconds: from then the hours of dynamic rules count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// When the token was issued, in epoch seconds.
    pub iat: i64,
    /// When it expires, in epoch seconds.
    pub exp: i64,
    /// The issuer.
    pub iss: String,
    /// The grant it was given for.
    pub grant_type: String,
    /// The client it was given to.
    pub client_id: String,
    /// Its scope.
    pub scope: String,
    /// How well the subject was authenticated.
    pub acr: i64,
    /// By what means.
    pub amr: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_good_says_nothing_else() {
        assert_eq!(
            serde_json::to_string(&Introspection::inactive()).unwrap(),
            "{\"active\":false}"
        );
    }

    #[test]
    fn the_realm_is_spelled_as_the_original_does() {
        let text = "{\"active\":true,\"realmId\":\"IBMid\",\"account\":{\"bss\":\"0a\"},\"exp\":5}";
        let reply: Introspection = serde_json::from_str(text).unwrap();
        assert_eq!(reply.realm_id.as_deref(), Some("IBMid"));
        assert_eq!(serde_json::to_string(&reply).unwrap(), text);
    }
}
