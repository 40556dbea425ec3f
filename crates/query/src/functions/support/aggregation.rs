//! One value out of many that stand at the same time.

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
    Count,
    Range,
    Multiply,
    Last,
}

impl Aggregation {
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

    /// The aggregate; NaN where there is none. NaN among the values is no value.
    pub(crate) fn of(self, values: &[f64]) -> f64 {
        let mut present = values.iter().copied().filter(|value| !value.is_nan());
        let count = present.clone().count();
        if count == 0 {
            return match self {
                Self::Count => 0.0,
                Self::AverageZero if !values.is_empty() => 0.0,
                _ => f64::NAN,
            };
        }
        let least = |present: &mut dyn Iterator<Item = f64>| present.fold(f64::INFINITY, f64::min);
        let most =
            |present: &mut dyn Iterator<Item = f64>| present.fold(f64::NEG_INFINITY, f64::max);
        match self {
            Self::Average => present.sum::<f64>() / count as f64,
            Self::AverageZero => present.sum::<f64>() / values.len() as f64,
            Self::Median => median(present.collect()),
            Self::Sum => present.sum(),
            Self::Min => least(&mut present),
            Self::Max => most(&mut present),
            Self::Diff => {
                let first = present.next().unwrap_or(f64::NAN);
                present.fold(first, |sum, value| sum - value)
            }
            Self::StandardDeviation => {
                let mean = present.clone().sum::<f64>() / count as f64;
                let squares = present.map(|value| (value - mean) * (value - mean));
                (squares.sum::<f64>() / count as f64).sqrt()
            }
            Self::Count => count as f64,
            Self::Range => most(&mut present.clone()) - least(&mut present),
            Self::Multiply if count < values.len() => f64::NAN,
            Self::Multiply => present.product(),
            Self::Last => present.next_back().unwrap_or(f64::NAN),
        }
    }
}

/// The value in the middle, or the mean of the two there.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) {
        f64::midpoint(at(middle.wrapping_sub(1)), at(middle))
    } else {
        at(middle)
    }
}
