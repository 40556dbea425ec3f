//! `vigied account`: the operator makes and lists accounts, through the server that runs or on the closed database.

use crate::account_deletion;
use crate::at::{At, at};
use crate::cli::accounts::LimitArgs;
use crate::cli::{AccountCommand, AccountCreateArgs, Output};
use crate::columns::columns;
use crate::config::Settings;
use crate::init::{as_json, as_text, keep};
use crate::invitation::told;
use crate::key_file::KeyFile;
use crate::shell::word;
use base::store::SampleStore;
use base::time::Millis;
use iam::Iam;
use iam::bootstrap::Request;
use serde_json::{Value, json};
use std::sync::Arc;

/// Runs a command of `vigied account`; returns what it prints.
pub(crate) async fn perform(
    settings: &Settings,
    iam: &Iam,
    store: Option<&Arc<dyn SampleStore>>,
    command: &AccountCommand,
) -> anyhow::Result<String> {
    match command {
        AccountCommand::Create(arguments) => create(settings, iam, arguments).await,
        AccountCommand::Limit(arguments) => limit(iam, arguments).await,
        AccountCommand::Delete(arguments) => account_deletion::delete(iam, store, arguments).await,
        AccountCommand::Restore(arguments) => account_deletion::restore(iam, arguments).await,
        AccountCommand::List {
            deleted: true,
            output,
            ..
        } => Ok(account_deletion::list(iam, *output)),
        AccountCommand::List { output, .. } => Ok(list(iam, *output)),
    }
}

async fn create(
    settings: &Settings,
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
    let made = iam.create_account(request).await.map_err(told)?;
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
            let At { address, note } = at(settings);
            format!(
                "{}\n\n\
                 Next, by the owner:\n  vigie login -a {address} -u {} -c {}\n{note}",
                as_text(names, &made, None, kept),
                word(&made.owner.email),
                made.account
            )
        }
    })
}

async fn limit(iam: &Iam, arguments: &LimitArgs) -> anyhow::Result<String> {
    let account = iam.account_called(&arguments.account).map_err(told)?.id;
    if !arguments.changes.is_empty() {
        iam.set_account_limits(account, &arguments.changes).await?;
    }
    let limits = iam.account_limits(account);
    if arguments.output == Output::Json {
        let rows: Vec<Value> = limits
            .iter()
            .map(|own| {
                json!({
                    "name": own.limit.name,
                    "allowed": own.allowed,
                    "unit": own.limit.unit,
                    "is_own": own.is_own,
                })
            })
            .collect();
        return Ok(format!("{:#}\n", Value::Array(rows)));
    }
    let rows: Vec<[String; 4]> = limits
        .iter()
        .map(|own| {
            let set = if own.is_own {
                "for this account"
            } else {
                "for all accounts"
            };
            [
                own.limit.name.to_owned(),
                own.allowed.to_string(),
                own.limit.unit.to_owned(),
                set.to_owned(),
            ]
        })
        .collect();
    Ok(columns(["Limit", "Allowed", "Of", "Set"], &rows))
}

fn list(iam: &Iam, output: Output) -> String {
    let directory = iam.directory();
    let owner = |id| directory.user(id).map_or("", |user| &user.email);
    let accounts = directory.accounts();
    if output == Output::Json {
        let rows: Vec<Value> = accounts
            .iter()
            .map(|account| {
                json!({
                    "account_guid": account.id.to_string(),
                    "account_name": account.name,
                    "owner": owner(account.owner),
                    "members": directory.members_of(account.id).len(),
                    "created_at": instant(account.created_at),
                })
            })
            .collect();
        return format!("{:#}\n", Value::Array(rows));
    }
    let rows: Vec<[String; 4]> = accounts
        .iter()
        .map(|account| {
            [
                account.id.to_string(),
                account.name.clone(),
                directory.members_of(account.id).len().to_string(),
                owner(account.owner).to_owned(),
            ]
        })
        .collect();
    columns(["Account GUID", "Name", "Members", "Owner"], &rows)
}

fn instant(at: Millis) -> String {
    wire::iam::api_key::time_text(at)
}
