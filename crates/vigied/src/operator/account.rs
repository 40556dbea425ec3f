//! `vigied account`: creates and lists accounts, through the running server or on the closed database.

use crate::cli::accounts::{AddressesArgs, LimitArgs};
use crate::cli::{AccountCommand, AccountCreateArgs, Output};
use crate::config::{Settings, notation};
use crate::operator::account_deletion;
use crate::operator::init::{as_json, as_text, keep};
use crate::operator::invitation::cli_error;
use crate::operator::key_file::KeyFile;
use crate::operator::login_address::LoginAddress;
use crate::operator::output::{self, Row};
use crate::text::shell::word;
use base::store::SampleStore;
use iam::Iam;
use iam::bootstrap::Request;
use iam::manage::quota::EffectiveLimit;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use wire::cf::deleted::instant;

/// Runs a command of `vigied account`; returns what it prints.
pub(crate) async fn perform(
    (settings, login_address): (&Settings, &LoginAddress),
    iam: &Iam,
    store: Option<&Arc<dyn SampleStore>>,
    command: &AccountCommand,
) -> anyhow::Result<String> {
    match command {
        AccountCommand::Create(arguments) => create(login_address, iam, arguments).await,
        AccountCommand::Limit(arguments) => limit(iam, arguments).await,
        AccountCommand::Addresses(arguments) => addresses(iam, arguments).await,
        AccountCommand::Delete(arguments) => account_deletion::delete(iam, store, arguments).await,
        AccountCommand::Restore(arguments) => account_deletion::restore(iam, arguments).await,
        AccountCommand::List {
            deleted: true,
            output,
            ..
        } => Ok(account_deletion::list(settings, iam, *output)),
        AccountCommand::List { output, .. } => Ok(list(iam, *output)),
    }
}

async fn create(
    login_address: &LoginAddress,
    iam: &Iam,
    arguments: &AccountCreateArgs,
) -> anyhow::Result<String> {
    let request = Request {
        account: arguments.name.clone(),
        region: arguments.region.clone(),
        org: arguments.org.clone(),
        space: arguments.space.clone(),
        owner: arguments.owner.clone(),
        password: None,
    };
    let key_file = arguments
        .key_file
        .as_deref()
        .map(KeyFile::create)
        .transpose()?;
    let made = iam.create_account(request).await.map_err(cli_error)?;
    let names = [&*arguments.name, &*arguments.org, &*arguments.space];
    let kept = key_file.and_then(|file| keep(file, names, &made));
    let kept = kept.as_deref();
    Ok(match arguments.output {
        Output::Json => {
            let mut value = as_json(names, &made, kept);
            if let Some(object) = value.as_object_mut() {
                object.insert("owner".to_owned(), made.owner.email.as_str().into());
            }
            format!("{value:#}\n")
        }
        Output::Text => {
            let LoginAddress { address, note } = login_address;
            format!(
                "{}\n\
                 Next, by the owner:\n  vigie login -a {address} -u {} -c {}\n{note}",
                as_text(names, &made, None, kept),
                word(&made.owner.email),
                made.account
            )
        }
    })
}

async fn limit(iam: &Iam, arguments: &LimitArgs) -> anyhow::Result<String> {
    let account = iam
        .account_called(&arguments.account)
        .map_err(cli_error)?
        .id;
    if !arguments.changes.is_empty() {
        iam.set_account_limits(account, &arguments.changes).await?;
    }
    let rows: Vec<Allowed> = iam
        .account_limits(account)
        .iter()
        .map(Allowed::of)
        .collect();
    Ok(output::list(arguments.output, &rows, ""))
}

async fn addresses(iam: &Iam, arguments: &AddressesArgs) -> anyhow::Result<String> {
    let account = iam
        .account_called(&arguments.account)
        .map_err(cli_error)?
        .id;
    if let Some(allowed) = &arguments.allowed {
        let set = iam.set_allowed_addresses(account, allowed.clone());
        set.await.map_err(cli_error)?;
    }
    let allowed = iam.allowed_addresses(account);
    let facts =
        json!({"account_guid": account.to_string(), "allowed_ip_addresses": allowed.text()});
    Ok(output::one(arguments.output, &facts, || {
        match allowed.text() {
            "" => format!("The account {account} lets credentials in from every address.\n"),
            list => format!("The account {account} lets credentials in from {list} alone.\n"),
        }
    }))
}

/// A limit of an account.
#[derive(Debug, Serialize)]
struct Allowed {
    name: &'static str,
    allowed: u64,
    unit: &'static str,
    is_own: bool,
}

impl Allowed {
    const fn of(effective: &EffectiveLimit) -> Self {
        Self {
            name: effective.limit.name,
            allowed: effective.allowed,
            unit: effective.limit.unit,
            is_own: effective.is_own,
        }
    }
}

impl Row<4> for Allowed {
    const HEADS: [&'static str; 4] = ["Limit", "Allowed", "Of", "Set"];

    fn cells(&self) -> [String; 4] {
        let set = match self.is_own {
            true => "for this account",
            false => "for all accounts",
        };
        [
            self.name.to_owned(),
            match self.unit {
                "bytes" => notation::size(self.allowed),
                _ => self.allowed.to_string(),
            },
            self.unit.to_owned(),
            set.to_owned(),
        ]
    }
}

/// A row of the list of accounts.
#[derive(Debug, Serialize)]
struct AccountRow {
    account_guid: String,
    account_name: String,
    owner: String,
    members: usize,
    created_at: String,
}

impl Row<4> for AccountRow {
    const HEADS: [&'static str; 4] = ["Account GUID", "Name", "Members", "Owner"];

    fn cells(&self) -> [String; 4] {
        [
            self.account_guid.clone(),
            self.account_name.clone(),
            self.members.to_string(),
            self.owner.clone(),
        ]
    }
}

fn list(iam: &Iam, output: Output) -> String {
    let directory = iam.directory();
    let owner = |id| directory.user(id).map_or("", |user| &user.email);
    let accounts = directory.accounts();
    let rows = accounts.iter().map(|account| AccountRow {
        account_guid: account.id.to_string(),
        account_name: account.name.clone(),
        owner: owner(account.owner).to_owned(),
        members: directory.members_of(account.id).count(),
        created_at: instant(account.created_at),
    });
    output::list(output, &rows.collect::<Vec<_>>(), "There is no account.\n")
}
