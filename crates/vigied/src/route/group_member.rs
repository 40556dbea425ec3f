//! `/v2/groups/ID/members`: the members of access groups. Of several wishes each has an outcome of its own.

use super::account_parameter::check_account;
use super::group_id;
use super::iam_id;
use super::order::signed_word;
use super::paging::{GROUPS, last, list_links};
use super::reply::json;
use crate::app::App;
use crate::failure::refused::{self, check_count, check_length};
use crate::http::advertised_address::UrlForCaller;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::{Params, body};
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::{AccessGroupId, AccountId};
use base::invisible;
use base::limit;
use base::principal::Principal;
use http::StatusCode;
use iam::audit::Origin;
use iam::manage::group_member::{GroupMember, MemberOrder, MemberSelection};
use iam::{IamError, Identity};
use std::sync::Arc;
use wire::iam::access_group::{
    AddGroupMembers, AddToAccessGroups, AddedGroupMember, AddedGroupMembers, ChangedMembership,
    ChangedMemberships, GroupMember as WireGroupMember, GroupMemberList, GroupPage, NewGroupMember,
    RemoveGroupMembers, RemovedGroupMember, RemovedGroupMembers,
};
use wire::iam::api_key::time_text;
use wire::problem::{IdentityBody, IdentityError};

/// A group, and a member that shall be in it or out of it.
type Wish = (AccessGroupId, Principal);

/// The most characters of a wish that its outcome repeats.
const ECHOED: usize = 128;

/// The list parameters that links to other pages repeat.
const KEPT: [&str; 4] = ["membership_type", "type", "verbose", "sort"];

/// The member in the interface's form; whose it is only where that is asked for.
fn to_wire(path: &str, member: GroupMember, verbose: bool) -> WireGroupMember {
    let principal = member.principal;
    WireGroupMember {
        iam_id: iam_id::of(principal),
        kind: group_id::sort(principal).to_owned(),
        membership_type: group_id::kind_text(member.kind).to_owned(),
        name: member.name.filter(|_| verbose),
        email: member.email.filter(|_| verbose),
        description: member.description.filter(|_| verbose),
        href: format!("{path}/{}", iam_id::of(principal)),
        created_at: member.added.map(|added| time_text(added.at)),
        created_by_id: member.added.map(|added| added.by.to_string()),
    }
}

/// The order of a list; without one, by IAM id.
fn order(params: &Params, verbose: bool) -> Result<(MemberOrder, bool), Refusal> {
    let Some((word, reverse)) = signed_word(params, &["id", "name", "email"])? else {
        return Ok((MemberOrder::Id, false));
    };
    if !verbose {
        let message = "`sort` is by what `verbose=true` shows: set it, too";
        return Err(invalid("sort", message.to_owned()));
    }
    let order = match word {
        "name" => MemberOrder::Name,
        "email" => MemberOrder::Email,
        _ => MemberOrder::Id,
    };
    Ok((order, reverse))
}

/// The sort of principals that a list shows, if it shows one alone.
fn wanted_sort(params: &Params) -> Result<Option<&'static str>, Refusal> {
    let Some(asked) = params.word("type", &limit::WORD_BYTES)? else {
        return Ok(None);
    };
    match group_id::MEMBER_TYPES
        .into_iter()
        .find(|known| *known == asked)
    {
        Some(found) => Ok(Some(found)),
        None => {
            let message = format!("`type` is `user`, `service` or `profile`, not `{asked}`");
            Err(invalid("type", message))
        }
    }
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
) -> Result<Response, Refusal> {
    let group = group_id::of_path(&caller, &params)?;
    app.iam.access_group(&caller, group).await?;
    listed(&app, &caller, &own_url, &params, group)
}

fn listed(
    app: &App,
    caller: &Identity,
    own_url: &UrlForCaller,
    params: &Params,
    group: AccessGroupId,
) -> Result<Response, Refusal> {
    let verbose = params.flag("verbose")?;
    let (order, reverse) = order(params, verbose)?;
    let selection = MemberSelection {
        kind: group_id::kind(params)?,
        order,
        reverse,
    };
    let only = wanted_sort(params)?;
    let is_wanted =
        |principal: Principal| only.is_none_or(|only| group_id::sort(principal) == only);
    let window = GROUPS.window(params)?;
    let part = app
        .iam
        .group_members(caller, group, selection, is_wanted, window)?;
    let id = group_id::to_wire(caller.account(), group);
    let path = format!("{}/v2/groups/{id}/members", own_url.url);
    let page = |start: u64| -> Result<GroupPage, Refusal> {
        let href = GROUPS.address(&path, params, &KEPT, (window.take, Some(start)))?;
        Ok(GroupPage { href })
    };
    let links = list_links(window, &part, page)?;
    let last = last(window, &part);
    let list = GroupMemberList {
        limit: window.take,
        offset: window.skip,
        total_count: part.total,
        first: links.first,
        previous: links.previous,
        next: links.next,
        last: page(last)?,
        members: (part.entries.into_iter())
            .map(|member| to_wire(&path, member, verbose))
            .collect(),
    };
    json(StatusCode::OK, &list)
}

/// Answers `GET` and `HEAD`.
pub(super) async fn check(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let group = group_id::of_path(&caller, &params)?;
    let member = member_of_path(&app, &caller, &params).await?;
    app.iam.check_group_member(&caller, group, member).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let group = group_id::of_path(&caller, &params)?;
    app.iam.may_change_members(&caller, group).await?;
    let wish = (group, member_of_path(&app, &caller, &params).await?);
    let outcomes = app.iam.remove_from_groups(&caller, &[wish]).await?;
    for outcome in outcomes {
        outcome.map_err(IamError::from)?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The principal in the path; the id of an accepted invitation means the user who accepted it.
async fn member_of_path(
    app: &App,
    caller: &Identity,
    params: &Params,
) -> Result<Principal, Refusal> {
    let named = params.id("iam_id")?;
    Ok(app.iam.principal_named(caller, named).await?)
}

/// As [`member_of_path`], for the wishes that can be read.
async fn find_accepted(
    app: &App,
    caller: &Identity,
    wishes: &mut [Result<Wish, Refusal>],
) -> Result<(), Refusal> {
    let named = wishes.iter_mut().flatten().map(|(_, member)| member);
    app.iam.find_named(caller, named.collect()).await?;
    Ok(())
}

/// Refuses a list that is empty, or longer than one request takes.
fn check_number(field: &'static str, count: usize) -> Result<(), Refusal> {
    if count == 0 {
        return Err(invalid(field, format!("`{field}` needs one at least")));
    }
    Ok(check_count(field, count, &limit::GROUP_MEMBERS_AT_ONCE)?)
}

/// The id of the request, which the outcomes repeat.
fn trace() -> String {
    Origin::current().transaction().to_owned()
}

/// A text of the request as its outcome repeats it: shortened, with invisible characters escaped.
fn echo(text: &str) -> String {
    let excerpt: String = text.chars().take(ECHOED).collect();
    invisible::escaped(&excerpt).into_owned()
}

/// The status of an outcome, and its errors.
fn status<T>(outcome: &Result<T, Refusal>, done: StatusCode) -> (u16, Vec<IdentityError>) {
    match outcome {
        Ok(_) => (done.as_u16(), Vec::new()),
        Err(Refusal(problem)) => {
            let body = IdentityBody::new(problem, &trace());
            (problem.kind.status(), body.errors)
        }
    }
}

/// The wishes that can be read, in their order; the others keep why they cannot.
fn readable<W: Copy>(wishes: &[Result<W, Refusal>]) -> Vec<W> {
    wishes.iter().flatten().copied().collect()
}

/// Puts the outcomes of the readable wishes among the others.
fn merged<W, T>(
    wishes: Vec<Result<W, Refusal>>,
    outcomes: Vec<Result<T, iam::Refusal>>,
) -> Vec<Result<T, Refusal>> {
    let mut outcomes = outcomes.into_iter();
    let one = |wish: Result<W, Refusal>| {
        wish?;
        match outcomes.next() {
            Some(outcome) => outcome.map_err(|refusal| Refusal(refused::problem(&refusal))),
            // As many outcomes come back as wishes went out.
            None => Err(Refusal(wire::code::INTERNAL.problem("it was not tried"))),
        }
    };
    wishes.into_iter().map(one).collect()
}

pub(super) async fn add(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let group = group_id::of_path(&caller, &params)?;
    app.iam.may_change_members(&caller, group).await?;
    let wanted: AddGroupMembers = body(&bytes)?;
    check_number("members", wanted.members.len())?;
    let read = |one: &NewGroupMember| -> Result<Wish, Refusal> {
        let member = group_id::member(&one.iam_id, one.kind.as_deref())?;
        Ok((group, member))
    };
    let mut wishes: Vec<Result<Wish, Refusal>> = wanted.members.iter().map(read).collect();
    find_accepted(&app, &caller, &mut wishes).await?;
    let outcomes = app.iam.add_to_groups(&caller, &readable(&wishes)).await?;
    let outcomes = merged(wishes, outcomes);
    let members = wanted.members.into_iter().zip(outcomes);
    let members = members.map(|(wish, outcome)| {
        let (status_code, errors) = status(&outcome, StatusCode::OK);
        let added = outcome.ok();
        AddedGroupMember {
            iam_id: echo(&wish.iam_id),
            kind: wish.kind.as_deref().map(echo),
            created_at: added.map(|added| time_text(added.at)),
            created_by_id: added.map(|added| added.by.to_string()),
            status_code,
            trace: trace(),
            errors,
        }
    });
    let answer = AddedGroupMembers {
        members: members.collect(),
    };
    json(StatusCode::MULTI_STATUS, &answer)
}

pub(super) async fn remove_several(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let group = group_id::of_path(&caller, &params)?;
    app.iam.may_change_members(&caller, group).await?;
    let wanted: RemoveGroupMembers = body(&bytes)?;
    check_number("members", wanted.members.len())?;
    let read =
        |iam_id: &String| -> Result<Wish, Refusal> { Ok((group, group_id::member(iam_id, None)?)) };
    let mut wishes: Vec<Result<Wish, Refusal>> = wanted.members.iter().map(read).collect();
    find_accepted(&app, &caller, &mut wishes).await?;
    let outcomes = app
        .iam
        .remove_from_groups(&caller, &readable(&wishes))
        .await?;
    let outcomes = merged(wishes, outcomes);
    let members = wanted.members.into_iter().zip(outcomes);
    let members = members.map(|(iam_id, outcome)| {
        let (status_code, errors) = status(&outcome, StatusCode::NO_CONTENT);
        RemovedGroupMember {
            iam_id: echo(&iam_id),
            trace: trace(),
            status_code,
            errors,
        }
    });
    let answer = RemovedGroupMembers {
        access_group_id: group_id::to_wire(caller.account(), group),
        members: members.collect(),
    };
    json(StatusCode::MULTI_STATUS, &answer)
}

/// The group that a body names, which is none that everybody is in.
fn named_group(account: AccountId, text: &str) -> Result<AccessGroupId, Refusal> {
    check_length("groups", text, &limit::WORD_BYTES)?;
    let found = group_id::read(account, text);
    let found = found.filter(|group| *group != AccessGroupId::public(account));
    found.ok_or_else(|| {
        let message = format!("`groups`: `{text}` is no access group that has members by name");
        invalid("groups", message)
    })
}

pub(super) async fn add_to_groups(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    check_account(&app, &caller, &params)?;
    app.iam.may_manage_access_groups(&caller)?;
    let wanted: AddToAccessGroups = body(&bytes)?;
    check_number("groups", wanted.groups.len())?;
    let member = group_id::member(params.text("iam_id"), wanted.kind.as_deref())?;
    let member = app.iam.principal_named(&caller, member).await?;
    let read = |text: &String| -> Result<Wish, Refusal> {
        Ok((named_group(caller.account(), text)?, member))
    };
    let wishes: Vec<Result<Wish, Refusal>> = wanted.groups.iter().map(read).collect();
    let outcomes = app.iam.add_to_groups(&caller, &readable(&wishes)).await?;
    let outcomes = merged(wishes, outcomes);
    let groups = wanted.groups.into_iter().zip(outcomes);
    let groups = groups.map(|(group, outcome)| {
        let (status_code, errors) = status(&outcome, StatusCode::OK);
        ChangedMembership {
            access_group_id: echo(&group),
            status_code,
            trace: trace(),
            errors,
        }
    });
    let answer = ChangedMemberships {
        iam_id: iam_id::of(member),
        groups: groups.collect(),
    };
    json(StatusCode::MULTI_STATUS, &answer)
}

pub(super) async fn remove_from_all(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    check_account(&app, &caller, &params)?;
    let member = member_of_path(&app, &caller, &params).await?;
    let groups = app.iam.remove_from_all_groups(&caller, member).await?;
    let groups = groups.into_iter().map(|group| ChangedMembership {
        access_group_id: group.to_string(),
        status_code: StatusCode::NO_CONTENT.as_u16(),
        trace: trace(),
        errors: Vec::new(),
    });
    let answer = ChangedMemberships {
        iam_id: iam_id::of(member),
        groups: groups.collect(),
    };
    json(StatusCode::MULTI_STATUS, &answer)
}
