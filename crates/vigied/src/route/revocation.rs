//! `/identity/revoke`: ends the session of a token.

use super::form_field::required;
use super::oauth_error;
use super::reply::json;
use super::token_client::client;
use super::token_form::form;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::payload::FormPayload;
use axum::extract::State;
use axum::response::Response;
use base::secret::Secret;
use http::{HeaderMap, StatusCode};
use std::sync::Arc;

pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    FormPayload(body): FormPayload,
) -> Response {
    let ended = ended(&app, &headers, &body).await;
    ended.unwrap_or_else(|refusal| oauth_error::answer(None, refusal))
}

async fn ended(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refusal> {
    let form = form(headers, body)?;
    client(app, headers, &form)?;
    // As for introspection: a text longer than any token is treated as unknown, and the form has its own limit.
    let token = required(&form, "token")?;
    app.iam.revoke(&Secret::new(token.to_owned())).await?;
    json(StatusCode::OK, &serde_json::json!({}))
}
