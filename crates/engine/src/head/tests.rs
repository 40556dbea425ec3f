//! Which batches a reader sees, and which samples are scattered. What `loom` runs has no tests of its own: they would be run there, too.

use super::append_counts::AppendCounts;
use super::batches::{Batches, Stamp};
use super::shard_writer::{ShardWriter, is_scattered};
use super::{Head, PAGE, prepare};
use crate::series_ref::SeriesRef;
use base::id::TenantId;
use base::time::{Millis, TimeRange};
use std::sync::Arc;

#[test]
fn a_batch_is_seen_once_it_is_done_by_those_who_look_after_it() {
    let batches = Batches::default();
    assert_eq!(batches.last(), 0);
    let first = batches.begin();
    let second = batches.begin();
    let (one, two) = (first.stamp().number, second.stamp().number);
    assert_eq!(batches.last(), two);
    let before = batches.done();
    assert!(before.has(0) && !before.has(one) && !before.has(two));
    assert!(before.has_begun(two) && !before.has_begun(two + 1));
    drop(second);
    assert!(!before.has(two));
    let between = batches.done();
    assert!(between.has(two) && !between.has(one));
    assert!(between.has_all_through(0) && !between.has_all_through(two));
    drop(first);
    let after = batches.done();
    assert!(after.has(one) && after.has_all_through(two));
    assert!(after.has_all_of(&before) && !between.has_all_of(&before));
}

#[test]
fn samples_are_scattered_where_the_first_of_them_begin_many_pages() {
    let sent = |series: &dyn Fn(usize) -> usize, count: usize| {
        let sample = |number| (SeriesRef(series(number) as u32), 0, 0.0);
        is_scattered(&(0..count).map(sample).collect::<Vec<_>>())
    };
    let (in_order, by_page) = (|number| number, |number| number * PAGE);
    assert!(!sent(&in_order, 500) && !sent(&|number| number / 100, 500));
    assert!(sent(&by_page, 500) && sent(&|number| number % 2 * PAGE, 500));
    // Too few to be worth it.
    assert!(!sent(&by_page, 15));
}

/// Samples of the series 0.
fn send(writer: &mut ShardWriter, instants: impl Iterator<Item = i64>) {
    let samples: Vec<_> = instants.map(|at| (SeriesRef(0), at, 1.0)).collect();
    let (mut sum, terms) = (AppendCounts::default(), (TenantId(1), Stamp::before_all()));
    writer.append(terms, &samples, &mut sum, |_, _| {});
    writer.head().count(TenantId(1), sum);
}

/// Each was short enough, and thousands of them were folded by one batch with their shard locked.
#[test]
fn a_shard_is_locked_for_the_folds_of_few_of_many_series_that_are_due_at_once() {
    let mut writer = ShardWriter::new(Arc::new(Head::default()));
    let mut send = |instants: &dyn Fn(i64) -> i64, count: i64| {
        let of_series = |series| (0..count).map(move |number| (SeriesRef(series), number));
        let all = (0..32).flat_map(of_series);
        let samples: Vec<_> = all
            .map(|(series, number)| (series, instants(number), 1.0))
            .collect();
        let (mut sum, terms) = (AppendCounts::default(), (TenantId(1), Stamp::before_all()));
        writer.append(terms, &samples, &mut sum, |_, _| {});
        writer.take_deferred()
    };
    assert!(send(&|number| 2 * number, 1000).due.is_empty());
    let due = send(&|number| 2 * number + 1, 300).due;
    assert_eq!(due.len(), 32 - 3, "three have nearly 4096 together");
}

/// They count once each in whatever else is counted, and were folded all.
#[test]
fn samples_of_one_instant_are_as_much_to_fold_as_others() {
    let (mut writer, batches) = (
        ShardWriter::new(Arc::new(Head::default())),
        Batches::default(),
    );
    let mut send = |count| {
        let of_series = |series| (0..count).map(move |_| (SeriesRef(series), 0, 1.0));
        let samples: Vec<_> = (0..32).flat_map(of_series).collect();
        let (mut sum, batch) = (AppendCounts::default(), batches.begin());
        writer.append((TenantId(1), batch.stamp()), &samples, &mut sum, |_, _| {});
        writer.take_deferred().due.len()
    };
    assert_eq!(send(1), 0);
    assert_eq!(send(300), 32 - 15, "fifteen have nearly 4096 together");
}

/// Copies were counted nowhere, and stayed until the next flush.
#[test]
fn what_slabs_take_beyond_what_samples_pay_counts_for_nobody() {
    let head = Arc::new(Head::default());
    let mut writer = ShardWriter::new(Arc::clone(&head));
    send(&mut writer, 0..100_000);
    let paid = head.bytes();
    assert!((1_600_000..2_000_000).contains(&paid), "{paid}");
    let shared = head.shared_bytes();
    assert!(shared < 100_000, "{shared}: an end of a slab, and a page");
    let range = TimeRange {
        from: Millis(0),
        until: Millis(0),
    };
    let first = prepare(&head, SeriesRef(0), &range);
    let copied = head.shared_bytes();
    assert!(copied > shared + 1_500_000, "{copied}");
    drop(first);
    // The next one takes the blocks of the first.
    drop(prepare(&head, SeriesRef(0), &range));
    assert_eq!(head.shared_bytes(), copied);
}

/// A writer freed the blocks of what it had folded, for which it waited for readers that freed others.
#[test]
fn a_writer_frees_no_blocks_while_its_shard_is_locked() {
    let head = Arc::new(Head::default());
    let mut writer = ShardWriter::new(Arc::clone(&head));
    let freed = head.slabs.lock_freed();
    send(&mut writer, (0..2000).rev());
    drop(freed);
    drop(writer.take_deferred());
}
