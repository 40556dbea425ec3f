//! Regions, organizations and spaces, in Cloud Foundry's form.

use super::account::username;
use super::cloud_foundry_filter::{Criterion, Filter};
use super::deletion_reply::deletion_reply;
use super::paging::CfPage;
use super::reply::json;
use super::role_holders::list_holders;
use crate::app::App;
use crate::failure::refused::check_length;
use crate::http::advertised_address::UrlForCaller;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::{Params, body};
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::error::{Kind, Problem};
use base::id::{OrgId, SpaceId};
use base::limit;
use base::scope::Domain;
use http::StatusCode;
use iam::Identity;
use iam::directory::{Org, Space};
use iam::role::Role;
use std::str::FromStr;
use std::sync::Arc;
use wire::cf::deleted::instant;
use wire::cf::info::Info;
use wire::cf::list::{Metadata, Resource};
use wire::cf::organization::{OrganizationEntity, OrganizationName};
use wire::cf::region::{Region, Regions};
use wire::cf::space::{CreateSpace, SpaceEntity, SpaceName};
use wire::iam::user::Username;

pub(super) async fn info(own_url: UrlForCaller) -> Result<Response, Refusal> {
    let info = Info {
        name: "Vigie".to_owned(),
        build: env!("CARGO_PKG_VERSION").to_owned(),
        version: 2,
        description: "metrics behind a token".to_owned(),
        authorization_endpoint: own_url.url.clone(),
        token_endpoint: own_url.url.clone(),
        api_version: "2.106.0".to_owned(),
        ..Info::default()
    };
    Ok(own_url.mark(json(StatusCode::OK, &info)?))
}

pub(super) async fn regions(
    State(app): State<Arc<App>>,
    own_url: UrlForCaller,
) -> Result<Response, Refusal> {
    let url = || own_url.url.clone();
    let regions = app
        .iam
        .regions()
        .into_iter()
        .enumerate()
        .map(|(at, region)| Region {
            id: region.name.clone(),
            name: region.name,
            display_name: region.display_name,
            domain: own_url
                .url
                .split("://")
                .last()
                .unwrap_or_default()
                .to_owned(),
            cf_api: url(),
            console_url: url(),
            mccp_api: url(),
            kind: "public".to_owned(),
            geo: String::new(),
            customer: "vigie".to_owned(),
            deployment: "vigie".to_owned(),
            home: at == 0,
            metrics_api: url(),
        });
    let regions = Regions {
        resources: regions.collect(),
    };
    Ok(own_url.mark(json(StatusCode::OK, &regions)?))
}

pub(super) fn org_resource(org: &Org) -> Resource<OrganizationEntity> {
    let url = format!("/v2/organizations/{}", org.id);
    Resource {
        metadata: Metadata {
            guid: org.id.to_string(),
            url: url.clone(),
            created_at: instant(org.created_at),
            updated_at: Some(instant(org.updated_at)),
        },
        entity: OrganizationEntity {
            name: org.name.clone(),
            status: "active".to_owned(),
            region: org.region.clone(),
            spaces_url: format!("{url}/spaces"),
            users_url: format!("{url}/users"),
            managers_url: format!("{url}/managers"),
            billing_managers_url: format!("{url}/billing_managers"),
            auditors_url: format!("{url}/auditors"),
        },
    }
}

pub(super) fn space_resource(space: &Space) -> Resource<SpaceEntity> {
    let url = format!("/v2/spaces/{}", space.id);
    Resource {
        metadata: Metadata {
            guid: space.id.to_string(),
            url: url.clone(),
            created_at: instant(space.created_at),
            updated_at: Some(instant(space.updated_at)),
        },
        entity: SpaceEntity {
            name: space.name.clone(),
            organization_guid: space.org.to_string(),
            status: "active".to_owned(),
            organization_url: format!("/v2/organizations/{}", space.org),
            managers_url: format!("{url}/managers"),
            developers_url: format!("{url}/developers"),
            auditors_url: format!("{url}/auditors"),
        },
    }
}

pub(super) async fn orgs(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    listed_orgs(&app, &caller, &params)
}

fn listed_orgs(app: &App, caller: &Identity, params: &Params) -> Result<Response, Refusal> {
    let filter = Filter::of(params, Criterion::OF_ORGS)?;
    let region = params.one("region")?;
    let wanted =
        |org: &Org| filter.has_name(&org.name) && region.is_none_or(|region| org.region == region);
    let page = CfPage::of(params)?;
    let part = app.iam.orgs(caller, wanted, page.window());
    let (path, kept) = ("/v2/organizations", ["region"]);
    json(
        StatusCode::OK,
        &page.list(path, params, &kept, &part, org_resource)?,
    )
}

pub(super) async fn create_org(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    app.iam.may_create_org(&caller)?;
    let wanted: OrganizationName = body(&bytes)?;
    let org = app
        .iam
        .create_org(&caller, &wanted.name, params.one("region")?)
        .await?;
    json(StatusCode::CREATED, &org_resource(&org))
}

pub(super) async fn org(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let id: OrgId = params.id("guid")?;
    // Whoever has no role in it may see it by a policy about any of its spaces.
    json(
        StatusCode::OK,
        &org_resource(&app.iam.org(&caller, id).await?),
    )
}

pub(super) async fn rename_org(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let id = params.id("guid")?;
    app.iam.may_change_org(&caller, id).await?;
    let wanted: OrganizationName = body(&bytes)?;
    json(
        StatusCode::CREATED,
        &org_resource(&app.iam.rename_org(&caller, id, &wanted.name).await?),
    )
}

pub(super) async fn delete_org(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let deletion = app
        .iam
        .delete_org(&caller, params.id("guid")?, params.flag("recursive")?)
        .await?;
    deletion_reply(&app, &deletion).await
}

pub(super) async fn org_spaces(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let org: OrgId = params.id("guid")?;
    app.iam.org(&caller, org).await?;
    let path = format!("/v2/organizations/{org}/spaces");
    listed_spaces(&app, &caller, &params, (&path, Some(org)))
}

pub(super) async fn spaces(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    listed_spaces(&app, &caller, &params, ("/v2/spaces", None))
}

/// A page of the list at `path`, of one organization's spaces or of all.
fn listed_spaces(
    app: &App,
    caller: &Identity,
    params: &Params,
    (path, org): (&str, Option<OrgId>),
) -> Result<Response, Refusal> {
    let filter = Filter::of(params, Criterion::OF_SPACES)?;
    let wanted = |space: &Space| filter.has_org(space.org) && filter.has_name(&space.name);
    let page = CfPage::of(params)?;
    let part = app.iam.spaces(caller, org, wanted, page.window());
    json(
        StatusCode::OK,
        &page.list(path, params, &[], &part, space_resource)?,
    )
}

pub(super) async fn create_space(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let wanted: CreateSpace = body(&bytes)?;
    let guid = &wanted.organization_guid;
    check_length("organization_guid", guid, &limit::WORD_BYTES)?;
    let org: OrgId = wanted.organization_guid.parse().map_err(|_| {
        let message = format!("`{}` is no organization GUID", wanted.organization_guid);
        invalid("organization_guid", message)
    })?;
    let space = app.iam.create_space(&caller, org, &wanted.name).await?;
    json(StatusCode::CREATED, &space_resource(&space))
}

pub(super) async fn space(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let space = app.iam.space(&caller, params.id("guid")?).await?;
    json(StatusCode::OK, &space_resource(&space))
}

pub(super) async fn rename_space(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let id: SpaceId = params.id("guid")?;
    app.iam.may_change_space(&caller, id).await?;
    let wanted: SpaceName = body(&bytes)?;
    json(
        StatusCode::CREATED,
        &space_resource(&app.iam.rename_space(&caller, id, &wanted.name).await?),
    )
}

pub(super) async fn delete_space(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let deletion = app.iam.delete_space(&caller, params.id("guid")?).await?;
    deletion_reply(&app, &deletion).await
}

/// The role that the last part of a path names.
fn role(params: &Params) -> Result<Role, Refusal> {
    match params.text("role") {
        "managers" => Ok(Role::Manager),
        "developers" => Ok(Role::Developer),
        "auditors" => Ok(Role::Auditor),
        "billing_managers" => Ok(Role::BillingManager),
        "users" => Ok(Role::Member),
        other => Err(Refusal(Problem::new(
            Kind::NotFound,
            "not_found",
            format!("there is no role `{other}`"),
        ))),
    }
}

/// The domain and role of a path; refused if such a domain has no such role.
fn place<Id: FromStr + Into<Domain>>(params: &Params) -> Result<(Domain, Role), Refusal> {
    let domain = params.id::<Id>("guid")?.into();
    let role = role(params)?;
    if !role.exists_in(domain) {
        let message = format!("`{}` is no role in `{domain}`", params.text("role"));
        return Err(Refusal(Problem::new(Kind::NotFound, "not_found", message)));
    }
    Ok((domain, role))
}

pub(super) async fn holders<Id: FromStr + Into<Domain>>(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let (domain, role) = place::<Id>(&params)?;
    list_holders(&app, &caller, &params, (domain, role)).await
}

pub(super) async fn set_role<Id: FromStr + Into<Domain>>(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let (domain, role) = place::<Id>(&params)?;
    let check = || app.iam.may_set_roles(&caller, domain);
    app.iam.found_at_any_node(check).await?;
    let wanted: Username = body(&bytes)?;
    app.iam
        .set_role(&caller, domain, role, &wanted.username)
        .await?;
    match domain {
        Domain::Space(id) => json(
            StatusCode::CREATED,
            &space_resource(&app.iam.space(&caller, id).await?),
        ),
        Domain::Org(id) => json(
            StatusCode::CREATED,
            &org_resource(&app.iam.org(&caller, id).await?),
        ),
        Domain::Account(_) => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

pub(super) async fn unset_role<Id: FromStr + Into<Domain>>(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let (domain, role) = place::<Id>(&params)?;
    let check = || app.iam.may_set_roles(&caller, domain);
    app.iam.found_at_any_node(check).await?;
    let username = username(&params, &bytes)?;
    app.iam.unset_role(&caller, domain, role, &username).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
