//! When members were last removed from an account they are in again: proofs from before that do not open it.

use super::facts::Departure;
use super::map::Map;
use base::id::AccountId;
use base::principal::Principal;
use base::time::Millis;

/// The last removals by principal and account.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Departures(Map<Principal, Vec<(AccountId, Millis)>>);

impl Departures {
    /// Adds some.
    pub(super) fn add(&mut self, all: &[Departure]) {
        for left in all {
            self.0.change(left.principal, |departures| {
                departures.push((left.account, left.at));
                departures.sort_unstable();
            });
        }
    }

    /// Removes those of a principal.
    pub(super) fn forget(&mut self, principal: Principal) {
        self.0.remove(&principal);
    }

    /// When the principal was last removed from the account, if they were and are in it again.
    pub(super) fn left_at(&self, principal: Principal, account: AccountId) -> Option<Millis> {
        let departures = self.0.get(&principal)?;
        departures
            .iter()
            .find_map(|(left, at)| (*left == account).then_some(*at))
    }

    /// `now`, or just after the principal's last removal from an account.
    pub(super) fn after(&self, principal: Principal, now: Millis) -> Millis {
        let departures = self.0.get(&principal).into_iter().flatten();
        departures.fold(now, |proven, (_, left)| proven.max(left.plus(1)))
    }
}
