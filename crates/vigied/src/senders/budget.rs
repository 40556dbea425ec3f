//! Bytes that all connections have together.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What is left.
#[derive(Debug)]
pub(super) struct Budget(AtomicUsize);

/// Bytes that were taken, given back when this is dropped.
#[derive(Debug)]
pub(super) struct Taken<'b> {
    of: &'b Budget,
    bytes: usize,
}

impl Budget {
    pub(super) const fn new(bytes: usize) -> Self {
        Self(AtomicUsize::new(bytes))
    }

    /// Nothing yet.
    pub(super) const fn none(&self) -> Taken<'_> {
        Taken { of: self, bytes: 0 }
    }
}

impl Taken<'_> {
    /// Takes so many more, if they are left.
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        let left = |left: usize| left.checked_sub(bytes);
        let is_had = self
            .of
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        if is_had.is_ok() {
            self.bytes += bytes;
        }
        is_had.is_ok()
    }

    /// Gives all back.
    pub(super) fn clear(&mut self) {
        self.of.0.fetch_add(self.bytes, Ordering::Relaxed);
        self.bytes = 0;
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_comes_back() {
        let budget = Budget::new(10);
        let mut one = budget.none();
        let mut two = budget.none();
        assert!(one.grow(6) && !two.grow(5) && two.grow(4));
        drop(one);
        assert!(two.grow(6) && !two.grow(1));
        two.clear();
        assert!(two.grow(10));
    }
}
