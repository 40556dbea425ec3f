//! When members were last taken out of an account they are in again: no proof of before opens it.

use super::column::{at, parse, parse_guid};
use super::map::Map;
use crate::error::IamError;
use base::id::{AccountId, UserId};
use base::time::Millis;
use db::Row;

/// Who left what, and when.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Departures(Map<UserId, Vec<(AccountId, Millis)>>);

impl Departures {
    /// Adds rows of them.
    pub(super) fn add(&mut self, rows: &[Row]) -> Result<(), IamError> {
        for row in rows {
            let user = UserId(parse_guid(row, "person")?);
            let left = (
                parse(row, "account", "an account GUID")?,
                at(row, "left_at")?,
            );
            self.0.change(user, |own| {
                own.push(left);
                own.sort_unstable();
            });
        }
        Ok(())
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
