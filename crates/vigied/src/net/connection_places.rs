//! Places for connections. No connection waits for a place: when all are taken, an existing connection is evicted or the new
//! one is closed.
//!
//! First to be evicted is a connection that never carried a valid credential and has been idle for a while (a new one may not
//! have sent its request yet): of the source with most such connections, the one idle longest. If there is none, the source
//! with most connections without a credential loses one, an idle one before a busy one. A
//! connection that carried a request with a valid credential keeps its place. The number of these is limited so that new
//! connections always get in: health checks, and callers about to authenticate. At that limit, the account that keeps most
//! places gives one up to an account that keeps fewer; the connection stays open, but may be evicted like others.

mod taken;

use super::connection_state::{At, ConnectionState, PlaceKeeper};
use base::id::AccountId;
use base::limit::{self, Limit};
use base::source::SourceKey;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use taken::{ConnectionTable, Entry};

/// One in this many places is never kept.
const NEWCOMERS: usize = 8;

/// How long a connection counts as new: it may be idle only because its request is still on its way.
const NEW_TIME: Duration = Duration::from_secs(1);

/// The places of one listener.
#[derive(Debug)]
pub(crate) struct Places {
    total: usize,
    per_source: usize,
    new_time: Duration,
    taken: Mutex<ConnectionTable>,
    /// Open connections, including evicted ones that are still closing.
    open: AtomicUsize,
}

/// A taken place, freed when dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    state: Arc<ConnectionState>,
    at: At,
}

impl Places {
    pub(super) fn new(total: usize, per_source: usize) -> Arc<Self> {
        Self::with_new_time(total, per_source, NEW_TIME)
    }

    fn with_new_time(total: usize, per_source: usize, new_time: Duration) -> Arc<Self> {
        Arc::new(Self {
            total,
            // If it is not below the total, only the total applies, and only its name is reported.
            per_source: if per_source < total {
                per_source
            } else {
                usize::MAX
            },
            new_time,
            taken: Mutex::default(),
            open: AtomicUsize::new(0),
        })
    }

    fn taken(&self) -> MutexGuard<'_, ConnectionTable> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for a new connection. Calls `on_limit` for each limit reached, also if an eviction made room.
    pub(super) fn accept(
        self: &Arc<Self>,
        source: Option<SourceKey>,
        on_limit: &impl Fn(&'static Limit),
    ) -> Option<Place> {
        let keeper: Weak<Self> = Arc::downgrade(self);
        let state = Arc::new(ConnectionState::new(Some(keeper)));
        let id = self.enter(source, &state, on_limit)?;
        self.open.fetch_add(1, Ordering::Relaxed);
        Some(Place {
            places: Arc::clone(self),
            state,
            at: (source, id),
        })
    }

    fn enter(
        &self,
        source: Option<SourceKey>,
        state: &Arc<ConnectionState>,
        on_limit: &impl Fn(&'static Limit),
    ) -> Option<u64> {
        let mut taken = self.taken();
        let own = taken
            .groups
            .get(&source)
            .map_or(0, |own| own.connections.len());
        if source.is_some() && own >= self.per_source {
            on_limit(&limit::CONNECTIONS_PER_SOURCE);
            if !taken.make_room(&[source], self.per_source, Instant::now()) {
                return None;
            }
        }
        if taken.count >= self.total {
            on_limit(&limit::CONNECTIONS);
            if !taken.make_room_anywhere(source, self.total, self.new_time) {
                return None;
            }
        }
        let id = taken.next;
        taken.next += 1;
        taken.count += 1;
        state.set_at(Some((source, id)));
        let entry = Entry {
            state: Arc::clone(state),
            kept: None,
        };
        let group = taken.groups.entry(source).or_default();
        group.connections.insert(id, entry);
        Some(id)
    }

    /// Evicts a connection when the system refuses to open more; returns whether there was one to evict.
    pub(super) fn make_room(&self) -> bool {
        self.taken()
            .make_room_anywhere(None, self.total, self.new_time)
    }

    /// How many evicted connections are still open.
    pub(super) fn ending(&self) -> usize {
        let open = self.open.load(Ordering::Relaxed);
        open.saturating_sub(self.taken().count)
    }

    fn leave(&self, at: At) {
        self.taken().remove(at.0, at.1);
    }
}

impl PlaceKeeper for Places {
    /// Protects the connection from eviction. A part of all places, and of each source's, can never be protected; the rest is
    /// shared fairly between accounts.
    fn keep(&self, state: &ConnectionState, account: AccountId) {
        let mut taken = self.taken();
        let Some((source, id)) = state.at() else {
            return;
        };
        let Some(group) = taken.groups.get(&source) else {
            return;
        };
        let is_full = source.is_some() && group.kept >= keepable(self.per_source);
        let is_free = group
            .connections
            .get(&id)
            .is_some_and(|own| own.kept.is_none());
        if is_full || !is_free {
            return;
        }
        if taken.kept >= keepable(self.total) && !taken.give_up_one_for(account) {
            return;
        }
        taken.set_kept(source, id, Some(account));
    }
}

/// How many of these places may be protected.
fn keepable(places: usize) -> usize {
    if places < 2 {
        return places;
    }
    places - (places / NEWCOMERS).max(1)
}

impl Place {
    pub(super) const fn state(&self) -> &Arc<ConnectionState> {
        &self.state
    }

    /// Moves the connection to its real source; returns whether that source has a place.
    pub(super) fn is_of(
        &mut self,
        source: Option<SourceKey>,
        on_limit: &impl Fn(&'static Limit),
    ) -> bool {
        if source == self.at.0 {
            return true;
        }
        self.places.leave(self.at);
        let Some(id) = self.places.enter(source, &self.state, on_limit) else {
            return false;
        };
        self.at = (source, id);
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.leave(self.at);
        self.places.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Version;
    use std::cell::Cell;

    fn source(last: u8) -> Option<SourceKey> {
        Some(SourceKey::of([192, 0, 2, last].into()))
    }

    fn admit(places: &Arc<Places>, from: u8) -> Option<Place> {
        places.accept(source(from), &|_| {})
    }

    fn mark_authenticated(place: &Place, account: u8) {
        let account = AccountId(base::id::Guid::from_random([account; 16]));
        place.places.keep(place.state(), account);
    }

    /// Whether it still has its place.
    fn has_place(place: &Place) -> bool {
        let taken = place.places.taken();
        let group = taken.groups.get(&place.at.0);
        group.is_some_and(|own| own.connections.contains_key(&place.at.1))
    }

    #[test]
    fn the_source_with_most_silent_connections_gives_way_and_the_proven_never() {
        let places = Places::new(8, 8);
        let proven = admit(&places, 1).unwrap();
        mark_authenticated(&proven, 1);
        let honest = admit(&places, 2).unwrap();
        let silent: Vec<_> = (0..6).map(|_| admit(&places, 3).unwrap()).collect();
        let new = admit(&places, 4).unwrap();
        assert!(has_place(&proven) && has_place(&honest) && has_place(&new));
        let held: Vec<bool> = silent.iter().map(has_place).collect();
        assert_eq!(held, [false, true, true, true, true, true]);
        assert_eq!(places.ending(), 1);
        drop(silent);
        assert_eq!(places.ending(), 0);
        assert_eq!(places.taken().count, 3);
    }

    #[test]
    fn one_source_has_its_bound_and_its_own_silent_ones_give_way() {
        let places = Places::new(100, 3);
        let proven = admit(&places, 1).unwrap();
        mark_authenticated(&proven, 1);
        let silent: Vec<_> = (0..5).map(|_| admit(&places, 1).unwrap()).collect();
        let held: Vec<bool> = silent.iter().map(has_place).collect();
        assert_eq!(held, [false, false, false, true, true]);
        assert!(has_place(&proven));
        let other = admit(&places, 2).unwrap();
        assert!(has_place(&other));
        assert_eq!(places.taken().count, 4);
    }

    #[test]
    fn a_new_connection_is_evicted_after_those_of_the_largest_source() {
        let places = Places::new(3, 3);
        let busy: Vec<_> = (0..2).map(|_| admit(&places, 1).unwrap()).collect();
        let asked: Vec<_> = busy
            .iter()
            .map(|own| own.state().asked(Version::HTTP_11))
            .collect();
        let fresh = admit(&places, 2).unwrap();
        let newer = admit(&places, 3).unwrap();
        assert!(has_place(&fresh) && has_place(&newer));
        drop(asked);
    }

    #[test]
    fn idle_connections_are_evicted_before_busy_ones() {
        let places = Places::with_new_time(3, 3, Duration::ZERO);
        let busy: Vec<_> = (0..2).map(|_| admit(&places, 1).unwrap()).collect();
        let asked: Vec<_> = busy
            .iter()
            .map(|own| own.state().asked(Version::HTTP_11))
            .collect();
        let idle = admit(&places, 2).unwrap();
        let new = admit(&places, 3).unwrap();
        assert!(!has_place(&idle) && busy.iter().all(has_place));
        let working = new.state().asked(Version::HTTP_11);
        let newer = admit(&places, 4).unwrap();
        assert!(has_place(&newer) && has_place(&new));
        assert_eq!(busy.iter().filter(|own| has_place(own)).count(), 1);
        drop((asked, working));
    }

    #[test]
    fn no_room_is_left_only_where_it_is_one_place() {
        let hits = Cell::new(0);
        let on_limit = |limit: &'static Limit| {
            assert_eq!(limit.name, "connections");
            hits.set(hits.get() + 1);
        };
        let places = Places::new(1, 1);
        let only = admit(&places, 1).unwrap();
        mark_authenticated(&only, 1);
        assert!(places.accept(source(1), &on_limit).is_none());
        assert_eq!(hits.get(), 1);
        // Among more, some places are never kept.
        let places = Places::new(16, 16);
        let many: Vec<_> = (0..16).map(|from| admit(&places, from).unwrap()).collect();
        for own in &many {
            mark_authenticated(own, 1);
        }
        assert_eq!(places.taken().kept, 14);
        assert!(admit(&places, 99).is_some());
        assert_eq!(many.iter().filter(|own| has_place(own)).count(), 15);
    }

    #[test]
    fn an_account_that_keeps_most_gives_up_for_one_that_keeps_fewer() {
        let places = Places::new(16, 16);
        let many: Vec<_> = (0..14).map(|from| admit(&places, from).unwrap()).collect();
        for own in &many {
            mark_authenticated(own, 1);
        }
        let other: Vec<_> = (20..22).map(|from| admit(&places, from).unwrap()).collect();
        for own in &other {
            mark_authenticated(own, 2);
            assert!(own.state().keeps_place());
        }
        let kept = many.iter().filter(|own| own.state().keeps_place()).count();
        assert_eq!((kept, places.taken().kept), (12, 14));
        assert!(many.iter().all(has_place));
        drop((many, other));
        assert!(places.taken().accounts.is_empty());
    }

    #[test]
    fn proxies_have_no_bound_of_their_own_and_give_way_last() {
        let places = Places::new(4, 1);
        let proxied: Vec<_> = (0..3)
            .map(|_| places.accept(None, &|_| {}).unwrap())
            .collect();
        let direct = admit(&places, 1).unwrap();
        let mut new = places.accept(None, &|_| {}).unwrap();
        assert!(!has_place(&direct) && proxied.iter().all(has_place));
        // Whose connection it is comes out by the PROXY header.
        assert!(new.is_of(source(7), &|_| {}));
        let newer = admit(&places, 7).unwrap();
        assert!(!has_place(&new) && has_place(&newer));
        assert_eq!(places.taken().count, 4);
    }
}
