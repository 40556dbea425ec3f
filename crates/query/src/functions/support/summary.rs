//! Values in buckets of time.

use super::Aggregation;
use crate::error::Fault;
use crate::function::FunctionCall;
use crate::series::Series;

/// Where buckets lie.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buckets {
    /// Epoch second at which the first begins.
    pub(crate) start: i64,
    /// Epoch second before which the last begins.
    pub(crate) end: i64,
    /// Seconds of each; positive.
    pub(crate) width: i64,
}

impl Buckets {
    fn count(self) -> usize {
        let span = self.end.saturating_sub(self.start).max(0);
        let count = span / self.width + i64::from(span % self.width != 0);
        usize::try_from(count).unwrap_or(usize::MAX)
    }

    /// Epoch second at which the last ends.
    pub(crate) fn aligned_end(self) -> i64 {
        let count = i64::try_from(self.count()).unwrap_or(i64::MAX);
        self.start.saturating_add(count.saturating_mul(self.width))
    }
}

/// The aggregate of the values of each bucket, where a large enough share of them is there.
pub(crate) fn summarized(
    call: &mut FunctionCall<'_>,
    series: &Series,
    aggregation: Aggregation,
    buckets: Buckets,
) -> Result<Vec<f64>, Fault> {
    let count = buckets.count();
    call.spend(count)?;
    call.checkpoint(series.values.len())?;
    call.reserve(count.saturating_add(series.weight() - series.values.len()))?;
    let points = series.points();
    let span = (series.end - series.start).max(0);
    let span = span / series.step + i64::from(span % series.step != 0);
    let length = points.len().min(usize::try_from(span).unwrap_or(0));
    let whole = buckets.width as f64 / series.step as f64;
    let at =
        |index: usize| series.start + i64::try_from(index).unwrap_or(i64::MAX / 2) * series.step;
    let mut values = Vec::with_capacity(count);
    let (mut next, mut start) = (0, buckets.start);
    for _ in 0..count {
        let (mut first, mut present) = (next, 0_usize);
        while next < length && at(next) < start + buckets.width {
            if at(next) <= start {
                first = next;
            }
            let is_there = points.get(next).is_some_and(|value| !value.is_nan());
            if at(next) >= start && is_there {
                present += 1;
            }
            next += 1;
        }
        let is_enough = present > 0 && present as f64 / whole >= series.x_files_factor;
        let bucket = points.get(first..next).unwrap_or_default();
        values.push(if is_enough {
            aggregation.of(bucket)
        } else {
            f64::NAN
        });
        start += buckets.width;
    }
    Ok(values)
}
