//! `account_id` in a query or a body: a credential is for one account, and an account that its caller is not in is as unknown as one
//! that does not exist.

use crate::app::App;
use crate::failure::refused::check_length;
use crate::http::problem::Refusal;
use crate::request::params::Params;
use base::error::{Kind, Problem};
use base::id::AccountId;
use base::limit;
use iam::Identity;

const FIELD: &str = "account_id";

/// Refuses another account than the credential's, where the query names one.
pub(super) fn check_account(app: &App, caller: &Identity, params: &Params) -> Result<(), Refusal> {
    match params.one(FIELD)? {
        None => Ok(()),
        Some(account) => in_own_account(app, caller, account),
    }
}

/// Refuses another account than the credential's.
pub(super) fn in_own_account(app: &App, caller: &Identity, account: &str) -> Result<(), Refusal> {
    check_length(FIELD, account, &limit::WORD_BYTES)?;
    named(app, caller, account).map_err(|Refusal(problem)| {
        let has_hint = problem.hint.is_some();
        let problem = problem.field(FIELD);
        Refusal(match has_hint {
            true => problem,
            false => problem.hint(format!(
                "the credential is for one account alone: `{FIELD}` must be `{}`",
                caller.account()
            )),
        })
    })
}

fn named(app: &App, caller: &Identity, account: &str) -> Result<(), Refusal> {
    let id: AccountId = account.parse().map_err(|_| {
        let message = format!("there is no account `{account}` for you");
        Refusal(Problem::new(Kind::NotFound, "not_found", message))
    })?;
    Ok(app.iam.require_default_account(caller, id)?)
}
