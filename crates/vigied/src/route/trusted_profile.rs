//! `/v1/profiles`: rights that users, service IDs and compute resources take on, which Administrators manage.

use super::account_parameter::{check_account, in_own_account};
use super::activity;
use super::entity_tag::tagged;
use super::history::{self, Histories};
use super::identity_crn::identity_crn;
use super::identity_list::{IdentityList, Wanted};
use super::list_cursor::CursorPage;
use super::order::{By, SortKey};
use super::reply::{json, non_empty};
use crate::app::App;
use crate::http::advertised_address::UrlForCaller;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::if_match::IfMatch;
use crate::request::params::{Params, body, names_nothing};
use crate::request::payload::Payload;
use crate::request::versioned_body::VersionedBody;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::ProfileId;
use base::limit;
use http::StatusCode;
use iam::Identity;
use iam::directory::Profile;
use iam::manage::profile::{NewProfile, ProfileChange, profile_tag};
use std::sync::Arc;
use wire::iam::api_key::time_text;
use wire::iam::trusted_profile::{
    CreateTrustedProfile, TrustedProfile as WireTrustedProfile, TrustedProfileList,
    UpdateTrustedProfile,
};

/// The list parameters that links to other pages repeat.
const KEPT: [&str; 6] = [
    "account_id",
    "name",
    "sort",
    "order",
    "filter",
    "include_history",
];

/// The other orders that can be asked for.
const OTHER_ORDERS: [(&str, By<Profile>); 3] = [
    ("description", |profile| SortKey::text(&profile.description)),
    ("created_at", |profile| {
        SortKey::Number(profile.created.at.0)
    }),
    ("modified_at", |profile| {
        SortKey::Number(profile.modified.at.0)
    }),
];

const LIST: IdentityList<Profile> = IdentityList {
    path: "/v1/profiles",
    kept: &KEPT,
    other_orders: &OTHER_ORDERS,
};

fn to_wire(profile: &Profile) -> WireTrustedProfile {
    let (account, id) = (profile.account, profile.id.object_id());
    WireTrustedProfile {
        crn: identity_crn(account, "profile", &id),
        id,
        entity_tag: profile_tag(profile),
        name: profile.name.clone(),
        description: non_empty(&profile.description),
        email: non_empty(&profile.email),
        created_at: time_text(profile.created.at),
        modified_at: time_text(profile.modified.at),
        iam_id: profile.id.to_string(),
        account_id: account.to_string(),
        history: None,
        activity: None,
    }
}

/// The id in the path: `Profile-…`, as the object has it, or the IAM id. What is neither names nothing.
pub(super) fn id(params: &Params) -> Result<ProfileId, Refusal> {
    let text = params.text("id");
    ProfileId::from_either(text).map_err(|_| names_nothing(text))
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
) -> Result<Response, Refusal> {
    let page = page(&app, &caller, &own_url, &params)?;
    let objects = page.entries.iter().map(|profile| profile.id.to_string());
    let histories = Histories::asked_for(&app, &caller, &params, objects.collect()).await?;
    let listed = page.entries.iter().map(|profile| WireTrustedProfile {
        history: histories.of(profile.id),
        ..to_wire(profile)
    });
    let list = TrustedProfileList {
        offset: page.offset,
        limit: page.limit,
        profiles: listed.collect(),
        first: Some(page.links.first),
        previous: page.links.previous,
        next: page.links.next,
    };
    json(StatusCode::OK, &list)
}

/// The page of profiles that a request asks for.
fn page(
    app: &App,
    caller: &Identity,
    own_url: &UrlForCaller,
    params: &Params,
) -> Result<CursorPage<Profile, String>, Refusal> {
    check_account(app, caller, params)?;
    let named = params.word("name", &limit::LABEL_BYTES)?;
    let shows = |profile: &Profile| named.is_none_or(|named| profile.name == named);
    let find = |wanted: Wanted<'_, Profile>| {
        (app.iam).profiles(caller, wanted.shows, wanted.order, wanted.part)
    };
    LIST.page((own_url, params), shows, find)
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    app.iam.may_manage_profiles(&caller)?;
    let wanted: CreateTrustedProfile = body(&bytes)?;
    in_own_account(&app, &caller, &wanted.account_id)?;
    let new = NewProfile {
        name: wanted.name,
        description: wanted.description.unwrap_or_default(),
        email: wanted.email.unwrap_or_default(),
    };
    let made = app.iam.create_profile(&caller, new).await?;
    tagged(StatusCode::CREATED, &to_wire(&made), &profile_tag(&made))
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let profile = app.iam.profile(&caller, id(&params)?).await?;
    let history = history::asked_for(&app, &caller, &params, profile.id, None).await?;
    let activity = match activity::is_asked_for(&params)? {
        true => Some(app.iam.profile_activity(&caller, profile.id).await?),
        false => None,
    };
    let answer = WireTrustedProfile {
        history,
        activity: activity.map(activity::to_wire),
        ..to_wire(&profile)
    };
    tagged(StatusCode::OK, &answer, &profile_tag(&profile))
}

pub(super) async fn update(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    sent: VersionedBody,
) -> Result<Response, Refusal> {
    let profile = app.iam.managed_profile(&caller, id(&params)?).await?;
    let (tag, wanted): (&str, UpdateTrustedProfile) = sent.read()?;
    let change = ProfileChange {
        name: wanted.name,
        description: wanted.description,
        email: wanted.email,
    };
    let changed = app
        .iam
        .update_profile(&caller, profile.id, tag, change)
        .await?;
    tagged(StatusCode::OK, &to_wire(&changed), &profile_tag(&changed))
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    if_match: IfMatch,
) -> Result<Response, Refusal> {
    let id = if_match.of(id(&params)?);
    app.iam.delete_profile(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
