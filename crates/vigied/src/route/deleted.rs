//! Deleted spaces and organizations: their list, and their restoration.

use super::cloud_foundry::{org_resource, space_resource};
use super::paging::CfPage;
use super::reply::json;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::{Params, body};
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::Response;
use base::scope::Domain;
use http::StatusCode;
use iam::Identity;
use iam::directory::Deleted;
use std::sync::Arc;
use wire::cf::deleted::{DeletedEntity, DeletedList, Restore, instant};

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    listed(&app, &caller, &params)
}

fn listed(app: &App, caller: &Identity, params: &Params) -> Result<Response, Refusal> {
    let page = CfPage::of(params)?;
    let part = app.iam.deleted(caller, page.window());
    let links = page.links("/v2/deleted", params, &[], part.total)?;
    let list = DeletedList {
        total_results: part.total,
        total_pages: links.pages,
        prev_url: links.previous,
        next_url: links.next,
        resources: part.entries.iter().map(entity).collect(),
    };
    json(StatusCode::OK, &list)
}

fn entity(deleted: &Deleted) -> DeletedEntity {
    let (guid, kind) = match deleted.domain {
        Domain::Space(id) => (id.to_string(), "space"),
        Domain::Org(id) => (id.to_string(), "organization"),
        Domain::Account(id) => (id.to_string(), "account"),
    };
    DeletedEntity {
        guid,
        kind: kind.to_owned(),
        name: deleted.name.clone(),
        organization_guid: deleted.org.to_string(),
        deleted_at: instant(deleted.deleted_at),
        removed_at: instant(deleted.due_at),
        with_organization: deleted.deleted_with != deleted.domain,
    }
}

/// The requested name; the body is optional.
fn new_name(bytes: &[u8]) -> Result<Option<String>, Refusal> {
    if bytes.is_empty() {
        return Ok(None);
    }
    Ok(body::<Restore>(bytes)?.name)
}

pub(super) async fn restore_space(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let id = params.id("guid")?;
    app.iam.may_restore(&caller, Domain::Space(id)).await?;
    let name = new_name(&bytes)?;
    let space = app.iam.restore_space(&caller, id, name.as_deref()).await?;
    json(StatusCode::CREATED, &space_resource(&space))
}

pub(super) async fn restore_org(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let id = params.id("guid")?;
    app.iam.may_restore(&caller, Domain::Org(id)).await?;
    let name = new_name(&bytes)?;
    let org = app.iam.restore_org(&caller, id, name.as_deref()).await?;
    json(StatusCode::CREATED, &org_resource(&org))
}
