//! Working off what deletions have written down: the samples of each go from the store of every node once its time has come,
//! and when nothing is stored any more it is forgotten.

use super::account_deletion;
use crate::audit::{Action as Done, Entries, Entry};
use crate::error::IamError;
use crate::model::directory::Deleted;
use crate::repo::deletions;
use crate::service::Iam;
use base::id::TenantId;
use base::principal::Principal;
use base::scope::{Action, Actions, Domain, Scope};
use base::time::Millis;
use db::Db;
use std::collections::HashSet;

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

    /// Forgets those of which nothing is stored any more, `most` of them. On a database of several nodes a while after their
    /// time, so that each has removed what it holds. What has to wait for something else takes nobody's place.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_removed(&self, removed: &[Deleted], most: usize) -> Result<(), IamError> {
        let grace = match self.0.db {
            Db::Sqlite(_) => 0,
            Db::Pg(_) => OTHER_NODES_MILLISECONDS,
        };
        let now = self.0.clock.now();
        let gone = |own: &&Deleted| own.due_at.plus(grace) <= now;
        let removed = removed.iter().filter(gone).collect();
        let mut removed = without_waiting(&self.directory().deletions, removed);
        // The parts first: what took them along is the last to be forgotten, for it says whose they were.
        removed.sort_by_key(|own| {
            let is_account = matches!(own.domain, Domain::Account(_));
            (is_account, own.deleted_with == own.domain)
        });
        removed.truncate(most);
        if removed.is_empty() {
            return Ok(());
        }
        let mut entries = Vec::with_capacity(removed.len());
        let mut tx = self.0.db.begin().await?;
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

    /// The operator's word: the samples of these go now, not at their time. Returns the domains that this makes due, those
    /// of an organization's spaces included. What was due before is entered in no audit again.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn purge_deleted(&self, domains: &[Domain]) -> Result<Vec<Domain>, IamError> {
        let now: Millis = self.0.clock.now();
        let mut tx = self.0.db.begin().await?;
        let (mut due, mut entries) = (Vec::new(), Vec::new());
        for named in domains {
            // With an account goes also what was deleted in it before.
            let advanced = deletions::advance(&mut tx, *named, now).await?;
            if advanced.is_empty() {
                continue;
            }
            let entry = Entry::by_operator(Done::RemovalAdvanced)
                .on(named)
                .with("domains", advanced.len());
            due.extend(advanced);
            entries.push(match deletions::whose(&mut tx, *named).await? {
                Some((account, name)) => entry.maybe_in(account).with("name", name),
                None => entry,
            });
        }
        if due.is_empty() {
            return Ok(due);
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

/// Those of them that wait for nothing: of what they took along nothing is stored, either.
fn without_waiting<'a>(all: &[Deleted], removed: Vec<&'a Deleted>) -> Vec<&'a Deleted> {
    let ready: HashSet<TenantId> = removed.iter().map(|own| own.tenant).collect();
    let stored = all.iter().filter(|own| !ready.contains(&own.tenant));
    let awaited: HashSet<Domain> = stored
        .flat_map(|own| {
            let wholes = [own.deleted_with, Domain::Account(own.account)];
            wholes.into_iter().filter(|whole| *whole != own.domain)
        })
        .collect();
    let is_ready = |own: &&Deleted| !awaited.contains(&own.domain);
    removed.into_iter().filter(is_ready).collect()
}
