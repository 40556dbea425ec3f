//! A cursor over a grid for stores that have only raw samples: it aggregates them as they are read.

use super::{Cursor, Piece, SeriesVisitor};
use crate::grid::{Fold, Folding, Window};
use crate::series::SeriesKey;
use crate::shape::Shape;
use crate::store_error::StoreError;
use crate::time::Millis;
use std::ops::ControlFlow;

/// Hands out `raw`, a cursor over samples as they were sent, in the shape that was asked for.
///
/// # Errors
/// The errors of `take`.
pub fn shaped(
    raw: &mut dyn Cursor,
    shape: &Shape,
    take: &mut SeriesVisitor<'_>,
) -> Result<ControlFlow<()>, StoreError> {
    match shape {
        Shape::Raw(_) => take(raw),
        Shape::Grid { window, fold } => take(&mut Folded {
            raw,
            window: *window,
            fold: *fold,
            folding: Some(Folding::new(*window, *fold)),
        }),
    }
}

/// The slots of a window, out of the samples of another cursor.
struct Folded<'c> {
    raw: &'c mut dyn Cursor,
    window: Window,
    fold: Fold,
    /// `None` after the last slot.
    folding: Option<Folding>,
}

impl Cursor for Folded<'_> {
    fn key(&self) -> SeriesKey<'_> {
        self.raw.key()
    }

    fn query(&self) -> usize {
        self.raw.query()
    }

    fn next(&mut self) -> Result<Option<Piece>, StoreError> {
        let Some(folding) = &mut self.folding else {
            return Ok(None);
        };
        let mut slots = Piece::default();
        while slots.is_empty() {
            let Some(piece) = self.raw.next()? else {
                let last = folding.end();
                self.folding = None;
                slots.extend(last);
                break;
            };
            slots.extend(
                piece
                    .iter()
                    .filter_map(|(at, value)| folding.add(at, value)),
            );
        }
        Ok(Some(slots).filter(|slots| !slots.is_empty()))
    }

    fn rewind(&mut self) -> Result<(), StoreError> {
        self.raw.rewind()?;
        self.folding = Some(Folding::new(self.window, self.fold));
        Ok(())
    }
}

impl Extend<(Millis, f64)> for Piece {
    fn extend<I: IntoIterator<Item = (Millis, f64)>>(&mut self, samples: I) {
        for (at, value) in samples {
            self.timestamps.push(at);
            self.values.push(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Grid;
    use crate::time::{Step, TimeRange};
    use proptest::prelude::*;

    /// A cursor over samples in pieces of a fixed size.
    struct Cut {
        samples: Vec<(Millis, f64)>,
        size: usize,
        at: usize,
    }

    impl Cursor for Cut {
        fn key(&self) -> SeriesKey<'_> {
            SeriesKey::from_canonical_unchecked("a")
        }

        fn query(&self) -> usize {
            0
        }

        fn next(&mut self) -> Result<Option<Piece>, StoreError> {
            let mut piece = Piece::default();
            let rest = self.samples.iter().copied().skip(self.at);
            piece.extend(rest.take(self.size));
            self.at += piece.len();
            Ok(Some(piece).filter(|piece| !piece.is_empty()))
        }

        fn rewind(&mut self) -> Result<(), StoreError> {
            self.at = 0;
            Ok(())
        }
    }

    fn grid_of(cursor: &mut dyn Cursor, window: Window) -> Grid {
        let mut grid = window.empty();
        while let Some(piece) = cursor.next().unwrap() {
            window.put(&mut grid, piece.iter());
        }
        grid
    }

    fn bits(grid: &Grid) -> Vec<u64> {
        grid.values.iter().map(|value| value.to_bits()).collect()
    }

    proptest! {
        #[test]
        fn however_samples_are_cut_the_grid_is_the_same(
            samples in prop::collection::btree_map(-50_i64..500, -9_i32..9, 0..60),
            size in 1_usize..9,
            step in 1_i64..200,
        ) {
            let samples: Vec<_> = samples.into_iter().map(|(at, value)| (Millis(at), f64::from(value))).collect();
            let range = TimeRange { from: Millis(-20), until: Millis(400) };
            let window = Window::of(range, Step::new(step).unwrap()).unwrap();
            let whole = window.grid(samples.iter().copied(), Fold::Average);
            let mut cut = Cut { samples, size, at: 0 };
            let shape = Shape::Grid { window, fold: Fold::Average };
            let end = shaped(&mut cut, &shape, &mut |cursor| {
                assert_eq!(bits(&grid_of(cursor, window)), bits(&whole));
                cursor.rewind()?;
                assert_eq!(bits(&grid_of(cursor, window)), bits(&whole));
                assert!(cursor.next()?.is_none());
                Ok(ControlFlow::Break(()))
            });
            prop_assert!(end.unwrap().is_break());
        }
    }
}
