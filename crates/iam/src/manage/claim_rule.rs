//! The conditions on claims in dynamic rules of access groups and in claim rules of trusted profiles, all of which must be met.

use crate::model::address::Address;
use crate::model::claim_condition::{ClaimCondition, Operator};
use crate::model::directory::{CLAIMS, OWN_REALM};
use crate::model::room::check_count;
use crate::refusal::Refusal;
use base::id::{Guid, UserId};
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

/// Refuses a claim that tokens of users do not have, and a value that the claim of no user can have: nobody would meet a condition
/// that it is equal, and everybody one that it is not.
pub(super) fn check_claims(conditions: &[ClaimCondition]) -> Result<(), Refusal> {
    for condition in conditions {
        let claim = condition.claim();
        if !CLAIMS.contains(&claim) {
            let known = CLAIMS.join("`, `");
            let message = format!("`claim` is one of `{known}`: no user here has `{claim}`");
            return Err(Refusal::invalid("claim", message));
        }
        check_values(condition)?;
    }
    Ok(())
}

fn check_values(condition: &ClaimCondition) -> Result<(), Refusal> {
    let (claim, operator) = (condition.claim(), condition.operator());
    // A part of a value need not look like one.
    if operator == Operator::Contains {
        return Ok(());
    }
    let ignores_case = matches!(
        operator,
        Operator::EqualsIgnoreCase | Operator::NotEqualsIgnoreCase
    );
    let wrong = condition.wanted().find(|text| match claim {
        "email" | "sub" => Address::parse(text).is_err(),
        "iam_id" | "id" => !is_user_id(text, ignores_case),
        _ => false,
    });
    let Some(wrong) = wrong else { return Ok(()) };
    let needed = match claim {
        "email" | "sub" => "an e-mail address (a part of one is compared by `CONTAINS`)",
        _ => "the IAM id of a user, `IBMid-<GUID>`, as the list of users shows it",
    };
    let message = format!("`value` of `{claim}` must be {needed}: {wrong:?} is none");
    Err(Refusal::invalid("value", message))
}

/// Whether the text is the id of a user, in the one form in which it is compared.
fn is_user_id(text: &str, ignores_case: bool) -> bool {
    let guid = text.split_once('-').map(|(_, guid)| Guid::parse(guid));
    let Some(Ok(guid)) = guid else { return false };
    let written = UserId(guid).to_string();
    written == text || ignores_case && written.eq_ignore_ascii_case(text)
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

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "IBMid-01234567-89ab-4def-8123-456789abcdef";

    fn field(claim: &str, operator: &str, value: &str) -> Option<&'static str> {
        let condition = ClaimCondition::new(claim, operator, value).unwrap();
        let checked = check_claims(&[condition]);
        checked.err().and_then(|refusal| refusal.field)
    }

    #[test]
    fn what_an_address_or_an_id_cannot_be_is_refused_by_every_operator_that_compares_all_of_it() {
        let list = |value: &str| format!("[\"ada@example.org\", \"{value}\"]");
        for claim in ["email", "sub"] {
            for operator in Operator::ALL.map(Operator::name) {
                let value = |text: &str| match operator {
                    "IN" => list(text),
                    _ => text.to_owned(),
                };
                let wrong = (operator != "CONTAINS").then_some("value");
                for text in ["ada", "@example.org", "ada@", "a b@example.org"] {
                    let found = field(claim, operator, &value(text));
                    assert_eq!(found, wrong, "{claim} {operator} {text}");
                }
                assert_eq!(field(claim, operator, &value("Bo@Example.org")), None);
            }
        }
        for claim in ["iam_id", "id"] {
            for operator in ["EQUALS", "NOT_EQUALS", "NOT_EQUALS_IGNORE_CASE"] {
                for text in ["ada@example.org", "IBMid-1", "iam-ServiceId-1", &ID[6..]] {
                    let found = field(claim, operator, text);
                    assert_eq!(found, Some("value"), "{claim} {operator} {text}");
                }
                assert_eq!(field(claim, operator, ID), None);
            }
            // Only in capitals it is never met, unless their case does not count.
            let capitals = ID.replace("abcdef", "ABCDEF");
            assert_eq!(field(claim, "EQUALS", &capitals), Some("value"));
            assert_eq!(field(claim, "EQUALS_IGNORE_CASE", &capitals), None);
            assert_eq!(field(claim, "CONTAINS", "IBMid-0"), None);
        }
        assert_eq!(field("name", "NOT_EQUALS", "Ada"), None);
        assert_eq!(field("groups", "EQUALS", "a"), Some("claim"));
    }
}
