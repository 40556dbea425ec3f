//! Which sessions give way to a new one, found out in memory: however many there are, the database is asked once, because every
//! login and change waits meanwhile.

use crate::audit::{Action, Credential, Entry};
use crate::error::IamError;
use crate::repo::sessions::HeldSession;
use crate::service::Iam;
use base::id::{AccountId, SessionId};
use base::principal::Principal;
use db::Tx;
use std::cmp::Reverse;
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
    /// How many of the sessions, from the first, have been searched for the longest unused of all.
    searched_to: usize,
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
            searched_to: 0,
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

    fn is_endable(&self, one: &HeldSession) -> bool {
        one.is_live && !self.spared.contains(&one.id) && !self.ended.contains(&one.id)
    }

    /// Ends the longest unused session of the largest groups, with all that came from it; returns which. Of groups of one size that of the
    /// new session, whose key is `own`, comes first, then those of other keys, then that of none, the person's. A group that is smaller than
    /// the new session's loses nothing to it: however often a key logs in, it ends no session of anybody who has fewer.
    pub(crate) fn end_of_largest(&mut self, own: &str) -> Option<SessionId> {
        let size = |key: &str| self.live.get(key).copied().unwrap_or_default();
        let size_min = size(own);
        let endable = self.all.iter().filter(|one| self.is_endable(one));
        let ranked = endable.filter_map(|one| {
            let (key, size) = (one.key.as_str(), size(&one.key));
            (size >= size_min).then_some(((Reverse(size), key != own, key.is_empty()), one))
        });
        // The first of those that rank alike, so the longest unused.
        let (_, found) = ranked.min_by_key(|(rank, _)| *rank)?;
        Some(self.end(found))
    }

    /// Ends the longest unused session of all, except those that are spared, with all that came from it; returns which.
    pub(crate) fn end_longest_unused(&mut self) -> Option<SessionId> {
        let mut rest = self.all.iter().enumerate().skip(self.searched_to);
        let (at, found) = rest.find(|(_, one)| self.is_endable(one))?;
        self.searched_to = at;
        Some(self.end(found))
    }

    fn end(&mut self, found: &'s HeldSession) -> SessionId {
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
        found.id
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
        assert_eq!(left.live_count(), 5);
        assert_eq!(left.end_of_largest("k"), Some(id(1)));
        // Two are left of the key, one of none: that of the person stays.
        assert_eq!(left.live_count(), 3);
        assert_eq!(left.end_of_largest("k"), Some(id(3)));
        assert_eq!(left.live_count(), 2);
        assert_eq!(left.end_longest_unused(), Some(id(0)));
        assert_eq!(left.live_count(), 1);
        assert_eq!(left.end_longest_unused(), None);
    }

    /// Where each of many keys had one session, nobody could log in any more, with a password or another key.
    #[test]
    fn of_groups_of_one_size_the_longest_unused_of_another_key_gives_way() {
        let keys = ["", "b", "a", "c"];
        let mut all: Vec<HeldSession> = (0..4)
            .map(|at| session(at, keys[usize::from(at)], None))
            .collect();
        all.push(session(4, "new", None));
        let mut left = Displacing::new(&all, id(4));
        assert_eq!(
            left.end_of_largest("new"),
            Some(id(1)),
            "and not the person's"
        );
        assert_eq!(left.end_of_largest("new"), Some(id(2)));
        assert_eq!(left.end_of_largest("new"), Some(id(3)));
        assert_eq!(left.end_of_largest("new"), Some(id(0)));
        assert_eq!(left.end_of_largest("new"), None);
        // By the person's password.
        all[4] = session(4, "", None);
        all.remove(0);
        let mut left = Displacing::new(&all, id(4));
        assert_eq!(left.end_of_largest(""), Some(id(1)));
    }

    #[test]
    fn a_key_ends_no_session_of_who_has_fewer() {
        let all = [
            session(0, "", None),
            session(1, "k", None),
            session(2, "k", Some(1)),
        ];
        let mut left = Displacing::new(&all, id(2));
        assert_eq!(left.end_of_largest("k"), None);
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
        assert_eq!(left.end_longest_unused(), None);
    }
}
