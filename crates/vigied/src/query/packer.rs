//! Compresses an answer while it is written: piece by piece, on the query's thread, within its turn and deadline.
//!
//! Only answers about metrics are compressed. They are the only large ones, and hold no secret: the compressed length reveals
//! how similar the parts are, so text that an attacker chooses must never be compressed together with a token or a key.

use crate::http::accept_encoding::{EncodingChoice, Packing};
use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::io::Write as _;

/// A smaller answer fits one packet either way.
const WORTH_BYTES: usize = 1400;

/// Memory of a packer, not counting its output: the tables of gzip take about 320 KiB, those of zstd a megabyte for each of two
/// blocks.
pub(super) const fn bytes(packing: Packing) -> u64 {
    match packing {
        Packing::Gzip => 512 * 1024,
        Packing::Zstd => 3 * 1024 * 1024,
    }
}

/// The fastest level: it shrinks digits to a quarter or a third. The usual level 6 saves another quarter of that, and takes ten
/// times as long (`cargo bench -p benches --bench packing`).
const LEVEL: u32 = 1;

/// The compressor of one answer.
#[derive(Debug)]
pub(super) enum Packer {
    Gzip(Box<GzEncoder<Vec<u8>>>),
    /// Each piece is a frame of its own; frames in a row are one text (RFC 8878, 3).
    Zstd,
}

impl Packer {
    pub(super) fn new(packing: Packing) -> Self {
        match packing {
            Packing::Gzip => {
                let encoder = GzEncoder::new(Vec::new(), Compression::new(LEVEL));
                Self::Gzip(Box::new(encoder))
            }
            Packing::Zstd => Self::Zstd,
        }
    }

    pub(super) const fn packing(&self) -> Packing {
        match self {
            Self::Gzip(_) => Packing::Gzip,
            Self::Zstd => Packing::Zstd,
        }
    }

    /// Adds a piece; returns the compressed bytes so far, which may be none.
    pub(super) fn pack(&mut self, plain: &[u8]) -> Vec<u8> {
        match self {
            Self::Gzip(encoder) => {
                // Writing to memory can't fail.
                let _ = encoder.write_all(plain);
                std::mem::take(encoder.get_mut())
            }
            Self::Zstd if plain.is_empty() => Vec::new(),
            Self::Zstd => compress_to_vec(plain, CompressionLevel::Fastest),
        }
    }

    /// Adds the last piece; returns the rest of the compressed bytes.
    pub(super) fn end(self, plain: &[u8]) -> Vec<u8> {
        match self {
            Self::Gzip(mut encoder) => {
                let _ = encoder.write_all(plain);
                encoder.finish().unwrap_or_default()
            }
            Self::Zstd => compress_to_vec(plain, CompressionLevel::Fastest),
        }
    }
}

/// A complete answer, and what it is compressed with: if that makes it smaller, or the client refuses plain ones.
pub(super) fn whole(plain: Vec<u8>, accepted: EncodingChoice) -> (Vec<u8>, Option<Packing>) {
    let packing = match accepted {
        EncodingChoice::Packed(packing) if plain.len() >= WORTH_BYTES => packing,
        EncodingChoice::OnlyPacked(packing) => packing,
        EncodingChoice::Plain | EncodingChoice::Packed(_) => return (plain, None),
    };
    let mut packed = Packer::new(packing).end(&plain);
    if accepted == EncodingChoice::Packed(packing) && packed.len() >= plain.len() {
        return (plain, None);
    }
    packed.shrink_to_fit();
    (packed, Some(packing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use proptest::prelude::*;
    use ruzstd::decoding::StreamingDecoder;
    use std::io::Read as _;

    const BOTH: [Packing; 2] = [Packing::Gzip, Packing::Zstd];

    fn unpacked(packed: &[u8], packing: Packing) -> Vec<u8> {
        let mut plain = Vec::new();
        match packing {
            Packing::Gzip => {
                GzDecoder::new(packed).read_to_end(&mut plain).unwrap();
            }
            Packing::Zstd => {
                let mut rest = packed;
                while !rest.is_empty() {
                    let mut frame = StreamingDecoder::new(&mut rest).unwrap();
                    frame.read_to_end(&mut plain).unwrap();
                }
            }
        }
        plain
    }

    fn packed(pieces: &[Vec<u8>], packing: Packing) -> Vec<u8> {
        let mut packer = Packer::new(packing);
        let mut packed = Vec::new();
        for piece in pieces {
            packed.extend(packer.pack(piece));
        }
        packed.extend(packer.end(b"\n"));
        packed
    }

    proptest! {
        #[test]
        fn pieces_are_one_answer(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..5000), 0..8)) {
            for packing in BOTH {
                let packed = packed(&pieces, packing);
                prop_assert_eq!(unpacked(&packed, packing), [pieces.concat(), b"\n".to_vec()].concat());
            }
        }
    }

    proptest! {
        // A case packs and unpacks half a megabyte, which takes a debug build a while.
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Answers are digits, names and what is between them, in pieces up to as large as they are sent.
        #[test]
        fn digits_are_packed_whole(seed: u64, lengths in proptest::collection::vec(50_000..=200_000_usize, 1..4)) {
            let mut state = seed;
            let mut piece = |length: usize| {
                let mut text = String::new();
                while text.len() < length {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    text.push_str(&format!("[{},{}],", (state >> 40) % 1000, 1_519_862_400 + text.len()));
                }
                text.into_bytes()
            };
            let pieces: Vec<Vec<u8>> = lengths.into_iter().map(&mut piece).collect();
            for packing in BOTH {
                let packed = packed(&pieces, packing);
                let plain = [pieces.concat(), b"\n".to_vec()].concat();
                prop_assert!(packed.len() * 2 < plain.len());
                prop_assert!(unpacked(&packed, packing) == plain);
            }
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
        for packing in BOTH {
            let (accepted, only) = (
                EncodingChoice::Packed(packing),
                EncodingChoice::OnlyPacked(packing),
            );
            assert_eq!(whole(noise.clone(), accepted), (noise.clone(), None));
            let (packed, is) = whole(noise.clone(), only);
            assert!(is == Some(packing) && unpacked(&packed, packing) == noise);
            let alike = vec![b'1'; WORTH_BYTES];
            let (packed, is) = whole(alike.clone(), accepted);
            assert!(is == Some(packing) && packed.len() < 100);
            assert!(unpacked(&packed, packing) == alike);
            let tiny = vec![b'1'; WORTH_BYTES - 1];
            assert_eq!(whole(tiny.clone(), accepted), (tiny, None));
            let (packed, is) = whole(Vec::new(), only);
            assert!(is == Some(packing) && unpacked(&packed, packing).is_empty());
        }
    }
}
