//! How neighbouring values of a series are consolidated into one.

/// The sum of no values: what is added to it is that, whatever its sign.
const NOTHING: f64 = -0.0;

/// How values become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Consolidation {
    /// Their mean.
    #[default]
    Average,
    /// Their mean, where what is not there counts as zero.
    AverageZero,
    /// Their sum.
    Sum,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The earliest.
    First,
    /// The latest.
    Last,
    /// Nobody knows: `consolidateBy` was given a name that is none. Values that would have to become one are none.
    Unknown,
}

impl Consolidation {
    /// By the name that `consolidateBy` takes.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "average" | "avg" => Self::Average,
            "avg_zero" => Self::AverageZero,
            "sum" => Self::Sum,
            "min" => Self::Min,
            "max" => Self::Max,
            "first" => Self::First,
            "last" => Self::Last,
            _ => return None,
        })
    }

    /// The name in formats that tell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Average => "average",
            Self::AverageZero => "avg_zero",
            Self::Sum => "sum",
            Self::Min => "min",
            Self::Max => "max",
            Self::First => "first",
            Self::Last => "last",
            Self::Unknown => "unknown",
        }
    }

    /// The value of a bucket that has room for `whole` values; NaN where too small a share of them is there.
    #[must_use]
    pub(crate) fn of_bucket(self, values: &[f64], whole: usize, x_files_factor: f64) -> f64 {
        // Buckets are many and short.
        let (mut sum, mut count) = (NOTHING, 0_usize);
        for value in values {
            let is_there = !value.is_nan();
            sum = if is_there { sum + value } else { sum };
            count += usize::from(is_there);
        }
        if count == 0 || (count as f64) / (whole as f64) < x_files_factor {
            return f64::NAN;
        }
        let mut present = values.iter().copied().filter(|value| !value.is_nan());
        match self {
            Self::Average => sum / count as f64,
            Self::AverageZero => sum / values.len() as f64,
            Self::Sum => sum,
            Self::Min => present.fold(f64::INFINITY, f64::min),
            Self::Max => present.fold(f64::NEG_INFINITY, f64::max),
            Self::First => present.next().unwrap_or(f64::NAN),
            Self::Last => present.next_back().unwrap_or(f64::NAN),
            Self::Unknown => f64::NAN,
        }
    }
}
