//! The discovery document of the token service.

use super::reply::json;
use crate::http::advertised_address::UrlForCaller;
use crate::http::problem::Refusal;
use axum::response::Response;
use http::StatusCode;
use wire::iam::discovery::Discovery;

pub(super) async fn discovery(own_url: UrlForCaller) -> Result<Response, Refusal> {
    let answer = json(StatusCode::OK, &Discovery::at(&own_url.url))?;
    Ok(own_url.mark(answer))
}
