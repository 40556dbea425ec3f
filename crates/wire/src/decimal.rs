//! Numbers as decimals. What most values are (whole, or with a few decimals) takes no search for the shortest digits.

use base::number;
use std::io::Write as _;

/// The sum with it is so large that no digit after the point is left: `x + WHOLE - WHOLE` is the whole number nearest to `x`.
const WHOLE: f64 = 6_755_399_441_055_744.0;

/// Up to here each whole number, and each decimal with as many digits, is told apart from all others.
const EXACT: f64 = 1e15;

/// Six decimals are tried.
const SCALE: u64 = 1_000_000;

/// The shortest decimal that reads back as the same number; whole ones without a fraction, `null` for what JSON has no number
/// for.
pub(crate) fn write_number(out: &mut Vec<u8>, value: f64) {
    let size = value.abs();
    if !value.is_finite() {
        out.extend_from_slice(b"null");
    } else if size < EXACT && whole(value) == value {
        // `-0` keeps its sign.
        if value.is_sign_negative() {
            out.push(b'-');
        }
        write_unsigned(out, unsigned(size));
    } else if (1e-5..1e17).contains(&size) {
        match few_decimals(size) {
            Some(scaled) => {
                if value < 0.0 {
                    out.push(b'-');
                }
                write_scaled(out, scaled);
            }
            None => write_shortest(out, value),
        }
    } else {
        // Writing into memory can't fail.
        let _ = write!(out, "{value:e}");
    }
}

/// The same as Python has it (`repr`): whole ones with a point and a zero.
pub(crate) fn write_repr(out: &mut Vec<u8>, value: f64) {
    let size = value.abs();
    if size < EXACT && (whole(value) == value || size >= 1e-4 && few_decimals(size).is_some()) {
        write_number(out, value);
        if whole(value) == value {
            out.extend_from_slice(b".0");
        }
    } else {
        out.extend_from_slice(number::repr(value).as_bytes());
    }
}

/// Writes a whole number.
pub(crate) fn write_integer(out: &mut Vec<u8>, integer: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(integer).as_bytes());
}

fn write_unsigned(out: &mut Vec<u8>, integer: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(integer).as_bytes());
}

/// The nearest whole number, of one that is less than [`EXACT`].
fn whole(value: f64) -> f64 {
    value + WHOLE - WHOLE
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "callers have whole numbers that fit"
)]
const fn unsigned(whole: f64) -> u64 {
    whole as u64
}

/// The number times [`SCALE`], where that is whole and so short that no other decimal of as few digits is the same number.
fn few_decimals(size: f64) -> Option<u64> {
    #[expect(clippy::cast_precision_loss, reason = "it is exact")]
    let scale = SCALE as f64;
    let scaled = size * scale;
    if scaled >= EXACT {
        return None;
    }
    let scaled = whole(scaled);
    (scaled / scale == size).then(|| unsigned(scaled))
}

/// A number that was scaled, and is not whole.
fn write_scaled(out: &mut Vec<u8>, scaled: u64) {
    write_unsigned(out, scaled / SCALE);
    out.push(b'.');
    let mut buffer = itoa::Buffer::new();
    // The digit before them keeps their zeros.
    let digits = buffer.format(SCALE + scaled % SCALE).trim_end_matches('0');
    out.extend_from_slice(digits.as_bytes().get(1..).unwrap_or_default());
}

fn write_shortest(out: &mut Vec<u8>, value: f64) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value);
    if text.contains('e') {
        let _ = write!(out, "{value}");
    } else {
        let text = text.strip_suffix(".0").unwrap_or(text);
        out.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(value: f64) -> String {
        let mut out = Vec::new();
        write_number(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    /// As the standard library has it.
    fn plainly(value: f64) -> String {
        if value.fract() == 0.0 && value.abs() < 1e15 {
            format!("{value:.0}")
        } else if (1e-5..1e17).contains(&value.abs()) {
            format!("{value}")
        } else {
            format!("{value:e}")
        }
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (2.0, "2"),
            (-0.0, "-0"),
            (-17.0, "-17"),
            (48.6, "48.6"),
            (-0.05, "-0.05"),
            (0.000_01, "0.00001"),
            (0.1 + 0.2, "0.30000000000000004"),
            (999_999_999.999_999, "999999999.999999"),
            (1e15, "1000000000000000"),
            (1e300, "1e300"),
            (5e-324, "5e-324"),
            (f64::NAN, "null"),
            (f64::INFINITY, "null"),
        ] {
            assert_eq!(written(value), text);
        }
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<f64>().prop_filter("finite", |value| value.is_finite()),
            any::<i32>().prop_map(f64::from),
            (any::<i32>(), 0..9_i32)
                .prop_map(|(digits, power)| f64::from(digits) / 10_f64.powi(power)),
            (any::<i64>(), 0..20_i32)
                .prop_map(|(digits, power)| digits as f64 / 10_f64.powi(power)),
            -1e3..1e3_f64,
            -1e-3..1e-3_f64,
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn they_are_those_of_the_standard_library(value in value()) {
            let (found, plain) = (written(value), plainly(value));
            // Of two that are as near, the standard library takes the greater, and Python, as we do, the even one.
            let is_one_of_two = found.len() == plain.len() && found.parse() == Ok(value);
            prop_assert!(found == plain || is_one_of_two, "{}, not {}", found, plain);
            let mut out = Vec::new();
            write_repr(&mut out, value);
            prop_assert_eq!(String::from_utf8(out).unwrap(), number::repr(value));
        }

        #[test]
        fn whole_ones_too(value: i64) {
            let mut out = Vec::new();
            write_integer(&mut out, value);
            prop_assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
        }
    }
}
