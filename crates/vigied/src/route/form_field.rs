//! Fields of the token service's forms.

use super::token_refusal::missing;
use crate::failure::refused::check_length;
use crate::http::problem::Refusal;
use base::error::Problem;
use base::limit::Limit;
use wire::iam::form::Form;

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

/// A field that must be there.
pub(super) fn required<'f>(form: &'f Form, key: &'static str) -> Result<&'f str, Refusal> {
    form.get(key)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| missing(key))
}

/// A field that may be left out.
pub(super) fn optional(
    form: &Form,
    key: &'static str,
    limit: &'static Limit,
) -> Result<Option<String>, Refusal> {
    let found = form.get(key).filter(|text| !text.is_empty());
    let found = found.map(|text| bounded(key, text, limit)).transpose()?;
    Ok(found.map(str::to_owned))
}
