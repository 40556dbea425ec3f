//! Numbers in names, formatted as Python does it.

/// `str(x)`: the shortest text that reads back as the same number; with an exponent below 1e-4 and from 1e16 on.
#[must_use]
pub fn repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let plain = format!("{value}");
    if plain.contains('.') {
        plain
    } else {
        plain + ".0"
    }
}

/// `%g`: six digits, trailing zeros cut off.
#[must_use]
pub fn general(value: f64) -> String {
    general_with(value, 6)
}

/// `%.<digits>g`: so many digits, at least one, trailing zeros cut off.
#[must_use]
pub fn general_with(value: f64, digits: usize) -> String {
    if !value.is_finite() || value == 0.0 {
        let text = repr(value);
        return text.strip_suffix(".0").unwrap_or(&text).to_owned();
    }
    let behind_point = digits.max(1) - 1;
    let text = scientific(value, behind_point);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let most = i32::try_from(behind_point).unwrap_or(i32::MAX);
    if (-4..=most).contains(&exponent) {
        let decimals = usize::try_from(most - exponent).unwrap_or(0);
        return trimmed(&format!("{value:.decimals$}")).to_owned();
    }
    let exponent = text.get(mantissa.len()..).unwrap_or_default();
    format!("{}{exponent}", trimmed(mantissa))
}

/// `%.<decimals>e`.
#[must_use]
pub fn scientific(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// Without zeros at the end of a fraction, and without a point that nothing follows.
fn trimmed(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_python_does() {
        for (value, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (1e15, "1000000000000000.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e100, "1e+100"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(repr(value), text);
        }
        for (value, text) in [
            (1.0, "1"),
            (0.0, "0"),
            (-2.5, "-2.5"),
            (0.1, "0.1"),
            (1234567.0, "1.23457e+06"),
            (123456.0, "123456"),
            (999999.5, "1e+06"),
            (0.000012345678, "1.23457e-05"),
            (0.00012345678, "0.000123457"),
            (100.0, "100"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(general(value), text);
        }
    }
}
