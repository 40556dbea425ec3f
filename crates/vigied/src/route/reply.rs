//! Responses that many handlers share.

use crate::http::problem::Refusal;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Serialize;
use wire::code;

/// A serialized JSON body. It ends with a newline, so that a shell prompt or the next answer begins on a new line.
pub(crate) fn json_bytes(status: StatusCode, mut body: Vec<u8>) -> Response {
    body.push(b'\n');
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// A value as JSON.
pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Response, Refusal> {
    let body = serde_json::to_vec(value).map_err(|error| {
        tracing::error!(%error, "cannot write a reply");
        Refusal(code::INTERNAL.problem("the reply could not be written"))
    })?;
    Ok(json_bytes(status, body))
}

/// A text, if there is any.
pub(super) fn non_empty(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}
