//! A reader sees what was done when they looked, all of it, and nothing else: a batch is then seen as a whole or not at all,
//! in however many series.

use crate::batches::{Batches, DoneBatches, Stamp};
use crate::sync::{AtomicU64, Ordering};
use crate::visibility::{Lengths, NotVisible, Visibility};
use crate::{in_every_order, in_every_order_of_memory};
use loom::sync::{Arc, Mutex};
use loom::thread;

/// A series; the cells hold the number of the batch that wrote them.
struct Store {
    batches: Batches,
    visibility: Visibility,
    /// The lock of the shard.
    writes: Mutex<()>,
    cells: [AtomicU64; 3],
}

impl Store {
    fn new() -> Self {
        Self {
            batches: Batches::with_window(2),
            visibility: Visibility::default(),
            writes: Mutex::new(()),
            cells: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// A batch of one sample.
    fn write(&self) {
        let batch = self.batches.begin();
        let stamp = batch.stamp();
        let lock = self.writes.lock().unwrap();
        let place = self.visibility.written().column;
        self.visibility.mark(stamp);
        self.cells[place].store(stamp.number, Ordering::Relaxed);
        self.visibility.add();
        drop(lock);
    }

    /// How many samples a reader sees; nothing where they would look again.
    fn read(&self) -> Option<usize> {
        let done = self.batches.done();
        let length = self.visibility.lengths(&done).ok()?.column;
        let seen = self.cells.iter().take(length);
        let seen: Vec<u64> = seen
            .map(|counter| counter.load(Ordering::Relaxed))
            .collect();
        for number in 1..=3 {
            assert_eq!(
                seen.contains(&number),
                done.has(number),
                "{number} of {seen:?}"
            );
        }
        Some(length)
    }
}

/// A model of senders, each with so many batches, and a reader.
fn senders_and_a_reader(senders: &'static [usize]) -> impl Fn() + Sync + Send + 'static {
    move || {
        let store = Arc::new(Store::new());
        let batches = senders.iter().sum();
        let writers: Vec<_> = senders
            .iter()
            .map(|batches| {
                let writer = Arc::clone(&store);
                thread::spawn(move || (0..*batches).for_each(|_| writer.write()))
            })
            .collect();
        store.read();
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(store.read(), Some(batches));
    }
}

#[test]
fn of_one_batch_after_the_other_those_are_seen_that_are_done() {
    in_every_order(3, senders_and_a_reader(&[3]));
}

/// Where one is interrupted, two others write behind it.
#[test]
fn of_three_batches_at_one_time_those_are_seen_that_are_done() {
    in_every_order(2, senders_and_a_reader(&[1, 2]));
}

#[test]
fn a_reader_on_another_processor_sees_the_same() {
    in_every_order_of_memory(1, senders_and_a_reader(&[2]));
}

/// A sample of a batch.
fn write(series: &Visibility, stamp: Stamp<'_>) {
    series.mark(stamp);
    series.add();
}

/// A series as a reader who sees `done` finds it on another processor, while one more batch writes to it.
fn read_beside(
    series: &Arc<Visibility>,
    done: DoneBatches,
    stamp: Stamp<'_>,
) -> Result<Lengths, NotVisible> {
    let shared = Arc::clone(series);
    let reader = thread::spawn(move || shared.lengths(&done));
    write(series, stamp);
    reader.join().unwrap()
}

/// What a reader sees who looks when the second of two batches is done, and the first is not. Then that is, too.
fn only_second_done(batches: &Batches, series: &Visibility) -> DoneBatches {
    let first = batches.begin();
    write(series, first.stamp());
    let second = batches.begin();
    write(series, second.stamp());
    drop(second);
    let done = batches.done();
    drop(first);
    done
}

/// The mark of the third says that all before it are done, which is not so for the reader, and must not count for the second.
#[test]
fn an_open_batch_below_the_last_one_stays_hidden_while_a_third_begins() {
    in_every_order_of_memory(2, || {
        let (batches, series) = (Batches::with_window(2), Arc::new(Visibility::default()));
        let done = only_second_done(&batches, &series);
        let third = batches.begin();
        assert_eq!(read_beside(&series, done, third.stamp()), Err(NotVisible));
    });
}

/// The same below what was there before the last batch.
#[test]
fn an_open_batch_below_the_one_before_the_last_stays_hidden_while_a_fourth_begins() {
    in_every_order_of_memory(2, || {
        let (batches, series) = (Batches::with_window(2), Arc::new(Visibility::default()));
        let done = only_second_done(&batches, &series);
        let third = batches.begin();
        write(&series, third.stamp());
        drop(third);
        let fourth = batches.begin();
        assert_eq!(read_beside(&series, done, fourth.stamp()), Err(NotVisible));
    });
}

/// As when some of its samples had to be resolved again. By then, what was there before its second mark includes part of it.
#[test]
fn a_batch_that_comes_back_after_another_stays_hidden() {
    in_every_order_of_memory(2, || {
        let (batches, series) = (Batches::with_window(2), Arc::new(Visibility::default()));
        let first = batches.begin();
        write(&series, first.stamp());
        let done = batches.done();
        let second = batches.begin();
        let shared = Arc::clone(&series);
        let reader = thread::spawn(move || shared.lengths(&done));
        write(&series, second.stamp());
        write(&series, first.stamp());
        if let Ok(lengths) = reader.join().unwrap() {
            assert_eq!(lengths.column, 0);
        }
    });
}

/// A batch that a reader has seen stays seen: it is found in full, or the reader looks again.
#[test]
fn a_batch_that_is_done_is_found_while_another_begins() {
    in_every_order_of_memory(2, || {
        let (batches, series) = (Batches::with_window(2), Arc::new(Visibility::default()));
        let first = batches.begin();
        write(&series, first.stamp());
        drop(first);
        let done = batches.done();
        let second = batches.begin();
        if let Ok(lengths) = read_beside(&series, done, second.stamp()) {
            assert_eq!(lengths.column, 1);
        }
    });
}

/// A flush waits so before what it has frozen goes into files, where nothing tells an open batch from others.
#[test]
fn whoever_waits_for_batches_finds_them_done_and_a_later_one_may_be_open() {
    in_every_order(2, || {
        let store = Arc::new(Store::new());
        let writer = Arc::clone(&store);
        let sender = thread::spawn(move || (0..2).for_each(|_| writer.write()));
        let last = store.batches.last();
        store.batches.wait_through(last);
        let done = store.batches.done();
        assert!(done.has_all_through(last));
        assert!(store.visibility.all().column as u64 >= last);
        sender.join().unwrap();
        assert!(store.batches.done().has_all_through(2));
    });
}

/// Whoever takes all there is waits for no batch: they find at least what was done before, also in the middle of a mark.
#[test]
fn all_there_is_is_found_while_a_batch_begins() {
    in_every_order_of_memory(2, || {
        let (batches, series) = (Batches::with_window(2), Arc::new(Visibility::default()));
        let first = batches.begin();
        write(&series, first.stamp());
        drop(first);
        let second = batches.begin();
        let shared = Arc::clone(&series);
        let reader = thread::spawn(move || shared.all());
        write(&series, second.stamp());
        let all = reader.join().unwrap();
        assert!((1..=2).contains(&all.column), "{all:?}");
    });
}

/// There is room for two: a third begins when the first is done, and a reader waits for none of them.
#[test]
fn a_batch_that_finds_no_room_begins_when_the_oldest_is_done() {
    in_every_order(2, || {
        let batches = Arc::new(Batches::with_window(2));
        let first = batches.begin();
        let second = batches.begin();
        let late = Arc::clone(&batches);
        let third = thread::spawn(move || {
            let third = late.begin();
            assert!(third.stamp().number == 3 && late.done().has(1));
        });
        let done = batches.done();
        assert!(!done.has_begun(3) && !done.has(1) && !done.has(2));
        drop(first);
        third.join().unwrap();
        let done = batches.done();
        assert!(done.has(1) && !done.has(2) && done.has(3));
        drop(second);
        assert!(batches.done().has_all_through(3));
    });
}
