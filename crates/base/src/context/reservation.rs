//! A reservation of memory for a query, released when it is dropped.

use super::{Context, Stop};

/// Bytes reserved from a [`Context`], released when it is dropped.
#[derive(Debug)]
#[must_use = "the bytes are free as soon as it is dropped"]
pub struct Reservation<'c> {
    context: &'c Context,
    bytes: u64,
}

impl<'c> Reservation<'c> {
    /// An empty reservation.
    pub const fn new(context: &'c Context) -> Self {
        Self { context, bytes: 0 }
    }

    /// A reservation of bytes that [`Context::reserve`] has reserved already.
    pub const fn of_reserved(context: &'c Context, bytes: u64) -> Self {
        Self { context, bytes }
    }

    /// Reserves this many bytes more.
    ///
    /// # Errors
    /// As [`Context::reserve`]; the reservation is unchanged then.
    pub fn grow(&mut self, bytes: u64) -> Result<(), Stop> {
        if bytes > 0 {
            self.context.reserve(bytes)?;
            self.bytes = self.bytes.saturating_add(bytes);
        }
        Ok(())
    }

    /// Grows to this many bytes, if it has fewer.
    ///
    /// # Errors
    /// As [`Self::grow`].
    pub fn grow_to(&mut self, bytes: u64) -> Result<(), Stop> {
        self.grow(bytes.saturating_sub(self.bytes))
    }

    /// Adds the bytes of another reservation from the same context.
    pub fn merge(&mut self, other: Self) {
        debug_assert!(
            std::ptr::eq(self.context, other.context),
            "reserved of another context"
        );
        let mut other = other;
        self.bytes = self.bytes.saturating_add(std::mem::take(&mut other.bytes));
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.context.release(self.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::MemoryReservation;
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// A hundred bytes.
    #[derive(Debug, Default)]
    struct Hundred(AtomicU64);

    impl MemoryReservation for Hundred {
        fn reserve(&self, bytes: u64) -> Result<(), Stop> {
            let used = self.0.load(Ordering::Relaxed) + bytes;
            if used > 100 {
                return Err(Stop::Cancelled);
            }
            self.0.store(used, Ordering::Relaxed);
            Ok(())
        }

        fn release(&self, bytes: u64) {
            self.0.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_is_reserved_is_released_once_whoever_holds_it() {
        let memory = Arc::new(Hundred::default());
        let context = Context::unlimited().with_memory(Arc::clone(&memory) as _);
        let used = || memory.0.load(Ordering::Relaxed);
        let mut one = Reservation::new(&context);
        one.grow(30).unwrap();
        one.grow_to(20).unwrap();
        one.grow_to(40).unwrap();
        assert_eq!(used(), 40);
        context.reserve(10).unwrap();
        let other = Reservation::of_reserved(&context, 10);
        // What is refused is not released later.
        assert!(one.grow(51).is_err());
        one.merge(other);
        assert_eq!(used(), 50);
        drop(one);
        assert_eq!(used(), 0);
    }
}
