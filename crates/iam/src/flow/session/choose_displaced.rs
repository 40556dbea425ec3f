//! Which sessions give way to a new one, chosen in memory: the database reads them once however many must go, because every login and
//! change waits meanwhile.

use crate::repo::sessions::HeldSession;
use base::id::SessionId;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};

/// A principal's sessions, and the newcomer among them for which the others make room.
#[derive(Clone, Copy)]
pub(crate) struct Crowd<'s> {
    /// The longest unused first.
    pub(crate) sessions: &'s [HeldSession],
    pub(crate) newcomer: SessionId,
    /// How many may live.
    pub(crate) allowed: u64,
}

impl<'s> Crowd<'s> {
    /// Chooses the longest unused session of the largest group, until no more live than are allowed; none if that cannot be. The sessions
    /// of a key are a group, and so are those of no key, the person's. Of groups of one size that of the newcomer, whose key is `own`,
    /// comes first, then those of other keys, then the person's. A group that is smaller than the newcomer's loses nothing to it: however
    /// often a key logs in, it ends no session of anybody who has fewer. What came from a session ends with it; in other groups than the
    /// newcomer's it ends before it, so that no end takes the last of a group along.
    pub(crate) fn choose_from_largest(self, own: &str) -> Option<Vec<SessionId>> {
        let mut choice = Choice::among(self);
        let sizes = choice.live.iter();
        let mut ranks: BinaryHeap<Rank<'_>> = sizes
            .map(|(key, size)| Rank::of(key, own, *size, 0))
            .collect();
        // Of each group, the places of those that may end next.
        let mut groups: HashMap<&str, BTreeSet<usize>> = HashMap::new();
        let mut places: HashMap<SessionId, (usize, &'s HeldSession)> = HashMap::new();
        for (place, one) in self.sessions.iter().enumerate() {
            places.insert(one.id, (place, one));
            if choice.may_be_next(one, own) {
                groups.entry(&one.key).or_default().insert(place);
            }
        }
        while choice.live_count() > self.allowed {
            let expected = ranks.pop()?;
            // No group is larger than the first of them was.
            if expected.size < choice.size(own) {
                return None;
            }
            let size = choice.size(expected.key);
            let group = groups.entry(expected.key).or_default();
            let has_ended = |place: &usize| {
                let one = self.sessions.get(*place);
                one.is_none_or(|one| !choice.is_endable(one))
            };
            while group.first().is_some_and(has_ended) {
                group.pop_first();
            }
            let Some(place) = group.first().copied() else {
                continue;
            };
            // It may have shrunk since.
            let current = Rank::of(expected.key, own, size, place);
            if current == expected {
                group.remove(&place);
                let next = self.sessions.get(place)?;
                let freed = choice.end(next);
                if let Some((place, parent)) = freed.and_then(|id| places.get(&id).copied())
                    && choice.may_be_next(parent, own)
                {
                    groups.entry(&parent.key).or_default().insert(place);
                    ranks.push(Rank::of(&parent.key, own, choice.size(&parent.key), place));
                }
            }
            ranks.push(current);
        }
        Some(choice.chosen)
    }

    /// Chooses the longest unused of all, until no more live than are allowed; none if that cannot be.
    pub(crate) fn choose_longest_unused(self) -> Option<Vec<SessionId>> {
        let mut choice = Choice::among(self);
        for one in self.sessions {
            if choice.live_count() <= self.allowed {
                break;
            }
            if choice.is_endable(one) {
                let _ = choice.end(one);
            }
        }
        (choice.live_count() <= self.allowed).then_some(choice.chosen)
    }
}

/// How soon a group loses a session: that of the highest rank is the next.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank<'s> {
    size: usize,
    is_own: bool,
    is_of_key: bool,
    /// Of its longest unused session.
    place: Reverse<usize>,
    key: &'s str,
}

impl<'s> Rank<'s> {
    /// That of the group of a key, where the newcomer's is `own`.
    fn of(key: &'s str, own: &str, size: usize, place: usize) -> Self {
        Self {
            size,
            is_own: key == own,
            is_of_key: !key.is_empty(),
            place: Reverse(place),
            key,
        }
    }
}

/// What has been chosen so far.
struct Choice<'s> {
    chosen: Vec<SessionId>,
    /// Those and what came from them.
    ended: HashSet<SessionId>,
    /// The newcomer and those it came from.
    spared: HashSet<SessionId>,
    children: HashMap<SessionId, Vec<&'s HeldSession>>,
    parents: HashMap<SessionId, SessionId>,
    /// Those that live, or from which some came that do.
    lines: HashSet<SessionId>,
    /// How many of these came from each at once.
    lines_from: HashMap<SessionId, usize>,
    alive: HashSet<SessionId>,
    /// How many sessions of each key live; those of none have the empty text.
    live: HashMap<&'s str, usize>,
    live_count: u64,
}

impl<'s> Choice<'s> {
    fn among(crowd: Crowd<'s>) -> Self {
        let mut new = Self {
            chosen: Vec::new(),
            ended: HashSet::new(),
            spared: HashSet::new(),
            children: HashMap::new(),
            parents: HashMap::new(),
            lines: HashSet::new(),
            lines_from: HashMap::new(),
            alive: HashSet::new(),
            live: HashMap::new(),
            live_count: 0,
        };
        for one in crowd.sessions {
            if let Some(parent) = one.parent {
                new.children.entry(parent).or_default().push(one);
                new.parents.insert(one.id, parent);
            }
            if one.is_live {
                *new.live.entry(one.key.as_str()).or_default() += 1;
                new.live_count += 1;
                new.alive.insert(one.id);
            }
        }
        for one in crowd.sessions.iter().filter(|one| one.is_live) {
            let mut id = one.id;
            // No further than somebody has come before: a line may be long.
            while new.lines.insert(id)
                && let Some(parent) = new.parents.get(&id).copied()
            {
                *new.lines_from.entry(parent).or_default() += 1;
                id = parent;
            }
        }
        new.spared.insert(crowd.newcomer);
        new.spared.extend(ancestors(&new.parents, crowd.newcomer));
        new
    }

    const fn live_count(&self) -> u64 {
        self.live_count
    }

    fn size(&self, key: &str) -> usize {
        self.live.get(key).copied().unwrap_or_default()
    }

    fn is_endable(&self, one: &HeldSession) -> bool {
        one.is_live && !self.spared.contains(&one.id) && !self.ended.contains(&one.id)
    }

    /// Whether it may end next: of another key than `own` only one from which none came that lives.
    fn may_be_next(&self, one: &HeldSession, own: &str) -> bool {
        self.is_endable(one) && (one.key == own || self.is_last_of_its_line(one))
    }

    fn is_last_of_its_line(&self, one: &HeldSession) -> bool {
        let lines = self.lines_from.get(&one.id);
        lines.is_none_or(|lines| *lines == 0)
    }

    /// Chooses a session, which ends with all that came from it. Returns the one that is the last of its line now.
    fn end(&mut self, session: &'s HeldSession) -> Option<SessionId> {
        self.chosen.push(session.id);
        let mut ending = vec![session];
        while let Some(one) = ending.pop() {
            if !self.ended.insert(one.id) {
                continue;
            }
            if one.is_live {
                self.live_count = self.live_count.saturating_sub(1);
                self.alive.remove(&one.id);
                let size = self.live.entry(one.key.as_str()).or_default();
                *size = size.saturating_sub(1);
            }
            ending.extend(self.children.get(&one.id).into_iter().flatten());
        }
        let mut id = session.id;
        while self.lines.remove(&id) {
            let parent = self.parents.get(&id).copied()?;
            let lines = self.lines_from.entry(parent).or_default();
            *lines = lines.saturating_sub(1);
            if *lines > 0 {
                return None;
            }
            if self.alive.contains(&parent) {
                return Some(parent);
            }
            id = parent;
        }
        None
    }
}

/// Those that it came from, the nearest first.
fn ancestors(
    parents: &HashMap<SessionId, SessionId>,
    of: SessionId,
) -> impl Iterator<Item = SessionId> {
    std::iter::successors(parents.get(&of).copied(), |id| parents.get(id).copied())
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

    fn crowd(sessions: &[HeldSession], newcomer: u16, allowed: u64) -> Crowd<'_> {
        Crowd {
            sessions,
            newcomer: id(newcomer),
            allowed,
        }
    }

    fn ids(numbers: &[u16]) -> Option<Vec<SessionId>> {
        Some(numbers.iter().copied().map(id).collect())
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
        assert_eq!(crowd(&all, 4, 5).choose_from_largest("k"), ids(&[]));
        // With the one that goes, what came from it does.
        assert_eq!(crowd(&all, 4, 4).choose_from_largest("k"), ids(&[1]));
        assert_eq!(crowd(&all, 4, 3).choose_from_largest("k"), ids(&[1]));
        // Two are left of the key, one of none: that of the person stays.
        assert_eq!(crowd(&all, 4, 2).choose_from_largest("k"), ids(&[1, 3]));
        assert_eq!(crowd(&all, 4, 2).choose_longest_unused(), ids(&[0, 1]));
        assert_eq!(crowd(&all, 4, 1).choose_longest_unused(), ids(&[0, 1, 3]));
        assert_eq!(crowd(&all, 4, 0).choose_longest_unused(), None);
    }

    /// Where each of many keys had one session, nobody could log in any more, with a password or another key.
    #[test]
    fn of_groups_of_one_size_the_longest_unused_of_another_key_gives_way() {
        let keys = ["", "b", "a", "c"];
        let mut all: Vec<HeldSession> = (0..4)
            .map(|at| session(at, keys[usize::from(at)], None))
            .collect();
        all.push(session(4, "new", None));
        let from_largest = |allowed| crowd(&all, 4, allowed).choose_from_largest("new");
        assert_eq!(from_largest(4), ids(&[1]), "and not the person's");
        assert_eq!(from_largest(1), ids(&[1, 2, 3, 0]));
        assert_eq!(from_largest(0), None);
        // By the person's password.
        all[4] = session(4, "", None);
        all.remove(0);
        let by_person = crowd(&all, 4, 3).choose_from_largest("");
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
        let from_largest = |allowed| crowd(&all, 4, allowed).choose_from_largest("new");
        assert_eq!(from_largest(4), ids(&[1]));
        assert_eq!(from_largest(2), ids(&[1, 2, 3]));
    }

    #[test]
    fn a_key_ends_no_session_of_who_has_fewer() {
        let all = [
            session(0, "", None),
            session(1, "k", None),
            session(2, "k", Some(1)),
        ];
        assert_eq!(crowd(&all, 2, 2).choose_from_largest("k"), None);
    }

    #[test]
    fn what_the_new_one_came_from_stays_even_by_way_of_one_that_has_expired() {
        let mut all = [
            session(0, "", None),
            session(1, "", Some(0)),
            session(2, "", Some(1)),
        ];
        all[1].is_live = false;
        assert_eq!(crowd(&all, 2, 2).choose_longest_unused(), ids(&[]));
        assert_eq!(crowd(&all, 2, 1).choose_longest_unused(), None);
    }

    /// Looks through all sessions for each one that goes.
    fn choose_slowly(crowd: Crowd<'_>, own: &str) -> Option<Vec<SessionId>> {
        let mut choice = Choice::among(crowd);
        while choice.live_count() > crowd.allowed {
            let has_line = |of: &HeldSession| {
                let mut live = crowd
                    .sessions
                    .iter()
                    .filter(|one| choice.alive.contains(&one.id));
                live.any(|one| ancestors(&choice.parents, one.id).any(|id| id == of.id))
            };
            let endable =
                |one: &&HeldSession| choice.is_endable(one) && (one.key == own || !has_line(one));
            let endable = crowd.sessions.iter().filter(endable);
            let large = endable.filter(|one| choice.size(&one.key) >= choice.size(own));
            let next = large.min_by_key(|one| {
                let (key, size) = (one.key.as_str(), choice.size(&one.key));
                (Reverse(size), key != own, key.is_empty())
            });
            let _ = choice.end(next?);
        }
        Some(choice.chosen)
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
            let newest = all.last().unwrap();
            let (newcomer, own) = (newest.id, newest.key.clone());
            // The order of their use is another one than that of their begin.
            all.rotate_left(used_first % made.len());
            let crowd = Crowd { sessions: &all, newcomer, allowed };
            proptest::prop_assert_eq!(crowd.choose_from_largest(&own), choose_slowly(crowd, &own));
        }
    }
}
