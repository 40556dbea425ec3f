//! The turns in which logins of one account write: one at once, some that wait for it, and no more. It keeps a connection to the database,
//! also while it waits for a lock there, and a node has few connections: those of one account must not take all.

use crate::account_turns::{TurnHolder, TurnLimits};
use base::id::AccountId;
use base::limit;

/// How many logins of one account write at once, and how many wait.
pub(crate) const LIMITS: TurnLimits = TurnLimits {
    at_once: &limit::LOGINS_AT_ONCE_PER_ACCOUNT,
    waiting: &limit::LOGINS_WAITING_PER_ACCOUNT,
    waiting_per_identity: &limit::LOGINS_WAITING_PER_IDENTITY,
};

/// The owner of a login.
#[derive(Debug, Clone)]
pub(crate) struct LoginOwner {
    /// The account in whose turn it writes.
    pub(crate) account: AccountId,
    /// The holder whose share of the places it takes.
    pub(crate) holder: TurnHolder,
}
