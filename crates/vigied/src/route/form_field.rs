//! Fields of the token service's forms, and their refusals in its codes.

use crate::failure::refused::check_length;
use crate::http::problem::Refusal;
use base::error::{Kind, Problem};
use base::limit::Limit;
use wire::iam::form::Form;

/// A missing or wrong form field, in the token service's codes.
pub(super) fn property(code: &'static str, message: String) -> Refusal {
    Refusal(Problem::new(Kind::Invalid, code, message))
}

/// Refuses a form field that is longer than the limit.
pub(super) fn bounded<'f>(
    key: &'static str,
    text: &'f str,
    limit: &'static Limit,
) -> Result<&'f str, Refusal> {
    check_length(key, text, limit).map_err(|problem| {
        Refusal(Problem {
            code: "BXNIM0106E",
            message: format!("Property validation failed: {}", problem.message).into(),
            ..problem
        })
    })?;
    Ok(text)
}

pub(super) fn required<'f>(form: &'f Form, key: &'static str) -> Result<&'f str, Refusal> {
    form.get(key)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| property("BXNIM0109E", format!("Property missing or empty: {key}")))
}
