//! When members were last removed from an account they are in again: proofs from before that do not open it.

use super::facts::Left;
use super::map::Map;
use base::id::{AccountId, UserId};
use base::time::Millis;

/// The last removals by user and account.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Departures(Map<UserId, Vec<(AccountId, Millis)>>);

impl Departures {
    /// Adds some.
    pub(super) fn add(&mut self, all: &[Left]) {
        for left in all {
            self.0.change(left.user, |own| {
                own.push((left.account, left.at));
                own.sort_unstable();
            });
        }
    }

    /// Removes those of a user.
    pub(super) fn forget(&mut self, user: UserId) {
        self.0.remove(&user);
    }

    /// When the user was last removed from the account, if they were and are in it again.
    pub(super) fn left_at(&self, user: UserId, account: AccountId) -> Option<Millis> {
        let own = self.0.get(&user)?;
        own.iter()
            .find_map(|(left, at)| (*left == account).then_some(*at))
    }

    /// `now`, or just after the user's last removal from an account.
    pub(super) fn after(&self, user: UserId, now: Millis) -> Millis {
        let own = self.0.get(&user).into_iter().flatten();
        own.fold(now, |proven, (_, left)| proven.max(left.plus(1)))
    }
}
