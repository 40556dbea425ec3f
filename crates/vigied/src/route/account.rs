//! Accounts, as their members see them.

mod password;
mod role;
mod user;

pub(super) use password::password;
pub(super) use role::{role_holders, set_role, unset_role, username};
pub(super) use user::{person, remove, remove_v3, users, waiting};

use super::list_cursor::ListCursor;
use super::order::{Order, SortKey};
use super::paging::ACCOUNTS;
use super::reply::json;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::Params;
use axum::extract::State;
use axum::response::Response;
use base::limit;
use http::StatusCode;
use iam::Identity;
use iam::directory::Account;
use iam::manage::page::PageRequest;
use std::sync::Arc;
use wire::cf::deleted::instant;
use wire::cf::list::Metadata;
use wire::iam::account::{
    AccountEntity, AccountResource, AccountTraits, Accounts, ManagedAccount, OrganizationRegion,
};

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

/// The account that a path names: its caller may just have joined it at another node.
async fn named(app: &App, caller: &Identity, params: &Params) -> Result<Account, Refusal> {
    let id = params.id("id")?;
    let find = || app.iam.account(caller, id);
    Ok(app.iam.found_at_any_node(find).await?)
}

pub(super) async fn account(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let account = named(&app, &caller, &params).await?;
    json(StatusCode::OK, &resource(&app, &caller, &account))
}

/// One account as IBM's `AccountManagementV4` reads it.
pub(super) async fn managed(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let account = named(&app, &caller, &params).await?;
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
