//! Conditions of rules about claims, as bodies and answers have them.

use crate::failure::refused;
use crate::http::problem::Refusal;
use iam::claim_condition::ClaimCondition;
use wire::iam::rule_condition::RuleCondition;

/// The conditions in the interface's form.
pub(super) fn to_wire(conditions: &[ClaimCondition]) -> Vec<RuleCondition> {
    let one = |condition: &ClaimCondition| RuleCondition {
        claim: condition.claim().to_owned(),
        operator: condition.operator().name().to_owned(),
        value: condition.value().to_owned(),
    };
    conditions.iter().map(one).collect()
}

/// The conditions of a body.
pub(super) fn read(wanted: &[RuleCondition]) -> Result<Vec<ClaimCondition>, Refusal> {
    let one = |wanted: &RuleCondition| {
        ClaimCondition::new(&wanted.claim, &wanted.operator, &wanted.value)
            .map_err(|refusal| Refusal(refused::problem(&refusal)))
    };
    wanted.iter().map(one).collect()
}
