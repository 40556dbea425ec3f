//! Reduces series to the number of points that a reader can show (`maxDataPoints`).

use super::Series;

/// Gives each series at most about `most` points: neighbours become one by its consolidation. The buckets of all answers
/// stand at the same instants, so that a graph does not flicker when it is read again: what lies before the first is
/// left out.
pub fn reduce(series: &mut [Series], most: u64) {
    let start = series.iter().map(|series| series.start).min();
    let end = series.iter().map(|series| series.end).max();
    let (Some(start), Some(end)) = (start, end) else {
        return;
    };
    for series in series {
        if most == 1 {
            series.values_per_point = series.values.len().max(1);
            continue;
        }
        let points = (end - start) as f64 / series.step as f64;
        if most == 0 || most as f64 >= points {
            continue;
        }
        let bucket = (points / most as f64).ceil();
        let per_point = (bucket * series.step as f64) as i64;
        let ahead =
            per_point + series.start.rem_euclid(series.step) - series.start.rem_euclid(per_point);
        let lost = usize::try_from(ahead / series.step)
            .unwrap_or(0)
            .saturating_sub(1);
        series.start += ahead;
        if lost > 0 {
            series.values = series.values.slice(lost..series.values.len());
        }
        series.values_per_point = bucket as usize;
    }
}
