//! Aggregates values of the same time.

use base::number;

/// An aggregation by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aggregation {
    Average,
    AverageZero,
    Median,
    Sum,
    Min,
    Max,
    Diff,
    StandardDeviation,
    /// The sort key of `mostDeviant`; no target can name it.
    Variance,
    Count,
    Range,
    Multiply,
    Last,
}

impl Aggregation {
    /// Those that have a name.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 12] = [
        Self::Average,
        Self::AverageZero,
        Self::Median,
        Self::Sum,
        Self::Min,
        Self::Max,
        Self::Diff,
        Self::StandardDeviation,
        Self::Count,
        Self::Range,
        Self::Multiply,
        Self::Last,
    ];

    /// By a name or an alias of it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "average" | "avg" => Self::Average,
            "avg_zero" => Self::AverageZero,
            "median" => Self::Median,
            "sum" | "total" => Self::Sum,
            "min" => Self::Min,
            "max" => Self::Max,
            "diff" => Self::Diff,
            "stddev" => Self::StandardDeviation,
            "count" => Self::Count,
            "range" | "rangeOf" => Self::Range,
            "multiply" => Self::Multiply,
            "last" | "current" => Self::Last,
            _ => return None,
        })
    }

    /// Whether its result is a whole number, where its values are such or not.
    pub(crate) const fn is_whole(self, of_whole: bool) -> bool {
        match self {
            Self::Count => true,
            Self::Average
            | Self::AverageZero
            | Self::Median
            | Self::StandardDeviation
            | Self::Variance => false,
            _ => of_whole,
        }
    }

    /// A value of a series as a name shows it.
    pub(crate) fn format(self, value: f64, of_whole: bool) -> String {
        format_value(value, self.is_whole(of_whole))
    }

    /// Whether the values have an aggregate. It may be no number all the same: infinite ones take each other away.
    pub(crate) fn has_result(self, values: &[f64]) -> bool {
        let mut are_there = values.iter().map(|value| !value.is_nan());
        match self {
            Self::Count => true,
            Self::AverageZero => !values.is_empty(),
            Self::Multiply => !values.is_empty() && are_there.all(|is_there| is_there),
            _ => are_there.any(|is_there| is_there),
        }
    }

    /// A value of a series as a name shows it, which is an aggregate of these values.
    pub(crate) fn format_of(self, value: f64, (values, of_whole): (&[f64], bool)) -> String {
        match value.is_nan() && self.has_result(values) {
            true => NOT_A_NUMBER.to_owned(),
            false => self.format(value, of_whole),
        }
    }

    /// The aggregate; NaN where there is none. NaN among the values is no value.
    pub(crate) fn of(self, values: &[f64]) -> f64 {
        let (value, count) = match self {
            Self::Average | Self::AverageZero | Self::Sum => {
                folded(values, 0.0, |sum, value, _| sum + value)
            }
            Self::Min => folded(values, f64::INFINITY, |least, value, _| least.min(value)),
            Self::Max => folded(values, f64::NEG_INFINITY, |most, value, _| most.max(value)),
            Self::Diff => folded(values, f64::NAN, |rest, value, count| {
                if count == 0 { value } else { rest - value }
            }),
            Self::Multiply => folded(values, 1.0, |product, value, _| product * value),
            Self::Last => folded(values, f64::NAN, |_, value, _| value),
            Self::Count => folded(values, 0.0, |_, _, _| 0.0),
            Self::Range => {
                let (least, count) =
                    folded(values, f64::INFINITY, |least, value, _| least.min(value));
                let (most, _) = folded(values, f64::NEG_INFINITY, |most, value, _| most.max(value));
                (most - least, count)
            }
            Self::StandardDeviation => return Self::Variance.of(values).sqrt(),
            Self::Variance => {
                let (sum, count) = folded(values, 0.0, |sum, value, _| sum + value);
                let mean = sum / count as f64;
                folded(values, 0.0, |sum, value, _| {
                    sum + (value - mean) * (value - mean)
                })
            }
            Self::Median => {
                let present = values.iter().copied().filter(|value| !value.is_nan());
                return median(&mut present.collect::<Vec<_>>());
            }
        };
        if count == 0 {
            return match self {
                Self::Count => 0.0,
                Self::AverageZero if !values.is_empty() => 0.0,
                _ => f64::NAN,
            };
        }
        match self {
            Self::Average | Self::Variance => value / count as f64,
            Self::AverageZero => value / values.len() as f64,
            Self::Multiply if count < values.len() => f64::NAN,
            Self::Count => count as f64,
            _ => value,
        }
    }
}

/// Folds the values that are there, and counts them.
fn folded(values: &[f64], start: f64, step: impl Fn(f64, f64, usize) -> f64) -> (f64, usize) {
    let (mut folded, mut count) = (start, 0);
    for value in values {
        if !value.is_nan() {
            folded = step(folded, *value, count);
            count += 1;
        }
    }
    (folded, count)
}

/// How a name shows what is a value and no number.
pub(crate) const NOT_A_NUMBER: &str = "nan";

/// A value as a name shows it: `3.0`, or `3` where it is a whole number to graphite-web.
pub(crate) fn format_value(value: f64, is_whole: bool) -> String {
    if value.is_nan() {
        "None".to_owned()
    } else if is_whole {
        format!("{value:.0}")
    } else {
        number::repr(value)
    }
}

/// The value in the middle of some that are there, or the mean of the two there; NaN where there is none. It puts them into
/// another order.
pub(super) fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    if values.is_empty() {
        return f64::NAN;
    }
    let (below, at, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if !is_even {
        return *at;
    }
    let before = below.iter().copied().max_by(f64::total_cmp);
    before.map_or(f64::NAN, |before| f64::midpoint(before, *at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_no_aggregate_but_a_count() {
        for aggregation in Aggregation::ALL {
            let is_zero = [Aggregation::Count, Aggregation::AverageZero].contains(&aggregation);
            assert_eq!(
                aggregation.of(&[f64::NAN]).is_nan(),
                !is_zero,
                "{aggregation:?}"
            );
        }
        assert_eq!(Aggregation::Count.of(&[f64::NAN]), 0.0);
        assert_eq!(Aggregation::AverageZero.of(&[f64::NAN]), 0.0);
        assert!(Aggregation::AverageZero.of(&[]).is_nan());
    }
}
