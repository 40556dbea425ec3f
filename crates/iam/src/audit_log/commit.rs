//! Entries are written in the transaction of the change they are about.

use crate::audit::Entry;
use crate::audit::entry::Entries;
use crate::error::IamError;
use crate::repo::changes;
use crate::repo::column;
use crate::service::Iam;
use base::time::Millis;
use db::{Tx, Value};

/// Writes entries; they get the next numbers. Nothing else may follow in the transaction: until it ends, whoever enters
/// something waits.
pub(super) async fn write(tx: &mut Tx, entries: &[Entry], now: Millis) -> Result<(), IamError> {
    let amount = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    let next = "UPDATE counters SET value = value + $1 WHERE name = 'audit' RETURNING value";
    let last = column::counter(tx.one(next, &[amount.into()]).await?)?;
    let mut number = last.saturating_sub(amount);
    for entry in entries {
        number = number.saturating_add(1);
        let sql = "INSERT INTO audit (number, at, kind, event, outcome, who, credential, source, account, target, details, \
                   transaction_id, times) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
        let values = [
            Value::from(number),
            entry.at.unwrap_or(now).0.into(),
            entry.kind().name().into(),
            entry.action.name().into(),
            entry.outcome.name().into(),
            entry.actor.to_string().into(),
            entry.credential.name().into(),
            entry.source.as_str().into(),
            account_text(entry).into(),
            entry.target.as_str().into(),
            entry.details().into(),
            entry.transaction.as_str().into(),
            i64::try_from(entry.times).unwrap_or(i64::MAX).into(),
        ];
        tx.execute(sql, &values).await?;
    }
    Ok(())
}

fn account_text(entry: &Entry) -> String {
    entry
        .account
        .map_or_else(String::new, |account| account.to_string())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a change is committed: with its entries"
)]
async fn commit(tx: Tx) -> Result<(), IamError> {
    Ok(tx.commit().await?)
}

impl Iam {
    /// Commits a change with what is entered about it, and brings it into the directory before returning. An error says that
    /// nothing has happened: what is committed and cannot be read here is no failure of the change.
    pub(crate) async fn commit(&self, tx: Tx, entries: impl Into<Entries>) -> Result<(), IamError> {
        let changes = self.commit_numbered(tx, entries).await?;
        self.show(changes).await;
        Ok(())
    }

    /// Commits a change that ends sessions as well, and brings both into memory before returning.
    pub(crate) async fn commit_with_ends(
        &self,
        tx: Tx,
        entries: impl Into<Entries>,
    ) -> Result<(), IamError> {
        self.commit(tx, entries).await?;
        self.see_ends().await;
        Ok(())
    }

    /// Commits what is not looked for in the directory before the next change, with what is entered about it.
    pub(crate) async fn commit_unseen(
        &self,
        tx: Tx,
        entries: impl Into<Entries>,
    ) -> Result<(), IamError> {
        self.commit_numbered(tx, entries).await.map(drop)
    }

    /// The one place where a change is committed: with its entries, and its number in the log of changes.
    async fn commit_numbered(
        &self,
        mut tx: Tx,
        entries: impl Into<Entries>,
    ) -> Result<Option<i64>, IamError> {
        let Entries(entries) = entries.into();
        let number = changes::number(&mut tx).await?;
        write(&mut tx, &entries, self.0.clock.now()).await?;
        commit(tx).await?;
        self.0.counts.wrote(entries.len());
        entries.iter().for_each(Entry::log);
        Ok(number)
    }

    /// Commits what is no change to anybody: a refresh token in the place of another, a mail that is taken.
    pub(crate) async fn commit_unentered(&self, tx: Tx) -> Result<(), IamError> {
        commit(tx).await
    }

    /// Enters what is no change of this database: what is done elsewhere is begun, or was done.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn enter(&self, entry: Entry) -> Result<(), IamError> {
        let tx = self.0.db.begin().await?;
        self.commit_unseen(tx, entry).await
    }
}
