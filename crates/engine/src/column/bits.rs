//! Packs unsigned integers of one width, lowest bit first, into bytes.

use super::Damaged;
use super::varint::Reader;

/// Bits needed for `value`; 0 for 0.
pub(crate) const fn width(value: u64) -> u8 {
    (64 - value.leading_zeros()) as u8
}

const fn packed_bytes(count: usize, width: u8) -> usize {
    (count * width as usize).div_ceil(8)
}

/// Appends the low `width` bits of each value.
pub(crate) fn pack(out: &mut Vec<u8>, values: &[u64], width: u8) {
    let mut pending = 0_u128;
    let mut filled = 0_u32;
    for value in values {
        debug_assert!(self::width(*value) <= width);
        pending |= u128::from(*value) << filled;
        filled += u32::from(width);
        while filled >= 8 {
            out.push(pending as u8);
            pending >>= 8;
            filled -= 8;
        }
    }
    if filled > 0 {
        out.push(pending as u8);
    }
}

/// Reads `count` values of `width` bits and hands each to `take`.
pub(crate) fn unpack(
    reader: &mut Reader<'_>,
    count: usize,
    width: u8,
    mut take: impl FnMut(u64),
) -> Result<(), Damaged> {
    if width > 64 {
        return Err(Damaged("a bit width exceeds 64"));
    }
    let bytes = reader.take(packed_bytes(count, width))?;
    let mask = if width == 64 {
        u64::MAX
    } else {
        (1_u64 << width) - 1
    };
    if width > WORD_WIDTH_MAX {
        return unpack_wide(bytes, count, width, mask, take);
    }
    for index in 0..count {
        let bit = index * usize::from(width);
        let rest = bytes.get(bit / 8..).unwrap_or_default();
        let word = match rest.first_chunk() {
            Some(word) => u64::from_le_bytes(*word),
            None => rest
                .iter()
                .rev()
                .fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        take(word >> (bit % 8) & mask);
    }
    Ok(())
}

/// A value of up to so many bits lies within eight bytes, wherever in a byte it begins.
const WORD_WIDTH_MAX: u8 = 57;

/// The same byte by byte, for values that may lie in nine.
fn unpack_wide(
    bytes: &[u8],
    count: usize,
    width: u8,
    mask: u64,
    mut take: impl FnMut(u64),
) -> Result<(), Damaged> {
    let mut bytes = bytes.iter();
    let mut pending = 0_u128;
    let mut filled = 0_u32;
    for _ in 0..count {
        while filled < u32::from(width) {
            let byte = bytes.next().ok_or(Damaged("packed bits end too early"))?;
            pending |= u128::from(*byte) << filled;
            filled += 8;
        }
        take(pending as u64 & mask);
        pending >>= width;
        filled -= u32::from(width);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_width_reads_back(raw in prop::collection::vec(any::<u64>(), 0..130), width in 0_u8..=64) {
            let mask = if width == 64 { u64::MAX } else { (1_u64 << width) - 1 };
            let values: Vec<u64> = raw.iter().map(|value| value & mask).collect();
            let mut out = Vec::new();
            pack(&mut out, &values, width);
            let mut reader = Reader::new(&out);
            let mut back = Vec::new();
            unpack(&mut reader, values.len(), width, |value| back.push(value)).unwrap();
            prop_assert_eq!(back, values);
            prop_assert_eq!(reader.finish(), Ok(()));
        }
    }
}
