//! `vigied deleted`: what was deleted and whose metrics are still to go; the operator can have them go at once.

use crate::account_deletion;
use crate::cli::Output;
use crate::cli::deleted::DeletedCommand;
use crate::columns::columns;
use anyhow::bail;
use base::scope::Domain;
use iam::Iam;
use iam::directory::Deleted;
use serde_json::{Value, json};
use wire::cf::deleted::instant;

const NOTHING: &str = "Nothing that was deleted is left.\n";

/// Does what a command of `vigied deleted` says; returns what it prints.
pub(crate) async fn perform(iam: &Iam, command: &DeletedCommand) -> anyhow::Result<String> {
    match command {
        DeletedCommand::List { output, .. } => Ok(list(iam, *output)),
        DeletedCommand::Purge { domains, all, .. } => purge(iam, domains, *all).await,
    }
}

fn list(iam: &Iam, output: Output) -> String {
    let directory = iam.directory();
    let accounts = directory.accounts();
    let account = |own: &Deleted| {
        let found = accounts.iter().find(|account| account.id == own.account);
        found
            .map(|account| account.name.clone())
            .or_else(|| account_deletion::name_of(directory.deletions(), own.account))
            .unwrap_or_else(|| own.account.to_string())
    };
    if output == Output::Json {
        let rows: Vec<Value> = directory
            .deletions()
            .iter()
            .map(|own| {
                json!({
                    "domain": own.domain.to_string(),
                    "name": own.name,
                    "account_guid": own.account.to_string(),
                    "account_name": account(own),
                    "deleted_at": instant(own.deleted_at),
                    "removed_at": instant(own.due_at),
                })
            })
            .collect();
        return format!("{:#}\n", Value::Array(rows));
    }
    let rows: Vec<[String; 5]> = directory
        .deletions()
        .iter()
        .map(|own| {
            [
                own.domain.to_string(),
                own.name.clone(),
                account(own),
                instant(own.deleted_at),
                instant(own.due_at),
            ]
        })
        .collect();
    if rows.is_empty() {
        return NOTHING.to_owned();
    }
    columns(
        ["Domain", "Name", "Account", "Deleted", "Metrics go"],
        &rows,
    )
}

async fn purge(iam: &Iam, wanted: &[Domain], all: bool) -> anyhow::Result<String> {
    if wanted.is_empty() && !all {
        bail!(
            "nothing is named that shall go\nhint: name domains as `vigied deleted list` shows them, or everything that was deleted with `--all`"
        );
    }
    let directory = iam.directory();
    let known: Vec<Domain> = directory.deletions().iter().map(|own| own.domain).collect();
    for domain in wanted {
        if !known.contains(domain) {
            bail!(
                "nothing that was deleted is `{domain}`\nhint: `vigied deleted list` shows what there is"
            );
        }
    }
    let part = directory
        .deletions()
        .iter()
        .find(|own| is_part_of_account(own) && wanted.contains(&own.domain));
    if let Some(own) = part {
        bail!(
            "`{}` was deleted with its account, and goes with it\nhint: `vigied deleted purge {}` has all of it go",
            own.domain,
            own.deleted_with
        );
    }
    if known.is_empty() {
        return Ok(NOTHING.to_owned());
    }
    let due = if all {
        iam.purge_deleted(&known).await?
    } else {
        iam.purge_deleted(wanted).await?
    };
    Ok(purged(due))
}

/// An account comes back whole or not at all.
fn is_part_of_account(own: &Deleted) -> bool {
    matches!(own.deleted_with, Domain::Account(_)) && own.deleted_with != own.domain
}

fn purged(due: u64) -> String {
    match due {
        0 => "Their metrics are on their way out already.\n".to_owned(),
        1 => "The metrics of 1 space, organization or account go now: a running server begins within seconds.\n".to_owned(),
        due => format!(
            "The metrics of {due} spaces, organizations and accounts go now: a running server begins within seconds.\n"
        ),
    }
}
