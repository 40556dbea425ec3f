//! The table of open connections, and the choice of those to evict.

use super::kept_slots::KeptSlots;
use super::loss::Loss;
use super::new_times::NewTimes;
use super::victims::{Victim, Victims};
use crate::net::active_sources::ActiveSources;
use crate::net::connection_state::{ConnectionKey, ConnectionState, Usage};
use crate::net::source_schedule::SourceSchedule;
use base::id::AccountId;
use base::source::SourceKey;
use indexmap::IndexSet;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

/// Connections that a search looks at. To look at thousands for each newcomer, with the lock that all of them need, kept everybody waiting
/// for a millisecond.
pub(super) const LOOKS_MAX: usize = 512;

/// A search finds one in this many of those that it looks at, so that it serves many newcomers.
const FOUND_PART: usize = 8;

/// How many idle connections are evicted at once: each time, a thread is woken to close them, and while it closes many, everybody else
/// waits.
const EVICTED_AT_ONCE: usize = 8;

/// Connections of an account that are looked at when it gives up a protected slot: its oldest ones.
const CANDIDATES: usize = 64;

#[cfg(test)]
thread_local! {
    /// How often this thread has looked at what a connection does.
    pub(super) static LOOKS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[derive(Debug)]
pub(super) struct ConnectionTable {
    /// All slots.
    slots: usize,
    new: NewTimes,
    pub(super) next: u64,
    pub(super) count: usize,
    pub(super) kept: KeptSlots,
    /// By source; connections of trusted proxies are under `None`.
    pub(super) groups: HashMap<Option<SourceKey>, SourceConnections>,
    /// All that may be evicted.
    pub(super) evictable: IndexSet<ConnectionKey>,
    /// The number of the next search: each looks at others.
    search: usize,
    /// The ones to evict next.
    victims: Victims,
}

#[derive(Debug)]
pub(super) struct SourceConnections {
    pub(super) connections: BTreeMap<u64, Entry>,
    pub(super) kept: usize,
    /// Its ones to evict next when it has as many as it may have.
    victims: Victims,
    pub(super) schedule: Arc<SourceSchedule>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) state: Arc<ConnectionState>,
    /// The account that keeps the slot.
    pub(super) kept: Option<AccountId>,
}

impl ConnectionTable {
    pub(super) fn new(slots: usize, new: NewTimes) -> Self {
        Self {
            slots,
            new,
            next: 0,
            count: 0,
            kept: KeptSlots::default(),
            groups: HashMap::new(),
            evictable: IndexSet::new(),
            search: 0,
            victims: Victims::default(),
        }
    }

    /// Evicts connections of whatever source; returns whether there was one.
    pub(super) fn make_room_anywhere(&mut self) -> bool {
        self.evict_found() || {
            self.victims = self.victims_among(&self.sample());
            self.search += 1;
            self.evict_found()
        }
    }

    /// Evicts connections of this source; returns whether there was one.
    pub(super) fn make_room_of(&mut self, source: Option<SourceKey>) -> bool {
        self.evict_found_of(source) || {
            let group = self.groups.get(&source);
            let keys = group.into_iter().flat_map(SourceConnections::evictable);
            let keys: Vec<_> = keys.take(LOOKS_MAX).map(|id| (source, id)).collect();
            let victims = self.victims_among(&keys);
            if let Some(group) = self.groups.get_mut(&source) {
                group.victims = victims;
            }
            self.evict_found_of(source)
        }
    }

    /// Evicts idle connections: all that the last search has found.
    pub(super) fn evict_all_found(&mut self) {
        while self.victims.are_idle() && self.evict_found() {}
    }

    fn evict_found(&mut self) -> bool {
        let mut victims = std::mem::take(&mut self.victims);
        let evicted = self.evict_some(&mut victims);
        self.victims = victims;
        evicted
    }

    fn evict_found_of(&mut self, source: Option<SourceKey>) -> bool {
        let group = self.groups.get_mut(&source);
        let Some(mut victims) = group.map(|group| std::mem::take(&mut group.victims)) else {
            return false;
        };
        let evicted = self.evict_some(&mut victims);
        if let Some(group) = self.groups.get_mut(&source) {
            group.victims = victims;
        }
        evicted
    }

    /// Evicts a few of those that a search has found, if they do what they did then; returns whether there was one.
    fn evict_some(&mut self, victims: &mut Victims) -> bool {
        let at_once = if victims.are_idle() {
            EVICTED_AT_ONCE
        } else {
            1
        };
        let (mut evicted, now) = (0, Instant::now());
        while evicted < at_once
            && let Some(victim) = victims.next(now)
        {
            evicted += usize::from(self.evict(&victim));
        }
        evicted > 0
    }

    /// Some of the connections that may be evicted. Those that lose least among them lose little among all, and a few searches look at all.
    fn sample(&self) -> Vec<ConnectionKey> {
        let count = self.evictable.len();
        let step = count.div_ceil(LOOKS_MAX).max(1);
        let numbers = (self.search % step..count).step_by(step);
        let keys = numbers.filter_map(|number| self.evictable.get_index(number));
        keys.copied().collect()
    }

    /// Of these connections, the ones that lose least.
    fn victims_among(&self, keys: &[ConnectionKey]) -> Victims {
        let now = Instant::now();
        let looks = keys.iter().filter_map(|key @ (source, id)| {
            let group = self.groups.get(source)?;
            let usage = group.connections.get(id)?.usage();
            let crowd = group.evictable_count();
            let loss = Loss::of(&usage, *source, (crowd, self.slots), (now, self.new));
            Some((loss, Victim { key: *key, usage }))
        });
        Victims::new(looks.collect(), keys.len() / FOUND_PART, now)
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
            Some((entry.usage().activity, source, id))
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
        match kept {
            Some(_) => self.evictable.swap_remove(&(source, id)),
            None => self.evictable.insert((source, id)),
        };
        if let Some(account) = before {
            group.kept -= 1;
            self.kept.remove(account, (source, id));
        }
        if let Some(account) = kept {
            group.kept += 1;
            self.kept.insert(account, (source, id));
        }
    }

    /// Adds a connection, whose key must be new.
    pub(super) fn add(
        &mut self,
        source: Option<SourceKey>,
        state: Arc<ConnectionState>,
        sources: &Arc<ActiveSources>,
    ) -> u64 {
        let id = self.next;
        self.next += 1;
        self.count += 1;
        state.set_slot_key(Some((source, id)));
        let group = self.groups.entry(source);
        let group = group.or_insert_with(|| SourceConnections::among(sources));
        group.connections.insert(id, Entry { state, kept: None });
        self.evictable.insert((source, id));
        id
    }

    /// Evicts a connection, unless it has done something since.
    fn evict(&mut self, victim: &Victim) -> bool {
        let (source, id) = victim.key;
        let group = self.groups.get(&source);
        let entry = group.and_then(|group| group.connections.get(&id));
        if !entry.is_some_and(|entry| entry.kept.is_none() && entry.usage() == victim.usage) {
            return false;
        }
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
        self.evictable.swap_remove(&(source, id));
        self.count -= 1;
        if group.connections.is_empty() {
            self.groups.remove(&source);
        }
        Some(entry)
    }
}

impl Entry {
    fn usage(&self) -> Usage {
        #[cfg(test)]
        LOOKS.with(|looks| looks.set(looks.get() + 1));
        self.state.usage()
    }
}

impl SourceConnections {
    /// None yet, of one of these sources.
    fn among(sources: &Arc<ActiveSources>) -> Self {
        Self {
            connections: BTreeMap::new(),
            kept: 0,
            victims: Victims::default(),
            schedule: Arc::new(SourceSchedule::among(sources)),
        }
    }

    /// How many may be evicted.
    fn evictable_count(&self) -> usize {
        self.connections.len() - self.kept
    }

    /// Those that may be evicted, the oldest first.
    fn evictable(&self) -> impl Iterator<Item = u64> {
        let open = self.connections.iter();
        let open = open.filter(|(_, entry)| entry.kept.is_none());
        open.map(|(id, _)| *id)
    }
}
