//! `vigied account`: the operator makes and lists accounts. It works on the identity database itself, also while a server
//! runs on it, which sees the change at its next poll.

use crate::boot;
use crate::cli::{AccountCommand, AccountCreateArgs, Output};
use crate::columns::columns;
use crate::config::Settings;
use crate::init::{as_json, as_text};
use crate::invitation::told;
use base::time::Millis;
use iam::Iam;
use iam::bootstrap::Request;
use serde_json::{Value, json};

/// Runs a command of `vigied account`; returns what it prints.
pub(crate) async fn run(settings: &Settings, command: &AccountCommand) -> anyhow::Result<String> {
    let iam = boot::identity_of_operator(settings).await?;
    let text = match command {
        AccountCommand::Create(arguments) => create(&iam, arguments).await,
        AccountCommand::List { output, .. } => Ok(list(&iam, *output)),
    };
    iam.close().await;
    text
}

async fn create(iam: &Iam, arguments: &AccountCreateArgs) -> anyhow::Result<String> {
    let request = Request {
        account: arguments.name.clone(),
        region: arguments.region.clone(),
        org: arguments.org.clone(),
        space: arguments.space.clone(),
        owner: arguments.owner.clone(),
        password: None,
    };
    let made = iam.create_account(request).await.map_err(told)?;
    let names = [&*arguments.name, &*arguments.org, &*arguments.space];
    Ok(match arguments.output {
        Output::Json => {
            let mut value = as_json(names, &made);
            if let Some(object) = value.as_object_mut() {
                object.insert("owner".to_owned(), made.owner.email.as_str().into());
            }
            format!("{value:#}\n")
        }
        Output::Text => format!(
            "{}\nNext:\n  vigie login -u {} -c {}\n",
            as_text(names, &made, None),
            made.owner.email,
            made.account
        ),
    })
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
                    "members": directory.members(account.id).len(),
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
                directory.members(account.id).len().to_string(),
                owner(account.owner).to_owned(),
            ]
        })
        .collect();
    columns(["Account GUID", "Name", "Members", "Owner"], &rows)
}

fn instant(at: Millis) -> String {
    wire::iam::api_key::time_text(at)
}
