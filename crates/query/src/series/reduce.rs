//! Reduces series to the number of points that a reader can show (`maxDataPoints`).

use super::Series;

/// Gives each series at most about `most` points: neighbours become one by its consolidation. The buckets of all answers
/// stand at the same instants, so that a graph does not flicker when it is read again: what lies before the first is
/// left out.
pub fn reduce(series: &mut [Series], most: u64) {
    let start = series.iter().map(|own| own.start).min();
    let end = series.iter().map(|own| own.end).max();
    let (Some(start), Some(end)) = (start, end) else {
        return;
    };
    for own in series {
        if most == 1 {
            own.values_per_point = own.values.len().max(1);
            continue;
        }
        let points = (end - start) as f64 / own.step as f64;
        if most == 0 || most as f64 >= points {
            continue;
        }
        let bucket = (points / most as f64).ceil();
        let per_point = (bucket * own.step as f64) as i64;
        let ahead = per_point + own.start.rem_euclid(own.step) - own.start.rem_euclid(per_point);
        let lost = usize::try_from(ahead / own.step)
            .unwrap_or(0)
            .saturating_sub(1);
        own.start += ahead;
        if lost > 0 {
            own.values = own.values.slice(lost..own.values.len());
        }
        own.values_per_point = bucket as usize;
    }
}
