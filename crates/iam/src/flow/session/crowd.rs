//! The sessions of a principal that has too many, while some are chosen to end: which of them live, and which came from which.
//!
//! A session is known by its place in the list, where the longest unused is the first. To build a crowd and to end all of it takes time in
//! proportion to the number of sessions, however they came from each other: no step up or down is made twice.

use crate::repo::sessions::HeldSession;
use base::id::SessionId;
use std::collections::HashMap;
use std::ops::Range;

/// A principal's sessions, with what the choice among them asks for.
pub(crate) struct Crowd<'s> {
    members: Vec<Member<'s>>,
    /// How many sessions of each key live; those of no key have the empty text.
    group_sizes: HashMap<&'s str, usize>,
    live_count: u64,
}

struct Member<'s> {
    session: &'s HeldSession,
    is_live: bool,
    /// It is the newcomer, or the newcomer came from it and would end with it.
    is_kept: bool,
    /// The place of the session it came from, if that has not ended.
    parent: Option<usize>,
    /// The places of those that came from it at once, until they have ended.
    children: Vec<usize>,
    /// How many of the children live, or have a descendant that does.
    live_branches: usize,
}

impl<'s> Crowd<'s> {
    /// The crowd of these sessions, the longest unused first, for which the newcomer among them needs room.
    pub(crate) fn of(sessions: &'s [HeldSession], newcomer: SessionId) -> Self {
        let places = sessions.iter().enumerate();
        let places: HashMap<SessionId, usize> =
            places.map(|(place, session)| (session.id, place)).collect();
        let member = |session: &'s HeldSession| Member {
            session,
            is_live: session.is_live,
            is_kept: false,
            parent: session.parent.and_then(|id| places.get(&id).copied()),
            children: Vec::new(),
            live_branches: 0,
        };
        let mut crowd = Self {
            members: sessions.iter().map(member).collect(),
            group_sizes: HashMap::new(),
            live_count: 0,
        };
        for (place, session) in sessions.iter().enumerate() {
            if let Some((_, parent)) = crowd.parent_of(place) {
                parent.children.push(place);
            }
            if session.is_live {
                *crowd.group_sizes.entry(session.key.as_str()).or_default() += 1;
                crowd.live_count += 1;
                crowd.add_branch(place);
            }
        }
        if let Some(place) = places.get(&newcomer) {
            crowd.keep(*place);
        }
        crowd
    }

    /// How many sessions live.
    pub(crate) const fn live_count(&self) -> u64 {
        self.live_count
    }

    /// How many sessions of a key live.
    pub(crate) fn group_size(&self, key: &str) -> usize {
        self.group_sizes.get(key).copied().unwrap_or_default()
    }

    /// The places of all sessions, those included that do not live.
    pub(crate) const fn places(&self) -> Range<usize> {
        0..self.members.len()
    }

    /// The session at a place, if it may end: it lives, and the newcomer would not end with it.
    pub(crate) fn endable(&self, place: usize) -> Option<&'s HeldSession> {
        let member = self.members.get(place)?;
        (member.is_live && !member.is_kept).then_some(member.session)
    }

    /// Whether a session lives that came from the one at this place.
    pub(crate) fn has_live_descendants(&self, place: usize) -> bool {
        let member = self.members.get(place);
        member.is_some_and(|member| member.live_branches > 0)
    }

    /// Ends a session with all that came from it. If the nearest ancestor that lives has no live descendant any more, returns its place.
    pub(crate) fn end(&mut self, place: usize) -> Option<usize> {
        let mut ending = vec![place];
        while let Some(place) = ending.pop() {
            let Some(member) = self.members.get_mut(place) else {
                continue;
            };
            ending.append(&mut member.children);
            if std::mem::take(&mut member.is_live) {
                let size = self.group_sizes.entry(&member.session.key).or_default();
                *size = size.saturating_sub(1);
                self.live_count = self.live_count.saturating_sub(1);
            }
        }
        self.remove_branch(place)
    }

    fn parent_of(&mut self, place: usize) -> Option<(usize, &mut Member<'s>)> {
        let parent = self.members.get(place)?.parent?;
        Some((parent, self.members.get_mut(parent)?))
    }

    /// Tells the ancestors of a live session of it, up to the first of which another branch tells those above.
    fn add_branch(&mut self, mut place: usize) {
        while let Some((above, parent)) = self.parent_of(place) {
            parent.live_branches += 1;
            if parent.is_live || parent.live_branches > 1 {
                break;
            }
            place = above;
        }
    }

    /// Undoes `add_branch` for a session that has ended. If this ends at a session that lives, but has no live descendant any more, returns
    /// the place of that one.
    fn remove_branch(&mut self, mut place: usize) -> Option<usize> {
        loop {
            let (above, parent) = self.parent_of(place)?;
            parent.live_branches = parent.live_branches.saturating_sub(1);
            if parent.live_branches > 0 {
                return None;
            }
            if parent.is_live {
                return Some(above);
            }
            place = above;
        }
    }

    /// Keeps a session and those it came from.
    fn keep(&mut self, place: usize) {
        let mut kept = Some(place);
        while let Some(member) = kept.and_then(|place| self.members.get_mut(place)) {
            member.is_kept = true;
            kept = member.parent;
        }
    }
}
