//! `/v1/profiles/ID/links`: the compute resources that may take on a trusted profile.

use super::entity_tag::tagged;
use super::reply::{json, non_empty};
use super::trusted_profile::id;
use crate::app::App;
use crate::http::invalid::{invalid, unserved};
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::if_match::IfMatch;
use crate::request::params::{Params, body};
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::ProfileLinkId;
use base::limit;
use http::StatusCode;
use iam::directory::ProfileLink;
use iam::manage::profile_link::{LinkTerms, profile_link_tag};
use std::sync::Arc;
use wire::iam::api_key::time_text;
use wire::iam::profile_link::{
    CreateProfileLink, LinkedComputeResource, ProfileLink as WireProfileLink, ProfileLinkList,
};

fn to_wire(link: &ProfileLink) -> WireProfileLink {
    let made = time_text(link.created.at);
    WireProfileLink {
        id: link.id.to_string(),
        entity_tag: profile_link_tag(link),
        created_at: made.clone(),
        modified_at: made,
        name: non_empty(&link.name),
        cr_type: link.cr_type.clone(),
        link: LinkedComputeResource {
            crn: link.crn.clone(),
            namespace: link.namespace.clone(),
            name: link.resource_name.clone(),
            ..LinkedComputeResource::default()
        },
    }
}

/// Refuses a field that is not served, if it is there.
fn refuse_unserved(field: &'static str, is_there: bool) -> Result<(), Refusal> {
    match is_there {
        false => Ok(()),
        true => Err(unserved(field)),
    }
}

/// The compute resource that a body names.
fn terms(cr_type: String, wanted: LinkedComputeResource) -> Result<LinkTerms, Refusal> {
    refuse_unserved("component_type", wanted.component_type.is_some())?;
    refuse_unserved("component_name", wanted.component_name.is_some())?;
    let part = |text: Option<String>| text.filter(|text| !text.is_empty());
    Ok(LinkTerms {
        cr_type,
        crn: part(wanted.crn),
        namespace: part(wanted.namespace),
        resource_name: part(wanted.name),
    })
}

/// The id of the link in the path.
fn link_id(params: &Params) -> Result<ProfileLinkId, Refusal> {
    params.id("link")
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let profile = app.iam.managed_profile(&caller, id(&params)?).await?;
    let list = ProfileLinkList {
        links: profile.links.iter().map(to_wire).collect(),
    };
    json(StatusCode::OK, &list)
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let profile = app.iam.managed_profile(&caller, id(&params)?).await?;
    let wanted: CreateProfileLink = body(&bytes)?;
    refuse_unserved("is_cross_account", wanted.is_cross_account == Some(true))?;
    let terms = terms(wanted.cr_type, wanted.link)?;
    let name = wanted.name.unwrap_or_default();
    let made = app
        .iam
        .create_profile_link(&caller, profile.id, name, terms)
        .await?;
    tagged(
        StatusCode::CREATED,
        &to_wire(&made),
        &profile_link_tag(&made),
    )
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let profile = app.iam.managed_profile(&caller, id(&params)?).await?;
    let link = app
        .iam
        .profile_link(&caller, profile.id, link_id(&params)?)
        .await?;
    tagged(StatusCode::OK, &to_wire(&link), &profile_link_tag(&link))
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    if_match: IfMatch,
) -> Result<Response, Refusal> {
    let profile = app.iam.managed_profile(&caller, id(&params)?).await?;
    app.iam
        .delete_profile_link(&caller, profile.id, if_match.of(link_id(&params)?))
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Deletes the link to the compute resource that the query names, just as the link names it.
pub(super) async fn delete_named(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let profile = app.iam.managed_profile(&caller, id(&params)?).await?;
    params.refuse_unserved(&["component_type", "component_name"])?;
    let part = |field: &'static str| -> Result<Option<String>, Refusal> {
        let text = params.word(field, &limit::LABEL_BYTES)?;
        Ok(text.map(str::to_owned))
    };
    let terms = LinkTerms {
        cr_type: part("type")?.ok_or_else(|| {
            invalid(
                "type",
                "`type` of the compute resource is missing".to_owned(),
            )
        })?,
        crn: part("crn")?,
        namespace: part("namespace")?,
        resource_name: part("name")?,
    };
    app.iam
        .delete_profile_link_to(&caller, profile.id, &terms)
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
