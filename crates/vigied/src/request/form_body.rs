//! The body of a POST to one of Graphite's endpoints: parameters as a form.

use super::payload::Payload;
use crate::http::problem::Refusal;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header;
use wire::code;

/// What a form's media type is, and that of a body that says none.
const FORM: &str = "application/x-www-form-urlencoded";

/// Parameters as a form. A body that is something else is refused, as nothing in it would be found.
#[derive(Debug)]
pub(crate) struct FormBody(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for FormBody {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.map(|own| String::from_utf8_lossy(own.as_bytes()).into_owned());
        let Payload(body) = Payload::from_request(request, state).await?;
        let kind = kind.unwrap_or_default();
        let media_type = kind.split(';').next().unwrap_or_default().trim();
        let is_form = media_type.is_empty() || media_type.eq_ignore_ascii_case(FORM);
        if body.is_empty() || is_form {
            return Ok(Self(body));
        }
        let media_type = wire::excerpt::beginning(media_type);
        let problem =
            code::REQUEST_MALFORMED.problem(format!("the body is `{media_type}`, not a form"));
        let hint = format!("send the parameters as a form, with `Content-Type: {FORM}`");
        Err(Refusal(problem.hint(hint).field("Content-Type")))
    }
}
