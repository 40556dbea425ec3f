//! Which code a column gets, and the way back from every code.
//!
//! | code | column | layout |
//! | --- | --- | --- |
//! | 0x00 | any | 8 bytes each, little-endian |
//! | 0x01 | values | constant: the 8 bytes once |
//! | 0x02 | timestamps | first and step, zigzag varints |
//! | 0x10 | any | decpack; values with the exponent (u8) before it |
//! | 0x11 | values | exponent (u8), decpack, then exceptions: count varint, per exception position u16 and 8 bytes |

use super::varint::{Reader, put, put_signed};
use super::{Damaged, decpack};

const RAW: u8 = 0x00;
const CONSTANT: u8 = 0x01;
const STEP: u8 = 0x02;
const DECPACK: u8 = 0x10;
const DECPACK_EXCEPTIONS: u8 = 0x11;

/// With more than one exception in this many values the decimals are not worth it (an exception costs 10 bytes).
const VALUES_PER_EXCEPTION: usize = 16;

/// Whether this build knows the code of a column of instants.
pub(crate) const fn is_timestamps_code(code: u8) -> bool {
    matches!(code, RAW | STEP | DECPACK)
}

/// Whether it knows that of a column of values.
pub(crate) const fn is_values_code(code: u8) -> bool {
    matches!(code, RAW | CONSTANT | DECPACK | DECPACK_EXCEPTIONS)
}

/// Appends instants; returns their code.
pub(crate) fn encode_timestamps(out: &mut Vec<u8>, timestamps: &[i64]) -> u8 {
    if let Some((first, step)) = straight(timestamps) {
        put_signed(out, first);
        put_signed(out, step);
        return STEP;
    }
    let start = out.len();
    if decpack::encode_integers(out, timestamps) && out.len() - start < timestamps.len() * 8 {
        return DECPACK;
    }
    out.truncate(start);
    for timestamp in timestamps {
        out.extend_from_slice(&timestamp.to_le_bytes());
    }
    RAW
}

fn straight(timestamps: &[i64]) -> Option<(i64, i64)> {
    let first = *timestamps.first()?;
    let step = match timestamps.get(1) {
        Some(second) => second.checked_sub(first)?,
        None => 0,
    };
    let mut expected = first;
    for timestamp in timestamps {
        if *timestamp != expected {
            return None;
        }
        expected = expected.wrapping_add(step);
    }
    Some((first, step))
}

/// Reads `count` instants.
pub(crate) fn decode_timestamps(code: u8, bytes: &[u8], count: usize) -> Result<Vec<i64>, Damaged> {
    let mut reader = Reader::new(bytes);
    let timestamps = match code {
        RAW => raw(&mut reader, count)?.map(i64::from_le_bytes).collect(),
        STEP => {
            let first = reader.signed()?;
            let step = reader.signed()?;
            (0..count as i64)
                .map(|at| first.wrapping_add(step.wrapping_mul(at)))
                .collect()
        }
        DECPACK => decpack::decode_integers(&mut reader, count)?,
        _ => return Err(Damaged("an unknown code of a timestamp column")),
    };
    reader.finish()?;
    Ok(timestamps)
}

/// Appends values; returns their code. At most 65536 of them.
pub(crate) fn encode_values(out: &mut Vec<u8>, values: &[f64]) -> u8 {
    if let Some(first) = values.first()
        && values
            .iter()
            .all(|value| value.to_bits() == first.to_bits())
    {
        out.extend_from_slice(&first.to_le_bytes());
        return CONSTANT;
    }
    let start = out.len();
    let decimals = decpack::decimals(values);
    if decimals.exceptions.len() * VALUES_PER_EXCEPTION <= values.len() {
        out.push(decimals.exponent);
        if decpack::encode_integers(out, &decimals.mantissas)
            && out.len() - start < values.len() * 8
        {
            if decimals.exceptions.is_empty() {
                return DECPACK;
            }
            put(out, decimals.exceptions.len() as u64);
            for (position, value) in &decimals.exceptions {
                out.extend_from_slice(&position.to_le_bytes());
                out.extend_from_slice(&value.to_le_bytes());
            }
            return DECPACK_EXCEPTIONS;
        }
        out.truncate(start);
    }
    for value in values {
        out.extend_from_slice(&value.to_le_bytes());
    }
    RAW
}

/// Reads `count` values.
pub(crate) fn decode_values(code: u8, bytes: &[u8], count: usize) -> Result<Vec<f64>, Damaged> {
    let mut reader = Reader::new(bytes);
    let values = match code {
        RAW => raw(&mut reader, count)?.map(f64::from_le_bytes).collect(),
        CONSTANT => vec![f64::from_le_bytes(reader.array()?); count],
        DECPACK | DECPACK_EXCEPTIONS => {
            let exponent = reader.byte()?;
            let mantissas = decpack::decode_integers(&mut reader, count)?;
            let mut values = decpack::undo_decimals(&mantissas, exponent)?;
            if code == DECPACK_EXCEPTIONS {
                for _ in 0..reader.count(10)? {
                    let position = usize::from(reader.u16()?);
                    let value = f64::from_le_bytes(reader.array()?);
                    *values
                        .get_mut(position)
                        .ok_or(Damaged("an exception lies outside its column"))? = value;
                }
            }
            values
        }
        _ => return Err(Damaged("an unknown code of a value column")),
    };
    reader.finish()?;
    Ok(values)
}

fn raw<'a>(
    reader: &mut Reader<'a>,
    count: usize,
) -> Result<impl Iterator<Item = [u8; 8]> + use<'a>, Damaged> {
    let bytes = reader.take(count.saturating_mul(8))?;
    Ok(bytes
        .chunks_exact(8)
        .filter_map(|chunk| chunk.try_into().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values_round_trip(values: &[f64]) -> (u8, usize) {
        let mut out = Vec::new();
        let code = encode_values(&mut out, values);
        let back = decode_values(code, &out, values.len()).unwrap();
        let bits = |values: &[f64]| {
            values
                .iter()
                .map(|value| value.to_bits())
                .collect::<Vec<_>>()
        };
        assert_eq!(bits(&back), bits(values));
        (code, out.len())
    }

    #[test]
    fn each_shape_gets_its_code() {
        assert_eq!(values_round_trip(&[1.5; 100]), (CONSTANT, 8));
        let counter: Vec<f64> = (0..1000).map(|at| f64::from(at * 3)).collect();
        assert_eq!(values_round_trip(&counter).0, DECPACK);
        let mut gauge: Vec<f64> = (0..100).map(|at| f64::from(at % 7) / 100.0).collect();
        assert_eq!(values_round_trip(&gauge).0, DECPACK);
        gauge[50] = -0.0;
        gauge[51] = f64::from_bits(1);
        assert_eq!(values_round_trip(&gauge).0, DECPACK_EXCEPTIONS);
        let doubles: Vec<f64> = (1..100).map(|at| f64::from(at).sqrt() / 3e5).collect();
        assert_eq!(values_round_trip(&doubles).0, RAW);
        values_round_trip(&[
            f64::MAX,
            f64::MIN,
            -0.0,
            0.0,
            f64::MIN_POSITIVE,
            1e300,
            9_007_199_254_740_993.0,
        ]);
        values_round_trip(&[]);
    }

    #[test]
    fn the_codes_that_are_known_are_those_that_are_read() {
        let unknown = |outcome: Result<(), Damaged>| {
            outcome.is_err_and(|Damaged(what)| what.starts_with("an unknown code"))
        };
        for code in 0..=u8::MAX {
            let timestamps = decode_timestamps(code, &[], 1).map(drop);
            assert_eq!(is_timestamps_code(code), !unknown(timestamps), "{code:#x}");
            let values = decode_values(code, &[], 1).map(drop);
            assert_eq!(is_values_code(code), !unknown(values), "{code:#x}");
        }
    }

    proptest! {
        #[test]
        fn any_values_read_back_bit_for_bit(
            values in prop::collection::vec(
                prop_oneof![
                    any::<f64>(),
                    (-100_000_i64..100_000, 0_i32..6).prop_map(|(m, e)| m as f64 / 10_f64.powi(e)),
                    Just(-0.0),
                ],
                0..300,
            )
        ) {
            values_round_trip(&values);
        }

        #[test]
        fn any_instants_read_back(
            timestamps in prop::collection::vec(prop_oneof![any::<i64>(), 0_i64..86_400_000], 0..300)
        ) {
            let mut out = Vec::new();
            let code = encode_timestamps(&mut out, &timestamps);
            prop_assert_eq!(decode_timestamps(code, &out, timestamps.len()), Ok(timestamps));
        }

        #[test]
        fn no_bytes_panic(code: u8, bytes: Vec<u8>, count in 0_usize..1100) {
            for code in [code, RAW, CONSTANT, STEP, DECPACK, DECPACK_EXCEPTIONS] {
                let _ = decode_timestamps(code, &bytes, count);
                let _ = decode_values(code, &bytes, count);
            }
        }
    }
}
