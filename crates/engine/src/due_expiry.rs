//! Which days a pass of retention drops.
//!
//! A clock can be wrong, and a setting mistyped: a clock that is far ahead of the newest sample is not believed, and at
//! most a tenth of all days is dropped per day of the clock.

use crate::day::{DAY_MILLIS, Day};
use crate::index::activity::ActivityIndex;
use crate::manifest::ExpiryEntry;
use base::time::Millis;

/// Of all days that have samples, at most one in so many is dropped on a day of the clock, or one where they are fewer. An operator who
/// finds that a wrong clock or setting deletes days has several days to mend it, however often the store is flushed.
const SHARE: usize = 10;

/// How long nobody may have sent anything for the clock to be believed.
const SILENCE_MS: i64 = 30 * DAY_MILLIS;

/// The rest of the share on the latest day that the clock has reached. The manifest keeps it, so that a start on the same day gives
/// no new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DailyShare {
    today: Option<Day>,
    /// The day that the clock was last set back from. It has had its share: a machine whose clock is wrong after each boot comes to it
    /// again and again. Only one day is kept: a clock that comes to two wrong days by turns gets a share each time, of what
    /// [`SILENCE_MS`] lets it take.
    set_back_from: Option<Day>,
    left: usize,
    /// Days before this were charged to a share already: dropping them once more is free.
    paid_before: Day,
}

impl Default for DailyShare {
    fn default() -> Self {
        Self {
            today: None,
            set_back_from: None,
            left: 0,
            paid_before: Day(i32::MIN),
        }
    }
}

impl DailyShare {
    /// The share as stored in a manifest.
    pub(crate) fn of(entry: Option<&ExpiryEntry>) -> Self {
        entry.map_or_else(Self::default, |entry| Self {
            today: Some(Day(entry.day)),
            set_back_from: entry.set_back_from.map(Day),
            left: usize::try_from(entry.left).unwrap_or(usize::MAX),
            paid_before: Day(entry.paid_before),
        })
    }

    /// For a manifest; none before the first pass.
    pub(crate) fn entry(&self) -> Option<ExpiryEntry> {
        Some(ExpiryEntry {
            day: self.today?.0,
            set_back_from: self.set_back_from.map(|day| day.0),
            left: self.left as u64,
            paid_before: self.paid_before.0,
        })
    }

    /// Whether it must be stored in the manifest in place of `before`: because days are about to be dropped, or a clock that was ahead
    /// has been corrected.
    pub(crate) fn must_be_stored(&self, before: &Self) -> bool {
        self.paid_before != before.paid_before || self.today < before.today
    }

    /// How many of `days` days may be dropped now.
    fn left(&mut self, days: usize, now: Millis) -> usize {
        let today = Day::of(now);
        match self.today {
            // A clock that is set back gives no new share until its next day.
            Some(last) if today < last => self.set_back_from = Some(last),
            Some(last) if today == last => {}
            _ if self.set_back_from == Some(today) => return self.left,
            _ => self.left = (days / SHARE).max(1),
        }
        self.today = Some(today);
        self.left
    }

    /// Charges `days` dropped days to the share; all of them lie before `first`.
    fn take(&mut self, days: usize, first: Day) {
        if days > 0 {
            self.left = self.left.saturating_sub(days);
            self.paid_before = self.paid_before.max(first);
        }
    }
}

/// The days that a pass of retention drops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expiry {
    /// The first day that stays.
    pub(crate) first: Day,
    /// How many days before it have samples, and have not been dropped yet.
    pub(crate) days: usize,
}

/// The expired days to drop now, at most as many as the share has left; they are deducted from it. Days before `dropped_before` were
/// dropped already: the samples of those days in late segments are not charged to the share.
pub(crate) fn due_expiry(
    days: &ActivityIndex,
    dropped_before: Day,
    now: Millis,
    retention_ms: i64,
    share: &mut DailyShare,
) -> Expiry {
    let mut all = days.all();
    let newest = all.last().map(|day| day.range().until);
    let believed = newest.map_or(now, |newest| newest.plus(SILENCE_MS).min(now));
    let first = Day::of(believed.plus(-retention_ms));
    let counted_from = dropped_before.max(share.paid_before);
    all.retain(|day| *day >= counted_from);
    let expired = all.iter().filter(|day| **day < first).count();
    let allowed = share.left(all.len(), now);
    let first_allowed = all.get(allowed).filter(|_| expired > allowed);
    let expiry = Expiry {
        first: first_allowed.copied().unwrap_or(first),
        days: expired.min(allowed),
    };
    share.take(expiry.days, expiry.first);
    expiry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::activity::NewlyActive;
    use crate::series_ref::SeriesRef;

    #[test]
    fn a_clock_that_is_wrong_and_a_mistyped_setting_take_a_share_at_most() {
        let mut days = ActivityIndex::default();
        for day in 100..200 {
            days.set(NewlyActive::of(&[(Day(day), SeriesRef(1))]));
        }
        let first_since = |dropped_before: Day, now: i32, retention: i32| {
            let now = Millis(Day(now).start());
            let retention = i64::from(retention) * DAY_MILLIS;
            let mut share = DailyShare::default();
            due_expiry(&days, dropped_before, now, retention, &mut share).first
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

    /// A server that flushed each minute dropped two thirds of its days within ten.
    #[test]
    fn a_day_of_the_clock_takes_one_share_however_many_flushes_there_are() {
        let mut days = ActivityIndex::default();
        for day in 100..200 {
            days.set(NewlyActive::of(&[(Day(day), SeriesRef(1))]));
        }
        let mut share = DailyShare::default();
        let mut dropped_before = Day(i32::MIN);
        let mut expire = |now: Millis| {
            let expiry = due_expiry(&days, dropped_before, now, DAY_MILLIS, &mut share);
            dropped_before = expiry.first;
            (expiry.first, expiry.days)
        };
        let noon = Millis(Day(210).start() + DAY_MILLIS / 2);
        assert_eq!(expire(noon), (Day(110), 10));
        for minute in 1..10 {
            assert_eq!(expire(noon.plus(minute * 60_000)), (Day(110), 0));
        }
        assert_eq!(expire(noon.plus(DAY_MILLIS)), (Day(119), 9));
        assert_eq!(expire(noon), (Day(119), 0), "the clock is set back");
        assert_eq!(expire(noon.plus(DAY_MILLIS)), (Day(119), 0), "once more");
        assert_eq!(expire(noon.plus(2 * DAY_MILLIS)), (Day(127), 8));
    }

    /// A start gave a new share, and what was not dropped to its end before a crash would have taken another one.
    #[test]
    fn a_start_finds_the_share_of_the_day_as_it_was() {
        let mut days = ActivityIndex::default();
        for day in 100..200 {
            days.set(NewlyActive::of(&[(Day(day), SeriesRef(1))]));
        }
        let mut entry = None;
        // Nothing is dropped in between, as by a server that ends in the middle of a pass.
        let mut start = |now: Millis| {
            let before = DailyShare::of(entry.as_ref());
            let mut share = before.clone();
            let expiry = due_expiry(&days, Day(i32::MIN), now, DAY_MILLIS, &mut share);
            if share.must_be_stored(&before) {
                entry = share.entry();
            }
            (expiry.first, expiry.days)
        };
        let noon = Millis(Day(210).start() + DAY_MILLIS / 2);
        assert_eq!(start(noon), (Day(110), 10));
        assert_eq!(start(noon.plus(60_000)), (Day(110), 0));
        assert_eq!(start(noon.plus(DAY_MILLIS)), (Day(119), 9));
        for _ in 0..3 {
            assert_eq!(start(noon), (Day(119), 0), "the clock is set back");
            assert_eq!(start(noon.plus(DAY_MILLIS)), (Day(119), 0), "once more");
        }
        assert_eq!(start(noon.plus(2 * DAY_MILLIS)), (Day(127), 8));
    }

    #[test]
    fn a_clock_that_is_wrong_after_each_boot_takes_one_share_and_the_days_after_it_theirs() {
        let mut days = ActivityIndex::default();
        for day in 100..200 {
            days.set(NewlyActive::of(&[(Day(day), SeriesRef(1))]));
        }
        let mut share = DailyShare::default();
        let dropped = |day: i32| {
            let now = Millis(Day(day).start());
            due_expiry(&days, Day(i32::MIN), now, DAY_MILLIS, &mut share).days
        };
        // Wrong, mended, and the same on the next days.
        let all = [210, 9000, 210, 9000, 211, 9000, 211, 9000, 212];
        assert_eq!(all.map(dropped), [10, 9, 0, 0, 8, 0, 0, 0, 7]);
    }
}
