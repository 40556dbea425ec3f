//! `account list`, and `iam accounts`.

use crate::context::Context;
use crate::error::Failure;
use crate::output::{Column, Row};
use serde::Serialize;
use wire::iam::account::AccountResource;

/// The columns of the list of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Columns {
    /// As `account list` does.
    Usual,
    /// As `iam accounts` did: with the type in the third place.
    WithType,
}

/// One account under the names that scripts know.
#[derive(Serialize)]
struct AccountListing {
    #[serde(rename = "AccountGuid")]
    guid: String,
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "OwnerUserID")]
    owner: String,
    #[serde(rename = "State")]
    state: String,
    #[serde(rename = "Type")]
    kind: String,
}

impl AccountListing {
    fn of(account: AccountResource) -> Self {
        let entity = account.entity;
        Self {
            guid: account.metadata.guid,
            name: entity.name,
            state: entity.state,
            owner: entity.owner_userid,
            kind: entity.kind,
        }
    }
}

impl Row for AccountListing {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Account GUID", |account| account.guid.clone()),
        Column::new("Name", |account| account.name.clone()),
        Column::wide("Type", |account| account.kind.clone()),
        Column::new("State", |account| account.state.clone()),
        Column::new("Owner User ID", |account| account.owner.clone()),
    ];
}

/// Lists the accounts the caller belongs to.
pub(crate) fn run(context: &Context, columns: Columns) -> Result<(), Failure> {
    let output = &context.output;
    output.action(format!("Retrieving all accounts of {}...", context.user()))?;
    let accounts = context.accounts()?;
    let accounts: Vec<AccountListing> = accounts.into_iter().map(AccountListing::of).collect();
    output.ok()?;
    let is_wide = columns == Columns::WithType;
    output.list(&accounts, is_wide, "No accounts found.")
}
