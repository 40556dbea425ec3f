//! Conditions on claims in a column.

use crate::error::IamError;
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

/// Decodes a column.
pub(super) fn read(text: String) -> Result<Vec<ClaimCondition>, IamError> {
    let stored: Option<Vec<StoredCondition>> = serde_json::from_str(&text).ok();
    let conditions = stored.and_then(|all| {
        let all = all.iter();
        all.map(|own| ClaimCondition::new(&own.claim, &own.operator, &own.value).ok())
            .collect()
    });
    conditions.ok_or(IamError::Stored {
        value: text,
        expected: "conditions of a rule",
    })
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
