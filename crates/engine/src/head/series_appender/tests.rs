//! A series in the head as it is written and read, against a map.

mod folding;

use super::*;
use crate::head::batches::{Batches, DoneBatches};
use crate::head::series::PART_MIN;
use crate::head::visibility::NotVisible;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn range(from: i64, until: i64) -> TimeRange {
    TimeRange {
        from: Millis(from),
        until: Millis(until),
    }
}

fn stamp(number: u64) -> Stamp<'static> {
    Stamp {
        number,
        ..Stamp::before_all()
    }
}

/// A series and the memory it is written to.
struct Writer {
    cursor: SlabCursor,
    appender: SeriesAppender,
}

impl Writer {
    fn append(&mut self, stamp: Stamp<'_>, at: i64, value: f64) -> InsertOutcome {
        self.appender.append(&mut self.cursor, stamp, (at, value))
    }

    fn fold(&mut self) {
        if let Fold::Later(due) = self.appender.fold(&mut self.cursor, LOCKED_SAMPLES_MAX) {
            let mut folded = SeriesAppender::prepare_fold(&mut self.cursor, &due);
            self.appender.apply_fold(&mut self.cursor, &mut folded);
        }
    }

    fn prepare(&self, range: &TimeRange) -> PreparedReplacement {
        SeriesAppender::prepare(&mut SlabCursor::new(), self.shared(), range)
    }

    fn remove_range(&mut self, range: &TimeRange, prepared: PreparedReplacement) {
        self.appender
            .remove_range(&mut self.cursor, range, Some(prepared));
    }
}

impl std::ops::Deref for Writer {
    type Target = SeriesAppender;

    fn deref(&self) -> &SeriesAppender {
        &self.appender
    }
}

fn new_series() -> Writer {
    Writer {
        cursor: SlabCursor::new(),
        appender: SeriesAppender::new(TenantId(1), &Arc::default()),
    }
}

fn visible(appender: &SeriesAppender, done: &DoneBatches) -> Result<HeadSeries, NotVisible> {
    HeadSeries::visible(Arc::clone(appender.shared()), done)
}

fn samples(series: &HeadSeries) -> Vec<(i64, f64)> {
    series.read(&TimeRange::ALL).iter().collect()
}

proptest! {
    #[test]
    fn in_whatever_order_the_last_write_wins(
        operations in prop::collection::vec(
            prop_oneof![
                8 => (0_i64..600, -1.0..1.0).prop_map(|(at, value)| (at, Some(value))),
                1 => (0_i64..600).prop_map(|at| (at, None)),
            ],
            0..2000,
        ),
        between in 0_usize..3,
        outside in 0_usize..4,
        per_batch in 1_u64..5,
        folded in any::<bool>(),
    ) {
        let mut appender = new_series();
        let mut model = BTreeMap::new();
        for (number, (at, value)) in (0_u64..).zip(operations) {
            if let Some(value) = value {
                appender.append(stamp(1 + number / per_batch), at, value);
                model.insert(at, value);
                if appender.is_due_to_fold() {
                    appender.fold();
                }
            } else {
                let range = range(at, at + 50);
                let prepared = appender.prepare(&range);
                let last = appender.last;
                for more in 0..between as i64 {
                    let at = at + more * 40;
                    appender.append(stamp(1 + number / per_batch), at, 7.0);
                    model.insert(at, 7.0);
                }
                if folded {
                    // It is another series now, of which nothing was prepared.
                    appender.fold();
                }
                for at in [last, at - 1, at + 60].into_iter().take(outside) {
                    if at > i64::MIN {
                        appender.append(stamp(1 + number / per_batch), at, 8.0);
                        model.insert(at, 8.0);
                    }
                }
                appender.remove_range(&range, prepared);
                model.retain(|at, _| !range.contains(Millis(*at)));
                prop_assert!(!appender.all().any_in(&range));
            }
            let view = appender.all();
            prop_assert!(view.len() >= appender.len() && appender.len() >= model.len() as u64);
        }
        let view = appender.all();
        prop_assert_eq!(samples(&view), model.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn what_a_reader_has_stays_as_it_was(
        first in prop::collection::vec((0_i64..400, -1.0..1.0), 0..600),
        second in prop::collection::vec((0_i64..400, -1.0..1.0), 1..600),
    ) {
        let batches = Batches::default();
        let mut appender = new_series();
        let one = batches.begin();
        for (at, value) in first {
            appender.append(one.stamp(), at, value);
        }
        drop(one);
        let done = batches.done();
        let before = visible(&appender, &done).unwrap();
        let read = samples(&before);
        let two = batches.begin();
        for (at, value) in second {
            appender.append(two.stamp(), at, value);
        }
        prop_assert_eq!(&samples(&before), &read);
        let beside = visible(&appender, &batches.done()).unwrap();
        prop_assert_eq!(&samples(&beside), &read, "of a batch that is not done nothing is seen");
        appender.fold();
        prop_assert_eq!(&samples(&before), &read);
        prop_assert!(visible(&appender, &batches.done()).is_err());
        drop(two);
        let after = visible(&appender, &batches.done()).unwrap();
        prop_assert_eq!(samples(&after), samples(&appender.all()));
    }
}

/// A batch may change the column's last sample in place while a deletion is prepared.
#[test]
fn a_deletion_brings_back_nothing_that_was_overwritten_meanwhile() {
    for deleted in [range(0, 50), range(0, 101)] {
        for fresh in [1, 2] {
            let mut appender = new_series();
            appender.append(stamp(1), 100, 1.0);
            let prepared = appender.prepare(&deleted);
            appender.append(stamp(fresh), 100, 2.0);
            appender.append(stamp(fresh), 90, 3.0);
            appender.remove_range(&deleted, prepared);
            let read = samples(&appender.all());
            let all = [(90, 3.0), (100, 2.0)];
            let remaining: Vec<_> = all
                .into_iter()
                .filter(|(at, _)| !deleted.contains(Millis(*at)))
                .collect();
            assert_eq!(read, remaining);
            assert_eq!(appender.len(), remaining.len() as u64);
        }
    }
}

/// A batch that is unfinished when another one ends would else be seen in part.
#[test]
fn an_unfinished_batch_below_a_finished_one_is_not_seen() {
    let batches = Batches::default();
    let mut appender = new_series();
    let (first, second) = (batches.begin(), batches.begin());
    appender.append(first.stamp(), 100, 1.0);
    appender.append(second.stamp(), 200, 2.0);
    drop(second);
    assert!(visible(&appender, &batches.done()).is_err());
    appender.fold();
    assert!(visible(&appender, &batches.done()).is_err(), "folded");
    drop(first);
    let all = visible(&appender, &batches.done()).unwrap();
    assert_eq!(samples(&all), [(100, 1.0), (200, 2.0)]);
}

/// Only the last two batches that had marked a series were known, and so the one that was not done was seen in part.
#[test]
fn an_unfinished_batch_below_two_finished_ones_is_not_seen() {
    let batches = Batches::default();
    let mut appender = new_series();
    let first = batches.begin();
    appender.append(first.stamp(), 100, 1.0);
    for at in [200, 300, 400] {
        let later = batches.begin();
        appender.append(later.stamp(), at, 2.0);
        assert!(visible(&appender, &batches.done()).is_err());
        drop(later);
        assert!(visible(&appender, &batches.done()).is_err());
    }
    appender.fold();
    assert!(visible(&appender, &batches.done()).is_err(), "folded");
    drop(first);
    let all = visible(&appender, &batches.done()).unwrap();
    assert_eq!(samples(&all).len(), 4);
}

/// The reader would be shown what was there before the last batch, which it does not see; the first one lies below that.
#[test]
fn an_unfinished_batch_below_what_was_before_is_not_seen() {
    let batches = Batches::default();
    let mut appender = new_series();
    let first = batches.begin();
    appender.append(first.stamp(), 100, 1.0);
    let second = batches.begin();
    appender.append(second.stamp(), 200, 2.0);
    drop(second);
    let done = batches.done();
    let third = batches.begin();
    appender.append(third.stamp(), 300, 3.0);
    assert!(visible(&appender, &done).is_err());
    drop(first);
    let beside = visible(&appender, &batches.done()).unwrap();
    assert_eq!(samples(&beside), [(100, 1.0), (200, 2.0)]);
}

/// A batch may be done before the next one begins, and yet after a reader has looked.
#[test]
fn what_a_reader_does_not_see_stays_hidden_from_it_when_it_is_done() {
    let batches = Batches::default();
    let mut appender = new_series();
    let first = batches.begin();
    let done = batches.done();
    appender.append(first.stamp(), 100, 1.0);
    drop(first);
    for at in [200, 300, 400] {
        let later = batches.begin();
        appender.append(later.stamp(), at, 2.0);
        assert!(visible(&appender, &done).is_err());
        drop(later);
        assert!(visible(&appender, &done).is_err());
        assert!(visible(&appender, &batches.done()).is_ok());
    }
}

/// Somebody who takes long over series of their own holds up no reader of others.
#[test]
fn an_unfinished_batch_elsewhere_hides_nothing() {
    let batches = Batches::default();
    let mut appender = new_series();
    let _elsewhere = batches.begin();
    for at in [100, 200, 300] {
        let later = batches.begin();
        appender.append(later.stamp(), at, 2.0);
        let beside = visible(&appender, &batches.done()).unwrap();
        assert_eq!(samples(&beside).len() as i64, at / 100 - 1);
        drop(later);
        let after = visible(&appender, &batches.done()).unwrap();
        assert_eq!(samples(&after).len() as i64, at / 100);
    }
}

/// Each deletion of a second rebuilt the whole column, under the lock that every writer needs.
#[test]
fn a_deletion_that_was_prepared_costs_what_has_come_in_since() {
    let mut appender = new_series();
    for at in 0..100_000 {
        appender.append(stamp(1), at, 1.0);
    }
    appender.append(stamp(1), 7, 2.0);
    let range = range(50_100, 60_000);
    let prepared = appender.prepare(&range);
    let ready = Arc::clone(prepared.copy.as_ref().unwrap().shared());
    appender.append(stamp(2), 100_000, 1.0);
    appender.append(stamp(2), 55_000, 1.0);
    appender.remove_range(&range, prepared);
    assert!(Arc::ptr_eq(&ready, appender.shared()), "it was made anew");
    assert_eq!(appender.len(), 100_002 - 9_901);
}

/// Each series that takes the place of another has its own blocks.
#[test]
fn the_blocks_of_a_replaced_series_are_used_again_once_nobody_reads_it() {
    let mut appender = new_series();
    let slabs = Arc::clone(&appender.shared().slabs);
    let append = |appender: &mut Writer| {
        for at in (0..1000).rev() {
            appender.append(Stamp::before_all(), at, at as f64);
            if appender.is_due_to_fold() {
                appender.fold();
            }
        }
    };
    append(&mut appender);
    let reader = appender.all();
    let read = samples(&reader);
    for _ in 0..10 {
        append(&mut appender);
    }
    assert_eq!(samples(&reader), read, "they were used while they are read");
    drop(reader);
    append(&mut appender);
    let taken = slabs.taken();
    for _ in 0..20 {
        append(&mut appender);
    }
    assert_eq!(slabs.taken(), taken);
    assert_eq!(samples(&appender.all()).len(), 1000);
}

#[test]
fn no_batch_takes_more_than_was_claimed_for_it() {
    let orders: [fn(i64) -> i64; 4] = [
        |at| at,
        |at| -at,
        |at| (at * 7919) % 104_729,
        |at| if at % 2 == 0 { at } else { -at },
    ];
    for order in orders {
        for before in [0, 1, 255, 256, 3000] {
            for samples in [1, 2, 5, 256, 300, 1000, 5000] {
                let mut appender = new_series();
                let mut taken = if before == 0 { SERIES_BYTES } else { 0 };
                for at in 0..before + samples {
                    let InsertOutcome { grown, .. } =
                        appender.append(Stamp::before_all(), order(at), 1.0);
                    taken += if at < before { 0 } else { grown };
                    if appender.is_due_to_fold() {
                        appender.fold();
                    }
                }
                let bytes_allowed = bytes_max(samples.cast_unsigned());
                assert!(
                    taken as u64 <= bytes_allowed,
                    "{samples} behind {before}: {taken} of {bytes_allowed}"
                );
                // Not so much more that what fits is refused.
                assert!(
                    samples < 5000 || bytes_allowed <= 36 * 5000,
                    "{bytes_allowed}"
                );
            }
        }
    }
}

/// What each sample pays covers the blocks that there are, those of the next samples included.
#[test]
fn samples_in_order_pay_for_their_blocks() {
    let mut appender = new_series();
    let mut paid = 0;
    for at in 0..300 {
        paid += appender.append(Stamp::before_all(), at, 1.0).grown;
        let shared = appender.shared();
        let taken = shared.column.bytes(&shared.slabs);
        assert!(paid >= taken, "{paid} for {taken} after sample {at}");
    }
}

/// A reader without a lock finds all samples, whole and in order, wherever the writer is with them.
#[test]
fn a_reader_beside_the_writer_finds_every_sample() {
    const SAMPLES: i64 = 40_000;
    let mut appender = new_series();
    let shared = Arc::clone(appender.shared());
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut longest = 0;
            while longest < SAMPLES {
                let view = HeadSeries::all(Arc::clone(&shared));
                let length = view.len().cast_signed();
                let first = (length - 64).max(0);
                let block = view.column().last_block_from(None);
                // The last block may have no more than the last sample.
                let number = (length - 1).max(0);
                let last = view.column().from(block, usize::try_from(number).unwrap());
                assert!(last.map(|(at, _)| at).eq(number..length));
                let range = TimeRange {
                    from: Millis(first),
                    until: Millis(length),
                };
                let read = view.read(&range);
                assert!(
                    read.iter().map(|(at, _)| at).eq(first..length),
                    "of {length}"
                );
                longest = longest.max(length);
            }
        });
        for at in 0..SAMPLES {
            appender.append(Stamp::before_all(), at, at as f64);
        }
        reader.join().unwrap();
    });
}

/// The column was searched to its end, with everything locked.
#[test]
fn a_deletion_of_nothing_looks_at_what_has_come_in_since_it_was_prepared() {
    let mut appender = new_series();
    for at in 0..100_000 {
        appender.append(stamp(1), at, 1.0);
    }
    let range = range(200_000, 300_000);
    let prepared = appender.prepare(&range);
    assert!(!prepared.is_copy());
    let before = Arc::clone(appender.shared());
    for at in 100_000..100_050 {
        appender.append(stamp(2), at, 1.0);
    }
    assert!(prepared.is_usable(appender.shared(), &range));
    let now = appender.all();
    assert!(prepared.more(&now).count() <= 50);
    appender.append(stamp(2), 250_000, 1.0);
    assert!(!prepared.is_usable(appender.shared(), &range));
    appender.append(stamp(2), 90_000, 1.0);
    appender.remove_range(&range, prepared);
    assert!(!Arc::ptr_eq(&before, appender.shared()));
    // That at 90 000 overwrites one.
    assert_eq!(appender.len(), 100_051);
    let nothing = appender.prepare(&range);
    let before = Arc::clone(appender.shared());
    appender.remove_range(&range, nothing);
    assert!(Arc::ptr_eq(&before, appender.shared()));
}

/// A copy was one part, however long: a whole series at one time, for one step.
#[test]
fn a_copy_is_read_in_parts_as_what_it_is_of() {
    let mut appender = new_series();
    for at in 0..10_000 {
        appender.append(stamp(1), at, at as f64);
    }
    appender.append(stamp(1), 77, -1.0);
    let view = appender.all();
    let copy = view.copied(&range(50, 9_000));
    assert!(view.is_in_head() && !copy.is_in_head());
    let lengths: Vec<usize> = copy
        .parts(range(60, 8_000))
        .map(|part| part.len())
        .collect();
    assert!(lengths.len() > 20 && lengths.iter().all(|length| *length <= 2 * PART_MIN));
    let of = |series: &HeadSeries| -> Vec<_> { series.read(&range(60, 8_000)).iter().collect() };
    assert_eq!(of(&copy), of(&view));
    assert_eq!(copy.late_len(), 1);
}
