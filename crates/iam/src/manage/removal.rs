//! Processes recorded deletions: every node deletes the samples of each from its store once their time has come; when
//! no sample is left, the record is deleted.

use super::account_deletion;
use crate::audit::{Action as Done, Entries, Entry};
use crate::error::IamError;
use crate::model::directory::{Deleted, Directory};
use crate::repo::transactions::deletion;
use crate::repo::{accounts, deletions};
use crate::service::Iam;
use base::id::{AccountId, TenantId};
use base::principal::Principal;
use base::scope::{Action, Actions, Domain, Scope};
use base::time::Millis;
use db::{Db, Tx};
use std::collections::HashSet;

/// Nodes that share a PostgreSQL have separate stores: a node that was down for up to this long still deletes its
/// samples.
const OTHER_NODES_MILLISECONDS: i64 = 30 * 86_400_000;

/// Deletions of one transaction, which keeps their account from being changed; few, so that who changes it waits only briefly.
const FORGOTTEN_AT_ONCE: usize = 16;

/// The result of making deletions due, for the operator.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Purged {
    /// The domains that are due now, including the spaces of an organization.
    pub due: Vec<Domain>,
    /// The domains that are no longer deleted, because they were restored or are gone for good. If there are any, nothing was
    /// changed.
    pub missing: Vec<Domain>,
}

impl Iam {
    /// The due deletions, whose samples are to be deleted. Read from memory, so it may be called often.
    #[must_use]
    pub fn due(&self) -> Vec<Deleted> {
        let now = self.0.clock.now();
        self.directory().deletions.due(now).cloned().collect()
    }

    /// Ends the time for a restore: returns a scope to delete the samples with. `None` when the domain was restored
    /// before.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn begin_removal(&self, deleted: &Deleted) -> Result<Option<Scope>, IamError> {
        let begun = deletion::begin(&self.0.db, deleted.tenant, self.0.clock.now()).await?;
        if !begun {
            return Ok(None);
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "the domain is nobody's any more, and deleting is all that it allows"
        )]
        let scope = Scope::granted(
            Principal::Server,
            deleted.tenant,
            deleted.domain,
            Actions::of(&[Action::Delete]),
        );
        Ok(Some(scope))
    }

    /// Forgets at most `most` deletions of which no sample is left. If several nodes share the database, this happens
    /// some time after the due time, so that each has deleted its samples. Deletions that have to wait do not count
    /// towards `most`. The deletions of an account have transactions of their own, as these lock it.
    ///
    /// # Errors
    /// When the database cannot be written. Where it cannot for one account, the others are tried all the same.
    pub async fn forget_removed(&self, removed: &[Deleted], most: usize) -> Result<(), IamError> {
        let grace = match self.0.db {
            Db::Sqlite(..) => 0,
            Db::Pg(_) => OTHER_NODES_MILLISECONDS,
        };
        let now = self.0.clock.now();
        let gone = |deleted: &&Deleted| deleted.due_at.plus(grace) <= now;
        let removed = removed.iter().filter(gone).collect();
        let mut removed = without_waiting(&self.directory(), removed);
        // Parts first: the record of the whole goes last, because it tells which account they belonged to.
        removed.sort_by_key(|deleted| {
            let is_account = matches!(deleted.domain, Domain::Account(_));
            (is_account, deleted.deleted_with == deleted.domain)
        });
        removed.truncate(most);
        removed.sort_by_key(|deleted| deleted.account);
        let mut accounts: Vec<&[&Deleted]> = removed
            .chunk_by(|one, next| one.account == next.account)
            .collect();
        // Another account is the first each time, so that two that stay locked do not keep all after them waiting.
        let first = usize::try_from(now.secs()).unwrap_or_default() % accounts.len().max(1);
        accounts.rotate_left(first);
        let mut done = Ok(());
        for of_account in accounts {
            let forgotten = self.forget_of_account(of_account, now).await;
            // It may be this account alone that somebody has locked; if it is a second one, it is the database.
            if forgotten.is_err() && done.is_err() {
                return forgotten;
            }
            done = done.and(forgotten);
        }
        done
    }

    /// Forgets these deletions of one account in their order; with the last, a deleted account itself.
    async fn forget_of_account(
        &self,
        of_account: &[&Deleted],
        now: Millis,
    ) -> Result<(), IamError> {
        for part in of_account.chunks(FORGOTTEN_AT_ONCE) {
            let Some(account) = part.first().map(|deleted| deleted.account) else {
                continue;
            };
            let mut tx = self.0.db.begin().await?;
            accounts::lock_unchanged(&mut tx, account).await?;
            let mut entries = forget_part(&mut tx, part, now).await?;
            entries.extend(account_deletion::forget(&mut tx, account).await?);
            if !entries.is_empty() {
                self.commit(tx, Entries::of(entries)).await?;
            }
        }
        Ok(())
    }

    /// Makes these deletions due now, for the operator, if all of them still exist; otherwise nothing is changed. Deletions that
    /// were due before are not audited again.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn purge_deleted(&self, domains: &[Domain]) -> Result<Purged, IamError> {
        let now: Millis = self.0.clock.now();
        let mut tx = self.0.db.begin().await?;
        let (mut due, mut missing, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        for named in domains {
            // An account takes its earlier deletions with it.
            let advanced = deletions::advance(&mut tx, *named, now).await?;
            if advanced.is_empty() {
                let record = deletions::account_and_name(&mut tx, *named).await?;
                missing.extend(record.is_none().then_some(*named));
                continue;
            }
            let entry = Entry::by_operator(Done::RemovalAdvanced)
                .on(named)
                .with("domains", advanced.len());
            due.extend(advanced);
            entries.push(match deletions::account_and_name(&mut tx, *named).await? {
                Some((account, name)) => entry.maybe_in(account).with("name", name),
                None => entry,
            });
        }
        if !missing.is_empty() {
            let due = Vec::new();
            return Ok(Purged { due, missing });
        }
        if !due.is_empty() {
            self.commit(tx, Entries::of(entries)).await?;
        }
        Ok(Purged { due, missing })
    }

    /// Reads the changes of other nodes, for a caller that must not work on data that is half a second old.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn read_changes(&self) -> Result<(), IamError> {
        self.sync().await
    }

    /// The number of changes in the directory: it identifies the directory's state.
    #[must_use]
    pub fn changes(&self) -> i64 {
        self.0.directory.load().changes
    }
}

/// Forgets those of these deletions that still exist and have no parts left. Their account is locked.
async fn forget_part(tx: &mut Tx, part: &[&Deleted], now: Millis) -> Result<Vec<Entry>, IamError> {
    let mut entries = Vec::with_capacity(part.len());
    for deleted in part {
        if deletions::has_parts(tx, deleted.domain).await?
            || !deletion::forget(tx, deleted.tenant, now).await?
        {
            continue;
        }
        let entry = Entry::by_server(Done::MetricsRemoved).in_account(deleted.account);
        entries.push(entry.on(deleted.domain).with("name", &deleted.name));
    }
    Ok(entries)
}

/// The deletions among these that need not wait: all that was deleted with them is gone, too. It costs what their accounts have deleted.
fn without_waiting<'a>(directory: &Directory, removed: Vec<&'a Deleted>) -> Vec<&'a Deleted> {
    let ready: HashSet<TenantId> = removed.iter().map(|deleted| deleted.tenant).collect();
    let accounts: HashSet<AccountId> = removed.iter().map(|deleted| deleted.account).collect();
    let of_accounts = accounts
        .into_iter()
        .flat_map(|account| directory.deletions.of(account));
    let stored = of_accounts.filter(|deleted| !ready.contains(&deleted.tenant));
    let awaited: HashSet<Domain> = stored
        .flat_map(|deleted| {
            let wholes = [deleted.deleted_with, Domain::Account(deleted.account)];
            wholes.into_iter().filter(|whole| *whole != deleted.domain)
        })
        .collect();
    let is_ready = |deleted: &&Deleted| !awaited.contains(&deleted.domain);
    removed.into_iter().filter(is_ready).collect()
}
