//! A reader finds each sample of a column once and as it was written, whether its writer is moving it from the recent ones to a
//! block or not.

use crate::cell::Cell;
use crate::recent::{RECENT, Recent};
use crate::sync::{AtomicU64, Ordering};
use crate::{in_every_order, in_every_order_of_memory};
use loom::sync::Arc;
use loom::thread;

/// A column with room for so many moved samples. Sample `n` was measured at `n + 1`, and its value is `n`.
struct Column {
    length: AtomicU64,
    recent: Recent,
    block: [Cell; 2 * RECENT],
}

impl Column {
    fn of_samples(count: usize) -> Self {
        let column = Self {
            length: AtomicU64::new(0),
            recent: Recent::default(),
            block: std::array::from_fn(|_| Cell::default()),
        };
        (0..count).for_each(|_| column.add());
        column
    }

    fn add(&self) {
        let number = self.length.load(Ordering::Relaxed) as usize;
        if let Some(full) = self.recent.full(number) {
            for (place, cell) in self.block[number - RECENT..].iter().zip(full) {
                let (at, value) = cell.read();
                place.set(at, value);
            }
            self.recent.set_moved(number);
        }
        // A batch changes its last sample in place before any reader is to see it.
        self.recent.set(number, -1, -1.0);
        self.recent.set(number, number as i64 + 1, number as f64);
        self.length.store(number as u64 + 1, Ordering::Release);
    }

    /// How many samples a reader finds.
    fn read(&self) -> usize {
        let length = self.length.load(Ordering::Acquire) as usize;
        let (in_blocks, recent) = self.recent.read(length);
        let moved = &self.block[..in_blocks];
        let found = moved.iter().chain(recent.cells()).map(Cell::read);
        let found: Vec<_> = found.collect();
        let expected = (0..length).map(|number| (number as i64 + 1, number as f64));
        assert_eq!(found, expected.collect::<Vec<_>>());
        length
    }
}

/// A model of a writer that adds so many samples to others, and a reader.
fn a_writer_and_a_reader(before: usize, added: usize) -> impl Fn() + Sync + Send + 'static {
    move || {
        let column = Arc::new(Column::of_samples(before));
        let writer = Arc::clone(&column);
        let writer = thread::spawn(move || (0..added).for_each(|_| writer.add()));
        column.read();
        writer.join().unwrap();
        assert_eq!(column.read(), before + added);
    }
}

#[test]
fn samples_that_are_moved_meanwhile_are_found() {
    in_every_order(3, a_writer_and_a_reader(RECENT - 1, 3));
    in_every_order(2, a_writer_and_a_reader(RECENT, RECENT + 1));
}

#[test]
fn samples_that_are_moved_meanwhile_are_found_whatever_the_memory_reorders() {
    in_every_order_of_memory(2, a_writer_and_a_reader(RECENT, 1));
    in_every_order_of_memory(2, a_writer_and_a_reader(RECENT + 1, 1));
}
