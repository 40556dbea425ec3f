//! Answers that take longer the more an account has, such as filtered lists: in a turn of the account, off the reactor.

use crate::app::App;
use crate::failure::refused;
use crate::http::problem::Refusal;
use iam::Identity;
use std::sync::Arc;

/// Waits for a turn of the caller's account, and works out an answer on a blocking thread: none for a caller whose credential was
/// withdrawn meanwhile.
pub(super) async fn in_turn<T: Send + 'static>(
    app: &Arc<App>,
    caller: Identity,
    answer: impl FnOnce(&App, &Identity) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let (account, identity) = (caller.account(), caller.principal());
    let here = Arc::clone(app);
    let answer = move || {
        let checked = here.verifier.check_again(&caller);
        checked.map_err(|error| Refusal(refused::credential(&error)))?;
        answer(&here, &caller)
    };
    app.account_turns.run(account, identity, answer).await?
}
