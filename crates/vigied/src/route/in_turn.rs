//! Answers that take longer the more an account has, such as filtered lists: in a turn of the account, off the reactor.

use crate::app::App;
use crate::http::problem::Refusal;
use axum::response::Response;
use iam::Identity;
use std::sync::Arc;

/// Waits for a turn of the caller's account, and answers on a blocking thread.
pub(super) async fn in_turn(
    app: &Arc<App>,
    caller: Identity,
    answer: impl FnOnce(&App, &Identity) -> Result<Response, Refusal> + Send + 'static,
) -> Result<Response, Refusal> {
    let (account, here) = (caller.account(), Arc::clone(app));
    let answer = move || answer(&here, &caller);
    app.account_turns.run(account, answer).await?
}
