//! The access groups of an invitation: in each of them the invited person is from the acceptance on.

use crate::error::IamError;
use crate::model::directory::Stamp;
use crate::model::room::check_count;
use crate::refusal::Refusal;
use crate::repo::{access_groups, invitation_groups};
use base::id::{AccessGroupId, AccountId, Guid};
use base::limit;
use db::Tx;

const FIELD: &str = "access_groups";

/// The groups, and who puts the invited into them.
pub(super) struct InvitedGroups {
    groups: Vec<AccessGroupId>,
    added: Stamp,
}

impl InvitedGroups {
    /// Each of them once.
    pub(super) fn of(mut groups: Vec<AccessGroupId>, added: Stamp) -> Result<Self, Refusal> {
        groups.sort_unstable();
        groups.dedup();
        check_count(FIELD, groups.len(), &limit::GROUPS_PER_MEMBER)?;
        Ok(Self { groups, added })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    pub(super) fn count(&self) -> usize {
        self.groups.len()
    }

    /// For the audit; none without a group.
    pub(super) fn text(&self) -> Option<String> {
        let all: Vec<String> = self.groups.iter().map(ToString::to_string).collect();
        (!all.is_empty()).then(|| all.join(","))
    }

    /// Checks that the account has them all. The account is locked.
    pub(super) async fn check_exist(
        &self,
        tx: &mut Tx,
        account: AccountId,
    ) -> Result<(), IamError> {
        for group in &self.groups {
            if !access_groups::is_there(tx, account, *group).await? {
                let message =
                    format!("`{FIELD}`: there is no access group `{group}`; nobody was invited");
                return Err(IamError::invalid(FIELD, message));
            }
        }
        Ok(())
    }

    /// Adds them to an invitation, which may have others from before.
    pub(super) async fn add_to(&self, tx: &mut Tx, invitation: Guid) -> Result<(), IamError> {
        if self.groups.is_empty() {
            return Ok(());
        }
        for group in &self.groups {
            invitation_groups::add(tx, invitation, *group, self.added).await?;
        }
        let found = invitation_groups::count_of(tx, invitation).await?;
        let found = usize::try_from(found).unwrap_or(usize::MAX);
        Ok(check_count(FIELD, found, &limit::GROUPS_PER_MEMBER)?)
    }
}
