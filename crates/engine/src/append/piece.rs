//! A piece of a batch: the samples that are written as one.

use base::sample::{Batch, RejectReason};
use base::time::Millis;

/// A sample of the batch that is still to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct PendingSample<'b> {
    /// Its position in the batch.
    pub(super) position: usize,
    /// The text of its key.
    pub(super) name: &'b str,
    pub(super) at: Millis,
    pub(super) value: f64,
}

/// The samples and runs of a piece.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PieceSize {
    pub(super) samples: usize,
    /// A run is a sequence of samples that share one name in the batch.
    pub(super) runs: usize,
}

/// Reads a piece, in parts.
#[derive(Debug)]
pub(super) struct Piece<'b> {
    batch: &'b Batch,
    /// The position of its first sample in the batch.
    from: usize,
    length: usize,
    /// What was read.
    read: PieceSize,
    last_name: Option<&'b str>,
    rejected: Vec<(usize, RejectReason)>,
}

impl<'b> Piece<'b> {
    /// The samples from a position on, at most so many.
    pub(super) fn new(batch: &'b Batch, from: usize, length_max: usize) -> Self {
        Self {
            batch,
            from,
            length: batch.len().saturating_sub(from).min(length_max),
            read: PieceSize::default(),
            last_name: None,
            rejected: Vec::new(),
        }
    }

    /// How many samples it has.
    pub(super) const fn len(&self) -> usize {
        self.length
    }

    /// Whether some of its samples are not read yet.
    pub(super) const fn has_more(&self) -> bool {
        self.read.samples < self.length
    }

    /// The next samples, at most so many, without those that `check` rejects for their time.
    pub(super) fn read(
        &mut self,
        samples_max: usize,
        check: impl Fn(Millis) -> Result<(), RejectReason>,
    ) -> impl Iterator<Item = PendingSample<'b>> {
        let first = self.from + self.read.samples;
        let count = (self.length - self.read.samples).min(samples_max);
        let texts = self.batch.texts_from(first).take(count);
        texts.filter_map(move |(name, at, value)| {
            let position = self.from + self.read.samples;
            self.read.samples += 1;
            if self.last_name.is_none_or(|last| !std::ptr::eq(last, name)) {
                self.read.runs += 1;
                self.last_name = Some(name);
            }
            match check(at) {
                Ok(()) => Some(PendingSample {
                    position,
                    name,
                    at,
                    value,
                }),
                Err(reason) => {
                    self.rejected.push((position, reason));
                    None
                }
            }
        })
    }

    /// The samples at these positions, once more.
    pub(super) fn samples_at(&self, mut positions: Vec<usize>) -> Vec<PendingSample<'b>> {
        positions.sort_unstable();
        let texts = self.batch.texts_from(self.from).take(self.length);
        let all = texts
            .zip(self.from..)
            .map(|((name, at, value), position)| PendingSample {
                position,
                name,
                at,
                value,
            });
        all.filter(|sample| positions.binary_search(&sample.position).is_ok())
            .collect()
    }

    /// How much was read, and what was rejected.
    pub(super) fn end(self) -> (PieceSize, Vec<(usize, RejectReason)>) {
        (self.read, self.rejected)
    }
}

/// Keeps those samples of a piece that are still to be written: of the first `tried` the refused ones, by their positions, and all
/// that come after.
pub(super) fn retain_unwritten(
    due: &mut Vec<PendingSample<'_>>,
    tried: usize,
    mut refused: Vec<usize>,
) {
    let mut untried = due.split_off(tried.min(due.len()));
    refused.sort_unstable();
    due.retain(|sample| refused.binary_search(&sample.position).is_ok());
    due.append(&mut untried);
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::name::SeriesName;

    fn batch(samples: &[(&str, i64)]) -> Batch {
        let mut batch = Batch::default();
        for (name, at) in samples {
            batch.push(&SeriesName::parse(name).unwrap(), Millis(*at), 1.0);
        }
        batch
    }

    fn check(at: Millis) -> Result<(), RejectReason> {
        let reason = RejectReason::TooOld { retention_days: 1 };
        if at.0 < 0 { Err(reason) } else { Ok(()) }
    }

    fn positions<'b>(samples: impl Iterator<Item = PendingSample<'b>>) -> Vec<usize> {
        samples.map(|sample| sample.position).collect()
    }

    #[test]
    fn a_piece_is_read_in_parts_without_what_is_rejected() {
        let batch = batch(&[("a", 1), ("a", 2), ("a", -3), ("b", 4), ("b", 5), ("c", 6)]);
        let mut piece = Piece::new(&batch, 1, 4);
        assert_eq!((piece.len(), piece.has_more()), (4, true));
        assert_eq!(positions(piece.read(3, check)), [1, 3]);
        assert!(piece.has_more());
        assert_eq!(positions(piece.read(3, check)), [4]);
        assert!(!piece.has_more());
        let again = piece.samples_at(vec![4, 1]);
        assert_eq!(positions(again.into_iter()), [1, 4]);
        let (size, rejected) = piece.end();
        assert_eq!((size.samples, size.runs), (4, 2));
        assert_eq!(rejected.len(), 1);
        assert_eq!(rejected[0].0, 2);
        assert_eq!(Piece::new(&batch, 5, 4).len(), 1);
    }

    #[test]
    fn of_what_was_tried_only_the_refused_is_left_and_all_that_was_not() {
        let mut due: Vec<PendingSample<'_>> = [3, 4, 7, 8, 9]
            .into_iter()
            .map(|position| PendingSample {
                position,
                name: "a",
                at: Millis(0),
                value: 1.0,
            })
            .collect();
        retain_unwritten(&mut due, 3, vec![7, 3]);
        let positions = |due: &[PendingSample<'_>]| -> Vec<usize> {
            due.iter().map(|sample| sample.position).collect()
        };
        assert_eq!(positions(&due), [3, 7, 8, 9]);
        retain_unwritten(&mut due, 2, Vec::new());
        assert_eq!(positions(&due), [8, 9]);
    }
}
