//! Grants and second-factor fields of the original's token service that this server does not support. They are refused by name, because
//! a client that sends a second factor believes that it is checked.

use super::token_refusal::wrong;
use crate::http::problem::Refusal;
use wire::excerpt;
use wire::iam::form::Form;

/// Fields of a second proof. This server never asks for one, so a client that sends it has another server in mind.
const SECOND_PROOFS: [&str; 5] = [
    "security_question_id",
    "security_question_answer",
    "security_code",
    "vendor",
    "authentication_token",
];

/// The original's grants that cannot be served, and why.
const GRANTS: [(&str, &str); 2] = [
    (
        "urn:ibm:params:oauth:grant-type:identity-cookie",
        "there is no console here whose `cookie` it could be for",
    ),
    (
        "urn:ibm:params:oauth:grant-type:derive",
        "a UAA token comes with the grant of the login itself, by `response_type=uaa`",
    ),
];

/// The refusal of a grant that is not served.
pub(super) fn grant(grant_type: &str) -> Refusal {
    let excerpt = excerpt::beginning(grant_type);
    let known = GRANTS.iter().find(|(name, _)| *name == grant_type);
    let why = known.map_or_else(String::new, |(_, why)| format!(": {why}"));
    wrong(format_args!("grant_type `{excerpt}` is not supported{why}"))
}

/// The field of a second proof that the form has, and why it is refused.
pub(super) fn second_proof(form: &Form) -> Option<(&'static str, String)> {
    let found = SECOND_PROOFS.iter().find(|key| form.get(key).is_some());
    found.map(|key| {
        let why =
            format!("{key} is not supported: this server has no second factor that it could check");
        (*key, why)
    })
}

/// Refuses a second proof.
pub(super) fn check_second_proof(form: &Form) -> Result<(), Refusal> {
    match second_proof(form) {
        None => Ok(()),
        Some((_, why)) => Err(wrong(why)),
    }
}
