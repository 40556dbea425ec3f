//! `account_id` in a query or a body: a credential is for one account.

use crate::app::App;
use crate::failure::refused::check_length;
use crate::http::problem::Refusal;
use crate::request::params::Params;
use base::error::{Kind, Problem};
use base::id::AccountId;
use base::limit;
use iam::Identity;

/// Refuses another account than the credential's, where the query names one.
pub(super) fn check_account(app: &App, caller: &Identity, params: &Params) -> Result<(), Refusal> {
    let Some(text) = params.one("account_id")? else {
        return Ok(());
    };
    check_length("account_id", text, &limit::WORD_BYTES)?;
    let account: AccountId = text.parse().map_err(|_| {
        let message = format!("there is no account `{text}` for you");
        Refusal(Problem::new(Kind::NotFound, "not_found", message).field("account_id"))
    })?;
    Ok(app.iam.require_default_account(caller, account)?)
}

/// Refuses another account than the credential's.
pub(super) fn in_own_account(caller: &Identity, account: &str) -> Result<(), Refusal> {
    check_length("account_id", account, &limit::WORD_BYTES)?;
    if account == caller.account().to_string() {
        return Ok(());
    }
    let message = format!(
        "the credential is for one account alone: `account_id` must be `{}`",
        caller.account()
    );
    let problem = Problem::new(Kind::Forbidden, "wrong_account", message);
    Err(Refusal(problem.field("account_id")))
}
