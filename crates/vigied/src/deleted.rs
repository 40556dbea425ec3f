//! `vigied deleted`: what was deleted and whose metrics are still to go; the operator can have them go at once.

use crate::account_deletion;
use crate::ask;
use crate::boot;
use crate::cli::Output;
use crate::cli::deleted::{DeletedCommand, PurgeArgs};
use crate::coded::Coded;
use crate::config::Settings;
use crate::printed::{self, Row};
use base::scope::Domain;
use iam::Iam;
use iam::directory::Deleted;
use serde::Serialize;
use serde_json::json;
use wire::cf::deleted::instant;

const NOTHING: &str = "Nothing that was deleted is left.\n";

/// Does what a command of `vigied deleted` says; returns what it prints.
pub(crate) async fn perform(iam: &Iam, command: &DeletedCommand) -> anyhow::Result<String> {
    match command {
        DeletedCommand::List { output, .. } => Ok(list(iam, *output)),
        DeletedCommand::Purge(arguments) => purge(iam, arguments).await,
    }
}

/// One that was deleted.
#[derive(Debug, Serialize)]
struct Own {
    domain: String,
    name: String,
    account_guid: String,
    account_name: String,
    deleted_at: String,
    removed_at: String,
}

impl Row<5> for Own {
    const HEADS: [&'static str; 5] = ["Domain", "Name", "Account", "Deleted", "Metrics go"];

    fn cells(&self) -> [String; 5] {
        [
            &self.domain,
            &self.name,
            &self.account_name,
            &self.deleted_at,
            &self.removed_at,
        ]
        .map(String::clone)
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
    let rows = directory.deletions().iter().map(|own| Own {
        domain: own.domain.to_string(),
        name: own.name.clone(),
        account_guid: own.account.to_string(),
        account_name: account(own),
        deleted_at: instant(own.deleted_at),
        removed_at: instant(own.due_at),
    });
    printed::list(output, &rows.collect::<Vec<_>>(), NOTHING)
}

/// Whether the operator means it: asked before a server hears of it, which has no terminal. Not asked about nothing.
pub(crate) async fn is_meant(settings: &Settings, arguments: &PurgeArgs) -> anyhow::Result<bool> {
    if arguments.yes {
        return Ok(true);
    }
    ask::require_terminal("what nothing brings back", "--yes")?;
    let iam = boot::identity_of_operator(settings).await?;
    let question = named(&iam, arguments).map(|named| question(&iam, &named));
    iam.close().await;
    match question? {
        Some(question) => ask::confirm(&question),
        None => Ok(true),
    }
}

/// What the operator is asked; none where nothing is left to go.
fn question(iam: &Iam, named: &[Domain]) -> Option<String> {
    let directory = iam.directory();
    let mut found = directory
        .deletions()
        .iter()
        .filter(|own| named.contains(&own.domain));
    let first = found.next()?;
    let which = format!("`{}` ({})", first.name.escape_debug(), first.domain);
    let rest = match found.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "The metrics of {which}{rest} go at once, with all that was deleted in it, and nothing brings them back. Go on?"
    ))
}

/// What was declined changes nothing.
pub(crate) fn declined(arguments: &PurgeArgs) -> String {
    let facts = json!({"domains": []});
    printed::one(arguments.output.output, &facts, || {
        "Nothing was changed.\n".to_owned()
    })
}

/// The domains that are meant, each of which is there and goes by itself.
fn named(iam: &Iam, arguments: &PurgeArgs) -> anyhow::Result<Vec<Domain>> {
    let directory = iam.directory();
    let known = directory.deletions();
    if arguments.all {
        return Ok(known.iter().map(|own| own.domain).collect());
    }
    for domain in &arguments.domains {
        let Some(own) = known.iter().find(|own| own.domain == *domain) else {
            let text = format!(
                "nothing that was deleted is `{domain}`\nhint: `vigied deleted list` shows what there is"
            );
            return Err(Coded::not_found(text).into());
        };
        if is_part_of_account(own) {
            let text = format!(
                "`{}` was deleted with its account, and goes with it\nhint: `vigied deleted purge {}` has all of it go",
                own.domain, own.deleted_with
            );
            return Err(Coded::new("conflict", text).into());
        }
    }
    Ok(arguments.domains.clone())
}

async fn purge(iam: &Iam, arguments: &PurgeArgs) -> anyhow::Result<String> {
    let named = named(iam, arguments)?;
    let mut due = iam.purge_deleted(&named).await?;
    due.sort_unstable();
    let domains: Vec<String> = due.iter().map(ToString::to_string).collect();
    let facts = json!({"domains": domains});
    Ok(printed::one(arguments.output.output, &facts, || {
        match (named.len(), due.len()) {
            (0, _) => NOTHING.to_owned(),
            (_, due) => purged(due),
        }
    }))
}

/// An account comes back whole or not at all.
fn is_part_of_account(own: &Deleted) -> bool {
    matches!(own.deleted_with, Domain::Account(_)) && own.deleted_with != own.domain
}

fn purged(due: usize) -> String {
    match due {
        0 => "Their metrics are on their way out already.\n".to_owned(),
        1 => "The metrics of 1 space, organization or account go now: a running server begins within seconds.\n".to_owned(),
        due => format!(
            "The metrics of {due} spaces, organizations and accounts go now: a running server begins within seconds.\n"
        ),
    }
}
