//! Working off what deletions have written down: the samples of each go from the store of every node once its time has come,
//! and when nothing is stored any more it is forgotten.

use super::account_deletion;
use crate::audit::{Action as Done, Entries, Entry};
use crate::error::IamError;
use crate::model::directory::Deleted;
use crate::service::Iam;
use base::principal::Principal;
use base::scope::{Action, Actions, Domain, Scope};
use base::time::Millis;
use db::{Db, Value};

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
        let sql = "UPDATE deletions SET begun = 1 WHERE tenant = $1 AND due_at <= $2";
        let values = [
            Value::from(i64::from(own.tenant.0)),
            self.0.clock.now().0.into(),
        ];
        #[expect(
            clippy::disallowed_methods,
            reason = "what the deletion has said comes true: its entry says so"
        )]
        let begun = self.0.db.execute(sql, &values).await?;
        if begun == 0 {
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
            let waits = "SELECT 1 FROM deletions WHERE (deleted_with = $1 OR 'a-' || account = $1) AND domain <> $1 LIMIT 1";
            let domain = Value::from(own.domain.to_string());
            if tx.one(waits, &[domain]).await?.is_some() {
                continue;
            }
            let entry = Entry::by_server(Done::MetricsRemoved).in_account(own.account);
            entries.push(entry.on(own.domain).with("name", &own.name));
            let tenant = Value::from(i64::from(own.tenant.0));
            // Also where there never was a sample to begin with.
            let begin = "UPDATE deletions SET begun = 1 WHERE tenant = $1 AND due_at <= $2";
            tx.execute(begin, &[tenant.clone(), now.0.into()]).await?;
            for sql in [
                "DELETE FROM deleted_roles WHERE domain IN (SELECT domain FROM deletions WHERE tenant = $1 AND begun = 1)",
                "DELETE FROM domains WHERE tenant = $1 AND retired_at IS NOT NULL \
                 AND EXISTS (SELECT 1 FROM deletions WHERE deletions.tenant = domains.tenant AND begun = 1)",
                "DELETE FROM deletions WHERE tenant = $1 AND begun = 1",
            ] {
                tx.execute(sql, std::slice::from_ref(&tenant)).await?;
            }
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
            let sql = "UPDATE deletions SET due_at = $2 WHERE (domain = $1 OR deleted_with = $1 OR 'a-' || account = $1) \
                       AND due_at > $2";
            due += tx
                .execute(sql, &[domain.to_string().into(), now.0.into()])
                .await?;
            let entry = Entry::by_operator(Done::RemovalAdvanced).on(domain);
            let sql = "SELECT account, name FROM deletions WHERE domain = $1";
            entries.push(match tx.one(sql, &[domain.to_string().into()]).await? {
                Some(row) => entry
                    .maybe_in(row.text("account")?.parse().ok())
                    .with("name", row.text("name")?),
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
