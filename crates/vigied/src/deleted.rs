//! `vigied deleted`: what was deleted and whose metrics are still to go; the operator can have them go at once.

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
        found.map_or_else(|| own.account.to_string(), |account| account.name.clone())
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

fn purged(due: u64) -> String {
    match due {
        0 => "Their metrics are on their way out already.\n".to_owned(),
        1 => "The metrics of 1 space or organization go now: a running server begins within seconds.\n".to_owned(),
        due => format!(
            "The metrics of {due} spaces and organizations go now: a running server begins within seconds.\n"
        ),
    }
}

/// A domain as `vigied deleted list` shows it.
pub(crate) fn domain(text: &str) -> Result<Domain, String> {
    match wire::scope_id::parse(text.as_bytes()) {
        Ok(domain) if !matches!(domain, Domain::Account(_)) => Ok(domain),
        _ => Err("must be `s-GUID` or `o-GUID`, as `vigied deleted list` shows it".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_a_space_or_an_organization() {
        domain("s-3f2504e0-4f89-41d3-9a0c-0305e82c3301").unwrap();
        domain("o-3f2504e0-4f89-41d3-9a0c-0305e82c3301").unwrap();
        for text in ["a-3f2504e0-4f89-41d3-9a0c-0305e82c3301", "x", "s-"] {
            domain(text).unwrap_err();
        }
    }
}
