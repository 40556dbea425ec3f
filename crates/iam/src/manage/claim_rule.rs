//! What dynamic rules of access groups and claim rules of trusted profiles have in common: conditions on claims, all of which must be met.

use super::any_version::overtaken;
use crate::error::IamError;
use crate::model::claim_condition::ClaimCondition;
use crate::model::directory::{CLAIMS, OWN_REALM};
use crate::model::room::check_count;
use crate::refusal::Refusal;
use base::limit;

/// Refuses the realm of another identity provider.
pub(super) fn check_realm(realm: &str) -> Result<(), Refusal> {
    if realm == OWN_REALM {
        return Ok(());
    }
    let message = format!(
        "`realm_name` must be `{OWN_REALM}`, the realm of this server's users: there is no other identity provider here"
    );
    Err(Refusal::invalid("realm_name", message))
}

/// Refuses a rule without conditions, and one with more than a rule may have.
pub(super) fn check_number(conditions: &[ClaimCondition]) -> Result<(), Refusal> {
    if conditions.is_empty() {
        let message = "`conditions` needs one condition at least: a rule without any would be met by everybody";
        return Err(Refusal::invalid("conditions", message));
    }
    check_count("conditions", conditions.len(), &limit::CONDITIONS_PER_RULE)
}

/// Refuses a claim that tokens of users do not have.
pub(super) fn check_claims(conditions: &[ClaimCondition]) -> Result<(), Refusal> {
    let mut claims = conditions.iter().map(ClaimCondition::claim);
    match claims.find(|claim| !CLAIMS.contains(claim)) {
        None => Ok(()),
        Some(other) => {
            let known = CLAIMS.join("`, `");
            let message = format!("`claim` is one of `{known}`: no user here has `{other}`");
            Err(Refusal::invalid("claim", message))
        }
    }
}

/// The conditions as the audit has them.
pub(super) fn in_words(conditions: &[ClaimCondition]) -> String {
    let one = |condition: &ClaimCondition| {
        let operator = condition.operator().name();
        format!("{} {operator} {}", condition.claim(), condition.value())
    };
    let all: Vec<String> = conditions.iter().map(one).collect();
    all.join(" and ")
}

/// The refusal of a change of a version that another change has replaced.
pub(super) fn changed() -> IamError {
    let message = "the rule has changed since its entity tag was read: read it again";
    overtaken(message)
}
