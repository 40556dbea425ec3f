//! `/v2/resource_groups` and `/v2/quota_definitions`: resource groups, which everybody in the account sees and Administrators
//! manage, and how many instances an account may have.

use super::account_parameter::{check_account, in_own_account};
use super::reply::json;
use crate::app::App;
use crate::failure::refused::check_length;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::{Params, body};
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::error::{Kind, Problem};
use base::limit;
use http::StatusCode;
use iam::Identity;
use iam::directory::{ResourceGroup, SERVICE_NAME};
use std::sync::Arc;
use wire::iam::api_key::time_text;
use wire::iam::resource_group::{
    CreateResourceGroup, CreatedResourceGroup, QuotaDefinition, QuotaDefinitionList,
    ResourceGroup as WireResourceGroup, ResourceGroupList, ResourceQuota, UpdateResourceGroup,
};

/// The one state of a group.
const ACTIVE: &str = "ACTIVE";

/// The id of the one quota definition.
const QUOTA: &str = "00000000000000000000000000000001";

fn to_wire(group: &ResourceGroup) -> WireResourceGroup {
    WireResourceGroup {
        id: group.id.to_string(),
        crn: group.crn(),
        account_id: group.account.to_string(),
        name: group.name.clone(),
        state: ACTIVE.to_owned(),
        default: group.is_default(),
        quota_id: QUOTA.to_owned(),
        quota_url: format!("/v2/quota_definitions/{QUOTA}"),
        resource_linkages: Vec::new(),
        created_at: time_text(group.created.at),
        updated_at: time_text(group.modified_at),
    }
}

/// Whether the first group is wanted alone, or the others alone.
fn first_wanted(params: &Params) -> Result<Option<bool>, Refusal> {
    let asked = params.one("default")?.filter(|text| !text.is_empty());
    asked.map(|_| params.flag("default")).transpose()
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    params.refuse_unserved(&["date", "include_deleted"])?;
    check_account(&app, &caller, &params)?;
    let first = first_wanted(&params)?;
    let name = params.word("name", &limit::LABEL_BYTES)?;
    let groups = app.iam.resource_groups(&caller);
    let wanted = groups.iter().filter(|group| {
        first.is_none_or(|first| group.is_default() == first)
            && name.is_none_or(|name| group.name == name)
    });
    let list = ResourceGroupList {
        resources: wanted.map(to_wire).collect(),
    };
    json(StatusCode::OK, &list)
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    app.iam.may_manage_resource_groups(&caller)?;
    let wanted: CreateResourceGroup = body(&bytes)?;
    if let Some(account) = &wanted.account_id {
        in_own_account(&app, &caller, account)?;
    }
    let made = app.iam.create_resource_group(&caller, &wanted.name).await?;
    let answer = CreatedResourceGroup {
        id: made.id.to_string(),
        crn: made.crn(),
    };
    json(StatusCode::CREATED, &answer)
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let group = app.iam.resource_group(&caller, params.id("id")?).await?;
    json(StatusCode::OK, &to_wire(&group))
}

pub(super) async fn update(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let group = app.iam.resource_group(&caller, params.id("id")?).await?;
    app.iam.may_manage_resource_groups(&caller)?;
    let wanted: UpdateResourceGroup = body(&bytes)?;
    if let Some(state) = wanted.state.filter(|state| state != ACTIVE) {
        check_length("state", &state, &limit::WORD_BYTES)?;
        let message = format!("`state` can be `{ACTIVE}` alone, not `{state}`");
        return Err(invalid("state", message));
    }
    let Some(name) = wanted.name else {
        return json(StatusCode::OK, &to_wire(&group));
    };
    let renamed = app
        .iam
        .rename_resource_group(&caller, group.id, &name)
        .await?;
    json(StatusCode::OK, &to_wire(&renamed))
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    app.iam
        .delete_resource_group(&caller, params.id("id")?)
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The one quota definition: an account may have an instance for each of its spaces.
fn quota(app: &App, caller: &Identity) -> QuotaDefinition {
    let instances_max = app
        .iam
        .account_limit(caller.account(), &limit::SPACES_PER_ACCOUNT);
    QuotaDefinition {
        id: QUOTA.to_owned(),
        name: "Account".to_owned(),
        kind: "ACCOUNT".to_owned(),
        number_of_service_instances: instances_max,
        default_number_of_instances_per_lite_plan: instances_max,
        resource_quotas: vec![ResourceQuota {
            id: SERVICE_NAME.to_owned(),
            resource_id: SERVICE_NAME.to_owned(),
            limit: instances_max,
        }],
    }
}

pub(super) async fn quotas(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
) -> Result<Response, Refusal> {
    let list = QuotaDefinitionList {
        resources: vec![quota(&app, &caller)],
    };
    json(StatusCode::OK, &list)
}

pub(super) async fn show_quota(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let id = params.text("id");
    if id != QUOTA {
        let message = format!("there is no quota definition `{id}`");
        return Err(Refusal(Problem::new(Kind::NotFound, "not_found", message)));
    }
    json(StatusCode::OK, &quota(&app, &caller))
}
