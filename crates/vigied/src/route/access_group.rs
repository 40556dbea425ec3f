//! `/v2/groups`: access groups, whose members have the access of their policies, and the switch of the account's public access group.

use super::account_parameter::check_account;
use super::entity_tag::tagged;
use super::group_id;
use super::identity_crn::group_crn;
use super::order::{By, SortKey, by_signed_word};
use super::paging::{GROUPS, last, list_links};
use super::reply::json;
use crate::app::App;
use crate::http::advertised_address::UrlForCaller;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::if_match::IfMatch;
use crate::request::params::{Params, body};
use crate::request::payload::Payload;
use crate::request::versioned_body::VersionedBody;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::AccessGroupId;
use base::limit;
use http::StatusCode;
use iam::Identity;
use iam::directory::AccessGroup;
use iam::manage::access_group::{AccessGroupChange, GroupsOf, access_group_tag};
use std::sync::Arc;
use wire::iam::access_group::{
    AccessGroup as WireAccessGroup, AccessGroupList, ChangeGroupSettings, CreateAccessGroup,
    GroupPage, GroupSettings, UpdateAccessGroup,
};
use wire::iam::api_key::time_text;

/// The list parameters that links to other pages repeat.
const KEPT: [&str; 8] = [
    "account_id",
    "iam_id",
    "membership_type",
    "search",
    "sort",
    "show_federated",
    "hide_public_access",
    "show_crn",
];

/// The orders that can be asked for.
const ORDERS: [(&str, By<AccessGroup>); 4] = [
    ("id", |group| SortKey::from_display(&group.id)),
    ("name", |group| SortKey::text(&group.name)),
    ("description", |group| SortKey::text(&group.description)),
    ("is_federated", |group| {
        SortKey::Number(i64::from(!group.rules.is_empty()))
    }),
];

/// The optional parts of a group in an answer.
#[derive(Debug, Clone, Copy, Default)]
struct Extras {
    /// Whether it has rules.
    rules: bool,
    crn: bool,
}

impl Extras {
    fn asked_for(params: &Params) -> Result<Self, Refusal> {
        Ok(Self {
            rules: params.flag("show_federated")?,
            crn: params.flag("show_crn")?,
        })
    }
}

/// The group in the interface's form.
fn to_wire(own_url: &UrlForCaller, group: &AccessGroup, extras: Extras) -> WireAccessGroup {
    let id = group_id::to_wire(group.account, group.id);
    WireAccessGroup {
        href: format!("{}/v2/groups/{id}", own_url.url),
        id,
        name: group.name.clone(),
        description: group.description.clone(),
        account_id: group.account.to_string(),
        created_at: time_text(group.created.at),
        created_by_id: group.created.by.to_string(),
        last_modified_at: time_text(group.modified.at),
        last_modified_by_id: group.modified.by.to_string(),
        is_federated: extras.rules.then_some(!group.rules.is_empty()),
        crn: (extras.crn).then(|| group_crn(group.account, group.id)),
    }
}

/// The parameter `search`.
enum Search {
    Any,
    Id(AccessGroupId),
    /// Lower case.
    Name(String),
    /// Lower case.
    Description(String),
}

impl Search {
    fn of(caller: &Identity, params: &Params) -> Result<Self, Refusal> {
        let Some(text) = params.word("search", &limit::FILTER_BYTES)? else {
            return Ok(Self::Any);
        };
        match text.split_once(':') {
            Some(("id", id)) => {
                let found = group_id::read(caller.account(), id);
                found.map(Self::Id).ok_or_else(|| {
                    let message = format!("`search`: `{id}` is no id of an access group");
                    invalid("search", message)
                })
            }
            Some(("name", part)) => Ok(Self::Name(part.to_lowercase())),
            Some(("description", part)) => Ok(Self::Description(part.to_lowercase())),
            _ => {
                let message =
                    format!("`search` is `id:ID`, `name:TEXT` or `description:TEXT`, not `{text}`");
                Err(invalid("search", message))
            }
        }
    }

    fn matches(&self, group: &AccessGroup) -> bool {
        match self {
            Self::Any => true,
            Self::Id(id) => group.id == *id,
            Self::Name(part) => group.name.to_lowercase().contains(part.as_str()),
            Self::Description(part) => group.description.to_lowercase().contains(part.as_str()),
        }
    }
}

/// The principal whose groups a list shows, if it is about one.
fn groups_of_member(params: &Params) -> Result<Option<GroupsOf>, Refusal> {
    let kind = group_id::kind(params)?;
    match params.one("iam_id")?.filter(|text| !text.is_empty()) {
        Some(text) => Ok(Some(GroupsOf {
            principal: group_id::member(text, None)?,
            kind,
        })),
        None if kind.is_some() => {
            let message = "`membership_type` needs `iam_id`";
            Err(invalid("membership_type", message.to_owned()))
        }
        None => Ok(None),
    }
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
) -> Result<Response, Refusal> {
    check_account(&app, &caller, &params)?;
    let mut of_member = groups_of_member(&params)?;
    if let Some(of) = &mut of_member {
        of.principal = app.iam.principal_named(&caller, of.principal).await?;
    }
    listed(&app, &caller, &own_url, &params, of_member)
}

fn listed(
    app: &App,
    caller: &Identity,
    own_url: &UrlForCaller,
    params: &Params,
    of_member: Option<GroupsOf>,
) -> Result<Response, Refusal> {
    let search = Search::of(caller, params)?;
    let extras = Extras::asked_for(params)?;
    let hides_public = params.flag("hide_public_access")?;
    let order = by_signed_word(params, &ORDERS)?;
    let compare = |a: &AccessGroup, b: &AccessGroup| order.of_two(a, b);
    let is_wanted = |group: &AccessGroup| {
        let is_public = group.id == AccessGroupId::public(group.account);
        !(hides_public && is_public) && search.matches(group)
    };
    let window = GROUPS.window(params)?;
    let part = app
        .iam
        .access_groups(caller, of_member, is_wanted, compare, window)?;
    let path = format!("{}/v2/groups", own_url.url);
    let page = |start: u64| -> Result<GroupPage, Refusal> {
        let href = GROUPS.address(&path, params, &KEPT, (window.take, Some(start)))?;
        Ok(GroupPage { href })
    };
    let links = list_links(window, &part, page)?;
    let list = AccessGroupList {
        limit: window.take,
        offset: window.skip,
        total_count: part.total,
        first: links.first,
        previous: links.previous,
        next: links.next,
        last: page(last(window, &part))?,
        groups: (part.entries.iter())
            .map(|group| to_wire(own_url, group, extras))
            .collect(),
    };
    json(StatusCode::OK, &list)
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    check_account(&app, &caller, &params)?;
    app.iam.may_manage_access_groups(&caller)?;
    let wanted: CreateAccessGroup = body(&bytes)?;
    let description = wanted.description.unwrap_or_default();
    let made = app
        .iam
        .create_access_group(&caller, &wanted.name, description)
        .await?;
    let answer = to_wire(&own_url, &made, Extras::default());
    tagged(StatusCode::CREATED, &answer, &access_group_tag(&made))
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
) -> Result<Response, Refusal> {
    let extras = Extras::asked_for(&params)?;
    let id = group_id::of_path(&caller, &params)?;
    let group = app.iam.access_group(&caller, id).await?;
    let answer = to_wire(&own_url, &group, extras);
    tagged(StatusCode::OK, &answer, &access_group_tag(&group))
}

pub(super) async fn update(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
    sent: VersionedBody,
) -> Result<Response, Refusal> {
    let id = group_id::of_path(&caller, &params)?;
    let group = app.iam.access_group(&caller, id).await?;
    app.iam.may_manage_access_groups(&caller)?;
    let (tag, wanted): (&str, UpdateAccessGroup) = sent.read()?;
    let change = AccessGroupChange {
        name: wanted.name,
        description: wanted.description,
    };
    let changed = app
        .iam
        .update_access_group(&caller, group.id, tag, change)
        .await?;
    let answer = to_wire(&own_url, &changed, Extras::default());
    tagged(StatusCode::OK, &answer, &access_group_tag(&changed))
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    if_match: IfMatch,
) -> Result<Response, Refusal> {
    let with_members = params.flag("force")?;
    let id = group_id::of_path(&caller, &params)?;
    app.iam
        .delete_access_group(&caller, if_match.of(id), with_members)
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn settings_of(app: &App, caller: &Identity) -> Result<Response, Refusal> {
    let settings = GroupSettings {
        account_id: caller.account().to_string(),
        public_access_enabled: app.iam.has_public_access(caller)?,
    };
    json(StatusCode::OK, &settings)
}

pub(super) async fn settings(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    check_account(&app, &caller, &params)?;
    settings_of(&app, &caller)
}

pub(super) async fn change_settings(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    check_account(&app, &caller, &params)?;
    app.iam.may_manage_access_groups(&caller)?;
    let wanted: ChangeGroupSettings = body(&bytes)?;
    if let Some(on) = wanted.public_access_enabled {
        app.iam.switch_public_access(&caller, on).await?;
    }
    settings_of(&app, &caller)
}
