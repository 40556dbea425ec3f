//! Rounding as Python does it: to the nearest decimal number, of two that are as near to the even one.

use std::fmt::Write;

/// The value with so many digits after the point; negative counts stand for places before it.
pub(crate) fn round(value: f64, digits: i64) -> f64 {
    if !value.is_finite() || digits > 323 {
        return value;
    }
    if digits < -308 {
        return 0.0 * value;
    }
    let digits = i32::try_from(digits).unwrap_or(0);
    let power = 10_f64.powi(digits.abs());
    let scaled = if digits < 0 {
        value / power
    } else {
        value * power
    };
    let is_exact_power = digits.abs() <= 22;
    let distance = (scaled.fract().abs() - 0.5).abs();
    if is_exact_power && scaled.abs() < 4e15 && distance > scaled.abs() * 1e-15 + 1e-12 {
        let whole = scaled.round();
        return if digits < 0 {
            whole * power
        } else {
            whole / power
        };
    }
    exactly(value, digits)
}

/// The sum with it is so large that no digit after the point is left: `x + WHOLE - WHOLE` is the whole number nearest to `x`.
const WHOLE: f64 = 6_755_399_441_055_744.0;

/// Rounds each value. What lies well between two results is rounded without a branch, several values at once.
pub(crate) fn round_all(values: &mut [f64], digits: i32) {
    let power = match digits {
        0..=22 => 10_f64.powi(digits),
        _ => f64::NAN,
    };
    for values in values.chunks_mut(PIECE) {
        let is_clear = |value: f64| {
            let scaled = value * power;
            let distance = 0.5 - (scaled - (scaled + WHOLE - WHOLE)).abs();
            // What is not there, is clear: it stays so.
            let is_apart = distance > scaled.abs() * 1e-15 + 1e-12;
            value.is_nan() | (is_apart & (scaled.abs() < 2e15))
        };
        let are_clear = values
            .iter()
            .fold(true, |all, value| all & is_clear(*value));
        for value in values {
            *value = if are_clear {
                ((*value * power + WHOLE - WHOLE) / power).copysign(*value)
            } else {
                round(*value, i64::from(digits))
            };
        }
    }
}

/// Values that are looked at together.
const PIECE: usize = 64;

/// The same by way of the decimal digits, for what lies so near to the middle that only they tell.
fn exactly(value: f64, digits: i32) -> f64 {
    let mut text = String::new();
    if let Ok(decimals) = usize::try_from(digits) {
        return match write!(text, "{value:.decimals$}") {
            Ok(()) => text.parse().unwrap_or(value),
            Err(_) => value,
        };
    }
    let Ok(places) = usize::try_from(-digits) else {
        return value;
    };
    // Digits before the point: as many significant ones as are left of the place, by the exponent.
    let scientific = format!("{value:e}");
    let exponent = scientific
        .split_once('e')
        .map(|(_, digits)| digits.parse::<i32>());
    let Some(Ok(exponent)) = exponent else {
        return value;
    };
    let kept = exponent + digits;
    if kept < -1 {
        return 0.0 * value;
    }
    if kept == -1 {
        let half = 5.0 * 10_f64.powi(i32::try_from(places).unwrap_or(0) - 1);
        let whole = 2.0 * half;
        return if value.abs() > half {
            whole.copysign(value)
        } else {
            0.0 * value
        };
    }
    let kept = usize::try_from(kept).unwrap_or(0);
    format!("{value:.kept$e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::strategy::Strategy as _;

    #[test]
    fn values_are_rounded_as_python_does() {
        for (value, digits, expected) in [
            (2.5, 0, 2.0),
            (3.5, 0, 4.0),
            (-2.5, 0, -2.0),
            (0.5, 0, 0.0),
            (2.675, 2, 2.67),
            (1.005, 2, 1.0),
            (1.000_000_5, 6, 1.000_001),
            (0.000_001_5, 6, 0.000_002),
            (150.0, -2, 200.0),
            (0.123_456_789, 6, 0.123_457),
            (1234.5, -2, 1200.0),
            (1250.0, -2, 1200.0),
            (1350.0, -2, 1400.0),
            (50.0, -2, 0.0),
            (51.0, -2, 100.0),
            (4.0, -2, 0.0),
            (1e300, 6, 1e300),
            (123.456, 400, 123.456),
            (123.456, -400, 0.0),
            (9_007_199_254_740_993.0, 0, 9_007_199_254_740_992.0),
        ] {
            assert_eq!(round(value, digits), expected, "round({value}, {digits})");
        }
    }

    proptest::proptest! {
        #[test]
        fn many_are_rounded_as_each_alone(
            values in proptest::collection::vec(
                proptest::prop_oneof![
                    -1e3..1e3_f64,
                    proptest::num::f64::ANY,
                    (-2_000_000_i32..2_000_000).prop_map(|millionths| f64::from(millionths) / 2e6),
                    (-2_000_i32..2_000).prop_map(f64::from),
                ],
                0..200,
            ),
            digits in -3..25_i32,
        ) {
            let expected: Vec<u64> =
                values.iter().map(|value| round(*value, i64::from(digits)).to_bits()).collect();
            let mut found = values.clone();
            round_all(&mut found, digits);
            let is_same = found.iter().zip(&expected).zip(&values).all(|((rounded, other), value)| {
                rounded.to_bits() == *other || value.is_nan() && rounded.is_nan()
            });
            proptest::prop_assert!(is_same, "{:?} of {:?}", found, values);
        }
    }
}
