//! Which batches a reader sees. What `loom` runs has no tests of its own: they would be run there, too.

use super::batches::Batches;

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
