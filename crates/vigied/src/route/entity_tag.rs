//! Versions of what can be changed, in the header `ETag` of an answer.

use super::reply::json;
use crate::http::problem::Refusal;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
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
