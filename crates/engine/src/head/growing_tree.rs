//! Values by number that readers reach without a lock: a tree that only grows. A new value copies nothing, and numbers that are
//! not used take no memory. [`crate::sparse`] has one owner, and frees nodes that have become empty: beside that, a reader would need
//! a lock.

use std::array::from_fn;
use std::sync::OnceLock;

/// Entries of a node.
const FAN: usize = 256;

/// Entries of the root.
const TOP: usize = 1024;

/// How many numbers there are.
pub(super) const NUMBERS: usize = TOP * FAN * FAN;

type Leaf<T> = [OnceLock<T>; FAN];
type Inner<T> = [OnceLock<Box<Leaf<T>>>; FAN];

/// Values by number.
#[derive(Debug)]
pub(super) struct GrowingTree<T>(Vec<OnceLock<Box<Inner<T>>>>);

impl<T> Default for GrowingTree<T> {
    fn default() -> Self {
        Self((0..TOP).map(|_| OnceLock::new()).collect())
    }
}

const fn path(number: usize) -> (usize, usize, usize) {
    (number / FAN / FAN, number / FAN % FAN, number % FAN)
}

impl<T> GrowingTree<T> {
    pub(super) fn get(&self, number: usize) -> Option<&T> {
        let (top, middle, low) = path(number);
        let inner = self.0.get(top)?.get()?;
        let leaf = inner.get(middle)?.get()?;
        leaf.get(low)?.get()
    }

    /// The value, which is made where there is none; and the bytes that nodes were made of. `None` from [`NUMBERS`] on.
    pub(super) fn get_or_make(
        &self,
        number: usize,
        make: impl FnOnce() -> T,
    ) -> Option<(&T, usize)> {
        let (top, middle, low) = path(number);
        let mut bytes = 0;
        let inner = self.0.get(top)?.get_or_init(|| {
            bytes += size_of::<Inner<T>>();
            Box::new(from_fn(|_| OnceLock::new()))
        });
        let leaf = inner.get(middle)?.get_or_init(|| {
            bytes += size_of::<Leaf<T>>();
            Box::new(from_fn(|_| OnceLock::new()))
        });
        Some((leaf.get(low)?.get_or_init(make), bytes))
    }

    /// All values with their numbers, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        let inner = self.0.iter().enumerate();
        let inner = inner.filter_map(|(top, inner)| Some((top, inner.get()?)));
        let leaves = inner.flat_map(|(top, inner)| {
            let leaves = inner.iter().enumerate();
            leaves.filter_map(move |(at, leaf)| Some((top * FAN + at, leaf.get()?)))
        });
        leaves.flat_map(|(above, leaf)| {
            let values = leaf.iter().enumerate();
            values.filter_map(move |(at, value)| Some((above * FAN + at, value.get()?)))
        })
    }
}
