//! decpack: integers as delta (or delta of delta) divided by their greatest common divisor, bit-packed by 64 above the
//! group's minimum; and the decimal step that makes integers of floating-point numbers without losing a bit.
//!
//! Integers: `first` zigzag varint, `gcd` varint, `order` u8 (1 or 2), for order 2 the first step as zigzag varint, then
//! per 64 values: `min` zigzag varint, `width` u8, packed bits. A gcd of 0 says that all values are equal; nothing follows.

use super::varint::{Reader, put, put_signed};
use super::{Damaged, bits, gcd};

/// Values packed with one minimum and one width.
const GROUP: usize = 64;

/// Beyond it differences of differences could leave 64 bits; such columns are stored raw.
const MAGNITUDE_MAX: u64 = 1 << 60;

/// Largest power of ten that a decimal may be scaled by: 10^22 is the last one that `f64` holds exactly, and more than
/// 17 digits after the point cannot come from a mantissa under 2^53 worth scaling.
const EXPONENT_MAX: u8 = 17;

/// Beyond 2^53 not every integer is a `f64`.
const MANTISSA_MAX: f64 = 9_007_199_254_740_992.0;

const POWERS: [f64; EXPONENT_MAX as usize + 1] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17,
];

/// Appends `values`; false, with nothing appended, when a value is too large for this code.
pub(crate) fn encode_integers(out: &mut Vec<u8>, values: &[i64]) -> bool {
    let Some((first, rest)) = values.split_first() else {
        return true;
    };
    if values
        .iter()
        .any(|value| value.unsigned_abs() > MAGNITUDE_MAX)
    {
        return false;
    }
    let mut steps = Vec::with_capacity(rest.len());
    let mut previous = *first;
    for value in rest {
        steps.push(value - previous);
        previous = *value;
    }
    put_signed(out, *first);
    let divisor = gcd::of(&steps);
    put(out, divisor);
    if divisor == 0 {
        return true;
    }
    let divisor = divisor.cast_signed();
    for step in &mut steps {
        *step /= divisor;
    }
    let mut second = Vec::with_capacity(steps.len());
    let mut previous = None;
    for step in &steps {
        if let Some(previous) = previous {
            second.push(step - previous);
        }
        previous = Some(*step);
    }
    if cost(&second) < cost(&steps) {
        out.push(2);
        put_signed(out, steps.first().copied().unwrap_or_default());
        encode_groups(out, &second);
    } else {
        out.push(1);
        encode_groups(out, &steps);
    }
    true
}

/// Bits the groups would take.
fn cost(values: &[i64]) -> usize {
    values
        .chunks(GROUP)
        .map(|group| {
            let (min, max) = bounds(group);
            16 + group.len() * usize::from(bits::width(max.wrapping_sub(min).cast_unsigned()))
        })
        .sum()
}

fn bounds(group: &[i64]) -> (i64, i64) {
    group
        .iter()
        .fold((i64::MAX, i64::MIN), |(min, max), value| {
            (min.min(*value), max.max(*value))
        })
}

fn encode_groups(out: &mut Vec<u8>, values: &[i64]) {
    let mut above = Vec::with_capacity(GROUP);
    for group in values.chunks(GROUP) {
        let (min, max) = bounds(group);
        let width = bits::width(max.wrapping_sub(min).cast_unsigned());
        above.clear();
        above.extend(
            group
                .iter()
                .map(|value| value.wrapping_sub(min).cast_unsigned()),
        );
        put_signed(out, min);
        out.push(width);
        bits::pack(out, &above, width);
    }
}

/// Reads `count` integers.
pub(crate) fn decode_integers(reader: &mut Reader<'_>, count: usize) -> Result<Vec<i64>, Damaged> {
    let mut values = Vec::with_capacity(count);
    if count == 0 {
        return Ok(values);
    }
    let first = reader.signed()?;
    values.push(first);
    let divisor = reader.varint()?.cast_signed();
    if divisor == 0 {
        values.resize(count, first);
        return Ok(values);
    }
    let mut value = first;
    match reader.byte()? {
        1 => decode_groups(reader, count - 1, |step| {
            value = value.wrapping_add(step.wrapping_mul(divisor));
            values.push(value);
        })?,
        2 if count > 1 => {
            let mut step = reader.signed()?;
            value = value.wrapping_add(step.wrapping_mul(divisor));
            values.push(value);
            decode_groups(reader, count - 2, |change| {
                step = step.wrapping_add(change);
                value = value.wrapping_add(step.wrapping_mul(divisor));
                values.push(value);
            })?;
        }
        _ => return Err(Damaged("the order of differences is neither 1 nor 2")),
    }
    Ok(values)
}

fn decode_groups(
    reader: &mut Reader<'_>,
    count: usize,
    mut take: impl FnMut(i64),
) -> Result<(), Damaged> {
    let mut remaining = count;
    while remaining > 0 {
        let group = remaining.min(GROUP);
        let min = reader.signed()?;
        let width = reader.byte()?;
        bits::unpack(reader, group, width, |value| {
            take(min.wrapping_add(value.cast_signed()));
        })?;
        remaining -= group;
    }
    Ok(())
}

/// The mantissa with which `value` is exactly `mantissa / 10^exponent`, bit for bit.
fn mantissa(value: f64, exponent: u8) -> Option<i64> {
    let power = *POWERS.get(usize::from(exponent))?;
    let scaled = (value * power).round();
    if scaled.abs() >= MANTISSA_MAX || scaled.is_nan() {
        return None;
    }
    let mantissa = scaled as i64;
    ((mantissa as f64 / power).to_bits() == value.to_bits()).then_some(mantissa)
}

/// The smallest exponent, from `from` on, that makes an integer of `value`.
fn exponent_of(value: f64, from: u8) -> Option<u8> {
    (from..=EXPONENT_MAX).find(|exponent| mantissa(value, *exponent).is_some())
}

/// The decimals of a column: mantissas of one exponent, and what is no such decimal, by position.
#[derive(Debug, PartialEq)]
pub(crate) struct Decimals {
    pub(crate) exponent: u8,
    pub(crate) mantissas: Vec<i64>,
    pub(crate) exceptions: Vec<(u16, f64)>,
}

/// Scales a column by the smallest power of ten that fits all its decimals. An exception repeats the mantissa before it,
/// so that it costs no bits in the packed column.
pub(crate) fn decimals(values: &[f64]) -> Decimals {
    let mut exponent = 0;
    for value in values {
        if mantissa(*value, exponent).is_none()
            && let Some(needed) = exponent_of(*value, exponent)
        {
            exponent = needed;
        }
    }
    let mut mantissas = Vec::with_capacity(values.len());
    let mut exceptions = Vec::new();
    let mut previous = 0;
    for (at, value) in values.iter().enumerate() {
        if let Some(mantissa) = mantissa(*value, exponent) {
            previous = mantissa;
        } else {
            exceptions.push((at as u16, *value));
        }
        mantissas.push(previous);
    }
    Decimals {
        exponent,
        mantissas,
        exceptions,
    }
}

/// The way back from [`decimals`], without the exceptions.
pub(crate) fn undo_decimals(mantissas: &[i64], exponent: u8) -> Result<Vec<f64>, Damaged> {
    let power = *POWERS
        .get(usize::from(exponent))
        .ok_or(Damaged("a decimal exponent is out of range"))?;
    Ok(mantissas
        .iter()
        .map(|mantissa| *mantissa as f64 / power)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(values: &[i64]) -> Option<usize> {
        let mut out = Vec::new();
        if !encode_integers(&mut out, values) {
            assert!(out.is_empty());
            return None;
        }
        let mut reader = Reader::new(&out);
        assert_eq!(decode_integers(&mut reader, values.len()).unwrap(), values);
        assert_eq!(reader.finish(), Ok(()));
        Some(out.len())
    }

    #[test]
    fn regular_columns_take_next_to_nothing() {
        let every_ten_seconds: Vec<i64> = (0..1000)
            .map(|at| 1_700_000_000_000 + at * 10_000)
            .collect();
        assert!(round_trip(&every_ten_seconds).unwrap() < 60);
        assert_eq!(round_trip(&[7; 1000]), Some(2));
        assert_eq!(
            round_trip(&[1 << 60, -(1 << 60), 1 << 60]).map(|bytes| bytes < 40),
            Some(true)
        );
        assert_eq!(round_trip(&[i64::MIN, 0]), None);
    }

    #[test]
    fn decimals_keep_every_bit() {
        let found = decimals(&[48.6, 0.25, -0.0, f64::MIN_POSITIVE / 2.0, 1e300, 3.0]);
        assert_eq!(found.exponent, 2);
        assert_eq!(found.mantissas, [4860, 25, 25, 25, 25, 300]);
        assert_eq!(found.exceptions.len(), 3);
    }

    proptest! {
        #[test]
        fn integers_read_back(values in prop::collection::vec(prop_oneof![any::<i64>(), -1000_i64..1000], 0..300)) {
            round_trip(&values);
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, count in 0_usize..2000) {
            let _ = decode_integers(&mut Reader::new(&bytes), count);
        }
    }
}
