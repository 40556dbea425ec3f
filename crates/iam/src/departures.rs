//! When members were last taken out of an account they are in again: no proof of before opens it.

use crate::directory::{Directory, at, parse, parse_guid};
use crate::error::IamError;
use base::id::{AccountId, UserId};
use base::time::Millis;
use db::Db;
use std::collections::HashMap;

/// Who left what, and when.
#[derive(Debug, Default)]
pub(crate) struct Departures(HashMap<UserId, Vec<(AccountId, Millis)>>);

impl Departures {
    /// Reads them; after the members: whoever is seen to be in an account again is seen to have left it.
    pub(crate) async fn load(db: &Db) -> Result<Self, IamError> {
        let mut own = Self::default();
        let sql = "SELECT departures.account, departures.person, left_at FROM departures \
                   JOIN members ON members.account = departures.account AND members.person = departures.person";
        for row in db.all(sql, &[]).await? {
            let user = UserId(parse_guid(&row, "person")?);
            let left = (
                parse(&row, "account", "an account GUID")?,
                at(&row, "left_at")?,
            );
            own.0.entry(user).or_default().push(left);
        }
        Ok(own)
    }
}

impl Directory {
    /// When the user was last taken out of the account, if he was and is in it again.
    pub(crate) fn left_at(&self, user: UserId, account: AccountId) -> Option<Millis> {
        let own = self.departures.0.get(&user)?;
        own.iter()
            .find_map(|(left, at)| (*left == account).then_some(*at))
    }

    /// `now`, or just after the user was last taken out of an account: a proof given after that is told from one before,
    /// though the clock stood still, or another node's is ahead.
    pub(crate) fn after_departures(&self, user: UserId, now: Millis) -> Millis {
        let own = self.departures.0.get(&user).into_iter().flatten();
        own.fold(now, |proven, (_, left)| proven.max(left.plus(1)))
    }
}
