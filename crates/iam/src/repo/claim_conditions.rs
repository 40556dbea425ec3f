//! Conditions on claims in a column.

use crate::model::claim_condition::ClaimCondition;
use db::Value;
use serde::Deserialize;

/// A condition in its column.
#[derive(Deserialize)]
struct StoredCondition {
    claim: String,
    operator: String,
    value: String,
}

/// Decodes a column; none if one of the conditions is nothing that this program compares.
pub(super) fn read(text: &str) -> Option<Vec<ClaimCondition>> {
    let stored: Vec<StoredCondition> = serde_json::from_str(text).ok()?;
    let all = stored.iter();
    all.map(|condition| {
        ClaimCondition::new(&condition.claim, &condition.operator, &condition.value).ok()
    })
    .collect()
}

/// The conditions as they are stored.
pub(super) fn value(conditions: &[ClaimCondition]) -> Value {
    let all: Vec<serde_json::Value> = (conditions.iter())
        .map(|condition| {
            serde_json::json!({
                "claim": condition.claim(),
                "operator": condition.operator().name(),
                "value": condition.value(),
            })
        })
        .collect();
    serde_json::Value::from(all).to_string().into()
}
