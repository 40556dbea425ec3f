//! Which batches a reader sees, and which samples are scattered. What `loom` runs has no tests of its own: they would be run there, too.

use super::PAGE;
use super::batches::Batches;
use super::shard_writer::is_scattered;
use crate::series_ref::SeriesRef;

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
