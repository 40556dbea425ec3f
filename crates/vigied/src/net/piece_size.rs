//! How much is read at once from a connection of HTTP/2, or of which no request has come yet. Some frames cost far more than others: where a piece took longer than a moment to
//! be worked on, the next ones are smaller, until they are quick again.

use std::time::Duration;

/// How long one piece may take to be worked on.
const PIECE_TIME: Duration = Duration::from_micros(200);

/// The smallest piece: smaller ones cost more to read than to work on.
const MIN: usize = 256;

/// The size of the next piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PieceSize(usize);

impl PieceSize {
    /// The largest piece, with which a connection begins.
    pub(super) const MAX: usize = 8 * 1024;

    pub(super) const fn new() -> Self {
        Self(Self::MAX)
    }

    pub(super) const fn bytes(self) -> usize {
        self.0
    }

    /// The size after a piece that took so long to be worked on.
    pub(super) fn after(self, took: Duration) -> Self {
        Self(match took > PIECE_TIME {
            true => (self.0 / 2).max(MIN),
            false => (self.0 * 2).min(Self::MAX),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_that_take_long_get_smaller_and_quick_ones_larger_within_bounds() {
        let (slow, quick) = (PIECE_TIME + Duration::from_nanos(1), PIECE_TIME);
        let sizes = |from: PieceSize, took: Duration| {
            let mut size = from;
            let next = std::iter::from_fn(|| {
                size = size.after(took);
                Some(size.bytes())
            });
            next.take(7).collect::<Vec<_>>()
        };
        let down = sizes(PieceSize::new(), slow);
        assert_eq!(down, [4096, 2048, 1024, 512, 256, 256, 256]);
        let up = sizes(PieceSize(MIN), quick);
        assert_eq!(up, [512, 1024, 2048, 4096, 8192, 8192, 8192]);
    }
}
