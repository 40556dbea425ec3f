//! `powSeries`.

use crate::function::{Function, FunctionGroup, Kind, required};
use crate::series::normalize;
use std::borrow::Cow;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["powSeries"],
    group: FunctionGroup::Combine,
    parameters: &[required("seriesList", Kind::SeriesList).multiple()],
    summary: "The first series to the power of the second, that to the power of the third, and so on, where all have a value.",
    example: "powSeries(game.base, game.exponent)",
    is_aggregator: true,
    run: |call| {
        let lists = call.arguments.series_lists(0)?;
        let Some(normalized) = normalize(lists.into_iter().flatten().collect()) else {
            return Ok(Vec::new().into());
        };
        call.reserve(normalized.own_points())?;
        let (columns, length) = normalized.columns();
        call.spend(length.saturating_mul(columns.len()))?;
        call.reserve(length)?;
        let mut columns = columns.into_iter();
        let mut values = columns.next().map(Cow::into_owned).unwrap_or_default();
        values.resize(length, f64::NAN);
        for exponents in columns {
            call.checkpoint(length)?;
            let exponents = exponents.iter().chain(std::iter::repeat(&f64::NAN));
            for (value, exponent) in values.iter_mut().zip(exponents) {
                *value = power(*value, *exponent);
            }
        }
        let names: Vec<_> = normalized
            .series
            .iter()
            .map(|series| series.name.as_str())
            .collect();
        let name = format!("powSeries({})", names.join(","));
        Ok(vec![call.new_series(name, normalized.span(), values)].into())
    },
}];

/// The power; NaN where one is missing, or no finite number is it.
fn power(base: f64, exponent: f64) -> f64 {
    if base.is_nan() || exponent.is_nan() {
        return f64::NAN;
    }
    let power = base.powf(exponent);
    if base.is_finite() && exponent.is_finite() && !power.is_finite() {
        f64::NAN
    } else {
        power
    }
}

#[cfg(test)]
mod tests {
    use super::power;

    #[test]
    fn what_is_no_number_is_no_value() {
        assert_eq!(power(2.0, 10.0), 1024.0);
        assert_eq!(power(f64::INFINITY, 2.0), f64::INFINITY);
        for (base, exponent) in [
            (-8.0, 0.5),
            (0.0, -1.0),
            (1e200, 2.0),
            (f64::NAN, 0.0),
            (1.0, f64::NAN),
        ] {
            assert!(power(base, exponent).is_nan(), "{base} {exponent}");
        }
    }
}
