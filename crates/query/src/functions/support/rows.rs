//! Combines two columns value by value.

/// Each pair of values, as far as the longer column goes; what the other lacks is NaN.
pub(crate) fn paired(one: &[f64], other: &[f64], combine: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let shared = one.len().min(other.len());
    let (first, one_rest) = one.split_at(shared);
    let (second, other_rest) = other.split_at(shared);
    let mut values = Vec::with_capacity(one.len().max(other.len()));
    values.extend(first.iter().zip(second).map(|(a, b)| combine(*a, *b)));
    values.extend(one_rest.iter().map(|a| combine(*a, f64::NAN)));
    values.extend(other_rest.iter().map(|b| combine(f64::NAN, *b)));
    values
}

/// The quotient; NaN where the divisor is zero.
pub(crate) fn quotient(dividend: f64, divisor: f64) -> f64 {
    if divisor == 0.0 {
        f64::NAN
    } else {
        dividend / divisor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_column_decides() {
        let sum = |a: f64, b: f64| if b.is_nan() { -a } else { a + b };
        assert_eq!(paired(&[1.0, 2.0, 3.0], &[10.0], sum), [11.0, -2.0, -3.0]);
        let found = paired(&[1.0], &[10.0, 20.0], sum);
        assert_eq!(found.len(), 2);
        assert!(found.get(1).is_some_and(|value| value.is_nan()));
        assert!(quotient(1.0, -0.0).is_nan());
    }
}
