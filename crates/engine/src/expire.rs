//! Retention: days that lie past it are dropped as a whole, and with them the series that had samples on no other.
//!
//! A clock can be wrong, and a setting mistyped: a clock that is far ahead of the newest sample is not believed, and no more
//! than a share of all days goes at one time.

use crate::core::Core;
use crate::day::{DAY_MILLIS, Day};
use crate::delete::pieces;
use crate::error;
use crate::events::Event;
use crate::guard::yield_to_waiters;
use crate::index::activity::ActivityIndex;
use crate::publish::Change;
use base::store::StoreError;
use base::time::{Millis, TimeRange};
use roaring::RoaringBitmap;
use std::sync::TryLockError;
use std::sync::atomic::Ordering;

/// Of all days that have samples, a flush drops one in so many, but always one. Whoever sees that days go which should stay
/// has so several flushes' time.
const SHARE: usize = 10;

/// How long nobody may have sent anything for the clock to be believed.
const SILENCE_MS: i64 = 30 * DAY_MILLIS;

/// The first day that stays: as the retention says, if that is no more than the share. Days before `dropped_before` have been
/// dropped already: what late segments still hold of them takes no part of the share.
fn first_retained_day(
    days: &ActivityIndex,
    dropped_before: Day,
    now: Millis,
    retention_ms: i64,
) -> Day {
    let mut all = days.all();
    let newest = all.last().map(|day| day.range().until);
    let believed = newest.map_or(now, |newest| newest.plus(SILENCE_MS).min(now));
    let first = Day::of(believed.plus(-retention_ms));
    all.retain(|day| *day >= dropped_before);
    let expired = all.iter().filter(|day| **day < first).count();
    let allowed = (all.len() / SHARE).max(1);
    if expired <= allowed {
        return first;
    }
    all.get(allowed).copied().unwrap_or(first)
}

impl Core {
    /// Drops what lies past the retention, unless somebody is about it: then that is left to the next flush. Like a merge it goes by
    /// a version, and flushes go on meanwhile.
    pub(crate) fn expire(&self) -> Result<(), StoreError> {
        let _one_at_a_time = match self.expiring.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        let on_panic = self.poison.on_panic("dropped days past the retention");
        let expired = self.expire_days();
        on_panic.disarm();
        expired
    }

    fn expire_days(&self) -> Result<(), StoreError> {
        let searched = self.state.activity();
        let retention = i64::from(self.config.retention_days) * DAY_MILLIS;
        let dropped_before = Day(self.state.retention_start.load(Ordering::SeqCst));
        let first = first_retained_day(&searched, dropped_before, self.clock.now(), retention);
        let by_clock = Day::of(self.oldest());
        let held_back = searched
            .all()
            .into_iter()
            .filter(|day| first <= *day && *day < by_clock);
        match held_back.count() {
            0 => {}
            days => self.events.on_event(Event::HeldBack { days }),
        }
        if !self.drop_silent_series(&searched, first)? {
            return Ok(());
        }
        self.state.retention_start.store(first.0, Ordering::SeqCst);
        self.discard_expired(first)?;
        self.forget_days_before(first);
        Ok(())
    }

    /// Drops the series that have samples before `first` alone, as of `searched` and now. Says whether it was all of them: where the
    /// engine ends, the rest comes after the next start.
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
            // What was sent since the search stays. With the locks, only what was sent since this look is left to be looked at.
            let looked_at = self.state.activity();
            let piece = &piece - &looked_at.active_since(searched, first, &piece);
            let mut locked = self.state.lock_all();
            let silent = locked.not_sent_since(&looked_at, first, &piece);
            let deferred =
                (!silent.is_empty()).then(|| self.apply_delete_series(&mut locked, &silent));
            drop(locked);
            dropped |= &silent;
            sequence = deferred.map(|(last, _)| last).or(sequence);
            yield_to_waiters();
        }
        // Of a day that stays listed for its late segment they would be dropped again and again.
        self.state.clear_activity(&dropped, &TimeRange::ALL);
        if let Some(sequence) = sequence {
            self.wal.commit(sequence)?;
        }
        Ok(!is_stopped)
    }

    /// Removes the segments all of whose days lie before `first`.
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
        let published = self.publish(&mut manifest, change, |_| {});
        if let Err(refused) = &published
            && error::is_retryable(refused)
        {
            return published.map(drop);
        }
        published?;
        drop(manifest);
        self.discard_segments(expired);
        Ok(())
    }

    /// Forgets the days before `first` of which no segment is left. A clock that was ahead may be set right, and what late
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
    use crate::events::Silent;
    use crate::index::activity::NewlyActive;
    use crate::recover;
    use crate::series_ref::SeriesRef;
    use crate::storage::faulty::Faulty;
    use base::id::TenantId;
    use base::time::ManualClock;
    use std::sync::Arc;

    /// It went through all series, and the end of the engine waited for it.
    #[test]
    fn an_expiry_ends_with_the_engine_and_is_due_again() {
        let config = EngineConfig {
            retention_days: 1,
            ..EngineConfig::new("/samples")
        };
        let clock = Arc::new(ManualClock::at(Millis(Day(5).start())));
        let opened = recover::open(config, clock, Arc::new(Faulty::new(1)), Arc::new(Silent));
        let core = opened.unwrap().0;
        let tenant = TenantId(1);
        let created = core.state.catalog().write().registry.create(tenant, "a");
        core.state.mark_active(&[(Day(0), created.unwrap())]);
        for (stopping, days) in [(true, vec![Day(0)]), (false, Vec::new())] {
            core.stopping.store(stopping, Ordering::SeqCst);
            core.expire().unwrap();
            assert_eq!(core.state.activity().all(), days);
            let exists = core.state.catalog().read().registry.len() > 0;
            assert_eq!(exists, stopping);
        }
    }

    #[test]
    fn a_clock_that_is_wrong_and_a_mistyped_setting_take_a_share_at_most() {
        let mut days = ActivityIndex::default();
        for day in 100..200 {
            days.set(NewlyActive::of(&[(Day(day), SeriesRef(1))]));
        }
        let first_since = |dropped_before: Day, now: i32, retention: i32| {
            let now = Millis(Day(now).start());
            let retention = i64::from(retention) * DAY_MILLIS;
            first_retained_day(&days, dropped_before, now, retention)
        };
        let first = |now: i32, retention: i32| first_since(Day(i32::MIN), now, retention);
        assert_eq!(first(200, 99), Day(101));
        assert_eq!(first(210, 100), Day(110));
        assert_eq!(first(210, 99), Day(110), "a tenth");
        assert_eq!(first(200, 1), Day(110), "mistyped");
        assert_eq!(first(5000, 100), Day(110), "a tenth, and");
        assert_eq!(first(5000, 129), Day(100), "nobody has sent since");
        // Twenty days have been dropped, and late segments still hold some of them.
        let first = |now: i32, retention: i32| first_since(Day(120), now, retention);
        assert_eq!(first(200, 75), Day(125), "of the eighty that stay");
        assert_eq!(first(200, 1), Day(128), "a tenth of these");
        assert_eq!(first(200, 99), Day(101), "the clock was ahead");
    }
}
