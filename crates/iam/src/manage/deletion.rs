//! The record of a deletion: which samples to delete and when, and the data for a restore until then.
//!
//! The record is written in the transaction of the deletion, so that a crash leaves both or neither. The sweep of every
//! node processes it (`manage::retired`), and [`super::restore`] reverses it.

use crate::refusal::Remedy;
pub use crate::repo::deletions::Deletion;

use crate::error::IamError;
use crate::repo::accounts::lock_active;
use crate::repo::counts::CountedItem;
use crate::repo::deletions;
use crate::repo::transactions;
use crate::service::Iam;
use base::id::{AccountId, OrgId, SpaceId};
use base::limit;
use base::principal::Principal;
use base::scope::Domain;
use db::Tx;

/// The principal that deletes, and the account.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deleter {
    pub(super) account: AccountId,
    pub(super) principal: Principal,
}

impl Iam {
    /// Deletes a space.
    pub(super) async fn remove_space(
        &self,
        tx: &mut Tx,
        by: Deleter,
        id: SpaceId,
    ) -> Result<Deletion, IamError> {
        let removed = self.remove(tx, by, Domain::Space(id)).await?;
        removed.ok_or_else(|| IamError::not_found("the space"))
    }

    /// Deletes an organization with its spaces.
    pub(super) async fn remove_org(
        &self,
        tx: &mut Tx,
        by: Deleter,
        id: OrgId,
    ) -> Result<Deletion, IamError> {
        let removed = self.remove(tx, by, Domain::Org(id)).await?;
        removed.ok_or_else(|| IamError::not_found("the organization"))
    }

    /// None if there was nothing to delete, because another request was faster.
    async fn remove(
        &self,
        tx: &mut Tx,
        by: Deleter,
        with: Domain,
    ) -> Result<Option<Deletion>, IamError> {
        lock_active(tx, by.account).await?;
        let now = self.0.clock.now();
        let due = now.plus(self.0.config.deleted_milliseconds);
        if !deletions::write(tx, with, (by.account, by.principal), now, due).await? {
            return Ok(None);
        }
        self.check_room_for_deletions(tx, by.account).await?;
        transactions::deletion::close(tx, with, now).await?;
        deletions::of(tx, with).await.map(Some)
    }

    /// Refuses a deletion if more samples than the account's limit would wait for their removal, including this one.
    async fn check_room_for_deletions(
        &self,
        tx: &mut Tx,
        account: AccountId,
    ) -> Result<(), IamError> {
        let limit = &limit::DELETED_PER_ACCOUNT;
        let checked = self
            .check_within_limit(tx, account, limit, CountedItem::Deletions)
            .await;
        checked.map_err(|error| match error {
            IamError::Refused(problem) => {
                IamError::Refused(problem.remedy(Remedy::WaitForDeletions))
            }
            other => other,
        })
    }
}
