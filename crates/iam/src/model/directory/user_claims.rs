//! The claims of this server's own users: what their tokens say, and whether they meet the conditions of a rule. Dynamic rules of access
//! groups and claim rules of trusted profiles compare the same.

use super::User;
use crate::model::address;
use crate::model::claim_condition::{ClaimCondition, ClaimValue};
use std::borrow::Cow;

/// The realm of this server's own users.
pub const OWN_REALM: &str = "IBMid";

/// The claims that rules can ask for: what the tokens of this server's own users say.
pub const CLAIMS: [&str; 8] = [
    "sub",
    "email",
    "name",
    "given_name",
    "family_name",
    "iam_id",
    "id",
    "realmid",
];

/// The claims of one user.
#[derive(Debug)]
pub(super) struct UserClaims<'u> {
    user: &'u User,
    /// The address as addresses are compared.
    folded: String,
}

impl<'u> UserClaims<'u> {
    pub(super) fn of(user: &'u User) -> Self {
        Self {
            user,
            folded: address::fold(&user.email),
        }
    }

    /// Whether they meet all conditions of a rule about the users of a realm. A rule without conditions would be met by everybody: it
    /// is never stored.
    pub(super) fn meet(&self, realm: &str, conditions: &[ClaimCondition]) -> bool {
        let mut all = conditions.iter();
        realm == OWN_REALM && !conditions.is_empty() && all.all(|one| self.meet_one(one))
    }

    fn meet_one(&self, condition: &ClaimCondition) -> bool {
        if matches!(condition.claim(), "sub" | "email") {
            return condition.is_met_by_address(&self.folded);
        }
        let found = self.value(condition.claim()).map(ClaimValue::Text);
        condition.is_met(found.as_ref())
    }

    /// The value of a claim, which is one of [`CLAIMS`] and not the address.
    fn value(&self, name: &str) -> Option<Cow<'u, str>> {
        let user = self.user;
        Some(match name {
            "name" => user.full_name().into(),
            "given_name" => user.given_name.as_str().into(),
            "family_name" => user.family_name.as_str().into(),
            "iam_id" | "id" => user.id.to_string().into(),
            "realmid" => OWN_REALM.into(),
            _ => return None,
        })
    }
}
