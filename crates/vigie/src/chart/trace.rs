//! Prepares a series for drawing: finds neighbours and gaps.

use base::time::{Millis, TimeRange};

/// Neighbours further apart than this many usual distances have a gap between them. One missed sample makes a distance
/// of 2; jitter stays well under 2.5.
const GAP_STEPS: f64 = 2.5;

/// Samples in order of time, cut into runs without gaps.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trace {
    runs: Vec<Vec<(Millis, f64)>>,
    step: i64,
}

/// The summary of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Summary {
    /// Samples that have a value.
    pub(crate) count: usize,
    /// Smallest value.
    pub(crate) min: f64,
    /// Largest value.
    pub(crate) max: f64,
    /// Arithmetic mean.
    pub(crate) mean: f64,
    /// The latest value.
    pub(crate) last: f64,
}

impl Trace {
    /// Takes points in any order; `None` is an empty slot.
    pub(crate) fn new(points: &[(Option<f64>, Millis)]) -> Self {
        let mut sorted: Vec<(Millis, Option<f64>)> = points
            .iter()
            .map(|(value, at)| (*at, value.filter(|value| value.is_finite())))
            .collect();
        sorted.sort_by_key(|(at, _)| *at);
        let step = usual_step(&sorted);
        let reach = (step as f64 * GAP_STEPS) as i64;
        let mut runs: Vec<Vec<(Millis, f64)>> = Vec::new();
        let mut joined = false;
        for (at, value) in sorted {
            let Some(value) = value else {
                joined = false;
                continue;
            };
            match runs.last_mut() {
                Some(run)
                    if joined
                        && run
                            .last()
                            .is_some_and(|(before, _)| at.0.saturating_sub(before.0) <= reach) =>
                {
                    run.push((at, value));
                }
                _ => runs.push(vec![(at, value)]),
            }
            joined = true;
        }
        Self { runs, step }
    }

    /// The runs, in order of time; none is empty.
    pub(crate) fn runs(&self) -> &[Vec<(Millis, f64)>] {
        &self.runs
    }

    /// The usual distance of two neighbours in milliseconds; 0 when there are not two.
    pub(crate) const fn step(&self) -> i64 {
        self.step
    }

    fn samples(&self) -> impl Iterator<Item = (Millis, f64)> {
        self.runs.iter().flatten().copied()
    }

    /// From the first sample to the last.
    pub(crate) fn range(&self) -> Option<TimeRange> {
        let from = self.samples().next()?.0;
        let until = self.runs.last()?.last()?.0;
        Some(TimeRange { from, until })
    }

    /// The figures beside the drawing; `None` when there is no value.
    pub(crate) fn summary(&self) -> Option<Summary> {
        let (_, first) = self.samples().next()?;
        let mut summary = Summary {
            count: 0,
            min: first,
            max: first,
            mean: 0.0,
            last: first,
        };
        for (_, value) in self.samples() {
            summary.count += 1;
            summary.min = summary.min.min(value);
            summary.max = summary.max.max(value);
            // The running mean cannot overflow where a sum could.
            summary.mean += (value - summary.mean) / summary.count as f64;
            summary.last = value;
        }
        Some(summary)
    }
}

/// The median distance of neighbours: one gap, however long, does not change it.
fn usual_step(sorted: &[(Millis, Option<f64>)]) -> i64 {
    let mut distances: Vec<i64> = sorted
        .windows(2)
        .filter_map(|pair| match pair {
            [(a, _), (b, _)] => Some(b.0.saturating_sub(a.0)).filter(|distance| *distance > 0),
            _ => None,
        })
        .collect();
    distances.sort_unstable();
    distances.get(distances.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, value: f64) -> (Option<f64>, Millis) {
        (Some(value), Millis::from_secs(seconds))
    }

    #[test]
    fn a_missed_sample_is_bridged_and_a_silence_is_a_gap() {
        let trace = Trace::new(&[
            at(0, 1.0),
            at(10, 2.0),
            at(20, 3.0),
            at(40, 5.0),
            at(90, 9.0),
            at(100, 9.0),
        ]);
        let lengths: Vec<usize> = trace.runs().iter().map(Vec::len).collect();
        assert_eq!(lengths, [4, 2]);
        assert_eq!(trace.step(), 10_000);
    }

    #[test]
    fn an_empty_slot_is_a_gap() {
        let trace = Trace::new(&[
            at(0, 1.0),
            (None, Millis::from_secs(60)),
            at(120, 2.0),
            (Some(f64::NAN), Millis::from_secs(180)),
        ]);
        assert_eq!(trace.runs().len(), 2);
        assert_eq!(trace.summary().unwrap().count, 2);
    }

    #[test]
    fn order_does_not_matter_and_nothing_has_no_summary() {
        assert_eq!(
            Trace::new(&[at(10, 2.0), at(0, 1.0)]),
            Trace::new(&[at(0, 1.0), at(10, 2.0)])
        );
        assert_eq!(Trace::new(&[]).summary(), None);
        assert_eq!(Trace::new(&[]).range(), None);
    }

    #[test]
    fn the_summary_of_huge_values_does_not_overflow() {
        let summary = Trace::new(&[at(0, f64::MAX), at(1, f64::MAX)])
            .summary()
            .unwrap();
        assert_eq!(summary.mean, f64::MAX);
    }
}
