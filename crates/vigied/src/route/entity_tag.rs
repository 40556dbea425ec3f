//! Versions of what can be changed: in the header `ETag` of an answer, and in `If-Match` of a change.

use super::reply::json;
use crate::http::header::single;
use crate::http::problem::Refusal;
use axum::response::Response;
use base::error::{Kind, Problem};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

/// A value as JSON, whose version is this.
pub(super) fn tagged<T: Serialize>(
    status: StatusCode,
    value: &T,
    tag: &str,
) -> Result<Response, Refusal> {
    let mut answer = json(status, value)?;
    if let Ok(tag) = HeaderValue::try_from(format!("\"{tag}\"")) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    Ok(answer)
}

/// The versions that a change is meant for, as the header has them.
pub(super) fn if_match(headers: &HeaderMap) -> Result<&str, Refusal> {
    let tag = single(headers, "if-match", "If-Match")?.and_then(|value| value.to_str().ok());
    tag.ok_or_else(|| {
        let message = "the header `If-Match` with the entity tag, or `*`, is missing";
        Refusal(Problem::new(Kind::Invalid, "invalid_parameter", message).field("If-Match"))
    })
}
