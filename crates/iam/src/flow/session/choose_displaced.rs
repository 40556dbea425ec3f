//! Which sessions give way to a new one, the newcomer.
//!
//! They are chosen in memory: the database reads the sessions once, however many must go, because every login and change waits meanwhile.
//!
//! [`choose_from_largest`] chooses one session after another until no more live than are allowed:
//!
//! 1. **Groups.** The sessions that were begun with one API key are a group. Those begun without a key, by the person, are one too.
//! 2. **Largest first.** The group with the most live sessions loses the longest unused of them.
//! 3. **Ties.** Of groups of one size, that of the newcomer loses first, then that of another key, and that of the person last. Of several
//!    other keys, the one loses first whose session would be the longest unused.
//! 4. **No smaller group.** A group that is smaller than the newcomer's loses nothing: however often a key logs in, it ends no session of
//!    anybody who has fewer.
//! 5. **Descendants.** What came from a session ends with it. So in other groups than the newcomer's, a session is chosen only when nothing
//!    that came from it lives any more: no single end takes the last of a group along.
//! 6. **Kept.** The newcomer stays, and so do the sessions it came from.
//!
//! For example, key `c` logs in where these four sessions live, the longest unused first:
//!
//! | session | key | came from |
//! |---|---|---|
//! | 0 | `a` | |
//! | 1 | `b` | |
//! | 2 | `b` | 1 |
//! | 3 | `a` | |
//! | 4, the newcomer | `c` | |
//!
//! - Where four are allowed, 0 ends: `a` and `b` have two each, and 1, which has a live descendant, is no candidate (3, 5).
//! - Where three are, so does 2: `b` is the largest group now (2).
//! - Where two are, so does 1: all have one, that of the newcomer stays (6), and 1 is longer unused than 3 (3).
//! - Where one is, so does 3. Where none is, there is no choice.

use super::crowd::Crowd;
use base::id::SessionId;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

/// The sessions that give way by the rules of this file, where `own` is the key of the newcomer; none if they do not let enough go.
pub(crate) fn choose_from_largest<'s>(
    mut crowd: Crowd<'s>,
    own: &'s str,
    allowed: u64,
) -> Option<Vec<SessionId>> {
    let mut groups = Groups::of(&crowd, own);
    let mut chosen = Vec::new();
    while crowd.live_count() > allowed {
        let place = groups.next(&crowd)?;
        chosen.push(crowd.endable(place)?.id);
        if let Some(ancestor) = crowd.end(place) {
            groups.offer(&crowd, ancestor);
        }
    }
    Some(chosen)
}

/// The longest unused of all, until no more live than are allowed, except those kept; none if that cannot be.
pub(crate) fn choose_longest_unused(mut crowd: Crowd<'_>, allowed: u64) -> Option<Vec<SessionId>> {
    let mut chosen = Vec::new();
    for place in crowd.places() {
        if crowd.live_count() <= allowed {
            break;
        }
        if let Some(session) = crowd.endable(place) {
            chosen.push(session.id);
            let _ = crowd.end(place);
        }
    }
    (crowd.live_count() <= allowed).then_some(chosen)
}

/// How soon a group loses a session: that of the highest rank is the next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank<'s> {
    size: usize,
    is_own: bool,
    is_of_key: bool,
    /// Of its longest unused candidate.
    place: Reverse<usize>,
    key: &'s str,
}

/// The sessions of a group that may be chosen next.
#[derive(Default)]
struct Group<'s> {
    /// Their places. One that has ended stays until it is the first.
    candidates: BTreeSet<usize>,
    /// What `ranks` has of this group.
    rank: Option<Rank<'s>>,
}

/// The groups by their keys, and by their ranks.
struct Groups<'s> {
    /// The key of the newcomer.
    own: &'s str,
    groups: HashMap<&'s str, Group<'s>>,
    /// One for each group that has candidates. Those of groups that have lost sessions since are too high, until they are looked at: an end
    /// may take sessions of many groups along, and no two ends look through all of them.
    ranks: BTreeSet<Rank<'s>>,
}

impl<'s> Groups<'s> {
    fn of(crowd: &Crowd<'s>, own: &'s str) -> Self {
        let mut groups = Self {
            own,
            groups: HashMap::new(),
            ranks: BTreeSet::new(),
        };
        for place in crowd.places() {
            groups.offer(crowd, place);
        }
        groups
    }

    /// Makes a session a candidate, if it may be one now (rules 5 and 6).
    fn offer(&mut self, crowd: &Crowd<'s>, place: usize) {
        let Some(session) = crowd.endable(place) else {
            return;
        };
        let key = session.key.as_str();
        if key == self.own || !crowd.has_live_descendants(place) {
            let group = self.groups.entry(key).or_default();
            group.candidates.insert(place);
            self.update_rank(crowd, key);
        }
    }

    /// The candidate that is the next to end.
    fn next(&mut self, crowd: &Crowd<'s>) -> Option<usize> {
        loop {
            let highest = *self.ranks.last()?;
            // Rule 4: no group is larger than this rank says.
            if highest.size < crowd.group_size(self.own) {
                return None;
            }
            self.update_rank(crowd, highest.key);
            if self.ranks.last() == Some(&highest) {
                return Some(highest.place.0);
            }
        }
    }

    /// Ranks a group as it is now (rules 2 and 3).
    fn update_rank(&mut self, crowd: &Crowd<'s>, key: &'s str) {
        let group = self.groups.entry(key).or_default();
        while let Some(first) = group.candidates.first()
            && crowd.endable(*first).is_none()
        {
            group.candidates.pop_first();
        }
        if let Some(before) = group.rank.take() {
            self.ranks.remove(&before);
        }
        if let Some(first) = group.candidates.first() {
            let rank = Rank {
                size: crowd.group_size(key),
                is_own: key == self.own,
                is_of_key: !key.is_empty(),
                place: Reverse(*first),
                key,
            };
            group.rank = Some(rank);
            self.ranks.insert(rank);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::sessions::HeldSession;
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

    fn from_largest(
        sessions: &[HeldSession],
        newcomer: u16,
        own: &str,
        allowed: u64,
    ) -> Option<Vec<SessionId>> {
        choose_from_largest(Crowd::of(sessions, id(newcomer)), own, allowed)
    }

    fn longest_unused(
        sessions: &[HeldSession],
        newcomer: u16,
        allowed: u64,
    ) -> Option<Vec<SessionId>> {
        choose_longest_unused(Crowd::of(sessions, id(newcomer)), allowed)
    }

    fn ids(numbers: &[u16]) -> Option<Vec<SessionId>> {
        Some(numbers.iter().copied().map(id).collect())
    }

    #[test]
    fn the_example_of_the_head_of_this_file() {
        let all = [
            session(0, "a", None),
            session(1, "b", None),
            session(2, "b", Some(1)),
            session(3, "a", None),
            session(4, "c", None),
        ];
        let choose = |allowed| from_largest(&all, 4, "c", allowed);
        assert_eq!(choose(5), ids(&[]));
        assert_eq!(choose(4), ids(&[0]));
        assert_eq!(choose(3), ids(&[0, 2]));
        assert_eq!(choose(2), ids(&[0, 2, 1]));
        assert_eq!(choose(1), ids(&[0, 2, 1, 3]));
        assert_eq!(choose(0), None);
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
        assert_eq!(from_largest(&all, 4, "k", 5), ids(&[]));
        // With the one that goes, what came from it does.
        assert_eq!(from_largest(&all, 4, "k", 4), ids(&[1]));
        assert_eq!(from_largest(&all, 4, "k", 3), ids(&[1]));
        // Two are left of the key, one of none: that of the person stays.
        assert_eq!(from_largest(&all, 4, "k", 2), ids(&[1, 3]));
        assert_eq!(longest_unused(&all, 4, 2), ids(&[0, 1]));
        assert_eq!(longest_unused(&all, 4, 1), ids(&[0, 1, 3]));
        assert_eq!(longest_unused(&all, 4, 0), None);
    }

    /// Where each of many keys had one session, nobody could log in any more, with a password or another key.
    #[test]
    fn of_groups_of_one_size_the_longest_unused_of_another_key_gives_way() {
        let keys = ["", "b", "a", "c"];
        let mut all: Vec<HeldSession> = (0..4)
            .map(|at| session(at, keys[usize::from(at)], None))
            .collect();
        all.push(session(4, "new", None));
        let choose = |allowed| from_largest(&all, 4, "new", allowed);
        assert_eq!(choose(4), ids(&[1]), "and not the person's");
        assert_eq!(choose(1), ids(&[1, 2, 3, 0]));
        assert_eq!(choose(0), None);
        // By the person's password.
        all[4] = session(4, "", None);
        all.remove(0);
        let by_person = from_largest(&all, 4, "", 3);
        assert_eq!(by_person, ids(&[1]));
    }

    /// The person's first session took the second along, and keys that logged in once each left them none.
    #[test]
    fn of_two_sessions_one_stays_though_the_other_came_from_it() {
        let all = [
            session(0, "", None),
            session(1, "", Some(0)),
            session(2, "a", None),
            session(3, "b", None),
            session(4, "new", None),
        ];
        let choose = |allowed| from_largest(&all, 4, "new", allowed);
        assert_eq!(choose(4), ids(&[1]));
        assert_eq!(choose(2), ids(&[1, 2, 3]));
    }

    #[test]
    fn a_key_ends_no_session_of_who_has_fewer() {
        let all = [
            session(0, "", None),
            session(1, "k", None),
            session(2, "k", Some(1)),
        ];
        assert_eq!(from_largest(&all, 2, "k", 2), None);
    }

    #[test]
    fn what_the_new_one_came_from_stays_even_by_way_of_one_that_has_expired() {
        let mut all = [
            session(0, "", None),
            session(1, "", Some(0)),
            session(2, "", Some(1)),
        ];
        all[1].is_live = false;
        assert_eq!(longest_unused(&all, 2, 2), ids(&[]));
        assert_eq!(longest_unused(&all, 2, 1), None);
    }

    /// Whether a session came from another, at once or by way of others.
    fn came_from(sessions: &[HeldSession], one: &HeldSession, ancestor: SessionId) -> bool {
        one.parent.is_some_and(|parent| {
            let mut all = sessions.iter();
            let parent = all.find(|other| other.id == parent).unwrap();
            parent.id == ancestor || came_from(sessions, parent, ancestor)
        })
    }

    /// Looks through all sessions for each one that goes.
    fn choose_slowly(
        sessions: &[HeldSession],
        newcomer: &HeldSession,
        allowed: u64,
    ) -> Option<Vec<SessionId>> {
        let mut chosen: Vec<SessionId> = Vec::new();
        loop {
            let ends_with =
                |one: &HeldSession, id: SessionId| one.id == id || came_from(sessions, one, id);
            let has_ended = |one: &HeldSession| chosen.iter().any(|id| ends_with(one, *id));
            let live = sessions.iter().filter(|one| one.is_live && !has_ended(one));
            let live: Vec<&HeldSession> = live.collect();
            if live.len() as u64 <= allowed {
                return Some(chosen);
            }
            let size = |key: &str| live.iter().filter(|one| one.key == key).count();
            let is_own = |one: &HeldSession| one.key == newcomer.key;
            let has_live_descendants =
                |one: &HeldSession| live.iter().any(|other| came_from(sessions, other, one.id));
            let candidates = live.iter().filter(|one| {
                !ends_with(newcomer, one.id)
                    && (is_own(one) || !has_live_descendants(one))
                    && size(&one.key) >= size(&newcomer.key)
            });
            // Of equal ones the first, which is the longest unused.
            let next = candidates
                .min_by_key(|one| (Reverse(size(&one.key)), !is_own(one), one.key.is_empty()));
            chosen.push(next?.id);
        }
    }

    proptest::proptest! {
        #[test]
        fn it_is_the_choice_of_looking_through_all_each_time(
            made in proptest::collection::vec((0_u8..4, proptest::option::of(0_u16..12), proptest::bool::weighted(0.8)), 1..24),
            used_first in 0_usize..24,
            allowed in 0_u64..12,
        ) {
            let keys = ["", "a", "b", "c"];
            let mut all = Vec::new();
            for (number, (key, parent, is_live)) in (0_u16..).zip(&made) {
                let parent = parent.filter(|parent| *parent < number);
                let new = session(number, keys[usize::from(*key)], parent);
                all.push(HeldSession { is_live: *is_live, ..new });
            }
            let newcomer = all.len() - 1;
            // The order of their use is another one than that of their begin.
            let first = used_first % made.len();
            all.rotate_left(first);
            let newcomer = &all[(newcomer + made.len() - first) % made.len()];
            let chosen = choose_from_largest(Crowd::of(&all, newcomer.id), &newcomer.key, allowed);
            proptest::prop_assert_eq!(chosen, choose_slowly(&all, newcomer, allowed));
        }
    }
}
