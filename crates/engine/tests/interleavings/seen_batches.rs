//! A reader sees what was done when they looked, all of it, and nothing else: a batch is then seen as a whole or not at all,
//! in however many series.

use crate::batches::Batches;
use crate::sync::{AtomicU64, Ordering};
use crate::visibility::Visibility;
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
            batches: Batches::with_places(2),
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
        let place = self.visibility.own().column;
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
        let seen: Vec<u64> = seen.map(|own| own.load(Ordering::Relaxed)).collect();
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
                let own = Arc::clone(&store);
                thread::spawn(move || (0..*batches).for_each(|_| own.write()))
            })
            .collect();
        store.read();
        for own in writers {
            own.join().unwrap();
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
