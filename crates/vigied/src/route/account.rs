//! Accounts and their members.

use super::params::{Params, body};
use super::reply::json;
use crate::app::App;
use crate::http::caller::Manager;
use crate::http::payload::Payload;
use crate::http::problem::Refusal;
use crate::http::routes::Verb::{Delete, Get, Post, Put};
use crate::http::routes::{Guard, Registry};
use crate::http::source::From;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::error::{Kind, Problem};
use base::id::AccountId;
use base::limit;
use base::scope::Domain;
use base::secret::Secret;
use http::StatusCode;
use iam::Identity;
use iam::directory::{Account, Member};
use iam::manage::text::within;
use iam::role::Role;
use std::sync::Arc;
use wire::cf::list::Metadata;
use wire::iam::account::{AccountEntity, AccountResource, Accounts, OrganizationRegion};
use wire::iam::api_key::time_text;
use wire::iam::user::{ChangePassword, InviteUsers, Invited, InvitedUser, User, Username, Users};
use wire::secret::SecretText;

pub(super) fn register(r: &mut impl Registry) {
    r.add(Get, "/coe/v2/accounts", Guard::Identity, accounts);
    r.add(Get, "/coe/v2/accounts/{id}", Guard::Identity, account);
    r.add(Get, "/v2/accounts/{account}/users", Guard::Identity, users);
    r.add(
        Post,
        "/v2/accounts/{account}/users",
        Guard::Identity,
        invite,
    );
    r.add(
        Delete,
        "/v2/accounts/{account}/users/{iam_id}",
        Guard::Identity,
        remove,
    );
    r.add(
        Put,
        "/v2/accounts/{account}/roles/{role}",
        Guard::Identity,
        set_role,
    );
    r.add(
        Delete,
        "/v2/accounts/{account}/roles/{role}",
        Guard::Identity,
        unset_role,
    );
    r.add(Put, "/v2/users/self/password", Guard::Identity, password);
}

fn resource(app: &App, caller: &Identity, account: &Account) -> AccountResource {
    let owner = app
        .iam
        .directory()
        .user(account.owner)
        .map_or_else(String::new, |user| user.email.clone());
    let orgs = app.iam.orgs_of(caller, account.id);
    AccountResource {
        metadata: Metadata {
            guid: account.id.to_string(),
            url: format!("/coe/v2/accounts/{}", account.id),
            created_at: time_text(account.created_at),
            updated_at: None,
        },
        entity: AccountEntity {
            name: account.name.clone(),
            kind: "TRIAL".to_owned(),
            state: "ACTIVE".to_owned(),
            owner: account.owner.0.to_string(),
            owner_userid: owner,
            owner_unique_id: account.owner.to_string(),
            owner_iam_id: account.owner.to_string(),
            country_code: None,
            currency_code: None,
            organizations_region: orgs
                .into_iter()
                .map(|org| OrganizationRegion {
                    guid: org.id.to_string(),
                    region: org.region,
                })
                .collect(),
        },
    }
}

async fn accounts(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
) -> Result<Response, Refusal> {
    let resources = app
        .iam
        .accounts(&caller)
        .iter()
        .map(|account| resource(&app, &caller, account))
        .collect();
    json(
        StatusCode::OK,
        &Accounts {
            next_url: None,
            resources,
        },
    )
}

async fn account(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let account = app.iam.account(&caller, params.id("id")?)?;
    json(StatusCode::OK, &resource(&app, &caller, &account))
}

fn person(app: &App, member: &Member) -> User {
    let (user, account) = (&member.user, member.account);
    let directory = app.iam.directory();
    let roles = directory.roles(user.id, Domain::Account(account));
    User {
        id: user.id.0.to_hex(),
        iam_id: user.id.to_string(),
        realm: "IBMid".to_owned(),
        user_id: user.email.clone(),
        firstname: user.given_name.clone(),
        lastname: user.family_name.clone(),
        state: "ACTIVE".to_owned(),
        email: user.email.clone(),
        account_id: account.to_string(),
        added_on: time_text(member.added_at),
        account_roles: roles.iter().map(ToString::to_string).collect(),
        ..User::default()
    }
}

async fn users(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let members = app.iam.members(&caller, params.id("account")?)?;
    let total = members.len() as u64;
    let list = Users {
        total_results: total,
        limit: total,
        first_url: None,
        next_url: None,
        resources: members.iter().map(|member| person(&app, member)).collect(),
    };
    json(StatusCode::OK, &list)
}

fn role(text: &str) -> Result<Role, Refusal> {
    within("account_role", text, &limit::WORD_BYTES)?;
    text.parse().map_err(|_| {
        let message =
            format!("`{text}` is no account role: Administrator, Editor, Operator or Viewer");
        Refusal(Problem::new(Kind::Invalid, "invalid_parameter", message).field("account_role"))
    })
}

async fn invite(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let account: AccountId = params.id("account")?;
    app.iam.may_invite(&caller, account)?;
    let wanted: InviteUsers = body(&bytes)?;
    if wanted.users.is_empty() {
        return Err(Refusal(
            Problem::new(Kind::Invalid, "invalid_parameter", "`users` names nobody").field("users"),
        ));
    }
    let mut resources = Vec::with_capacity(wanted.users.len());
    for user in wanted.users {
        let role = user
            .account_role
            .as_deref()
            .filter(|text| !text.is_empty())
            .map(role)
            .transpose()?;
        let invited = app.iam.invite(&caller, account, &user.email, role).await?;
        resources.push(InvitedUser {
            email: invited.user.email.clone(),
            id: invited.user.id.to_string(),
            state: "ACTIVE".to_owned(),
            one_time_password: invited
                .password
                .map(|password| SecretText::new(password.expose().clone())),
        });
    }
    json(StatusCode::ACCEPTED, &Invited { resources })
}

async fn remove(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    app.iam
        .remove_member(&caller, params.id("account")?, params.id("iam_id")?)
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn set_role(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let domain = Domain::Account(params.id("account")?);
    app.iam.may_set_roles(&caller, domain)?;
    let wanted: Username = body(&bytes)?;
    app.iam
        .set_role(
            &caller,
            domain,
            role(params.text("role"))?,
            &wanted.username,
        )
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn unset_role(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let domain = Domain::Account(params.id("account")?);
    app.iam.may_set_roles(&caller, domain)?;
    let username = username(&params, &bytes)?;
    app.iam
        .unset_role(&caller, domain, role(params.text("role"))?, &username)
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Who is meant: `?username=`, or a body, which some clients cannot send with a DELETE.
pub(super) fn username(params: &Params, bytes: &[u8]) -> Result<String, Refusal> {
    match params.one("username")? {
        Some(name) => Ok(name.to_owned()),
        None => body::<Username>(bytes).map(|wanted| wanted.username),
    }
}

async fn password(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    From(source): From,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let wanted: ChangePassword = body(&bytes)?;
    let secret = |text: &SecretText| Secret::new(text.expose().to_owned());
    app.iam
        .change_password(
            &caller,
            source,
            secret(&wanted.current_password),
            secret(&wanted.new_password),
        )
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
