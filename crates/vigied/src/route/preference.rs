//! `/v1/preferences`: what clients keep for a user or service ID in an account.

use super::reply::json;
use crate::app::App;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::{Params, body};
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::AccountId;
use base::principal::Principal;
use http::StatusCode;
use iam::Identity;
use iam::manage::preference::{Preference, PreferenceValue};
use std::sync::Arc;
use wire::iam::preference::{Preference as WirePreference, Preferences, SetPreference};

/// In the interface's form.
fn to_wire(account: AccountId, preference: Preference) -> WirePreference {
    let (text, texts) = match preference.value {
        PreferenceValue::Text(text) => (Some(text), None),
        PreferenceValue::Texts(texts) => (None, Some(texts)),
    };
    WirePreference {
        service: preference.service,
        id: preference.name,
        account_id: account.to_string(),
        scope: "account".to_owned(),
        value_string: text,
        value_list_of_strings: texts,
    }
}

/// The owner of the preferences in the path, after a check that the caller may access them. The id of an accepted invitation means the
/// user who accepted it.
async fn preference_owner(
    app: &App,
    caller: &Identity,
    params: &Params,
) -> Result<Principal, Refusal> {
    app.iam
        .require_default_account(caller, params.id("account")?)?;
    let named = params.id("iam_id")?;
    let principal = app.iam.principal_named(caller, named).await?;
    app.iam.may_have_preferences(caller, principal).await?;
    Ok(principal)
}

/// The service and the name of the path.
fn which(params: &Params) -> (&str, &str) {
    (params.text("service"), params.text("preference"))
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let of = preference_owner(&app, &caller, &params).await?;
    let found = app.iam.preferences(&caller, of).await?;
    let found = found
        .into_iter()
        .map(|preference| to_wire(caller.account(), preference));
    let list = Preferences {
        preferences: found.collect(),
    };
    json(StatusCode::OK, &list)
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let of = preference_owner(&app, &caller, &params).await?;
    let found = app.iam.preference(&caller, of, which(&params)).await?;
    json(StatusCode::OK, &to_wire(caller.account(), found))
}

fn value(wanted: SetPreference) -> Result<PreferenceValue, Refusal> {
    match (wanted.value_string, wanted.value_list_of_strings) {
        (Some(text), None) => Ok(PreferenceValue::Text(text)),
        (None, Some(texts)) => Ok(PreferenceValue::Texts(texts)),
        _ => {
            let message = "a preference has either `value_string` or `value_list_of_strings`";
            Err(invalid("value_string", message.to_owned()))
        }
    }
}

pub(super) async fn set(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let of = preference_owner(&app, &caller, &params).await?;
    let (service, name) = which(&params);
    let new = Preference {
        service: service.to_owned(),
        name: name.to_owned(),
        value: value(body(&bytes)?)?,
    };
    app.iam.set_preference(&caller, of, &new).await?;
    json(StatusCode::OK, &to_wire(caller.account(), new))
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let of = preference_owner(&app, &caller, &params).await?;
    app.iam
        .delete_preference(&caller, of, which(&params))
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
