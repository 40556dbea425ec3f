//! `/v1/accounts/{account}/settings/identity`: an account's settings for logins to it and for objects made in it. A setting that
//! has no effect here is refused by its name.

use super::entity_tag::tagged;
use super::history;
use super::reply::json;
use crate::app::App;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::Params;
use crate::request::versioned_body::VersionedBody;
use axum::extract::State;
use axum::response::Response;
use base::id::AccountId;
use http::StatusCode;
use iam::Identity;
use iam::audit::Action;
use iam::manage::account_settings::{
    AccountSettings, AllowedAddresses, SettingsChange, StoredSettings, entity_tag,
};
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;
use wire::excerpt;
use wire::iam::account_settings::{
    AccountSettings as WireAccountSettings, EffectiveAccountSettings, UpdateAccountSettings,
};

const NOT_SET: &str = "NOT_SET";
const RESTRICTED: &str = "RESTRICTED";
const NOT_RESTRICTED: &str = "NOT_RESTRICTED";
const NO_MFA: &str = "NONE";
const NO_PASSWORD_ALONE: &str = "NONE_NO_ROPC";

/// Parameters of the original that are not served.
const UNSERVED: [&str; 1] = ["resolve_user_mfa"];

fn or_not_set(value: Option<impl Display>) -> String {
    value.map_or_else(|| NOT_SET.to_owned(), |value| value.to_string())
}

/// The word for the second factor that the account requires.
pub(super) const fn mfa_word(password_grant_refused: bool) -> &'static str {
    match password_grant_refused {
        true => NO_PASSWORD_ALONE,
        false => NO_MFA,
    }
}

fn texts(settings: &AccountSettings) -> WireAccountSettings {
    let keys = match settings.api_keys_restricted {
        None => NOT_SET,
        Some(true) => RESTRICTED,
        Some(false) => NOT_RESTRICTED,
    };
    WireAccountSettings {
        account_id: None,
        entity_tag: None,
        restrict_create_service_id: RESTRICTED.to_owned(),
        restrict_create_platform_apikey: keys.to_owned(),
        restrict_user_list_visibility: RESTRICTED.to_owned(),
        allowed_ip_addresses: settings.allowed_addresses.text().to_owned(),
        mfa: mfa_word(settings.password_grant_refused).to_owned(),
        user_mfa: Vec::new(),
        restrict_user_domains: Vec::new(),
        session_expiration_in_seconds: or_not_set(settings.session_seconds),
        session_invalidation_in_seconds: or_not_set(settings.idle_seconds),
        max_sessions_per_identity: or_not_set(settings.sessions_per_identity),
        system_access_token_expiration_in_seconds: or_not_set(settings.access_token_seconds),
        system_refresh_token_expiration_in_seconds: or_not_set(settings.refresh_token_seconds),
        history: None,
    }
}

fn to_wire(stored: &StoredSettings) -> WireAccountSettings {
    WireAccountSettings {
        account_id: Some(stored.account.to_string()),
        entity_tag: Some(entity_tag(stored)),
        ..texts(&stored.settings)
    }
}

/// The account of the path, which the credential must be for.
fn account(app: &App, caller: &Identity, params: &Params) -> Result<AccountId, Refusal> {
    let account = params.id("account")?;
    app.iam.require_default_account(caller, account)?;
    Ok(account)
}

/// The settings, with their history if the request asks for it.
async fn read(
    app: &App,
    caller: &Identity,
    params: &Params,
) -> Result<(StoredSettings, WireAccountSettings), Refusal> {
    params.refuse_unserved(&UNSERVED)?;
    let account = account(app, caller, params)?;
    let stored = app.iam.account_settings(caller, account)?;
    // The account has entries of other things that are done in it.
    let only = Some(Action::AccountConfigured);
    let history = history::asked_for(app, caller, params, account, only).await?;
    let answer = WireAccountSettings {
        history,
        ..to_wire(&stored)
    };
    Ok((stored, answer))
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let (stored, answer) = read(&app, &caller, &params).await?;
    tagged(StatusCode::OK, &answer, &entity_tag(&stored))
}

pub(super) async fn effective(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let (stored, account) = read(&app, &caller, &params).await?;
    let holds = app.iam.effective_settings(&stored.settings);
    let effective = WireAccountSettings {
        restrict_create_platform_apikey: match stored.settings.api_keys_restricted {
            Some(true) => RESTRICTED.to_owned(),
            _ => NOT_RESTRICTED.to_owned(),
        },
        max_sessions_per_identity: holds.sessions_per_identity.to_string(),
        system_access_token_expiration_in_seconds: holds.access_token_seconds.to_string(),
        system_refresh_token_expiration_in_seconds: holds.refresh_token_seconds.to_string(),
        ..texts(&stored.settings)
    };
    let answer = EffectiveAccountSettings {
        account_id: stored.account.to_string(),
        effective,
        account,
        assigned_templates: Vec::new(),
    };
    json(StatusCode::OK, &answer)
}

pub(super) async fn change(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    sent: VersionedBody,
) -> Result<Response, Refusal> {
    let account = account(&app, &caller, &params)?;
    app.iam.account_settings(&caller, account)?;
    let (tag, wanted): (&str, UpdateAccountSettings) = sent.read()?;
    let change = wished(&wanted)?;
    let changed = app
        .iam
        .change_account_settings(&caller, account, tag, change)
        .await?;
    tagged(StatusCode::OK, &to_wire(&changed), &entity_tag(&changed))
}

fn wished(wanted: &UpdateAccountSettings) -> Result<SettingsChange, Refusal> {
    always_restricted(
        "restrict_create_service_id",
        wanted.restrict_create_service_id.as_deref(),
        "Administrators make service IDs",
    )?;
    always_restricted(
        "restrict_user_list_visibility",
        wanted.restrict_user_list_visibility.as_deref(),
        "Administrators list users",
    )?;
    if (wanted.user_mfa.as_ref()).is_some_and(|users| !users.is_empty()) {
        let message = "`user_mfa`: rules for single users are not served here: leave it out";
        return Err(invalid("user_mfa", message.to_owned()));
    }
    if (wanted.restrict_user_domains.as_ref()).is_some_and(|domains| !domains.is_empty()) {
        let message =
            "`restrict_user_domains`: domains of users are not restricted here: leave it out";
        return Err(invalid("restrict_user_domains", message.to_owned()));
    }
    let addresses = wanted.allowed_ip_addresses.as_deref();
    let addresses = addresses.map(|text| if text == NOT_SET { "" } else { text });
    let addresses = addresses.map(|text| {
        let read: Result<AllowedAddresses, _> = text.parse();
        read.map_err(|error| {
            invalid(
                "allowed_ip_addresses",
                format!("`allowed_ip_addresses`: {error}"),
            )
        })
    });
    Ok(SettingsChange {
        api_keys_restricted: restriction(wanted.restrict_create_platform_apikey.as_deref())?,
        allowed_addresses: addresses.transpose()?,
        password_grant_refused: mfa(wanted.mfa.as_deref())?,
        session_seconds: number(
            "session_expiration_in_seconds",
            wanted.session_expiration_in_seconds.as_deref(),
        )?,
        idle_seconds: number(
            "session_invalidation_in_seconds",
            wanted.session_invalidation_in_seconds.as_deref(),
        )?,
        sessions_per_identity: number(
            "max_sessions_per_identity",
            wanted.max_sessions_per_identity.as_deref(),
        )?,
        access_token_seconds: number(
            "system_access_token_expiration_in_seconds",
            wanted.system_access_token_expiration_in_seconds.as_deref(),
        )?,
        refresh_token_seconds: number(
            "system_refresh_token_expiration_in_seconds",
            wanted.system_refresh_token_expiration_in_seconds.as_deref(),
        )?,
    })
}

/// Restrictions of this server, whatever is set.
fn always_restricted(field: &'static str, text: Option<&str>, who: &str) -> Result<(), Refusal> {
    match text {
        None | Some(RESTRICTED | NOT_SET) => Ok(()),
        Some(other) => {
            let message = format!(
                "`{field}` is `{RESTRICTED}` or `{NOT_SET}` here ({who}), not `{}`",
                excerpt::beginning(other)
            );
            Err(invalid(field, message))
        }
    }
}

fn restriction(text: Option<&str>) -> Result<Option<Option<bool>>, Refusal> {
    let field = "restrict_create_platform_apikey";
    match text {
        None => Ok(None),
        Some(NOT_SET) => Ok(Some(None)),
        Some(RESTRICTED) => Ok(Some(Some(true))),
        Some(NOT_RESTRICTED) => Ok(Some(Some(false))),
        Some(other) => {
            let message = format!(
                "`{field}` is `{RESTRICTED}`, `{NOT_RESTRICTED}` or `{NOT_SET}`, not `{}`",
                excerpt::beginning(other)
            );
            Err(invalid(field, message))
        }
    }
}

fn mfa(text: Option<&str>) -> Result<Option<bool>, Refusal> {
    match text {
        None => Ok(None),
        Some(NO_MFA | NOT_SET) => Ok(Some(false)),
        Some(NO_PASSWORD_ALONE) => Ok(Some(true)),
        Some(other) => {
            let message = format!(
                "`mfa` is `{NO_MFA}`, `{NO_PASSWORD_ALONE}` or `{NOT_SET}` here, not `{}`: there is no second factor",
                excerpt::beginning(other)
            );
            Err(invalid("mfa", message))
        }
    }
}

fn number<T: FromStr>(
    field: &'static str,
    text: Option<&str>,
) -> Result<Option<Option<T>>, Refusal> {
    match text {
        None => Ok(None),
        Some(NOT_SET) => Ok(Some(None)),
        Some(digits) => match digits.parse() {
            Ok(number) => Ok(Some(Some(number))),
            Err(_) => {
                let message = format!(
                    "`{field}` is a whole number or `{NOT_SET}`, not `{}`",
                    excerpt::beginning(digits)
                );
                Err(invalid(field, message))
            }
        },
    }
}
