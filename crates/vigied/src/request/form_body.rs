//! The body of a POST to one of Graphite's endpoints: parameters as a form.

use super::payload::Payload;
use crate::http::not_a_form::{self, FORM, MediaType};
use crate::http::problem::Refusal;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header;
use wire::code;

/// Parameters as a form. A body that is something else is refused, as nothing in it would be found.
#[derive(Debug)]
pub(crate) struct FormBody(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for FormBody {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
        let Payload(body) = Payload::from_request(request, state).await?;
        let Some(kind) = not_a_form::kind(content_type.as_ref(), &body, MediaType::Counts) else {
            return Ok(Self(body));
        };
        let problem = code::REQUEST_MALFORMED.problem(format!("the body is {kind}, not a form"));
        let hint = format!("send the parameters as a form, with `Content-Type: {FORM}`");
        Err(Refusal(problem.hint(hint).field("Content-Type")))
    }
}
