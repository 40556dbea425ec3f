//! The forms of the token service.

use super::token_refusal::wrong;
use crate::http::not_a_form::{self, MediaType};
use crate::http::problem::Refusal;
use base::limit::{self, Limit};
use http::{HeaderMap, header};
use wire::iam::form::{Form, FormError};
use wire::query::QueryError;

pub(super) fn form(headers: &HeaderMap, body: &[u8]) -> Result<Form, Refusal> {
    let content_type = headers.get(header::CONTENT_TYPE);
    if let Some(kind) = not_a_form::kind(content_type, body, MediaType::IsHint) {
        let refusal = wrong(format_args!("the body is {kind}, not a form"));
        return Err(Refusal(refusal.0.hint(not_a_form::HINT)));
    }
    Form::parse(body).map_err(|error| {
        let refusal = wrong(&error);
        match form_limit(&error) {
            Some(limit) => Refusal(refusal.0.limit(limit)),
            None => refusal,
        }
    })
}

/// The limit that a form exceeded.
pub(super) fn form_limit(error: &FormError) -> Option<&'static Limit> {
    match error {
        FormError::TooLarge => Some(&limit::FORM_BYTES),
        FormError::Malformed(QueryError::TooMany) => Some(&limit::QUERY_PARAMETERS),
        FormError::Malformed(_) | FormError::Missing(_) => None,
    }
}
