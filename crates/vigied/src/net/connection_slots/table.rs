//! The table of open connections, and the choice of those to evict.

use super::idle_found::IdleFound;
use super::kept_slots::KeptSlots;
use super::new_times::NewTimes;
use crate::net::active_sources::ActiveSources;
use crate::net::connection_state::{Activity, ConnectionKey, ConnectionState};
use crate::net::source_schedule::SourceSchedule;
use base::id::AccountId;
use base::source::SourceKey;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Instant;

/// A search finds one in this many slots when all are taken, so that it serves many new connections.
const BATCH: usize = 64;

/// How many of them are evicted at once: each time, a thread is woken to close them, and while it closes many, everybody else waits.
const EVICTED_AT_ONCE: usize = 8;

/// Of sources with equally many connections, those with so many together are looked at at once.
const TIED_MAX: usize = 128;

/// Connections that are looked at: to find the source with most that have been idle for a while, once one with any is found; and where
/// there is none, to find one to evict.
const LOOKS_MAX: usize = 512;

/// So many new connections at once an honest client may well have.
const FEW: usize = 8;

/// Connections of an account that are looked at when it gives up a protected slot: its oldest ones.
const CANDIDATES: usize = 64;

#[cfg(test)]
thread_local! {
    /// How often this thread has looked at what a connection does.
    pub(super) static LOOKS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[derive(Debug, Default)]
pub(super) struct ConnectionTable {
    pub(super) next: u64,
    pub(super) count: usize,
    pub(super) kept: KeptSlots,
    /// By source; connections of trusted proxies are under `None`.
    pub(super) groups: HashMap<Option<SourceKey>, SourceConnections>,
    /// Until when none that may be evicted can have been idle for a while: the search for those is not repeated for each newcomer while
    /// all are busy or new.
    pub(super) none_stale_until: Option<Instant>,
    /// Until when none can have been busy for long, of those that a search for them looks at.
    none_busy_until: Option<Instant>,
    /// The ones to evict next.
    idle_found: IdleFound,
}

#[derive(Debug)]
pub(super) struct SourceConnections {
    pub(super) connections: BTreeMap<u64, Entry>,
    pub(super) kept: usize,
    /// Its ones to evict next when it has as many as it may have.
    idle_found: IdleFound,
    pub(super) schedule: Arc<SourceSchedule>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) state: Arc<ConnectionState>,
    /// The account that keeps the slot.
    pub(super) kept: Option<AccountId>,
}

/// What a search for connections to evict has found.
#[derive(Debug, Default)]
struct Found {
    /// Since when each has been idle.
    idle: Vec<(Instant, ConnectionKey)>,
    /// To be evicted if none is idle.
    busy: Option<ConnectionKey>,
}

impl ConnectionTable {
    /// Evicts the connections that lose least.
    pub(super) fn make_room_anywhere(
        &mut self,
        new: Option<SourceKey>,
        slots: usize,
        new_times: NewTimes,
    ) -> bool {
        let now = Instant::now();
        if self.evict_found(now) {
            return true;
        }
        let found = self.search_anywhere(new, slots, new_times, now);
        self.idle_found = IdleFound::new(found.idle, now);
        self.evict_found(now) || found.busy.is_some_and(|key| self.evict(key))
    }

    /// Evicts the connections of this source that lose least.
    pub(super) fn make_room_of(&mut self, source: Option<SourceKey>, slots: usize) -> bool {
        let now = Instant::now();
        if self.evict_found_of(source, now) {
            return true;
        }
        let found = self.search(&[source], slots, now, usize::MAX);
        if let Some(group) = self.groups.get_mut(&source) {
            group.idle_found = IdleFound::new(found.idle, now);
        }
        self.evict_found_of(source, now) || found.busy.is_some_and(|key| self.evict(key))
    }

    /// Evicts a few of those that the last search has found and that have been idle ever since.
    pub(super) fn evict_found(&mut self, now: Instant) -> bool {
        let mut evicted = 0;
        while evicted < EVICTED_AT_ONCE
            && let Some((since, key)) = self.idle_found.next(now)
        {
            evicted += usize::from(self.evict_idle(key, since));
        }
        evicted > 0
    }

    /// The same of the last search among this source's.
    fn evict_found_of(&mut self, source: Option<SourceKey>, now: Instant) -> bool {
        let mut evicted = 0;
        while evicted < EVICTED_AT_ONCE
            && let Some(group) = self.groups.get_mut(&source)
            && let Some((since, key)) = group.idle_found.next(now)
        {
            evicted += usize::from(self.evict_idle(key, since));
        }
        evicted > 0
    }

    /// Which connections lose least.
    fn search_anywhere(
        &mut self,
        new: Option<SourceKey>,
        slots: usize,
        new_times: NewTimes,
        now: Instant,
    ) -> Found {
        if self.none_stale_until.is_none_or(|until| until <= now) {
            let before = now.checked_sub(new_times.idle).unwrap_or(now);
            let stale = self.sources_with_most_stale(new, before);
            if !stale.is_empty() {
                return self.search(&stale, slots, before, usize::MAX);
            }
            let first = self.first_idle_since().unwrap_or(now);
            self.none_stale_until = Some(first + new_times.idle);
        }
        let most = self.sources_with_most(new);
        let may_be_busy_for_long = self.none_busy_until.is_none_or(|until| until <= now);
        if may_be_busy_for_long && self.have_few(&most) {
            let busy = self.longest_busy();
            if let Some((since, key)) = busy
                && now.saturating_duration_since(since) >= new_times.busy
            {
                return Found {
                    idle: Vec::new(),
                    busy: Some(key),
                };
            }
            let since = busy.map_or(now, |(since, _)| since);
            self.none_busy_until = Some(since + new_times.busy);
        }
        self.search(&most, slots, now, LOOKS_MAX)
    }

    /// Whether each of these sources has few connections without a credential. Those of proxies are of many clients.
    fn have_few(&self, sources: &[Option<SourceKey>]) -> bool {
        let has_few = |group: &SourceConnections| group.evictable_count() <= FEW;
        sources
            .iter()
            .all(|source| source.is_some() && self.groups.get(source).is_some_and(has_few))
    }

    /// Of the connections that are looked at, the one busy longest, and since when.
    fn longest_busy(&self) -> Option<(Instant, ConnectionKey)> {
        let direct = self.groups.iter().filter(|(source, _)| source.is_some());
        let open = direct.flat_map(|(source, group)| {
            let open = group.connections.iter();
            let open = open.filter(|(_, entry)| entry.kept.is_none());
            open.map(move |(id, entry)| ((*source, *id), entry))
        });
        let busy = open
            .take(LOOKS_MAX)
            .filter_map(|(key, entry)| match entry.activity() {
                Activity::Busy(since) => Some((since, key)),
                Activity::Idle(_) => None,
            });
        busy.min()
    }

    /// Since when the one that may be evicted and has been idle longest is.
    fn first_idle_since(&self) -> Option<Instant> {
        let all = self.groups.values().flat_map(SourceConnections::evictable);
        let idle = all.filter_map(|entry| match entry.activity() {
            Activity::Idle(since) => Some(since),
            Activity::Busy(_) => None,
        });
        idle.min()
    }

    /// The source with most connections that have been idle since `before`, at least with half as many as any other, as far as the looks
    /// reach that begin with the sources that have most connections; and some of those that have as many: where each of thousands has one,
    /// one search makes room for many newcomers. To look at all connections for each of them would keep them waiting. Proxies come last, as
    /// in the rank.
    pub(super) fn sources_with_most_stale(
        &self,
        new: Option<SourceKey>,
        before: Instant,
    ) -> Vec<Option<SourceKey>> {
        let groups = self.groups.iter();
        let mut by_bound: BinaryHeap<_> = groups
            .map(|(source, group)| (rank(*source, new, group.evictable_count()), *source))
            .collect();
        let (mut most, mut found) = ((false, 0), Vec::new());
        let mut looks = 0;
        while let Some(((is_direct, bound), source)) = by_bound.pop() {
            let is_decided = most.0 && !is_direct || 2 * most.1 >= bound || looks >= LOOKS_MAX;
            let tied = (found.len() + 1).saturating_mul(bound);
            let is_tied = (is_direct, bound) == most && tied <= TIED_MAX;
            if !found.is_empty() && is_decided && !is_tied {
                break;
            }
            let group = self.groups.get(&source);
            let stale = group.map_or(0, |group| group.idle_since(before));
            looks += group.map_or(0, SourceConnections::evictable_count);
            let rank = rank(source, new, stale);
            if stale == 0 || rank < most {
                continue;
            }
            if rank > most {
                (most, found) = (rank, Vec::new());
            }
            found.push(source);
        }
        found
    }

    /// The sources with most connections without a credential.
    fn sources_with_most(&self, new: Option<SourceKey>) -> Vec<Option<SourceKey>> {
        let mut most = (false, 0);
        let mut found = Vec::new();
        for (source, group) in &self.groups {
            let number = group.evictable_count();
            if number == 0 {
                continue;
            }
            let rank = rank(*source, new, number);
            if rank > most {
                most = rank;
                found.clear();
            }
            if rank == most {
                found.push(*source);
            }
        }
        found
    }

    /// Of these sources' connections some that have been idle since `before`, the ones idle longest, and a busy one. Looks at `looks_max`
    /// connections at most.
    fn search(
        &self,
        sources: &[Option<SourceKey>],
        slots: usize,
        before: Instant,
        looks_max: usize,
    ) -> Found {
        let mut found = Found::default();
        let groups = sources
            .iter()
            .filter_map(|source| Some((*source, self.groups.get(source)?)));
        let open = groups.flat_map(|(source, group)| {
            let open = group.connections.iter();
            let open = open.filter(|(_, entry)| entry.kept.is_none());
            open.map(move |(id, entry)| ((source, *id), entry))
        });
        for (key, entry) in open.take(looks_max) {
            match entry.activity() {
                Activity::Idle(since) if since <= before => found.idle.push((since, key)),
                Activity::Idle(_) => {}
                Activity::Busy(_) => found.busy = found.busy.or(Some(key)),
            }
        }
        let most = (slots / BATCH).clamp(1, (found.idle.len() / 2).max(1));
        if most < found.idle.len() {
            found.idle.select_nth_unstable(most);
            found.idle.truncate(most);
        }
        found
    }

    /// Takes one protected slot from the account with most, if this account would still have fewer.
    pub(super) fn transfer_protection(&mut self, account: AccountId) -> bool {
        let of_account = self.kept.of(account);
        let most = self.kept.most();
        let Some((most, _)) = most.filter(|(_, count)| *count > of_account + 1) else {
            return false;
        };
        let oldest = self.kept.oldest(most).take(CANDIDATES);
        let candidates = oldest.filter_map(|(source, id)| {
            let entry = self.groups.get(&source)?.connections.get(&id)?;
            Some((entry.state.activity(), source, id))
        });
        // The longest idle one; a busy one if none is idle.
        let Some((_, source, id)) = candidates.min() else {
            return false;
        };
        self.set_kept(source, id, None);
        true
    }

    /// Sets which account keeps a slot, and updates the counts.
    pub(super) fn set_kept(&mut self, source: Option<SourceKey>, id: u64, kept: Option<AccountId>) {
        let Some(group) = self.groups.get_mut(&source) else {
            return;
        };
        let Some(entry) = group.connections.get_mut(&id) else {
            return;
        };
        entry.state.set_keeps_slot(kept.is_some());
        let before = std::mem::replace(&mut entry.kept, kept);
        if let Some(account) = before {
            // It may have been idle for long.
            self.none_stale_until = None;
            group.kept -= 1;
            self.kept.remove(account, (source, id));
        }
        if let Some(account) = kept {
            group.kept += 1;
            self.kept.insert(account, (source, id));
        }
    }

    /// Evicts a connection without a credential that has been idle since then.
    fn evict_idle(&mut self, (source, id): ConnectionKey, since: Instant) -> bool {
        let group = self.groups.get(&source);
        let entry = group.and_then(|group| group.connections.get(&id));
        let is_still = |entry: &Entry| entry.activity() == Activity::Idle(since);
        entry.is_some_and(|entry| entry.kept.is_none() && is_still(entry))
            && self.evict((source, id))
    }

    fn evict(&mut self, (source, id): ConnectionKey) -> bool {
        let gone = self.remove(source, id);
        if let Some(entry) = &gone {
            entry.state.evict();
        }
        gone.is_some()
    }

    pub(super) fn remove(&mut self, source: Option<SourceKey>, id: u64) -> Option<Entry> {
        self.set_kept(source, id, None);
        let group = self.groups.get_mut(&source)?;
        let entry = group.connections.remove(&id)?;
        self.count -= 1;
        if group.connections.is_empty() {
            self.groups.remove(&source);
        }
        Some(entry)
    }
}

/// How soon a source loses one of this number of connections. The new connection adds one to its own source. Proxies come last: their
/// connections serve many clients.
fn rank(source: Option<SourceKey>, new: Option<SourceKey>, number: usize) -> (bool, usize) {
    (source.is_some(), number + usize::from(source == new))
}

impl Entry {
    fn activity(&self) -> Activity {
        #[cfg(test)]
        LOOKS.with(|looks| looks.set(looks.get() + 1));
        self.state.activity()
    }
}

impl SourceConnections {
    /// None yet, of one of these sources.
    pub(super) fn among(sources: &Arc<ActiveSources>) -> Self {
        Self {
            connections: BTreeMap::new(),
            kept: 0,
            idle_found: IdleFound::default(),
            schedule: Arc::new(SourceSchedule::among(sources)),
        }
    }

    /// How many have no credential.
    fn evictable_count(&self) -> usize {
        self.connections.len() - self.kept
    }

    /// Number of connections without a credential that have been idle since `before`.
    fn idle_since(&self, before: Instant) -> usize {
        let is_idle =
            |entry: &&Entry| matches!(entry.activity(), Activity::Idle(since) if since <= before);
        self.evictable().filter(is_idle).count()
    }

    /// The connections without a credential.
    fn evictable(&self) -> impl Iterator<Item = &Entry> {
        let all = self.connections.values();
        all.filter(|connection| connection.kept.is_none())
    }
}
