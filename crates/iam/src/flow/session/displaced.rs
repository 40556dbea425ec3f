//! Which sessions give way to a new one, found out in memory: however many there are, the database is asked once, because every
//! login and change waits meanwhile.

use crate::audit::{Action, Credential, Entry};
use crate::error::IamError;
use crate::repo::sessions::HeldSession;
use crate::service::Iam;
use base::id::{AccountId, SessionId};
use base::principal::Principal;
use db::Tx;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The one entry for all sessions that gave way to what the principal did; none without any. It names a single one, and counts more.
pub(crate) fn entry(
    principal: Principal,
    credential: Credential,
    displaced: &[SessionId],
) -> Option<Entry> {
    let entry =
        Entry::by_principal(principal, credential, Action::SessionEnded).with("why", "gave_way");
    match displaced {
        [] => None,
        [one] => Some(entry.on(one)),
        more => Some(entry.on(principal).with("sessions", more.len())),
    }
}

/// Commits a renewal for the account, to which these sessions gave way, if any.
pub(crate) async fn commit_renewal(
    iam: &Iam,
    tx: Tx,
    (principal, account): (Principal, AccountId),
    displaced: &[SessionId],
) -> Result<(), IamError> {
    let Some(entry) = entry(principal, Credential::RefreshToken, displaced) else {
        return iam.commit_unaudited(tx).await;
    };
    let entry = entry.in_account(account);
    iam.commit_without_read_back(tx, entry).await
}

/// The sessions of a principal, from which those that give way are chosen.
pub(crate) struct Displacing<'s> {
    /// The longest unused first.
    all: &'s [HeldSession],
    by_id: HashMap<SessionId, &'s HeldSession>,
    children: HashMap<SessionId, Vec<&'s HeldSession>>,
    /// The new session and those it came from.
    spared: HashSet<SessionId>,
    ended: HashSet<SessionId>,
    /// The live sessions of each key; those of none under the empty text.
    live: BTreeMap<&'s str, usize>,
    /// How many of the sessions, from the first, have been searched for each key, and for no key in particular.
    searched_to: BTreeMap<Option<&'s str>, usize>,
}

impl<'s> Displacing<'s> {
    pub(crate) fn new(all: &'s [HeldSession], begun: SessionId) -> Self {
        let mut new = Self {
            all,
            by_id: all.iter().map(|one| (one.id, one)).collect(),
            children: HashMap::new(),
            spared: HashSet::new(),
            ended: HashSet::new(),
            live: BTreeMap::new(),
            searched_to: BTreeMap::new(),
        };
        for one in all {
            if let Some(parent) = one.parent {
                new.children.entry(parent).or_default().push(one);
            }
            if one.is_live {
                *new.live.entry(one.key.as_str()).or_default() += 1;
            }
        }
        let mut next = Some(begun);
        while let Some(id) = next.filter(|id| new.spared.insert(*id)) {
            next = new.by_id.get(&id).and_then(|session| session.parent);
        }
        new
    }

    /// How many live.
    pub(crate) fn live_count(&self) -> usize {
        self.live.values().sum()
    }

    /// The key with the most sessions; `key`, if it is among the first.
    pub(crate) fn busiest(&self, key: &'s str) -> &'s str {
        let of = |key: &str| self.live.get(key).copied().unwrap_or_default();
        let mut most = key;
        for (other, count) in &self.live {
            if *count > of(most) {
                most = *other;
            }
        }
        most
    }

    /// Ends the session of this key that was longest unused, or that of any, except those that are spared, with all that came
    /// from it; returns which.
    pub(crate) fn end_longest_unused(&mut self, key: Option<&'s str>) -> Option<SessionId> {
        let from = self.searched_to.get(&key).copied().unwrap_or_default();
        let is_wanted = |one: &HeldSession| {
            one.is_live
                && key.is_none_or(|key| one.key == key)
                && !self.spared.contains(&one.id)
                && !self.ended.contains(&one.id)
        };
        let mut rest = self.all.iter().enumerate().skip(from);
        let (at, found) = rest.find(|&(_, one)| is_wanted(one))?;
        self.searched_to.insert(key, at);
        let mut ending = vec![found];
        while let Some(one) = ending.pop() {
            if !self.ended.insert(one.id) {
                continue;
            }
            if one.is_live
                && let Some(count) = self.live.get_mut(one.key.as_str())
            {
                *count = count.saturating_sub(1);
            }
            ending.extend(self.children.get(&one.id).into_iter().flatten());
        }
        Some(found.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::Guid;

    fn id(number: u16) -> SessionId {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        SessionId(Guid::from_random(bytes))
    }

    fn session(number: u16, key: &str, parent: Option<u16>) -> HeldSession {
        HeldSession {
            id: id(number),
            key: key.to_owned(),
            parent: parent.map(id),
            is_live: true,
        }
    }

    #[test]
    fn the_longest_unused_of_the_larger_group_goes_with_what_came_from_it() {
        let all = [
            session(0, "", None),
            session(1, "k", None),
            session(2, "k", Some(1)),
            session(3, "k", None),
            session(4, "k", None),
        ];
        let mut left = Displacing::new(&all, id(4));
        assert_eq!((left.live_count(), left.busiest("")), (5, "k"));
        assert_eq!(left.end_longest_unused(Some("k")), Some(id(1)));
        // Two are left of the key, one of none: that of the person stays.
        assert_eq!((left.live_count(), left.busiest("")), (3, "k"));
        assert_eq!(left.end_longest_unused(Some("k")), Some(id(3)));
        // Of two groups of one size it is that of the new session.
        assert_eq!((left.live_count(), left.busiest("k")), (2, "k"));
        assert_eq!(left.busiest(""), "");
        assert_eq!(left.end_longest_unused(Some("k")), None);
        assert_eq!(left.end_longest_unused(None), Some(id(0)));
        assert_eq!(left.live_count(), 1);
    }

    #[test]
    fn what_the_new_one_came_from_stays_even_by_way_of_one_that_has_expired() {
        let mut all = [
            session(0, "", None),
            session(1, "", Some(0)),
            session(2, "", Some(1)),
        ];
        all[1].is_live = false;
        let mut left = Displacing::new(&all, id(2));
        assert_eq!(left.live_count(), 2);
        assert_eq!(left.end_longest_unused(None), None);
    }
}
