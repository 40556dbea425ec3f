//! Deletion. The series are searched in a snapshot of the names; then they are deleted in pieces, each with its own record in the
//! log.
//!
//! A large deletion is therefore not atomic: a reader may find some of the series deleted and others not yet. Series that are created
//! after the search began are not deleted. After a crash, the pieces whose records are in the log are deleted and the others are not;
//! the deletion was not acknowledged then, and repeating it completes it.

use crate::core::Core;
use crate::guard::PIECE;
use crate::purge_schedule::TOMBSTONES_MAX;
use crate::query_meter::QueryMeter;
use crate::read::find::{self, DeletionExtent};
use crate::series_ref::SeriesRef;
use crate::state::{AllLocked, DeferredDrop, RangeDeletion};
use crate::wal::record::{Kind, Payload, put_numbers, put_range};
use base::context::{Context, Stop};
use base::id::TenantId;
use base::limit;
use base::scope::Owner;
use base::selector::NameFilter;
use base::store::{DeleteQuery, Deleted, StoreError};
use base::time::{Millis, TimeRange};
use roaring::RoaringBitmap;
use std::iter::Peekable;
use std::ops::ControlFlow;

/// All accounts together may have so many times the pending deletions that one account may have.
const ALL_PENDING: u64 = 16;

/// An account with at most this fraction of its own limit may still delete when the limit of all together is reached.
const FEW_PENDING_PART: u64 = 64;

/// How often the series of a piece are prepared again that have changed meanwhile: late samples were folded into them, or the first
/// ones in the range came. Then those that have changed once more are copied with everything locked, because a deletion has to end.
const PREPARED_AGAIN_MAX: usize = 16;

/// Samples of the head that a piece of a deletion of a range copies, at most, unless one series has more: 4 MiB.
const COPIED_MAX: usize = 1 << 18;

/// `series` in pieces that are small enough to be applied under the lock, ascending.
pub(crate) fn pieces(series: &RoaringBitmap) -> impl Iterator<Item = RoaringBitmap> {
    let mut rest = series.iter();
    std::iter::from_fn(move || {
        let piece: RoaringBitmap = rest.by_ref().take(PIECE).collect();
        (!piece.is_empty()).then_some(piece)
    })
}

fn numbers(series: &RoaringBitmap) -> Vec<u32> {
    series.iter().collect()
}

/// A piece of a deletion that is in the log and in memory.
#[derive(Debug)]
#[must_use]
pub(crate) struct AppliedPiece {
    /// The record to wait for.
    pub(crate) sequence: u64,
    /// To be dropped once the locks are released.
    pub(crate) deferred: DeferredDrop,
}

/// A requested deletion.
#[derive(Debug)]
pub(crate) struct Deletion<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) owner: Owner,
    pub(crate) query: &'a DeleteQuery<'a>,
    pub(crate) filter: Option<&'a NameFilter>,
    /// Samples before this time are hidden from the tenant, and so are neither listed nor deleted.
    pub(crate) hidden_before: Option<Millis>,
}

impl Core {
    pub(crate) fn delete(
        &self,
        what: &Deletion<'_>,
        context: &Context,
        begin: &mut dyn FnMut(&Deleted) -> ControlFlow<()>,
    ) -> Result<Option<Deleted>, StoreError> {
        let Deletion {
            tenant,
            owner,
            query,
            filter,
            hidden_before,
        } = *what;
        if !query.dry_run {
            self.poison.check()?;
            self.wal.require_resources()?;
        }
        let names = self.state.names_of(tenant);
        let mut meter = QueryMeter::new(context)?;
        // As for a listing: a deletion concerns what its caller can see.
        let visible = hidden_before.map(|oldest| TimeRange::ALL.since(oldest));
        let mut active = (self.state).activity_filter(visible.as_ref(), &mut meter)?;
        let selector = query.selector;
        let extent = DeletionExtent {
            alone: query.exact,
            names_max: query.names,
        };
        let found = find::subtree(&names, selector, filter, &mut active, extent, &mut meter)?;
        // While the snapshot is held, every writer that creates a series has to copy the nodes that it shares.
        drop(names);
        let mut series = found.all;
        let deleted = Deleted {
            series: series.len(),
            series_below: found.below,
            names: found.first.into_iter().collect(),
        };
        if query.dry_run {
            return Ok(Some(deleted));
        }
        if series.is_empty() {
            // Another call may have ended them, which still waits for its record.
            self.commit_all()?;
            return Ok(Some(deleted));
        }
        let range = match hidden_before {
            None => query.range,
            Some(oldest) => query.range.map(|range| range.since(oldest)),
        };
        if let Some(range) = range {
            // A series without samples in the range needs no tombstone.
            let mut active = self.state.activity().active(&range, &mut meter)?;
            series = active.among(&series, &mut meter)?;
            if series.is_empty() {
                self.commit_all()?;
                return Ok(Some(deleted));
            }
            self.room_to_delete(tenant, owner)?;
        }
        if begin(&deleted).is_break() {
            return Ok(None);
        }
        let sequence = match range {
            None => self.delete_all(&series),
            Some(range) => self.delete_range(tenant, &series, range),
        };
        self.wal.commit(sequence)?;
        self.rewrite_if_due(owner);
        Ok(Some(deleted))
    }

    /// Refuses a further deletion of a range where too many tombstones wait for their days to be rewritten: until then every reader
    /// of the series has to check all of them.
    fn room_to_delete(&self, tenant: TenantId, owner: Owner) -> Result<(), Stop> {
        self.state.owners.learn(tenant, owner);
        let tombstones = self.state.version().tombstones.clone();
        let (mut all, mut of_owner) = (0_u64, 0_u64);
        tombstones.each_tenant(|other, pending| {
            let is_own = other == tenant || self.state.owners.owner_of(other) == Some(owner);
            for tombstone in pending {
                let weight = tombstone.weight();
                all += weight;
                if is_own {
                    of_owner += weight;
                }
            }
        });
        let allowed = self.config.pending_deletions;
        let has_few = of_owner < (allowed / FEW_PENDING_PART).max(1);
        let all_allowed = allowed.saturating_mul(ALL_PENDING);
        if of_owner < allowed && (all < all_allowed || has_few) {
            return Ok(());
        }
        self.rewrite_if_due(owner);
        Err(Stop::Busy {
            whole: &limit::PENDING_DELETIONS,
            limit: &limit::PENDING_DELETIONS,
            allowed: if of_owner < allowed {
                all_allowed
            } else {
                allowed
            },
        })
    }

    /// Wakes the flusher when deletions have filled the log, or are so many that days are to be rewritten.
    fn rewrite_if_due(&self, owner: Owner) {
        let version = self.state.version();
        let (in_head, tombstones) = (version.head.samples(), version.tombstones.len());
        drop(version);
        if tombstones > TOMBSTONES_MAX {
            self.requests().purge = true;
            self.wake.notify_all();
        }
        self.flush_if_due(owner, in_head);
    }

    /// Returns the last record to wait for.
    fn delete_range(&self, tenant: TenantId, series: &RoaringBitmap, range: TimeRange) -> u64 {
        // Activity is cleared before the samples are: a sample that is written in between sets its day again.
        self.state.clear_activity(series, &range);
        let only_in_head = self.state.only_in_head(tenant, &range);
        let mut sequence = 0;
        let mut rest = series.iter().peekable();
        while rest.peek().is_some() {
            if sequence > 0 {
                self.state.yield_to_waiters();
            }
            let _turn = self.deletion_turns.take();
            let piece = self.light_piece(&mut rest);
            let payload = put_range(&range, numbers(&piece).into_iter());
            let payload = Payload::new(Kind::DeleteRange, payload);
            let prepared = self.state.prepare(range, &piece, only_in_head.as_ref());
            let (mut locked, prepared) = self.lock_prepared(prepared);
            let applied = self.apply_delete_range(&mut locked, &payload, prepared);
            drop(locked);
            drop(applied.deferred);
            sequence = applied.sequence;
        }
        sequence
    }

    /// The next series of a deletion of a range: as few as copy little of the head, but at least one.
    fn light_piece(&self, rest: &mut Peekable<impl Iterator<Item = u32>>) -> RoaringBitmap {
        let version = self.state.version();
        let (mut piece, mut copied) = (RoaringBitmap::new(), 0);
        while piece.len() < PIECE as u64
            && let Some(series) = rest.peek()
        {
            copied += version.head.len_of(SeriesRef(*series));
            if copied > COPIED_MAX && !piece.is_empty() {
                break;
            }
            piece.insert(*series);
            rest.next();
        }
        piece
    }

    /// Locks everything for a prepared deletion. Series that have changed meanwhile are prepared again before, without a lock.
    fn lock_prepared<'s, 'a>(
        &'s self,
        mut prepared: RangeDeletion<'a>,
    ) -> (AllLocked<'s>, RangeDeletion<'a>) {
        for _ in 0..PREPARED_AGAIN_MAX {
            self.state.catch_up(&mut prepared);
            let locked = self.state.lock_all();
            let changed = locked.changed_since(&prepared);
            if changed.is_empty() {
                return (locked, prepared);
            }
            drop(locked);
            self.state.prepare_again(&mut prepared, &changed);
        }
        self.state.catch_up(&mut prepared);
        (self.state.lock_all(), prepared)
    }

    /// Deletes the samples of a piece of series in a range: in the log, then in memory.
    fn apply_delete_range(
        &self,
        locked: &mut AllLocked<'_>,
        payload: &Payload,
        prepared: RangeDeletion<'_>,
    ) -> AppliedPiece {
        let on_panic = self.poison.on_panic("deleted samples");
        let sequence = self.wal.push(payload);
        let deferred = locked.delete_range(sequence, prepared);
        on_panic.disarm();
        AppliedPiece { sequence, deferred }
    }

    /// Deletes whole series, piece by piece: in the log, then in memory.
    fn delete_all(&self, series: &RoaringBitmap) -> u64 {
        let mut sequence = 0;
        for piece in pieces(series) {
            if sequence > 0 {
                self.state.yield_to_waiters();
            }
            let mut locked = self.state.lock_all();
            let applied = self.apply_delete_series(&mut locked, &piece);
            drop(locked);
            drop(applied.deferred);
            sequence = applied.sequence;
        }
        self.state.clear_dropped(series, sequence);
        sequence
    }

    /// Deletes a piece of series: in the log, then in memory.
    pub(crate) fn apply_delete_series(
        &self,
        locked: &mut AllLocked<'_>,
        series: &RoaringBitmap,
    ) -> AppliedPiece {
        let mut payload = Vec::new();
        put_numbers(&mut payload, numbers(series).into_iter());
        let on_panic = self.poison.on_panic("ended series");
        let sequence = self.wal.push(&Payload::new(Kind::DeleteSeries, payload));
        let deferred = locked.delete_series(series);
        on_panic.disarm();
        AppliedPiece { sequence, deferred }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::Day;
    use crate::guard::{LOCK_STEPS_MAX, step};
    use crate::index::activity::PartedSeries;
    use crate::state::{COPIES, State};
    use crate::storage::faulty::Faulty;
    use crate::test_support::{TENANT, delete_all, empty_store, open_on, samples, send};
    use base::store::Durability;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// The locks were released before the store was poisoned, and threads that waited for them went on with a half-done deletion.
    #[test]
    fn a_panic_in_a_deletion_poisons_before_the_locks_are_free() {
        let core = empty_store(Millis(0));
        let created = core.state.catalog().write().registry.create(TENANT, "a");
        let series: RoaringBitmap = [created.unwrap().0].into_iter().collect();
        let mut locked = core.state.lock_all();
        step(LOCK_STEPS_MAX);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let payload = put_range(&TimeRange::ALL, numbers(&series).into_iter());
            let payload = Payload::new(Kind::DeleteRange, payload);
            let prepared = core.state.prepare(TimeRange::ALL, &series, None);
            core.apply_delete_range(&mut locked, &payload, prepared)
        }));
        assert!(panicked.is_err());
        assert!(core.poison.is_set());
        drop(locked);

        let core = empty_store(Millis(0));
        let mut locked = core.state.lock_all();
        step(LOCK_STEPS_MAX);
        let ended = AssertUnwindSafe(|| core.apply_delete_series(&mut locked, &series));
        assert!(catch_unwind(ended).is_err());
        assert!(core.poison.is_set());
    }

    #[test]
    fn a_deletion_catches_up_with_its_writers_before_it_locks() {
        let core = empty_store(Millis(0));
        send(&core, &samples(0..100), Durability::Buffered);
        let range = TimeRange {
            from: Millis(0),
            until: Millis(49),
        };
        let series = [0].into();
        let prepared = core.state.prepare(range, &series, None);
        send(&core, &samples(100..1000), Durability::Buffered);
        assert_eq!(State::behind(&prepared), 900);
        let (locked, prepared) = core.lock_prepared(prepared);
        assert_eq!(State::behind(&prepared), 0);
        drop(locked);
    }

    /// The answer came while another call, which had ended the series, still waited for its record.
    #[test]
    fn what_is_gone_already_is_answered_once_that_is_durable() {
        for is_tenant_dropped in [false, true] {
            let storage = Faulty::new(1);
            let core = open_on(&storage, Millis(0));
            send(&core, &samples([0]), Durability::Committed);
            let all: RoaringBitmap = [0].into();
            core.delete_all(&all);
            if is_tenant_dropped {
                let dropped = core.drop_tenant(TENANT, &Context::unlimited());
                assert_eq!(dropped.unwrap(), Some(0));
            } else {
                assert_eq!(delete_all(&core, None).series, 0);
            }
            let after_crash = open_on(&storage.crash(), Millis(0));
            assert_eq!(after_crash.state.count(TENANT), 0);
        }
    }

    /// Each change of the list of days copies it. With one change for each day, a deletion over twenty years would copy fifty million
    /// entries.
    #[test]
    fn a_deletion_over_many_days_copies_their_list_a_few_times() {
        const DAYS: i32 = 7290;
        let core = empty_store(Millis(0));
        let created = core.state.catalog().write().registry.create(TENANT, "a");
        let created = created.unwrap();
        let series: RoaringBitmap = [created.0].into_iter().collect();
        let ranged = TimeRange {
            from: Day(1).range().from,
            until: Day(DAYS - 2).range().until,
        };
        let copies = |work: &dyn Fn()| {
            let before = COPIES.get();
            work();
            COPIES.get() - before
        };
        let active_days = |of: &TimeRange| {
            core.state
                .activity()
                .covered(&PartedSeries::of(&series), of)
                .len()
        };
        for (range, expected) in [(ranged, 2), (TimeRange::ALL, 0)] {
            let days: Vec<_> = (0..DAYS).map(|day| (Day(day), created)).collect();
            assert_eq!(copies(&|| core.state.mark_active(&days)), 1);
            assert_eq!(active_days(&TimeRange::ALL), 7290);
            let copied = copies(&|| match range == TimeRange::ALL {
                true => drop(core.delete_all(&series)),
                false => drop(core.delete_range(TENANT, &series, range)),
            });
            assert!((1..=30).contains(&copied), "{copied} copies of the list");
            assert_eq!(active_days(&TimeRange::ALL), expected);
        }
    }
}
