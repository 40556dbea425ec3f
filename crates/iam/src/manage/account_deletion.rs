//! The operator deletes an account, and restores it as long as its samples exist.
//!
//! The rows stay as they are but become invisible: the directory leaves out everything of an account with `deleted_at`,
//! and `repo::accounts::lock_active` refuses every change in it. So a restore brings back all of it. The store numbers of its
//! samples are recorded like those of any deletion, for the sweep to delete; when none of its samples is left, the
//! account's rows are deleted.

use super::deletion::Deletion;
use crate::audit::{Action, Entry};
use crate::error::IamError;
use crate::model::directory::{Account, Deleted, Directory};
use crate::model::text::name;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::accounts::{lock, lock_active};
use crate::repo::transactions::restore::restore_account;
use crate::repo::transactions::{account_end, credentials};
use crate::repo::{accounts, counters, deletions, domains};
use crate::service::Iam;
use base::id::AccountId;
use base::scope::Domain;
use db::Tx;

/// The result of deleting an account.
#[derive(Debug, Clone)]
pub struct DeletedAccount {
    /// The deleted account.
    pub account: Account,
    /// The number of its members.
    pub members: u64,
    /// Its organizations.
    pub orgs: u64,
    /// Its spaces.
    pub spaces: u64,
    /// The deletion, with its time.
    pub deletion: Deletion,
}

impl Iam {
    /// Deletes an account, for the operator. From the moment this returns its keys, sessions and tokens are refused;
    /// its members keep their other accounts. Its samples are deleted at the returned time; until then
    /// [`Iam::restore_account`] restores everything.
    ///
    /// # Errors
    /// When the account does not exist, or is the only one.
    pub async fn delete_account(&self, id: AccountId) -> Result<DeletedAccount, IamError> {
        let directory = self.directory();
        let account = directory.accounts.get(&id).cloned();
        let account = account.ok_or_else(|| no_account(&id.to_string()))?;
        let mut tx = self.0.db.begin().await?;
        lock_active(&mut tx, id).await?;
        // Deletions of accounts run one after the other, so that one of the last two remains. Nobody else waits for this.
        counters::lock_account_deletions(&mut tx).await?;
        if !accounts::has_other(&mut tx, id).await? {
            return Err(IamError::conflict_with_remedy(
                format!(
                    "`{}` is the only account, and a server needs one",
                    account.name
                ),
                Remedy::MakeAnotherAccount,
            ));
        }
        let now = self.0.clock.now();
        let due = now.plus(self.0.config.deleted_milliseconds);
        let written = deletions::write_account(&mut tx, &account, now, due).await?;
        domains::retire(&mut tx, Domain::Account(id), now).await?;
        accounts::close(&mut tx, id, now).await?;
        credentials::end_of_account(&mut tx, id, now).await?;
        let members = u64::try_from(directory.members_of(id).count()).unwrap_or(u64::MAX);
        let entry = Entry::by_operator(Action::AccountDeleted).in_account(id);
        let entry = entry.on(id).with("name", &account.name);
        let entry = entry
            .with("spaces", written.spaces)
            .with("members", members);
        let deletion = deletions::of(&mut tx, Domain::Account(id)).await?;
        self.commit(tx, entry).await?;
        Ok(DeletedAccount {
            account,
            members,
            orgs: written.orgs,
            spaces: written.spaces,
            deletion,
        })
    }

    /// Restores a deleted account, for the operator, under its name or `new_name`, with its members, their roles and
    /// keys, and its metrics. Ended sessions stay ended.
    ///
    /// # Errors
    /// When the time for a restore is over, or the name is taken.
    pub async fn restore_account(
        &self,
        id: AccountId,
        new_name: Option<&str>,
    ) -> Result<Account, IamError> {
        let new_name = new_name.map(|text| name("name", text)).transpose()?;
        let domain = Domain::Account(id);
        let mut tx = self.0.db.begin().await?;
        lock(&mut tx, id).await?;
        deletions::lock(&mut tx, domain).await?;
        let now = self.0.clock.now();
        let old_name = deletions::name_of_whole(&mut tx, domain, now).await?;
        let old_name = old_name.ok_or_else(|| {
            IamError::conflict_with_remedy(
                format!("the account `{id}` is not deleted, or it is too late: its metrics are being removed"),
                Remedy::ListDeletedAccounts,
            )
        })?;
        let called = new_name.unwrap_or(old_name);
        let opened = accounts::open(&mut tx, id, called.clone()).await;
        let taken = || {
            let message = format!("an account `{called}` exists");
            IamError::conflict_with_remedy(message, Remedy::RestoreUnderAnotherName)
        };
        let opened = opened.map_err(|error| error.if_unique(taken))?;
        let account = opened.ok_or_else(|| no_account(&id.to_string()))?;
        restore_account(&mut tx, domain).await?;
        // Also those of logins at a node that had not yet learned of the deletion.
        credentials::end_of_account(&mut tx, id, now).await?;
        let entry = Entry::by_operator(Action::AccountRestored).in_account(id);
        self.commit(tx, entry.on(id).with("name", &account.name))
            .await?;
        Ok(account)
    }

    /// The deleted accounts that can be restored or still have samples, in the order of their removal.
    #[must_use]
    pub fn deleted_accounts(&self) -> Vec<Deleted> {
        let directory = self.directory();
        let all = directory.deletions.iter();
        all.filter(|deletion| matches!(deletion.domain, Domain::Account(_)))
            .cloned()
            .collect()
    }

    /// The account with this GUID or name.
    ///
    /// # Errors
    /// When no such account exists.
    pub fn account_called(&self, asked: &str) -> Result<Account, IamError> {
        let directory = self.directory();
        find(&directory, asked).ok_or_else(|| no_account(asked))
    }
}

/// The GUID takes precedence: another account may have that GUID as its name.
fn find(directory: &Directory, asked: &str) -> Option<Account> {
    let by_id = asked.parse().ok();
    let by_id = by_id.and_then(|id: AccountId| directory.accounts.get(&id));
    let mut all = directory.accounts.values();
    by_id
        .or_else(|| all.find(|deletion| deletion.name == asked))
        .cloned()
}

fn no_account(asked: &str) -> IamError {
    let message = format!("there is no account `{asked}`");
    let problem = Refusal::new(Reason::NotFound, message);
    IamError::Refused(problem.remedy(Remedy::ListAccounts))
}

/// Forgets the account, which is locked, with the users who are in no other, if it is deleted and no sample of it is left.
pub(crate) async fn forget(tx: &mut Tx, account: AccountId) -> Result<Option<Entry>, IamError> {
    if !accounts::is_empty(tx, account).await? {
        return Ok(None);
    }
    account_end::forget(tx, account).await?;
    let entry = Entry::by_server(Action::AccountGone).in_account(account);
    Ok(Some(entry.on(account)))
}
