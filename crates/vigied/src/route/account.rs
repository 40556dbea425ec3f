//! Accounts and their members.

use super::invitation::{PENDING, role};
use super::list_cursor::ListCursor;
use super::order::{Order, SortKey};
use super::paging::ACCOUNTS;
use super::reply::json;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::http::source::RequestSource;
use crate::request::caller::Manager;
use crate::request::params::{Params, body};
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::AccountId;
use base::limit;
use base::scope::Domain;
use base::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use iam::IamError;
use iam::Identity;
use iam::directory::{Account, Member};
use iam::manage::invitation::Invitation;
use iam::manage::page::PageRequest;
use iam::manage::people_search::{PeopleSearch, PersonPlace};
use std::sync::Arc;
use wire::cf::deleted::instant;
use wire::cf::list::Metadata;
use wire::iam::account::{
    AccountEntity, AccountResource, AccountTraits, Accounts, ManagedAccount, OrganizationRegion,
};
use wire::iam::user::{ChangePassword, User, UserSettings, Username, Users};
use wire::secret::SecretText;

/// The type and the state of every account.
const KIND: &str = "TRIAL";
const STATE: &str = "ACTIVE";

/// The name of the account's owner.
fn owner_of(app: &App, account: &Account) -> String {
    let directory = app.iam.directory();
    let owner = directory.user(account.owner);
    owner.map_or_else(String::new, |user| user.email.clone())
}

fn resource(app: &App, caller: &Identity, account: &Account) -> AccountResource {
    // A nested list: at most one page; for more, the client requests the list itself.
    let few = PageRequest {
        skip: 0,
        take: limit::PAGE_ENTRIES.default,
    };
    let orgs = app.iam.orgs_of(caller, account.id, few).entries;
    AccountResource {
        metadata: Metadata {
            guid: account.id.to_string(),
            url: format!("/coe/v2/accounts/{}", account.id),
            created_at: instant(account.created_at),
            updated_at: None,
        },
        entity: AccountEntity {
            name: account.name.clone(),
            kind: KIND.to_owned(),
            state: STATE.to_owned(),
            owner: account.owner.0.to_string(),
            owner_userid: owner_of(app, account),
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

pub(super) async fn accounts(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    listed(&app, &caller, &params)
}

fn listed(app: &App, caller: &Identity, params: &Params) -> Result<Response, Refusal> {
    let by_name = Order::<Account>::fixed(|account| SortKey::text(&account.name));
    let cursor = ListCursor::of(&ACCOUNTS, params, by_name)?;
    let order = |a: &Account, b: &Account| cursor.compare(a, b);
    let part = app.iam.accounts(caller, order, cursor.part());
    let address = |start: Option<&str>| {
        ACCOUNTS.address_at("/coe/v2/accounts", params, &[], (cursor.size(), start))
    };
    let page = cursor.page(part, address)?;
    let accounts = page.entries.iter();
    let resources = accounts.map(|account| resource(app, caller, account));
    json(
        StatusCode::OK,
        &Accounts {
            next_url: page.links.next,
            resources: resources.collect(),
        },
    )
}

pub(super) async fn account(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let account = app.iam.account(&caller, params.id("id")?)?;
    json(StatusCode::OK, &resource(&app, &caller, &account))
}

/// One account as IBM's `AccountManagementV4` reads it.
pub(super) async fn managed(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let account = app.iam.account(&caller, params.id("id")?)?;
    let answer = ManagedAccount {
        name: account.name.clone(),
        id: account.id.to_string(),
        owner: account.owner.0.to_string(),
        owner_userid: owner_of(&app, &account),
        owner_iamid: account.owner.to_string(),
        kind: KIND.to_owned(),
        status: STATE.to_owned(),
        linked_softlayer_account: String::new(),
        team_directory_enabled: false,
        traits: AccountTraits::default(),
    };
    json(StatusCode::OK, &answer)
}

pub(super) fn person(app: &App, member: &Member) -> User {
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
        added_on: instant(member.added_at),
        account_roles: roles.iter().map(ToString::to_string).collect(),
        ..User::default()
    }
}

/// An invitation not yet accepted, by the address the inviter typed: it reveals nothing of the user, known or not.
pub(super) fn waiting(account: AccountId, invitation: &Invitation) -> User {
    User {
        // The one that the inviter was answered: a person without a profile here has no other.
        id: invitation.id.to_string(),
        iam_id: invitation.id.to_string(),
        realm: "IBMid".to_owned(),
        user_id: invitation.email.clone(),
        state: PENDING.to_owned(),
        email: invitation.email.clone(),
        account_id: account.to_string(),
        added_on: instant(invitation.created_at),
        account_roles: invitation.roles.iter().map(ToString::to_string).collect(),
        ..User::default()
    }
}

/// The text that says that a page of users begins after this one.
fn start_after(user: &User) -> String {
    let place = (user.state == PENDING, user.user_id.as_str());
    // A text is always written.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&place).unwrap_or_default())
}

/// Where the requested page of users begins.
fn place(params: &Params) -> Result<Option<PersonPlace>, Refusal> {
    let Some(text) = ACCOUNTS.start(params)? else {
        return Ok(None);
    };
    let read = || -> Option<PersonPlace> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (is_invited, address) = serde_json::from_slice(&bytes).ok()?;
        Some(PersonPlace {
            is_invited,
            address,
        })
    };
    read().map(Some).ok_or_else(|| ACCOUNTS.no_start(text))
}

pub(super) async fn users(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let account = params.id("account")?;
    let settings = params.flag("include_settings")?.then(UserSettings::default);
    let size = ACCOUNTS.size(&params)?;
    let search = PeopleSearch::read(params.one("search")?, params.one("user_id")?);
    let search = search.map_err(IamError::from)?.after(place(&params)?);
    // One more than is shown says whether the list goes on.
    let window = PageRequest {
        skip: 0,
        take: size.saturating_add(1),
    };
    let members = app.iam.members_found(&caller, account, &search, window)?;
    let invited_window = window.after(&members);
    let invited = app
        .iam
        .invitations_found(&caller, account, &search, invited_window)
        .await?;
    let total = members.total.saturating_add(invited.total);
    let members = members.entries.iter().map(|member| person(&app, member));
    let invited = invited.entries.iter().map(|one| waiting(account, one));
    let with_settings = |user: User| User {
        settings: settings.clone(),
        ..user
    };
    let mut resources: Vec<User> = members.chain(invited).map(with_settings).collect();
    let goes_on = resources.len() as u64 > size;
    resources.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    let path = format!("/v2/accounts/{account}/users");
    let kept_parameters = ["search", "user_id", "include_settings"];
    let address =
        |start: Option<&str>| ACCOUNTS.address_at(&path, &params, &kept_parameters, (size, start));
    let last = resources.last().filter(|_| goes_on).map(start_after);
    let next_url = last.map(|start| address(Some(&start)));
    let list = Users {
        total_results: total,
        limit: size,
        first_url: Some(address(None)?),
        next_url: next_url.transpose()?,
        resources,
    };
    json(StatusCode::OK, &list)
}

pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    app.iam
        .remove_member(&caller, params.id("account")?, params.id("iam_id")?)
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The same, as the later version of the interface answers it.
pub(super) async fn remove_v3(
    app: State<Arc<App>>,
    caller: Manager,
    params: Params,
) -> Result<Response, Refusal> {
    remove(app, caller, params).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

pub(super) async fn set_role(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let domain = Domain::Account(params.id("account")?);
    app.iam.may_set_roles(&caller, domain)?;
    let username = username(&params, &bytes)?;
    app.iam
        .set_role(&caller, domain, role(params.text("role"))?, &username)
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn unset_role(
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

/// The user of the request: `?username=`, or a body, which some clients cannot send with a DELETE.
pub(super) fn username(params: &Params, bytes: &[u8]) -> Result<String, Refusal> {
    match params.one("username")? {
        Some(name) => Ok(name.to_owned()),
        None => body::<Username>(bytes).map(|wanted| wanted.username),
    }
}

pub(super) async fn password(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    RequestSource(source): RequestSource,
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
