//! The series of a query, in parts that can be read independently and by several threads.

use crate::context::Context;
use crate::cursor::SeriesVisitor;
use crate::store_error::StoreError;
use std::ops::ControlFlow;

/// Some series that a store has found, in their order. Whoever has all parts of an answer may read them in any order and on any
/// threads, under a context of the same work ([`Context::part`]); read one after the other they are
/// [`crate::store::SampleStore::read_all`].
pub trait ReadPart: Send + Sync {
    /// The estimated cost of reading it, in samples that take as long.
    fn cost(&self) -> u64;

    /// Passes its series to `take`, and can do so again.
    ///
    /// # Errors
    /// As [`crate::store::SampleStore::read_all`].
    fn read(
        &self,
        context: &Context,
        take: &mut SeriesVisitor<'_>,
    ) -> Result<ControlFlow<()>, StoreError>;

    /// As [`Self::read`], but frees each series after `take` returns.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn read_out(
        self: Box<Self>,
        context: &Context,
        take: &mut SeriesVisitor<'_>,
    ) -> Result<ControlFlow<()>, StoreError>;
}

/// Gets all parts of an answer, in order, before any is read.
pub type PartsVisitor<'t> =
    dyn for<'p> FnMut(Vec<Box<dyn ReadPart + 'p>>) -> Result<(), StoreError> + 't;
