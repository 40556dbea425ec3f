//! `/v1/activity/accounts/{account}/report`: reports of who has not authenticated for some time.

use super::reply::json;
use crate::app::App;
use crate::failure::refused::check_length;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::Params;
use axum::extract::State;
use axum::response::Response;
use base::error::{Kind, Problem};
use base::id::{AccountId, Guid};
use base::limit;
use base::principal::Principal;
use base::time::Millis;
use http::StatusCode;
use iam::Identity;
use iam::directory::{ApiKey, Directory, Service, User};
use iam::manage::report::InactiveReport;
use std::sync::Arc;
use wire::iam::api_key::time_text;
use wire::iam::report::{
    ActivityReport, ApiKeyActivity, EntityActivity, KeyOfService, KeyOfUser, ReportReference,
    UserActivity,
};

/// The hours of a report that names none.
const HOURS: u32 = 720;

const HOUR_MILLISECONDS: i64 = 3_600_000;

/// The account of the path, about which the caller may make and read reports.
pub(super) fn account(app: &App, caller: &Identity, params: &Params) -> Result<AccountId, Refusal> {
    let account = params.id("account")?;
    app.iam.require_default_account(caller, account)?;
    app.iam.may_make_reports(caller)?;
    Ok(account)
}

/// Refuses another type of report than the one that there is.
pub(super) fn check_type(params: &Params, only: &str) -> Result<(), Refusal> {
    match params.one("type")? {
        Some(other) if !other.is_empty() && other != only => {
            check_length("type", other, &limit::WORD_BYTES)?;
            let message = format!("`type` is `{only}` here, not `{other}`");
            Err(invalid("type", message))
        }
        _ => Ok(()),
    }
}

/// The reference of the path; none is the latest.
pub(super) fn which(params: &Params) -> Result<Option<Guid>, Refusal> {
    let text = params.text("reference");
    if text == "latest" {
        return Ok(None);
    }
    let reference = Guid::parse(text).map_err(|_| {
        let message = format!("there is no report `{text}`");
        Refusal(Problem::new(Kind::NotFound, "not_found", message))
    });
    reference.map(Some)
}

/// The answer to a report that was asked for.
pub(super) fn accepted(reference: Guid) -> Result<Response, Refusal> {
    let reference = reference.to_string();
    json(StatusCode::ACCEPTED, &ReportReference { reference })
}

fn hours(params: &Params) -> Result<u32, Refusal> {
    match params.one("duration")? {
        None | Some("") => Ok(HOURS),
        Some(text) => {
            check_length("duration", text, &limit::WORD_BYTES)?;
            text.parse().map_err(|_| {
                let message = format!("`duration` is a number of hours, not `{text}`");
                invalid("duration", message)
            })
        }
    }
}

/// For Administrators of the account: 202 with the reference; 400 for another type or what is no number of hours, 403 for others,
/// 404 for an account that the caller is not in, 409 where it would list too many.
pub(super) async fn make(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    account(&app, &caller, &params)?;
    check_type(&params, "inactive")?;
    let reference = app.iam.report_inactive(&caller, hours(&params)?).await?;
    accepted(reference)
}

fn user((user, last): (User, Option<Millis>)) -> UserActivity {
    UserActivity {
        iam_id: user.id.to_string(),
        name: user.full_name(),
        username: user.email.clone(),
        email: user.email,
        last_authn: last.map(time_text),
    }
}

fn service((service, last): (Service, Option<Millis>)) -> EntityActivity {
    EntityActivity {
        id: service.id.object_id(),
        name: Some(service.name),
        last_authn: last.map(time_text),
    }
}

fn key(directory: &Directory, (key, last): (ApiKey, Option<Millis>)) -> ApiKeyActivity {
    let user = key.principal.user().and_then(|id| directory.user(id));
    let service = match key.principal {
        Principal::Service(id) => directory.service(id),
        _ => None,
    };
    let kind = match key.principal.user() {
        Some(_) => "user",
        None => "serviceid",
    };
    ApiKeyActivity {
        id: key.id.to_string(),
        name: key.name,
        kind: kind.to_owned(),
        serviceid: service.map(|service| KeyOfService {
            id: service.id.object_id(),
            name: service.name.clone(),
        }),
        user: user.map(|user| KeyOfUser {
            iam_id: user.id.to_string(),
            name: user.full_name(),
            username: user.email.clone(),
            email: user.email.clone(),
        }),
        last_authn: last.map(time_text),
    }
}

/// For Administrators of the account: 200; 403 for others, 404 for an account that the caller is not in, and where there is
/// no such report.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    account(&app, &caller, &params)?;
    let which = which(&params)?;
    let report = app.iam.inactive_report(&caller, which).await?;
    rendered(&app.iam.directory(), report)
}

/// The report as it is sent: it names everybody and every key of the account that was inactive.
fn rendered(directory: &Directory, report: InactiveReport) -> Result<Response, Refusal> {
    let start = report.created_at.plus(-report.hours * HOUR_MILLISECONDS);
    let keys = report.keys.into_iter().map(|unused| key(directory, unused));
    let profiles = report.profiles.into_iter();
    let profiles = profiles.map(|(profile, last)| EntityActivity {
        id: profile.id.object_id(),
        name: Some(profile.name),
        last_authn: last.map(time_text),
    });
    let answer = ActivityReport {
        created_by: report.created_by.to_string(),
        reference: report.reference.to_string(),
        report_duration: report.hours.to_string(),
        report_start_time: time_text(start),
        report_end_time: time_text(report.created_at),
        users: report.users.into_iter().map(user).collect(),
        apikeys: keys.collect(),
        serviceids: report.services.into_iter().map(service).collect(),
        profiles: profiles.collect(),
    };
    json(StatusCode::OK, &answer)
}
