//! `/v1/mfa`: what an account requires of a user besides the password. There is no second factor.

use super::account_settings::mfa_word;
use super::identity_report;
use super::reply::json;
use crate::app::App;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::Params;
use axum::extract::State;
use axum::response::Response;
use base::error::{Kind, Problem};
use base::id::{AccountId, UserId};
use http::StatusCode;
use std::sync::Arc;
use wire::iam::api_key::time_text;
use wire::iam::mfa::{AccountBasedMfa, IdBasedMfa, MfaReport, MfaStatus, UserReportMfa};

pub(super) async fn status(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let account = params.id("account")?;
    app.iam.require_default_account(&caller, account)?;
    let refused = app.iam.is_password_grant_refused(&caller, account)?;
    let asked = params.one("iam_id")?.unwrap_or_default();
    let user = asked.parse::<UserId>().map_err(|_| {
        let message = "`iam_id` is the IAM id of a user, like `IBMid-<GUID>`";
        invalid("iam_id", message)
    })?;
    // Who has accepted an invitation is also meant by its id.
    let named = app.iam.principal_named(&caller, user.into()).await?;
    let user = named.user().unwrap_or(user);
    let is_member = || app.iam.directory().member(user, account).is_some();
    if !is_member() {
        // Another node may have taken them in a moment ago.
        app.iam.read_changes().await?;
    }
    if !is_member() {
        let message = format!("there is no user `{user}` in the account");
        let problem = Problem::new(Kind::NotFound, "not_found", message);
        return Err(Refusal(problem.field("iam_id")));
    }
    let word = mfa_word(refused);
    let answer = MfaStatus {
        iam_id: user.to_string(),
        effective_mfa_type: word.to_owned(),
        id_based_mfa: by_identity(word),
        account_based_mfa: by_account(),
    };
    json(StatusCode::OK, &answer)
}

/// The requirement of the account for everybody, which each user meets.
fn by_identity(word: &str) -> IdBasedMfa {
    IdBasedMfa {
        trait_account_default: word.to_owned(),
        trait_effective: word.to_owned(),
        complies: true,
    }
}

fn by_account() -> AccountBasedMfa {
    AccountBasedMfa {
        complies: true,
        ..AccountBasedMfa::default()
    }
}

pub(super) async fn make_report(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    identity_report::account(&app, &caller, &params)?;
    identity_report::check_type(&params, "mfa_status")?;
    let reference = app.iam.report_mfa(&caller).await?;
    identity_report::accepted(reference)
}

pub(super) async fn report(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let account = identity_report::account(&app, &caller, &params)?;
    let which = identity_report::which(&params)?;
    let report = app.iam.mfa_report(&caller, which).await?;
    rendered(report, account)
}

/// The report as it is sent: it names every user of the account.
fn rendered(
    report: iam::manage::report::MfaReport,
    account: AccountId,
) -> Result<Response, Refusal> {
    let word = mfa_word(report.password_grant_refused);
    let users = report.users.into_iter().map(|user| UserReportMfa {
        iam_id: user.id.to_string(),
        name: user.full_name(),
        username: user.email.clone(),
        email: user.email,
        effective_mfa_type: word.to_owned(),
        id_based_mfa: by_identity(word),
        account_based_mfa: by_account(),
    });
    let answer = MfaReport {
        created_by: report.created_by.to_string(),
        reference: report.reference.to_string(),
        report_time: time_text(report.created_at),
        account_id: account.to_string(),
        users: users.collect(),
    };
    json(StatusCode::OK, &answer)
}
