//! The discovery document of the token service.

use super::reply::json;
use crate::app::App;
use crate::http::advertised_address::UrlForCaller;
use crate::http::problem::Refusal;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use std::sync::Arc;
use wire::iam::discovery::Discovery;

/// Its issuer is that of the tokens, whatever name the server is asked under: who checks a token compares the two.
pub(super) async fn discovery(
    State(app): State<Arc<App>>,
    own_url: UrlForCaller,
) -> Result<Response, Refusal> {
    let answer = json(
        StatusCode::OK,
        &Discovery::of(&app.public_url, &own_url.url),
    )?;
    Ok(own_url.mark(answer))
}
