//! `vigied deleted`: lists deletions whose metrics are not removed yet; the operator can remove them at once.

use crate::boot;
use crate::cli::Output;
use crate::cli::deleted::{DeletedCommand, PurgeArgs};
use crate::config::Settings;
use crate::control;
use crate::failure::coded_error::CodedError;
use crate::operator::confirm;
use crate::operator::deletion_state::{State, states};
use crate::operator::output::{self, Row};
use base::id::AccountId;
use base::invisible::escaped;
use base::scope::Domain;
use base::time::{Clock, SystemClock};
use iam::Iam;
use iam::directory::Deleted;
use serde::Serialize;
use serde_json::json;
use wire::cf::deleted::instant;

const NOTHING: &str = "Nothing that was deleted is left.\n";

/// Runs a command of `vigied deleted`; returns what it prints.
pub(crate) async fn perform(
    settings: &Settings,
    iam: &Iam,
    command: &DeletedCommand,
) -> anyhow::Result<String> {
    match command {
        DeletedCommand::List { output, .. } => Ok(list(settings, iam, *output)),
        DeletedCommand::Purge(arguments) => purge(iam, arguments).await,
    }
}

/// A row of the list of deletions.
#[derive(Debug, Serialize)]
struct DeletionRow {
    domain: String,
    name: String,
    account_guid: String,
    account_name: String,
    deleted_at: String,
    removed_at: String,
    state: State,
}

impl Row<6> for DeletionRow {
    const HEADS: [&'static str; 6] = [
        "Domain",
        "Name",
        "Account",
        "Deleted",
        "Metrics go",
        "State",
    ];

    fn cells(&self) -> [String; 6] {
        [
            &self.domain,
            &self.name,
            &self.account_name,
            &self.deleted_at,
            &self.removed_at,
            self.state.word(),
        ]
        .map(str::to_owned)
    }
}

fn list(settings: &Settings, iam: &Iam, output: Output) -> String {
    let directory = iam.directory();
    let state = states(settings, iam);
    let rows = directory
        .deletions()
        .into_iter()
        .map(|deletion| DeletionRow {
            domain: deletion.domain.to_string(),
            name: deletion.name.clone(),
            account_guid: deletion.account.to_string(),
            account_name: account_name(iam, deletion.account),
            deleted_at: instant(deletion.deleted_at),
            removed_at: instant(deletion.due_at),
            state: state(deletion),
        });
    output::list(output, &rows.collect::<Vec<_>>(), NOTHING)
}

fn account_name(iam: &Iam, id: AccountId) -> String {
    let directory = iam.directory();
    let accounts = directory.accounts();
    let found = accounts.iter().find(|account| account.id == id);
    found
        .map(|account| account.name.clone())
        .or_else(|| {
            let deletion = directory.deletion_of(Domain::Account(id))?;
            Some(deletion.name.clone())
        })
        .unwrap_or_else(|| id.to_string())
}

/// Asks for confirmation. The command asks before it contacts the server, which has no terminal. Deletions that are already due
/// need none.
pub(crate) async fn is_confirmed(
    settings: &Settings,
    arguments: &PurgeArgs,
) -> anyhow::Result<bool> {
    if arguments.yes {
        return Ok(true);
    }
    let iam = boot::identity_of_operator(settings).await?;
    let what = named(&iam, arguments).map(|named| purge_question(settings, &iam, &named));
    iam.close().await;
    match what? {
        Some(what) => confirm::confirm(&what),
        None => Ok(true),
    }
}

/// The question to the operator; `None` if nothing waits.
fn purge_question(settings: &Settings, iam: &Iam, named: &[Domain]) -> Option<String> {
    let (directory, now) = (iam.directory(), SystemClock.now());
    let waiting = directory.deletions().into_iter();
    let waiting: Vec<&Deleted> = waiting
        .filter(|deletion| named.contains(&deletion.domain) && deletion.is_kept(now))
        .collect();
    let first = waiting.first()?;
    let domains: Vec<Domain> = waiting.iter().map(|deletion| deletion.domain).collect();
    // Domains that are removed with another one are counted there.
    let whole: Vec<Domain> = waiting
        .iter()
        .filter(|deletion| {
            deletion.deleted_with == deletion.domain || !domains.contains(&deletion.deleted_with)
        })
        .map(|deletion| deletion.domain)
        .collect();
    let series = match control::series(settings.data(), &whole) {
        Some(each) => format!("{} series", each.iter().sum::<u64>()),
        None => "their series".to_owned(),
    };
    let rest = match waiting.len().saturating_sub(1) {
        0 => " goes".to_owned(),
        more => format!(" and {more} more go"),
    };
    Some(format!(
        "`{}` ({}) of the account `{}`{rest} at once, with {series} and all that was deleted in it, and nothing brings them back",
        escaped(&first.name),
        first.domain,
        escaped(&account_name(iam, first.account)),
    ))
}

/// The output after a declined confirmation.
pub(crate) fn declined(arguments: &PurgeArgs) -> String {
    let facts = json!({"domains": []});
    output::one(arguments.output.output, &facts, || {
        "Nothing was changed.\n".to_owned()
    })
}

/// The domains of the arguments. Each must be deleted, and by itself.
fn named(iam: &Iam, arguments: &PurgeArgs) -> anyhow::Result<Vec<Domain>> {
    let directory = iam.directory();
    let known = directory.deletions();
    if arguments.all {
        return Ok(known.iter().map(|deletion| deletion.domain).collect());
    }
    let each = arguments.domains.iter();
    each.map(|asked| one_named(&known, asked)).collect()
}

/// Finds a deletion by its domain, or by a name that no other deletion has.
fn one_named(known: &[&Deleted], asked: &str) -> anyhow::Result<Domain> {
    let domain = wire::scope_id::parse(asked.as_bytes()).ok();
    if let Some(deletion) = known
        .iter()
        .find(|deletion| Some(deletion.domain) == domain)
    {
        if is_part_of_account(deletion) {
            let text = format!(
                "`{}` was deleted with its account, and goes with it\nhint: `vigied deleted purge {}` has all of it go",
                deletion.domain, deletion.deleted_with
            );
            return Err(CodedError::new("conflict", text).into());
        }
        return Ok(deletion.domain);
    }
    let called = known
        .iter()
        .filter(|deletion| deletion.name == asked && !is_part_of_account(deletion));
    let called: Vec<Domain> = called.map(|deletion| deletion.domain).collect();
    match called.as_slice() {
        [one] => Ok(*one),
        [] => {
            // The bare id, as the interface for tenants has it.
            let is_guid = wire::scope_id::parse(format!("s-{asked}").as_bytes()).is_ok();
            let hint = match is_guid {
                true => "write `s-GUID`, `o-GUID` or `a-GUID`, as `vigied deleted list` shows it",
                false => "`vigied deleted list` shows what there is",
            };
            let text = format!(
                "nothing that was deleted is `{}`\nhint: {hint}",
                escaped(asked)
            );
            Err(CodedError::not_found(text).into())
        }
        several => {
            let domains: Vec<String> = several.iter().map(|domain| format!("`{domain}`")).collect();
            let text = format!(
                "several that were deleted are `{}`\nhint: name one by its domain: {}",
                escaped(asked),
                domains.join(", ")
            );
            Err(CodedError::new("conflict", text).into())
        }
    }
}

async fn purge(iam: &Iam, arguments: &PurgeArgs) -> anyhow::Result<String> {
    let mut named = named(iam, arguments)?;
    let mut outcome = iam.purge_deleted(&named).await?;
    if !outcome.missing.is_empty() {
        // Restored, or gone for good, since they were looked up.
        iam.read_changes().await?;
        if !arguments.all {
            let directory = iam.directory();
            let is_restored = |domain: Domain| directory.account_of(domain).is_some();
            return Err(missing(&outcome.missing, is_restored).into());
        }
        let gone = std::mem::take(&mut outcome.missing);
        named.retain(|domain| !gone.contains(domain));
        outcome = iam.purge_deleted(&named).await?;
        if !outcome.missing.is_empty() {
            return Err(missing(&outcome.missing, |_| true).into());
        }
    }
    let mut due = outcome.due;
    due.sort_unstable();
    let domains: Vec<String> = due.iter().map(ToString::to_string).collect();
    let facts = json!({"domains": domains});
    Ok(output::one(arguments.output.output, &facts, || {
        match (named.len(), due.len()) {
            (0, _) => NOTHING.to_owned(),
            (_, 0) => nothing_waits(&named, arguments.all),
            (_, due) => purged(due),
        }
    }))
}

/// The error about deletions that were there when they were asked for, and are not any more.
fn missing(missing: &[Domain], is_restored: impl Fn(Domain) -> bool) -> CodedError {
    let each = missing.iter().map(|domain| match is_restored(*domain) {
        true => format!("`{domain}` was restored meanwhile"),
        false => format!("the metrics of `{domain}` are gone meanwhile"),
    });
    let text = format!(
        "{}: nothing was purged\nhint: `vigied deleted list` shows what there is; leave these out, or delete them again",
        each.collect::<Vec<_>>().join(", ")
    );
    CodedError::new("conflict", text)
}

/// An account is restored as a whole.
fn is_part_of_account(deletion: &Deleted) -> bool {
    matches!(deletion.deleted_with, Domain::Account(_)) && deletion.deleted_with != deletion.domain
}

/// The output where everything was due already.
fn nothing_waits(named: &[Domain], is_all: bool) -> String {
    let whose = match named {
        _ if is_all => "all that was deleted".to_owned(),
        named => {
            let each = named.iter().map(|domain| format!("`{domain}`"));
            each.collect::<Vec<_>>().join(", ")
        }
    };
    format!("Nothing waits: the metrics of {whose} are gone, or are being removed.\n")
}

fn purged(due: usize) -> String {
    match due {
        1 => "The metrics of 1 space, organization or account go now: a running server begins within seconds.\n".to_owned(),
        due => format!(
            "The metrics of {due} spaces, organizations and accounts go now: a running server begins within seconds.\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, SpaceId};

    #[test]
    fn what_was_restored_or_is_gone_meanwhile_is_named() {
        let space = |number| Domain::Space(SpaceId(Guid::from_random([number; 16])));
        let (back, gone) = (space(1), space(2));
        let text = missing(&[back, gone], |domain| domain == back).to_string();
        assert!(
            text.contains(&format!("`{back}` was restored meanwhile")),
            "{text}"
        );
        assert!(
            text.contains(&format!("`{gone}` are gone meanwhile: nothing was purged")),
            "{text}"
        );
    }

    #[test]
    fn a_bare_guid_is_told_how_to_write_it() {
        let bare = Guid::from_random([1; 16]).to_string();
        let error = |asked: &str| one_named(&[], asked).unwrap_err().to_string();
        assert!(
            error(&bare).contains("write `s-GUID`, `o-GUID` or `a-GUID`"),
            "{}",
            error(&bare)
        );
        assert!(!error("dev").contains("s-GUID"), "{}", error("dev"));
    }
}
