//! Those who have a role in an account, an organization or a space.

use super::paging::CfPage;
use super::reply::json;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::params::Params;
use axum::response::Response;
use base::principal::Principal;
use base::scope::Domain;
use http::StatusCode;
use iam::Identity;
use iam::directory::Directory;
use iam::role::Role;
use wire::cf::deleted::instant;
use wire::cf::list::{Metadata, Resource};
use wire::cf::organization::MemberEntity;

/// A page of those who have a role: users, service IDs and trusted profiles.
pub(super) async fn list_holders(
    app: &App,
    caller: &Identity,
    params: &Params,
    (domain, role): (Domain, Role),
) -> Result<Response, Refusal> {
    let page = CfPage::of(params)?;
    let find = || app.iam.holders(caller, domain, role, page.window());
    let part = app.iam.found_at_any_node(find).await?;
    let word = params.text("role");
    let path = match domain {
        Domain::Space(id) => format!("/v2/spaces/{id}/{word}"),
        Domain::Org(id) => format!("/v2/organizations/{id}/{word}"),
        Domain::Account(id) => format!("/v2/accounts/{id}/roles/{word}"),
    };
    let directory = app.iam.directory();
    let resource = |holder: &Principal| member_resource(&directory, *holder);
    json(
        StatusCode::OK,
        &page.list(&path, params, &[], &part, resource)?,
    )
}

/// A user by the address, a service or trusted profile by its IAM id: what gives and takes the role.
fn member_resource(directory: &Directory, holder: Principal) -> Resource<MemberEntity> {
    let user = holder.user().and_then(|id| directory.user(id));
    let created_at = match holder {
        Principal::User(_) => user.map(|user| user.created_at),
        Principal::Service(id) => directory.service(id).map(|service| service.created_at),
        Principal::Profile(id) => directory.profile(id).map(|profile| profile.created.at),
        Principal::Instance(_) | Principal::Server => None,
    };
    let guid = holder
        .guid()
        .map_or_else(String::new, |guid| guid.to_string());
    Resource {
        metadata: Metadata {
            url: format!("/v2/users/{guid}"),
            guid,
            created_at: created_at.map_or_else(String::new, instant),
            updated_at: None,
        },
        entity: MemberEntity {
            username: user.map_or_else(|| holder.to_string(), |user| user.email.clone()),
            active: true,
            admin: false,
        },
    }
}
