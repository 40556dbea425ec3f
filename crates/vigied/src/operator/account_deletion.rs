//! `vigied account delete` and `restore`: what is deleted, when its data is removed, and how to restore it.

use crate::boot;
use crate::cli::Output;
use crate::cli::accounts::{DeleteArgs, RestoreArgs};
use crate::config::Settings;
use crate::control;
use crate::failure::coded_error::CodedError;
use crate::operator::confirm;
use crate::operator::deletion_state::{State, states};
use crate::operator::invitation::cli_error;
use crate::operator::output::{self, Row};
use crate::store::own_thread::on_own_thread;
use base::id::AccountId;
use base::invisible::escaped;
use base::scope::Domain;
use base::store::{SampleStore, StoreError};
use base::time::{Clock as _, SystemClock};
use iam::Iam;
use iam::directory::Deleted;
use iam::{IamError, Reason, Refusal, Remedy};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use wire::cf::deleted::instant;

/// Asks for confirmation. The command asks before it contacts the server, which has no terminal.
pub(crate) async fn is_confirmed(
    settings: &Settings,
    arguments: &DeleteArgs,
) -> anyhow::Result<bool> {
    if arguments.yes {
        return Ok(true);
    }
    let iam = boot::identity_of_operator(settings).await?;
    let found = iam.account_called(&arguments.account).map_err(cli_error);
    let members = |id| iam.directory().members_of(id).count() as u64;
    let found = found.map(|account| (members(account.id), account));
    iam.close().await;
    let (members, account) = found?;
    let domain = Domain::Account(account.id);
    let series = control::series(settings.data(), &[domain]);
    let series = series.and_then(|each| each.first().copied());
    let holds = [
        Some((members, "member")),
        series.map(|series| (series, "series")),
    ];
    let holds: Vec<String> = holds
        .into_iter()
        .flatten()
        .map(|(number, what)| counted(number, what))
        .collect();
    confirm::confirm(&format!(
        "`{}` ({}) with {} is deleted, and its keys, sessions and tokens open nothing from this moment",
        escaped(&account.name),
        account.id,
        holds.join(" and "),
    ))
}

/// The output after a declined confirmation.
pub(crate) fn declined(arguments: &DeleteArgs) -> String {
    output::one(arguments.output, &json!({"account_guid": null}), || {
        "Nothing was changed.\n".to_owned()
    })
}

/// Deletes an account. If the store is available, the output has the number of its series.
pub(crate) async fn delete(
    iam: &Iam,
    store: Option<&Arc<dyn SampleStore>>,
    arguments: &DeleteArgs,
) -> anyhow::Result<String> {
    let account = iam.account_called(&arguments.account).map_err(cli_error)?;
    let gone = iam.delete_account(account.id).await.map_err(cli_error)?;
    let tenants = gone.deletion.tenants.clone();
    let series = match store {
        // The account is deleted even if its series cannot be counted.
        Some(store) => on_own_thread(store, move |store| {
            let each = tenants.into_iter().map(|tenant| store.usage(&tenant));
            each.map(|usage| usage.map(|used| used.series))
                .sum::<Result<u64, StoreError>>()
        })
        .await
        .ok(),
        None => None,
    };
    let removed_at = instant(gone.deletion.removed_at);
    let facts = json!({
        "account_guid": gone.account.id.to_string(),
        "account_name": gone.account.name,
        "members": gone.members,
        "organizations": gone.orgs,
        "spaces": gone.spaces,
        "series": series,
        "removed_at": removed_at,
    });
    let metrics = match series {
        Some(1) => "Its 1 series goes".to_owned(),
        Some(series) => format!("Its {series} series go"),
        None => "Its metrics go".to_owned(),
    };
    let text = || {
        format!(
            "Deleted:  {} ({})\n\
         Held:     {}, {}, {}\n\n\
         Its keys, sessions and tokens open nothing any more. {metrics} on {removed_at},\n\
         and the account with its people within a day or two of then. \
         Until then this brings all of it back:\n  vigied account restore {}\n",
            gone.account.name,
            gone.account.id,
            counted(gone.members, "member"),
            counted(gone.orgs, "organization"),
            counted(gone.spaces, "space"),
            gone.account.id,
        )
    };
    Ok(output::one(arguments.output, &facts, text))
}

fn counted(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number if what.ends_with('s') => format!("{number} {what}"),
        number => format!("{number} {what}s"),
    }
}

/// Restores a deleted account.
pub(crate) async fn restore(iam: &Iam, arguments: &RestoreArgs) -> anyhow::Result<String> {
    let id = deleted_called(iam, &arguments.account)?;
    let name = arguments.name.as_deref();
    let account = iam.restore_account(id, name).await.map_err(cli_error)?;
    let facts = json!({
        "account_guid": account.id.to_string(),
        "account_name": account.name,
    });
    Ok(output::one(arguments.output, &facts, || {
        format!(
            "Back:  {} ({}), with its people, keys and metrics. Its people log in again.\n",
            account.name, account.id
        )
    }))
}

/// Finds a deleted account by GUID or name.
fn deleted_called(iam: &Iam, asked: &str) -> anyhow::Result<AccountId> {
    let all = iam.deleted_accounts();
    if let Some(deletion) = all
        .iter()
        .find(|deletion| deletion.account.to_string() == asked)
    {
        return in_time(deletion);
    }
    let found: Vec<&Deleted> = all
        .iter()
        .filter(|deletion| deletion.name == asked)
        .collect();
    match found.as_slice() {
        [one] => in_time(one),
        [] => {
            let message = format!("no deleted account `{asked}` can be brought back");
            let refusal = Refusal::new(Reason::NotFound, message);
            Err(cli_error(IamError::Refused(
                refusal.remedy(Remedy::ListDeletedAccounts),
            )))
        }
        several => {
            let ids: Vec<String> = several
                .iter()
                .map(|deletion| format!("`{}`", deletion.account))
                .collect();
            let text = format!(
                "several accounts that were deleted are `{asked}`\nhint: name one by its GUID: {}",
                ids.join(", ")
            );
            Err(CodedError::new("conflict", text).into())
        }
    }
}

/// The account, while it can be brought back.
fn in_time(deletion: &Deleted) -> anyhow::Result<AccountId> {
    if deletion.is_kept(SystemClock.now()) {
        return Ok(deletion.account);
    }
    let text = format!(
        "`{}` was deleted, and its metrics are being removed: it cannot be brought back",
        escaped(&deletion.name)
    );
    Err(CodedError::new("conflict", text).into())
}

/// A row of the list of deleted accounts.
#[derive(Debug, Serialize)]
struct DeletedAccountRow {
    account_guid: String,
    account_name: String,
    deleted_at: String,
    removed_at: String,
    state: State,
}

impl Row<5> for DeletedAccountRow {
    const HEADS: [&'static str; 5] = ["Account", "GUID", "Deleted", "Metrics go", "State"];

    fn cells(&self) -> [String; 5] {
        [
            &self.account_name,
            &self.account_guid,
            &self.deleted_at,
            &self.removed_at,
            self.state.word(),
        ]
        .map(str::to_owned)
    }
}

/// The output of `vigied account list --deleted`.
pub(crate) fn list(settings: &Settings, iam: &Iam, output: Output) -> String {
    let state = states(settings, iam);
    let all = iam.deleted_accounts();
    let rows = all.iter().map(|deletion| DeletedAccountRow {
        account_guid: deletion.account.to_string(),
        account_name: deletion.name.clone(),
        deleted_at: instant(deletion.deleted_at),
        removed_at: instant(deletion.due_at),
        state: state(deletion),
    });
    let rows: Vec<DeletedAccountRow> = rows.collect();
    output::list(output, &rows, "No deleted account is left.\n")
}
