//! Slots for connections. No connection waits for a slot: when all are taken, an existing connection is evicted or the new
//! one is closed.
//!
//! Among the connections that may be evicted, a search looks at several hundred, and finds those that lose least ([`loss::Loss`] says in
//! which order): what is idle before what is in use, crowds before sources with few connections, and then what has been so longest. So a
//! new connection costs no more where there are more of them.
//!
//! A connection that carried a request with a valid credential keeps its slot. The number of these is limited so
//! that new connections always get in: health checks, and callers about to authenticate. At that limit, the account that keeps most slots
//! gives one up to an account that keeps fewer: of its oldest, the one idle longest. The connection stays open, but may be evicted like
//! others.

mod kept_slots;
mod loss;
mod new_times;
#[cfg(test)]
mod recount;
mod table;
#[cfg(test)]
mod tests;
mod victims;

use super::active_sources::ActiveSources;
use super::connection_state::{ConnectionKey, ConnectionState, SlotKeeper};
use super::source_schedule::SourceSchedule;
use base::id::AccountId;
use base::limit::{self, Limit};
use base::source::SourceKey;
use new_times::NewTimes;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use table::ConnectionTable;
use tokio::sync::Notify;

/// One in this many slots is never kept.
const NEWCOMERS: usize = 8;

/// How many more connections than slots may be open: evicted ones use a file descriptor until their own tasks have closed them.
const CLOSING_MAX: usize = 128;

/// The slots of one listener.
#[derive(Debug)]
pub(crate) struct ConnectionSlots {
    total: usize,
    per_source: usize,
    table: Mutex<ConnectionTable>,
    /// The sources whose connections share the reactor threads.
    sources: Arc<ActiveSources>,
    /// Open connections, including evicted ones that are still closing.
    open: AtomicUsize,
    /// Told whenever one of them has closed.
    closed: Notify,
}

/// A taken slot, freed when dropped.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    slots: Arc<ConnectionSlots>,
    state: Arc<ConnectionState>,
    at: ConnectionKey,
}

impl ConnectionSlots {
    pub(super) fn new(total: usize, per_source: usize) -> Arc<Self> {
        Self::with_new_times(total, per_source, NewTimes::default())
    }

    fn with_new_times(total: usize, per_source: usize, new: NewTimes) -> Arc<Self> {
        Arc::new(Self {
            total,
            // If it is not below the total, only the total applies, and only its name is reported.
            per_source: if per_source < total {
                per_source
            } else {
                usize::MAX
            },
            table: Mutex::new(ConnectionTable::new(total, new)),
            sources: Arc::new(ActiveSources::of_runtime()),
            open: AtomicUsize::new(0),
            closed: Notify::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, ConnectionTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a slot for a new connection. Calls `on_limit` for each limit reached, also if an eviction made room.
    pub(super) fn accept(
        self: &Arc<Self>,
        source: Option<SourceKey>,
        on_limit: &impl Fn(&'static Limit),
    ) -> Option<ConnectionSlot> {
        let slot_keeper: Weak<Self> = Arc::downgrade(self);
        let state = Arc::new(ConnectionState::new(Some(slot_keeper)));
        let id = self.enter(source, &state, on_limit)?;
        self.open.fetch_add(1, Ordering::Relaxed);
        Some(ConnectionSlot {
            slots: Arc::clone(self),
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
        let mut table = self.lock();
        let of_source = table
            .groups
            .get(&source)
            .map_or(0, |group| group.connections.len());
        if source.is_some() && of_source >= self.per_source {
            on_limit(&limit::CONNECTIONS_PER_SOURCE);
            if !table.make_room_of(source) {
                return None;
            }
        }
        if table.count >= self.total {
            on_limit(&limit::CONNECTIONS);
            if !table.make_room_anywhere() {
                return None;
            }
        }
        let id = table.add(source, Arc::clone(state), &self.sources);
        Some(id)
    }

    /// Evicts some connections when the system refuses to open more; returns whether there was one to evict.
    pub(super) fn make_room(&self) -> bool {
        let mut table = self.lock();
        let made = table.make_room_anywhere();
        table.evict_all_found();
        made
    }

    /// Waits until one more connection may be open: at once, unless as many evicted ones as may be are still closing beside all slots.
    /// Evictions for the bound of one source take no descriptor from the others, so nobody waits for these.
    pub(super) async fn descriptor_is_left(&self) {
        while self.open.load(Ordering::Acquire) >= self.total.saturating_add(CLOSING_MAX) {
            self.closed.notified().await;
        }
    }

    fn leave(&self, at: ConnectionKey) {
        self.lock().remove(at.0, at.1);
    }
}

impl SlotKeeper for ConnectionSlots {
    /// Protects the connection from eviction. A part of all slots, and of each source's, can never be protected; the rest is
    /// shared fairly between accounts.
    fn keep(&self, state: &ConnectionState, account: AccountId) {
        let mut table = self.lock();
        let Some((source, id)) = state.slot_key() else {
            return;
        };
        let Some(group) = table.groups.get(&source) else {
            return;
        };
        let is_full = source.is_some() && group.kept >= protectable(self.per_source);
        let is_free = group
            .connections
            .get(&id)
            .is_some_and(|connection| connection.kept.is_none());
        if is_full || !is_free {
            return;
        }
        if table.kept.len() >= protectable(self.total) && !table.transfer_protection(account) {
            return;
        }
        table.set_kept(source, id, Some(account));
    }
}

/// How many of these slots may be protected.
fn protectable(slots: usize) -> usize {
    if slots < 2 {
        return slots;
    }
    slots - (slots / NEWCOMERS).max(1)
}

impl ConnectionSlot {
    pub(super) const fn state(&self) -> &Arc<ConnectionState> {
        &self.state
    }

    /// The schedule that it shares with the other connections of its source; `None` for a trusted proxy's.
    pub(super) fn schedule(&self) -> Option<Arc<SourceSchedule>> {
        let (source, _) = self.at;
        source?;
        let table = self.slots.lock();
        let group = table.groups.get(&source)?;
        Some(Arc::clone(&group.schedule))
    }

    /// Moves the connection to its real source; returns whether that source has a slot.
    pub(super) fn move_to(
        &mut self,
        source: Option<SourceKey>,
        on_limit: &impl Fn(&'static Limit),
    ) -> bool {
        if source == self.at.0 {
            return true;
        }
        if self.state.is_evicted() {
            return false;
        }
        self.slots.leave(self.at);
        let Some(id) = self.slots.enter(source, &self.state, on_limit) else {
            return false;
        };
        self.at = (source, id);
        true
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.slots.leave(self.at);
        self.slots.open.fetch_sub(1, Ordering::AcqRel);
        self.slots.closed.notify_one();
    }
}
