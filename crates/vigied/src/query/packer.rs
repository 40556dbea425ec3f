//! Compresses an answer while it is written: piece by piece, on the query's thread, within its turn and deadline.
//!
//! Only answers about metrics are compressed. They are the only large ones, and hold no secret: the compressed length reveals
//! how similar the parts are, so text that an attacker chooses must never be compressed together with a token or a key.

use crate::http::accepted::Accepted;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

/// A smaller answer fits one packet either way.
const WORTH_BYTES: usize = 1400;

/// Memory of a packer, not counting its output: its tables take about 320 KiB.
pub(super) const PACKER_BYTES: u64 = 512 * 1024;

/// The fastest level: it shrinks digits to a quarter or a third. The usual level 6 saves another quarter of that, and takes ten
/// times as long (`cargo bench -p benches --bench packing`).
const LEVEL: u32 = 1;

/// The compressor of one answer.
#[derive(Debug)]
pub(super) struct Packer(GzEncoder<Vec<u8>>);

impl Packer {
    pub(super) fn new() -> Self {
        Self(GzEncoder::new(Vec::new(), Compression::new(LEVEL)))
    }

    /// Adds a piece; returns the compressed bytes so far, which may be none.
    pub(super) fn pack(&mut self, plain: &[u8]) -> Vec<u8> {
        // Writing to memory can't fail.
        let _ = self.0.write_all(plain);
        std::mem::take(self.0.get_mut())
    }

    /// Adds the last piece; returns the rest of the compressed bytes.
    pub(super) fn end(mut self, plain: &[u8]) -> Vec<u8> {
        let _ = self.0.write_all(plain);
        self.0.finish().unwrap_or_default()
    }
}

/// A complete answer, and whether it is compressed: if that makes it smaller, or the client refuses plain ones.
pub(super) fn whole(plain: Vec<u8>, accepted: Accepted) -> (Vec<u8>, bool) {
    let is_wanted = match accepted {
        Accepted::Plain => false,
        Accepted::Gzip => plain.len() >= WORTH_BYTES,
        Accepted::OnlyGzip => true,
    };
    if !is_wanted {
        return (plain, false);
    }
    let mut packed = Packer::new().end(&plain);
    if accepted == Accepted::Gzip && packed.len() >= plain.len() {
        return (plain, false);
    }
    packed.shrink_to_fit();
    (packed, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use proptest::prelude::*;
    use std::io::Read as _;

    fn unpacked(packed: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        GzDecoder::new(packed).read_to_end(&mut plain).unwrap();
        plain
    }

    proptest! {
        #[test]
        fn pieces_are_one_answer(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..5000), 0..8)) {
            let mut packer = Packer::new();
            let mut packed = Vec::new();
            for piece in &pieces {
                packed.extend(packer.pack(piece));
            }
            packed.extend(packer.end(b"\n"));
            prop_assert_eq!(unpacked(&packed), [pieces.concat(), b"\n".to_vec()].concat());
        }
    }

    #[test]
    fn what_does_not_shrink_stays_plain() {
        // No byte predicts the next one.
        let mut state = 1_u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state.to_be_bytes()[0]
        })
        .take(4000)
        .collect();
        assert_eq!(whole(noise.clone(), Accepted::Gzip), (noise.clone(), false));
        let (packed, is_packed) = whole(noise.clone(), Accepted::OnlyGzip);
        assert!(is_packed && unpacked(&packed) == noise);
        let alike = vec![b'1'; WORTH_BYTES];
        let (packed, is_packed) = whole(alike.clone(), Accepted::Gzip);
        assert!(is_packed && packed.len() < 100 && unpacked(&packed) == alike);
        let tiny = vec![b'1'; WORTH_BYTES - 1];
        assert_eq!(whole(tiny.clone(), Accepted::Gzip), (tiny, false));
    }
}
