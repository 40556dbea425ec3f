//! Working off what deletions have written down: the samples of each go from the store of every node once its time has come,
//! and when nothing is stored any more it is forgotten.

use super::account_deletion;
use crate::audit::{Action as Done, Entries, Entry};
use crate::error::IamError;
use crate::model::directory::Deleted;
use crate::repo::deletions;
use crate::service::Iam;
use base::principal::Principal;
use base::scope::{Action, Actions, Domain, Scope};
use base::time::Millis;
use db::Db;

/// Several nodes on one PostgreSQL have a store each: one that is away for as long still removes what was deleted meanwhile.
const OTHER_NODES_MILLISECONDS: i64 = 30 * 86_400_000;

impl Iam {
    /// What is due: its samples go. Asked of memory, however often.
    #[must_use]
    pub fn due(&self) -> Vec<Deleted> {
        let now = self.0.clock.now();
        let directory = self.directory();
        let due = directory.deletions.iter();
        due.take_while(|own| !own.is_kept(now)).cloned().collect()
    }

    /// From here on it cannot be brought back: a scope to delete its samples with. `None` when it was brought back before.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn begin_removal(&self, own: &Deleted) -> Result<Option<Scope>, IamError> {
        let begun = deletions::begin(&self.0.db, own.tenant, self.0.clock.now()).await?;
        if !begun {
            return Ok(None);
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "the domain is nobody's any more, and deleting is all that it allows"
        )]
        let scope = Scope::granted(
            Principal::Server,
            own.tenant,
            own.domain,
            Actions::of(&[Action::Delete]),
        );
        Ok(Some(scope))
    }

    /// Forgets those of which nothing is stored any more. On a database of several nodes a while after their time, so that
    /// each has removed what it holds.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_removed(&self, removed: &[Deleted]) -> Result<(), IamError> {
        let grace = match self.0.db {
            Db::Sqlite(_) => 0,
            Db::Pg(_) => OTHER_NODES_MILLISECONDS,
        };
        let now = self.0.clock.now();
        let gone = |own: &&Deleted| own.due_at.plus(grace) <= now;
        let mut removed: Vec<&Deleted> = removed.iter().filter(gone).collect();
        if removed.is_empty() {
            return Ok(());
        }
        let mut entries = Vec::with_capacity(removed.len());
        let mut tx = self.0.db.begin().await?;
        // The parts first: what took them along is the last to be forgotten, for it says whose they were.
        removed.sort_by_key(|own| {
            let is_account = matches!(own.domain, Domain::Account(_));
            (is_account, own.deleted_with == own.domain)
        });
        for own in removed {
            if deletions::has_parts(&mut tx, own.domain).await? {
                continue;
            }
            let entry = Entry::by_server(Done::MetricsRemoved).in_account(own.account);
            entries.push(entry.on(own.domain).with("name", &own.name));
            deletions::forget(&mut tx, own.tenant, now).await?;
        }
        entries.extend(account_deletion::forget(&mut tx).await?);
        self.commit(tx, Entries::of(entries)).await
    }

    /// The operator's word: the samples of these go now, not at their time. Returns how many domains that makes due, those
    /// of an organization's spaces included.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn purge_deleted(&self, domains: &[Domain]) -> Result<u64, IamError> {
        let now: Millis = self.0.clock.now();
        let mut tx = self.0.db.begin().await?;
        let (mut due, mut entries) = (0, Vec::new());
        for domain in domains {
            // With an account goes also what was deleted in it before.
            due += deletions::advance(&mut tx, *domain, now).await?;
            let entry = Entry::by_operator(Done::RemovalAdvanced).on(domain);
            entries.push(match deletions::whose(&mut tx, *domain).await? {
                Some((account, name)) => entry.maybe_in(account).with("name", name),
                None => entry,
            });
        }
        self.commit(tx, Entries::of(entries)).await?;
        Ok(due)
    }

    /// Takes in what other nodes have changed, for whoever must not work on what is half a second old.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn see_changes(&self) -> Result<(), IamError> {
        self.sync().await
    }

    /// How many changes the directory holds: another number, another directory.
    #[must_use]
    pub fn changes(&self) -> i64 {
        self.0.directory.load().changes
    }
}
