//! `/v1/accounts/{account}/settings/access_management`: settings that are fixed here. Only members of an account act in it, so
//! identities of other accounts have no access.

use super::entity_tag::tagged;
use crate::app::App;
use crate::failure::refused::check_length;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::{Params, body};
use crate::request::versioned_body::VersionedBody;
use axum::extract::State;
use axum::response::Response;
use base::id::AccountId;
use base::limit;
use http::StatusCode;
use iam::Identity;
use iam::manage::of_version::check_version;
use std::sync::Arc;
use wire::iam::access_settings::{
    AccessSettings, ExternalInteraction, IdentityType, IdentityTypes, UpdateAccessSettings,
};

/// Identities of the account itself, and of the allowed accounts.
const LIMITED: &str = "limited";

/// Nothing changes, so there is one version.
const VERSION: &str = "1";

fn settings() -> AccessSettings {
    let limited = || {
        Some(IdentityType {
            state: LIMITED.to_owned(),
            external_allowed_accounts: Vec::new(),
        })
    };
    AccessSettings {
        external_account_identity_interaction: ExternalInteraction {
            identity_types: IdentityTypes {
                user: limited(),
                service_id: limited(),
                service: limited(),
            },
        },
    }
}

/// Checks that the account in the path is the credential's, and that the caller administers it.
fn check_caller(app: &App, caller: &Identity, params: &Params) -> Result<(), Refusal> {
    let account: AccountId = params.id("account")?;
    app.iam.require_default_account(caller, account)?;
    app.iam.may_manage_policies(caller)?;
    Ok(())
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    check_caller(&app, &caller, &params)?;
    tagged(StatusCode::OK, &settings(), VERSION)
}

/// Accepts the settings in force, and refuses others.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    sent: VersionedBody,
) -> Result<Response, Refusal> {
    check_caller(&app, &caller, &params)?;
    let tag = sent.tag()?;
    check_version(tag, VERSION)?;
    let wanted: UpdateAccessSettings = body(sent.bytes())?;
    let kinds = wanted
        .external_account_identity_interaction
        .unwrap_or_default()
        .identity_types;
    let kinds = [
        ("user", kinds.user),
        ("service_id", kinds.service_id),
        ("service", kinds.service),
    ];
    for (field, kind) in kinds {
        let Some(kind) = kind else {
            continue;
        };
        check_length(field, &kind.state, &limit::WORD_BYTES)?;
        if kind.state != LIMITED || !kind.external_allowed_accounts.is_empty() {
            let message = format!(
                "`{field}` can be `{LIMITED}` without other accounts alone: only members of an account act in it"
            );
            return Err(invalid(field, message));
        }
    }
    tagged(StatusCode::OK, &settings(), VERSION)
}
