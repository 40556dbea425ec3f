//! Rounding as Python does it: to the nearest decimal number, of two that are as near to the even one.

use std::fmt::Write;

/// The value with so many digits behind the point; negative counts stand for places before it.
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
        .map(|(_, own)| own.parse::<i32>());
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
}
