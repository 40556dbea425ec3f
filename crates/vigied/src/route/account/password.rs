//! The caller's own password.

use crate::app::App;
use crate::http::problem::Refusal;
use crate::http::source::RequestSource;
use crate::request::caller::Manager;
use crate::request::params::body;
use crate::request::payload::Payload;
use crate::request::pending_change::PendingChange;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::secret::Secret;
use http::StatusCode;
use std::sync::Arc;
use wire::iam::user::ChangePassword;
use wire::secret::SecretText;

/// The check and the hashing wait for their own turns, and for longer where somebody guesses: without the account's turn for changes.
pub(in crate::route) async fn password(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    RequestSource(source): RequestSource,
    change: PendingChange,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let wanted: ChangePassword = body(&bytes)?;
    let secret = |text: &SecretText| Secret::new(text.expose().to_owned());
    let prepared = app.iam.prepare_password(
        &caller,
        source,
        secret(&wanted.current_password),
        secret(&wanted.new_password),
    );
    let prepared = prepared.await?;
    let iam = app.iam.clone();
    let changed = change.make_ending(Box::pin(async move { iam.change_password(prepared).await }));
    changed.await??;
    Ok(StatusCode::NO_CONTENT.into_response())
}
