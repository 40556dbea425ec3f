//! The account that a login is wanted for, if what it rests on opens it.

use crate::error::IamError;
use crate::model::bounds::{AccountReach, CredentialBounds};
use crate::refusal::{Reason, Refusal, Remedy};
use crate::service::Iam;
use base::id::AccountId;

impl Iam {
    /// The requested account, if the bounds open it.
    pub(crate) fn account_for(
        &self,
        bounds: &CredentialBounds,
        asked: Option<AccountId>,
    ) -> Result<AccountId, IamError> {
        let directory = self.directory();
        if let Some(account) = asked.filter(|account| bounds.opens(&directory, *account)) {
            return Ok(account);
        }
        if directory.accounts_of(bounds.principal()).is_empty() {
            // Only a caller who has proven their identity gets this answer.
            let message = "The user is in no account any more: the last one was deleted, or the user was removed from it";
            let refusal = Refusal::new(Reason::NotAMember, message);
            return Err(IamError::Refused(
                refusal.remedy(Remedy::InviteAgainOrRestore),
            ));
        }
        let member = asked.is_some_and(|account| directory.is_member(bounds.principal(), account));
        let (message, remedy) = match bounds.reach() {
            AccountReach::One(bound) if member => (
                format!("The API key is for the account {bound} alone"),
                Remedy::LogInForAnyAccount,
            ),
            AccountReach::Any if member => (
                "The user was removed from the account asked for since this login began".to_owned(),
                Remedy::LogInAgain,
            ),
            _ => {
                let message = "The user is not a member of the account asked for";
                return Err(IamError::not_a_member(message));
            }
        };
        let refusal = Refusal::new(Reason::NotAMember, message);
        Err(IamError::Refused(refusal.remedy(remedy)))
    }
}
