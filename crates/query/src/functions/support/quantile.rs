//! Percentiles, as graphite-web computes them.

use crate::error::Fault;

/// The `n`th percentile of the values that are there; NaN where none is. Ranks count one place beyond the values, and
/// between two of them stands the next one, or, interpolated, a value between them.
pub(crate) fn quantile(
    values: impl IntoIterator<Item = f64>,
    n: f64,
    is_interpolated: bool,
) -> Result<f64, Fault> {
    let mut present: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
    quantile_of(&mut present, n, is_interpolated)
}

/// The same of values none of which is NaN; it puts them into another order.
pub(crate) fn quantile_of(values: &mut [f64], n: f64, is_interpolated: bool) -> Result<f64, Fault> {
    if values.is_empty() {
        return Ok(f64::NAN);
    }
    let fraction = n / 100.0 * (values.len() as f64 + 1.0);
    if !fraction.is_finite() {
        return Err(Fault::argument(format!("there is no percentile {n}")));
    }
    let whole = fraction.trunc();
    let rest = fraction - whole;
    let rank = if is_interpolated {
        whole
    } else {
        whole + rest.ceil()
    };
    let count = values.len();
    let beyond = || Fault::argument(format!("the percentile {n} lies beyond the {count} values"));
    let length = count as f64;
    let index = if rank == 0.0 {
        0.0
    } else if rank - 1.0 == length {
        length - 1.0
    } else {
        rank - 1.0
    };
    let value = at(values, index).ok_or_else(beyond)?;
    if !is_interpolated || rank == length {
        return Ok(value);
    }
    let next = at(values, rank).ok_or_else(beyond)?;
    Ok(value + rest * (next - value))
}

/// The value at a place in their order, counted from the end where it is negative.
fn at(values: &mut [f64], index: f64) -> Option<f64> {
    let from_start = if index < 0.0 {
        index + values.len() as f64
    } else {
        index
    };
    if from_start < 0.0 || from_start >= values.len() as f64 {
        return None;
    }
    let (_, value, _) = values.select_nth_unstable_by(from_start as usize, f64::total_cmp);
    Some(*value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_reach_one_place_beyond_the_values() {
        let values = [3.0, f64::NAN, 1.0, 2.0, 4.0];
        for (n, is_interpolated, expected) in [
            (1.0, false, 1.0),
            (40.0, false, 2.0),
            (41.0, false, 3.0),
            (50.0, true, 2.5),
            (100.0, false, 4.0),
            (10.0, true, 1.0),
            (80.0, true, 4.0),
        ] {
            let found = quantile(values, n, is_interpolated).unwrap();
            assert!((found - expected).abs() < 1e-12, "{n}: {found}");
        }
        assert!(quantile([], 50.0, false).unwrap().is_nan());
        assert!(quantile(values, 121.0, false).is_err());
        assert!(
            quantile(values, 100.0, true).is_err(),
            "nothing comes behind the last"
        );
        assert!(quantile(values, -500.0, false).is_err());
        assert!(quantile(values, f64::INFINITY, false).is_err());
    }
}
