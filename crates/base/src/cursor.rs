//! Cursors over the samples of a series: they return it in pieces, so that no reader needs all of it in memory.

mod folded;

pub use folded::shaped;

use crate::grid::Filling;
use crate::sample::Series;
use crate::series::SeriesKey;
use crate::store_error::StoreError;
use crate::time::Millis;
use std::ops::ControlFlow;

/// Some samples of one series, ascending.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Piece {
    /// Their instants.
    pub timestamps: Vec<Millis>,
    /// As many values.
    pub values: Vec<f64>,
}

impl Piece {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.timestamps.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.timestamps.is_empty()
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = (Millis, f64)> {
        let values = self.values.iter().copied();
        self.timestamps.iter().copied().zip(values)
    }
}

/// One series that is read. The order in which a store hands out series is fixed; who has one may read it, read it again,
/// or leave it.
pub trait Cursor {
    /// Which series it is.
    fn key(&self) -> SeriesKey<'_>;

    /// Which of the queries that were asked together it answers: its place among them.
    fn query(&self) -> usize;

    /// The next samples: some, and all later than those before; `None` when there are no more.
    ///
    /// # Errors
    /// As [`crate::store::SampleStore::read_all`].
    fn next(&mut self) -> Result<Option<Piece>, StoreError>;

    /// Puts all samples that are left into the slots of a grid: what [`Self::next`] would hand out, without a copy of it
    /// where the store has none to make.
    ///
    /// # Errors
    /// As [`Self::next`].
    fn fill(&mut self, filling: &mut Filling) -> Result<(), StoreError> {
        while let Some(piece) = self.next()? {
            filling.add(piece.iter());
        }
        Ok(())
    }

    /// Begins again. What is read a second time costs time, and no budget of samples.
    ///
    /// # Errors
    /// As [`Self::next`].
    fn rewind(&mut self) -> Result<(), StoreError>;
}

/// Visits one series after another, until it has enough.
pub type SeriesVisitor<'t> = dyn FnMut(&mut dyn Cursor) -> Result<ControlFlow<()>, StoreError> + 't;

/// All that is left of it.
///
/// # Errors
/// As [`Cursor::next`].
pub fn collect(cursor: &mut dyn Cursor) -> Result<Series, StoreError> {
    let mut series = Series {
        key: cursor.key().into_owned(),
        timestamps: Vec::new(),
        values: Vec::new(),
    };
    while let Some(mut piece) = cursor.next()? {
        series.timestamps.append(&mut piece.timestamps);
        series.values.append(&mut piece.values);
    }
    Ok(series)
}
