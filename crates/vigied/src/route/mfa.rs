//! `/v1/mfa`: what an account requires of a user besides the password. There is no second factor.

use super::account_settings::mfa_word;
use super::reply::json;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::Params;
use axum::extract::State;
use axum::response::Response;
use base::error::{Kind, Problem};
use base::id::UserId;
use http::StatusCode;
use std::sync::Arc;
use wire::iam::mfa::{AccountBasedMfa, IdBasedMfa, MfaStatus};

pub(super) async fn status(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let account = params.id("account")?;
    app.iam.require_default_account(&caller, account)?;
    let stored = app.iam.account_settings(&caller, account)?;
    let asked = params.one("iam_id")?.unwrap_or_default();
    let user = asked.parse::<UserId>().map_err(|_| {
        let message = "`iam_id` is the IAM id of a user, like `IBMid-<GUID>`";
        let problem = Problem::new(Kind::Invalid, "invalid_parameter", message);
        Refusal(problem.field("iam_id"))
    })?;
    if app.iam.directory().member(user, account).is_none() {
        let message = format!("there is no user `{user}` in the account");
        let problem = Problem::new(Kind::NotFound, "not_found", message);
        return Err(Refusal(problem.field("iam_id")));
    }
    let word = mfa_word(&stored.settings).to_owned();
    let answer = MfaStatus {
        iam_id: user.to_string(),
        effective_mfa_type: word.clone(),
        id_based_mfa: IdBasedMfa {
            trait_account_default: word.clone(),
            trait_effective: word,
            complies: true,
        },
        account_based_mfa: AccountBasedMfa {
            complies: true,
            ..AccountBasedMfa::default()
        },
    };
    json(StatusCode::OK, &answer)
}
