//! Retention: days that lie past it are dropped as a whole, and with them the series that had samples on no other.
//! [`crate::due_expiry`] decides how many are dropped at a time. The steps, and in italics what follows when a crash comes after them:
//!
//! 1. The manifest keeps what of the day's share is used. *A start gives no new share; the days are still there, and are dropped by the
//!    next pass, for no further share.*
//! 2. Series that have samples on these days alone are dropped, each piece of them with a record. *Segments still hold the days: that is
//!    how the next pass finds the rest of the series.*
//! 3. `retention_start` hides the days from queries and listings, also in the late segments that hold later days, too. *This is in memory
//!    alone: they are seen again until the next pass.*
//! 4. The manifest names the segments of these days no more, and their files are removed. *Those that are left are removed at the next
//!    start.*
//! 5. The activity index forgets the days of which no segment is left. *A start makes it anew, of the segments that there are.*

use crate::core::Core;
use crate::day::{DAY_MILLIS, Day};
use crate::delete::pieces;
use crate::due_expiry::{DailyShare, due_expiry};
use crate::error;
use crate::events::Event;
use crate::index::activity::ActivityIndex;
use crate::publish::Change;
use base::store::StoreError;
use base::time::TimeRange;
use roaring::RoaringBitmap;
use std::sync::TryLockError;
use std::sync::atomic::Ordering;

impl Core {
    /// Drops days past the retention, also where the disk has no room for the head: that takes a record and a manifest, and makes room.
    /// Poisons the store where it fails for any other reason than a shortage.
    pub(crate) fn expire_after_flush(&self) -> Result<(), StoreError> {
        self.poison.check()?;
        let expired = self.expire().map_err(self.poison_unless_retryable());
        expired.inspect_err(|refused| {
            if error::is_retryable(refused) {
                drop(self.flush_shortage.set(refused));
            }
        })
    }

    /// Drops days past the retention; does nothing where another thread is doing so, and the next flush tries again. Like a merge it
    /// works on a version, and other flushes are not held up.
    pub(crate) fn expire(&self) -> Result<(), StoreError> {
        let mut share = match self.expiring.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        let on_panic = self.poison.on_panic("dropped days past the retention");
        let expired = self.expire_days(&mut share);
        on_panic.disarm();
        expired
    }

    fn expire_days(&self, share: &mut DailyShare) -> Result<(), StoreError> {
        let searched = self.state.activity();
        let first = self.first_kept(&searched, share)?;
        if !self.drop_silent_series(&searched, first)? {
            return Ok(());
        }
        // Step 3.
        self.state.retention_start.store(first.0, Ordering::SeqCst);
        self.discard_expired(first)?;
        self.forget_days_before(first);
        Ok(())
    }

    /// The first day that stays. Step 1: what that takes of the share is durable before anything goes, so whoever starts the server
    /// again and again takes no more of the days than one share.
    fn first_kept(
        &self,
        searched: &ActivityIndex,
        share: &mut DailyShare,
    ) -> Result<Day, StoreError> {
        let retention = i64::from(self.config.retention_days) * DAY_MILLIS;
        let dropped_before = Day(self.state.retention_start.load(Ordering::SeqCst));
        let now = self.clock.now();
        let mut used = share.clone();
        let first = due_expiry(searched, dropped_before, now, retention, &mut used).first;
        self.report_held_back(searched, first, Day::of(now));
        if used.must_be_stored(share) {
            let mut manifest = self.manifest();
            self.publish(&mut manifest, Change::default(), |next| {
                next.expiry = used.entry();
            })?;
        }
        *share = used;
        Ok(first)
    }

    /// Reports, once on a day of the clock, how many days stay from `first` on though by the clock they are past the retention. A
    /// server that flushes each minute would say it as often, for weeks.
    fn report_held_back(&self, searched: &ActivityIndex, first: Day, today: Day) {
        let by_clock = Day::of(self.oldest());
        let held_back = searched
            .all()
            .into_iter()
            .filter(|day| first <= *day && *day < by_clock);
        let days = held_back.count();
        if days > 0 && self.held_back_reported.swap(today.0, Ordering::Relaxed) != today.0 {
            self.events.on_event(Event::HeldBack { days });
        }
    }

    /// Step 2: drops the series that have samples before `first` alone, as of `searched` and now. Says whether it was all of them: where
    /// the engine ends, the rest comes after the next start.
    fn drop_silent_series(&self, searched: &ActivityIndex, first: Day) -> Result<bool, StoreError> {
        let gone = searched.expiring(first);
        let mut dropped = RoaringBitmap::new();
        let mut sequence = None;
        let mut is_stopped = false;
        for piece in pieces(&gone) {
            is_stopped = self.stopping.load(Ordering::SeqCst);
            if is_stopped {
                break;
            }
            // A series that was sent since the search stays. Most of them are found here, without the locks: under the locks it is
            // enough to look at what has changed after this.
            let looked_at = self.state.activity();
            let piece = &piece - &looked_at.active_since(searched, first, &piece);
            let mut locked = self.state.lock_all();
            let silent = locked.not_sent_since(&looked_at, first, &piece);
            let applied =
                (!silent.is_empty()).then(|| self.apply_delete_series(&mut locked, &silent));
            drop(locked);
            dropped |= &silent;
            sequence = applied.map(|applied| applied.sequence).or(sequence);
            self.state.yield_to_waiters();
        }
        // A day whose late segment stays remains in the index: with these series still on it, each pass would drop them once more.
        self.state.clear_activity(&dropped, &TimeRange::ALL);
        if let Some(sequence) = sequence {
            self.wal.commit(sequence)?;
        }
        Ok(!is_stopped)
    }

    /// Step 4: removes the segments all of whose days lie before `first`.
    fn discard_expired(&self, first: Day) -> Result<(), StoreError> {
        let mut manifest = self.manifest();
        let version = self.state.version();
        let segments = version.segments.iter();
        let expired: Vec<_> = segments
            .filter(|segment| segment.last_day() < first)
            .cloned()
            .collect();
        drop(version);
        if expired.is_empty() {
            return Ok(());
        }
        let change = Change {
            removed: expired.clone(),
            ..Change::default()
        };
        self.publish(&mut manifest, change, |_| {})?;
        drop(manifest);
        self.discard_segments(expired);
        Ok(())
    }

    /// Step 5: forgets the days before `first` of which no segment is left. A clock that was ahead may be set right, and what late
    /// segments hold of those days can be read again: deletions and listings must find it then.
    fn forget_days_before(&self, first: Day) {
        let version = self.state.version();
        // What is being flushed may have some of them in segments soon: they are forgotten after the next flush.
        if version.frozen.is_some() {
            return;
        }
        let spans: Vec<(Day, Day)> = version
            .segments
            .iter()
            .map(|segment| segment.range())
            .map(|range| (Day::of(range.from), Day::of(range.until)))
            .filter(|(from, _)| *from < first)
            .collect();
        drop(version);
        let is_left = |day: Day| {
            spans
                .iter()
                .any(|(from, until)| (*from..=*until).contains(&day))
        };
        self.state
            .change_activity(|days| days.forget(first, is_left));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::EngineConfig;
    use crate::storage::faulty::Faulty;
    use crate::test_support::{TENANT, config, open_with};
    use base::time::Millis;

    /// It went through all series, and the end of the engine waited for it.
    #[test]
    fn an_expiry_ends_with_the_engine_and_is_due_again() {
        let config = EngineConfig {
            retention_days: 1,
            ..config()
        };
        let core = open_with(config, &Faulty::new(1), Millis(Day(5).start()));
        let created = core.state.catalog().write().registry.create(TENANT, "a");
        core.state.mark_active(&[(Day(0), created.unwrap())]);
        for (stopping, days) in [(true, vec![Day(0)]), (false, Vec::new())] {
            core.stopping.store(stopping, Ordering::SeqCst);
            core.expire().unwrap();
            assert_eq!(core.state.activity().all(), days);
            let exists = core.state.catalog().read().registry.len() > 0;
            assert_eq!(exists, stopping);
        }
    }
}
