//! Conditions on the claims of a login: what dynamic rules of access groups and claim rules of trusted profiles ask for.

use crate::model::{address, text};
use crate::refusal::Refusal;
use base::limit;
use serde_json::Value;
use std::borrow::Cow;

/// How a claim is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// The claim is this text.
    Equals,
    /// The claim is another text.
    NotEquals,
    /// The claim is this text, ignoring case.
    EqualsIgnoreCase,
    /// The claim is another text, also ignoring case.
    NotEqualsIgnoreCase,
    /// The claim is a list with this text, or a text with this one in it.
    Contains,
    /// The claim is one of these texts, or a list with one of them.
    In,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Self; 6] = [
        Self::Equals,
        Self::NotEquals,
        Self::EqualsIgnoreCase,
        Self::NotEqualsIgnoreCase,
        Self::Contains,
        Self::In,
    ];

    /// The word in requests and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equals => "EQUALS",
            Self::NotEquals => "NOT_EQUALS",
            Self::EqualsIgnoreCase => "EQUALS_IGNORE_CASE",
            Self::NotEqualsIgnoreCase => "NOT_EQUALS_IGNORE_CASE",
            Self::Contains => "CONTAINS",
            Self::In => "IN",
        }
    }
}

/// The value of a claim of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimValue<'a> {
    /// A text; a number or a truth value as it is written.
    Text(Cow<'a, str>),
    /// A list of them.
    List(Vec<Cow<'a, str>>),
}

impl<'a> ClaimValue<'a> {
    /// The value of a claim in a token; none if it is an object, null, or a list that holds one.
    #[must_use]
    pub fn of_json(value: &'a Value) -> Option<Self> {
        match value {
            Value::Array(list) => {
                let texts: Option<Vec<_>> = list.iter().map(scalar).collect();
                texts.map(Self::List)
            }
            other => scalar(other).map(Self::Text),
        }
    }
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimCondition {
    claim: String,
    operator: Operator,
    value: String,
    /// The decoded value: one text, or all texts of `IN`.
    wanted: Vec<String>,
    /// The decoded value in the form in which addresses are compared.
    folded: Vec<String>,
}

impl ClaimCondition {
    /// A condition as a request has it: the name of a claim, the word of an operator, and a value as JSON in a text. A value that
    /// is no JSON is the text itself, unless it looks like JSON that is not whole; `IN` takes a list.
    ///
    /// # Errors
    /// When one of them is empty, too long or nothing that can be compared.
    pub fn new(claim: &str, operator: &str, value: &str) -> Result<Self, Refusal> {
        text::check_stored("claim", claim, &limit::LABEL_BYTES)?;
        text::check_length("value", value, &limit::CLAIM_VALUE_BYTES)?;
        if claim.is_empty() {
            return Err(Refusal::invalid("claim", "`claim` must have a name"));
        }
        let known = Operator::ALL
            .into_iter()
            .find(|known| known.name() == operator);
        let Some(operator) = known else {
            let words = Operator::ALL.map(Operator::name).join("`, `");
            let message = format!("`operator` must be one of `{words}`");
            return Err(Refusal::invalid("operator", message));
        };
        let wanted = match operator {
            Operator::In => listed(value).ok_or_else(|| {
                let message = "`value` of `IN` must be a list of texts as JSON: `[\"a\", \"b\"]`";
                Refusal::invalid("value", message)
            })?,
            _ => vec![single(value).ok_or_else(|| {
                let message = "`value` must be one text, number or truth value as JSON: `\"a\"` (with both of its quotes)";
                Refusal::invalid("value", message)
            })?],
        };
        for text in &wanted {
            text::check_stored("value", text, &limit::CLAIM_VALUE_BYTES)?;
            if text.is_empty() {
                // Every text contains the empty one.
                return Err(Refusal::invalid("value", "`value` must not be empty"));
            }
        }
        Ok(Self {
            claim: claim.to_owned(),
            operator,
            value: value.to_owned(),
            folded: wanted.iter().map(|text| address::fold(text)).collect(),
            wanted,
        })
    }

    /// The name of the claim.
    #[must_use]
    pub fn claim(&self) -> &str {
        &self.claim
    }

    /// The operator.
    #[must_use]
    pub const fn operator(&self) -> Operator {
        self.operator
    }

    /// The value as it was given: JSON in a text.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The texts that the claim is compared with: one, or all of `IN`.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = &str> {
        self.wanted.iter().map(String::as_str)
    }

    /// Whether the address of a user, folded, meets the condition: addresses that differ in their case are the same.
    #[must_use]
    pub(crate) fn is_met_by_address(&self, folded: &str) -> bool {
        let mut wanted = self.folded.iter();
        match self.operator {
            Operator::Equals | Operator::EqualsIgnoreCase | Operator::In => {
                wanted.any(|text| text == folded)
            }
            Operator::NotEquals | Operator::NotEqualsIgnoreCase => {
                wanted.all(|text| text != folded)
            }
            // Every address contains what folds to nothing.
            Operator::Contains => wanted.any(|text| !text.is_empty() && folded.contains(text)),
        }
    }

    /// Whether a login with this value of the claim meets the condition. A login without the claim meets none, not even that the
    /// value is another: what is unknown opens nothing.
    #[must_use]
    pub fn is_met(&self, found: Option<&ClaimValue<'_>>) -> bool {
        let Some(found) = found else { return false };
        let is_any = |compare: fn(&str, &str) -> bool| match found {
            ClaimValue::Text(value) => self.wanted.iter().any(|text| compare(value, text)),
            ClaimValue::List(list) => (list.iter())
                .any(|value| self.wanted.iter().any(|text| compare(value.as_ref(), text))),
        };
        let is_list = matches!(found, ClaimValue::List(_));
        match self.operator {
            Operator::Equals => !is_list && is_any(is_same),
            Operator::EqualsIgnoreCase => !is_list && is_any(is_same_folded),
            Operator::NotEquals => !is_any(is_same),
            Operator::NotEqualsIgnoreCase => !is_any(is_same_folded),
            Operator::Contains if is_list => is_any(is_same),
            Operator::Contains => is_any(|value, text| value.contains(text)),
            Operator::In => is_any(is_same),
        }
    }
}

fn is_same(a: &str, b: &str) -> bool {
    a == b
}

fn is_same_folded(a: &str, b: &str) -> bool {
    let folded_a = a.chars().flat_map(char::to_lowercase);
    folded_a.eq(b.chars().flat_map(char::to_lowercase))
}

fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.as_str().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(flag) => Some(if *flag { "true" } else { "false" }.into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The text that a value stands for.
fn single(value: &str) -> Option<String> {
    match serde_json::from_str::<Value>(value) {
        Ok(json) => scalar(&json).map(Cow::into_owned),
        Err(_) if is_broken_json(value) => None,
        Err(_) => Some(value.to_owned()),
    }
}

/// Whether a value that is no JSON was meant to be: with its quotes it would be another text than everybody's, which every
/// `NOT_EQUALS` lets in.
fn is_broken_json(value: &str) -> bool {
    let marks = ['"', '\'', '[', ']', '{', '}'];
    let value = value.trim();
    value.starts_with(marks) || value.ends_with(marks)
}

/// The texts that a value lists.
fn listed(value: &str) -> Option<Vec<String>> {
    let list: Vec<Value> = serde_json::from_str(value).ok()?;
    let texts: Option<Vec<String>> = (list.iter())
        .map(|text| scalar(text).map(Cow::into_owned))
        .collect();
    texts.filter(|texts| !texts.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_met(operator: &str, value: &str, claim: &str) -> bool {
        let json: Value = serde_json::from_str(claim).unwrap();
        let condition = ClaimCondition::new("c", operator, value).unwrap();
        condition.is_met(ClaimValue::of_json(&json).as_ref())
    }

    #[test]
    fn claims_are_compared_as_the_operators_say() {
        for (operator, value, claim, expected) in [
            ("EQUALS", r#""a""#, r#""a""#, true),
            ("EQUALS", "a", r#""a""#, true),
            ("EQUALS", r#""a""#, r#""A""#, false),
            ("EQUALS", r#""a""#, r#"["a"]"#, false),
            ("EQUALS", "true", "true", true),
            ("EQUALS", r#""true""#, "true", true),
            ("EQUALS", "1", "2", false),
            ("NOT_EQUALS", r#""a""#, r#""b""#, true),
            ("NOT_EQUALS", r#""a""#, r#""a""#, false),
            ("NOT_EQUALS", r#""a""#, r#"["b", "a"]"#, false),
            ("NOT_EQUALS", r#""a""#, "null", false),
            ("EQUALS_IGNORE_CASE", r#""Ä""#, r#""ä""#, true),
            ("EQUALS_IGNORE_CASE", r#""a""#, r#""ab""#, false),
            ("NOT_EQUALS_IGNORE_CASE", r#""a""#, r#""A""#, false),
            ("NOT_EQUALS_IGNORE_CASE", r#""a""#, r#""b""#, true),
            ("CONTAINS", r#""@x.org""#, r#""ada@x.org""#, true),
            ("CONTAINS", r#""@x.org""#, r#""ada@y.org""#, false),
            ("CONTAINS", r#""dev""#, r#"["ops", "dev"]"#, true),
            ("CONTAINS", r#""dev""#, r#"["developers"]"#, false),
            ("IN", r#"["a", "b"]"#, r#""b""#, true),
            ("IN", r#"["a", "b"]"#, r#""c""#, false),
            ("IN", r#"["a", "b"]"#, r#"["c", "a"]"#, true),
        ] {
            let found = is_met(operator, value, claim);
            assert_eq!(found, expected, "{operator} {value} {claim}");
        }
    }

    #[test]
    fn addresses_are_compared_without_their_case() {
        for (operator, value, expected) in [
            ("EQUALS", "Ada@X.org", true),
            ("EQUALS", "eve@x.org", false),
            ("EQUALS_IGNORE_CASE", "Ada@X.org", true),
            ("NOT_EQUALS", "Ada@X.org", false),
            ("NOT_EQUALS_IGNORE_CASE", "eve@x.org", true),
            ("CONTAINS", "@X.org", true),
            ("CONTAINS", "@y.org", false),
            ("CONTAINS", " ", false),
            ("IN", r#"["eve@x.org", "ADA@x.org"]"#, true),
        ] {
            let condition = ClaimCondition::new("email", operator, value).unwrap();
            let found = condition.is_met_by_address("ada@x.org");
            assert_eq!(found, expected, "{operator} {value}");
        }
    }

    #[test]
    fn a_login_that_says_nothing_meets_no_condition() {
        for operator in Operator::ALL {
            let condition = ClaimCondition::new("c", operator.name(), "[\"a\"]")
                .or_else(|_| ClaimCondition::new("c", operator.name(), "a"));
            assert!(!condition.unwrap().is_met(None), "{operator:?}");
        }
    }

    #[test]
    fn what_cannot_be_compared_is_refused_with_its_field() {
        let long = "a".repeat(1025);
        for (claim, operator, value, field) in [
            ("", "EQUALS", "a", "claim"),
            ("a\nb", "EQUALS", "a", "claim"),
            ("c", "equals", "a", "operator"),
            ("c", "LIKE", "a", "operator"),
            ("c", "EQUALS", "", "value"),
            ("c", "EQUALS", "\"\"", "value"),
            ("c", "CONTAINS", "\"\"", "value"),
            ("c", "EQUALS", "[\"a\"]", "value"),
            ("c", "EQUALS", "{}", "value"),
            ("c", "EQUALS", "null", "value"),
            ("c", "NOT_EQUALS", "\"a", "value"),
            ("c", "NOT_EQUALS", "a\"", "value"),
            ("c", "NOT_EQUALS", "\"a\" \"b\"", "value"),
            ("c", "NOT_EQUALS_IGNORE_CASE", " [\"a\"", "value"),
            ("c", "NOT_EQUALS", "'a'", "value"),
            ("c", "EQUALS", "{\"a\": 1", "value"),
            ("c", "EQUALS", "\"a\\u0000\"", "value"),
            ("c", "IN", "a", "value"),
            ("c", "IN", "[]", "value"),
            ("c", "IN", "[[]]", "value"),
            ("c", "EQUALS", long.as_str(), "value"),
        ] {
            let refused = ClaimCondition::new(claim, operator, value).unwrap_err();
            assert_eq!(refused.field, Some(field), "{claim} {operator} {value}");
        }
    }
}
