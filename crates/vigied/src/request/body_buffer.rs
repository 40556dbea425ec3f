//! Collects the pieces of a body into one buffer.

use crate::http::unpack::grown;
use bytes::Bytes;

/// From this size on, a body that came in one piece stays where it was received. A smaller one is copied, which is cheap: it
/// would keep the connection's whole buffer.
const KEPT_BYTES_MIN: usize = 64 * 1024;

/// The received part of a body.
#[derive(Debug)]
pub(super) enum BodyBuffer {
    /// The whole body, as it was received in one piece.
    Whole(Bytes),
    /// The pieces so far, joined.
    Pieces(Vec<u8>),
}

impl BodyBuffer {
    pub(super) const fn nothing() -> Self {
        Self::Pieces(Vec::new())
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.len(),
            Self::Pieces(bytes) => bytes.len(),
        }
    }

    /// Adds a piece of a body that has `declared` bytes; none where that is not known.
    pub(super) fn add(&mut self, piece: Bytes, declared: usize) {
        if piece.len() == declared && declared >= KEPT_BYTES_MIN {
            *self = Self::Whole(piece);
            return;
        }
        if let Self::Whole(first) = self {
            *self = Self::Pieces(first.to_vec());
        }
        if let Self::Pieces(bytes) = self {
            grown(bytes, &piece);
        }
    }

    pub(super) fn into_bytes(self) -> Bytes {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Pieces(bytes) => bytes.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces, gathered, and whether that is the first of them, not a copy.
    fn gathered(pieces: &[usize], declared: usize) -> (usize, bool) {
        let pieces: Vec<Bytes> = (1_u8..)
            .zip(pieces)
            .map(|(number, length)| Bytes::from(vec![number; *length]))
            .collect();
        let mut buffer = BodyBuffer::nothing();
        for piece in &pieces {
            buffer.add(piece.clone(), declared);
        }
        let length = buffer.len();
        let bytes = buffer.into_bytes();
        assert!(bytes == pieces.concat() && bytes.len() == length);
        let is_first = pieces
            .first()
            .is_some_and(|piece| piece.as_ptr() == bytes.as_ptr());
        (length, is_first)
    }

    #[test]
    fn a_large_body_that_comes_at_once_is_not_copied() {
        let most = 3 * KEPT_BYTES_MIN;
        assert_eq!(gathered(&[most], most), (most, true));
        // Small, empty, in pieces, of unknown length, or longer than it said: each is one body all the same.
        assert_eq!(gathered(&[100], 100), (100, false));
        assert_eq!(gathered(&[], 0), (0, false));
        assert_eq!(
            gathered(&[KEPT_BYTES_MIN, 7, 8], most),
            (KEPT_BYTES_MIN + 15, false)
        );
        assert_eq!(gathered(&[most], 0), (most, false));
        assert_eq!(gathered(&[most, 7], most), (most + 7, false));
    }
}
