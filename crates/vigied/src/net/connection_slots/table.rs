//! The table of open connections, and the choice of those to evict.

use super::kept_slots::KeptSlots;
use crate::net::active_sources::ActiveSources;
use crate::net::connection_state::{Activity, ConnectionState};
use crate::net::source_schedule::SourceSchedule;
use base::id::AccountId;
use base::source::SourceKey;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Evicts one in this many slots at once when all are taken, so that one search serves many new connections.
const BATCH: usize = 64;

/// Of sources with equally many connections, those with so many together are looked at at once.
const TIED_MAX: usize = 128;

/// Connections that are looked at when no source has one that has been idle for a while.
const LOOKS_MAX: usize = 512;

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
}

#[derive(Debug)]
pub(super) struct SourceConnections {
    pub(super) connections: BTreeMap<u64, Entry>,
    pub(super) kept: usize,
    pub(super) schedule: Arc<SourceSchedule>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) state: Arc<ConnectionState>,
    /// The account that keeps the slot.
    pub(super) kept: Option<AccountId>,
}

impl ConnectionTable {
    /// Evicts the connections that lose least.
    pub(super) fn make_room_anywhere(
        &mut self,
        new: Option<SourceKey>,
        slots: usize,
        new_time: Duration,
    ) -> bool {
        let now = Instant::now();
        if self.none_stale_until.is_none_or(|until| until <= now) {
            let before = now.checked_sub(new_time).unwrap_or(now);
            let stale = self.sources_with_most_stale(new, before);
            if !stale.is_empty() {
                return self.make_room(&stale, slots, before, usize::MAX);
            }
            let first = self.first_idle_since().unwrap_or(now);
            self.none_stale_until = Some(first + new_time);
        }
        let most = self.sources_with_most(new);
        self.make_room(&most, slots, now, LOOKS_MAX)
    }

    /// Since when the one that may be evicted and has been idle longest is.
    fn first_idle_since(&self) -> Option<Instant> {
        let all = self.groups.values().flat_map(SourceConnections::evictable);
        let idle = all.filter_map(|entry| match entry.activity() {
            Activity::Idle(since) => Some(since),
            Activity::Busy => None,
        });
        idle.min()
    }

    /// The source with most connections that have been idle since `before`, at least with half as many as any other, and some of those that
    /// have as many: where each of thousands has one, one search makes room for many newcomers. To look at all connections for each of
    /// them would keep them waiting. Proxies come last, as in the rank.
    fn sources_with_most_stale(
        &self,
        new: Option<SourceKey>,
        before: Instant,
    ) -> Vec<Option<SourceKey>> {
        let groups = self.groups.iter();
        let mut by_bound: BinaryHeap<_> = groups
            .map(|(source, group)| (rank(*source, new, group.evictable_count()), *source))
            .collect();
        let (mut most, mut found) = ((false, 0), Vec::new());
        while let Some(((is_direct, bound), source)) = by_bound.pop() {
            let is_decided = most.0 && !is_direct || 2 * most.1 >= bound;
            let tied = (found.len() + 1).saturating_mul(bound);
            let is_tied = (is_direct, bound) == most && tied <= TIED_MAX;
            if !found.is_empty() && is_decided && !is_tied {
                break;
            }
            let group = self.groups.get(&source);
            let stale = group.map_or(0, |group| group.idle_since(before));
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

    /// Evicts connections of these sources: those idle since `before`, longest idle first; a busy one if none is idle. Looks at
    /// `looks_max` connections at most.
    pub(super) fn make_room(
        &mut self,
        sources: &[Option<SourceKey>],
        slots: usize,
        before: Instant,
        looks_max: usize,
    ) -> bool {
        let mut idle = Vec::new();
        let mut busy = None;
        let groups = sources
            .iter()
            .filter_map(|source| Some((*source, self.groups.get(source)?)));
        let open = groups.flat_map(|(source, group)| {
            let open = group.connections.iter();
            let open = open.filter(|(_, entry)| entry.kept.is_none());
            open.map(move |(id, entry)| (source, *id, entry))
        });
        for (source, id, entry) in open.take(looks_max) {
            match entry.activity() {
                Activity::Idle(since) if since <= before => idle.push((since, source, id)),
                Activity::Idle(_) => {}
                Activity::Busy => busy = busy.or(Some((source, id))),
            }
        }
        let most = (slots / BATCH).clamp(1, (idle.len() / 2).max(1));
        // The longest idle ones first, in no order: all of many are not sorted for a few.
        if most < idle.len() {
            idle.select_nth_unstable(most);
        }
        let mut made = false;
        for (_, source, id) in idle.into_iter().take(most) {
            made |= self.evict(source, id);
        }
        made || busy.is_some_and(|(source, id)| self.evict(source, id))
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

    fn evict(&mut self, source: Option<SourceKey>, id: u64) -> bool {
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
