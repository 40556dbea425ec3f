//! When members were last taken out of an account they are in again: no proof of before opens it.

use super::facts::Left;
use super::map::Map;
use base::id::{AccountId, UserId};
use base::time::Millis;

/// Who left what, and when.
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

    /// Takes those of a person out.
    pub(super) fn forget(&mut self, user: UserId) {
        self.0.remove(&user);
    }

    /// When the user was last taken out of the account, if he was and is in it again.
    pub(super) fn left_at(&self, user: UserId, account: AccountId) -> Option<Millis> {
        let own = self.0.get(&user)?;
        own.iter()
            .find_map(|(left, at)| (*left == account).then_some(*at))
    }

    /// `now`, or just after the user was last taken out of an account.
    pub(super) fn after(&self, user: UserId, now: Millis) -> Millis {
        let own = self.0.get(&user).into_iter().flatten();
        own.fold(now, |proven, (_, left)| proven.max(left.plus(1)))
    }
}
