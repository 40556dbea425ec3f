//! What a deletion writes down: which samples are to go and when, and what brings all back until then.
//!
//! It is one transaction with the deletion itself, so that a crash leaves both or neither; the sweep of every node works it
//! off (`manage::retired`), and [`super::restore`] takes it back.

use crate::refusal::Remedy;
pub use crate::repo::deletions::Deletion;

use crate::error::IamError;
use crate::repo::accounts::hold;
use crate::repo::counts::What;
use crate::repo::deletions;
use crate::service::Iam;
use base::id::{AccountId, OrgId, SpaceId, UserId};
use base::limit;
use base::scope::Domain;
use db::Tx;

/// Who deletes in which account.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deleter {
    pub(super) account: AccountId,
    pub(super) user: UserId,
}

impl Iam {
    /// Takes a space out of use.
    pub(super) async fn remove_space(
        &self,
        tx: &mut Tx,
        by: Deleter,
        id: SpaceId,
    ) -> Result<Deletion, IamError> {
        let removed = self.remove(tx, by, Domain::Space(id)).await?;
        removed.ok_or_else(|| IamError::not_found("the space"))
    }

    /// Takes an organization out of use, with its spaces.
    pub(super) async fn remove_org(
        &self,
        tx: &mut Tx,
        by: Deleter,
        id: OrgId,
    ) -> Result<Deletion, IamError> {
        let removed = self.remove(tx, by, Domain::Org(id)).await?;
        removed.ok_or_else(|| IamError::not_found("the organization"))
    }

    /// None where there was nothing, because another was faster.
    async fn remove(
        &self,
        tx: &mut Tx,
        by: Deleter,
        with: Domain,
    ) -> Result<Option<Deletion>, IamError> {
        hold(tx, by.account).await?;
        let now = self.0.clock.now();
        let due = now.plus(self.0.config.deleted_milliseconds);
        if !deletions::write(tx, with, (by.account, by.user), now, due).await? {
            return Ok(None);
        }
        self.has_room_for_deletions(tx, by.account).await?;
        deletions::close(tx, with, now).await?;
        deletions::of(tx, with).await.map(Some)
    }

    /// Refuses a deletion that leaves more to be removed than the account may have; those of now are counted.
    async fn has_room_for_deletions(
        &self,
        tx: &mut Tx,
        account: AccountId,
    ) -> Result<(), IamError> {
        let limit = &limit::DELETED_PER_ACCOUNT;
        let fits = self
            .is_within_limit(tx, account, limit, What::Deletions)
            .await;
        fits.map_err(|error| match error {
            IamError::Refused(problem) => {
                IamError::Refused(problem.remedy(Remedy::WaitForDeletions))
            }
            other => other,
        })
    }
}
