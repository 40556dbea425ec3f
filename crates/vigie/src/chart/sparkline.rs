//! A series in one line of text.

use super::{Glyphs, Trace};
use base::time::{Millis, TimeRange};

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const RAMP: [char; 8] = ['.', ':', '-', '=', '+', '*', '#', '@'];

/// Draws `trace` over `range` in at most `width` characters; a column without samples shows as a gap (`·`, or `_`).
/// Several samples in one column show as their mean.
pub(crate) fn sparkline(trace: &Trace, range: TimeRange, width: usize, glyphs: Glyphs) -> String {
    let (levels, gap) = match glyphs {
        Glyphs::Unicode => (BARS, '·'),
        Glyphs::Ascii => (RAMP, '_'),
    };
    let columns = columns(trace, range, width);
    let present = || columns.iter().flatten().copied();
    let (low, high) = (
        present().fold(f64::INFINITY, f64::min),
        present().fold(f64::NEG_INFINITY, f64::max),
    );
    columns
        .iter()
        .map(|column| match column {
            Some(value) => level(*value, low, high, levels),
            None => gap,
        })
        .collect()
}

fn level(value: f64, low: f64, high: f64, levels: [char; 8]) -> char {
    let span = high / 2.0 - low / 2.0;
    // A flat line is neither high nor low.
    let share = if span > 0.0 {
        (value / 2.0 - low / 2.0) / span
    } else {
        0.4
    };
    let index = (share * (levels.len() - 1) as f64).round() as usize;
    levels.get(index).copied().unwrap_or(' ')
}

/// One value per column, with no more columns than the series has slots, so that a short series has no gaps.
fn columns(trace: &Trace, range: TimeRange, width: usize) -> Vec<Option<f64>> {
    let span = range.until.0.saturating_sub(range.from.0).max(0);
    let slots = match trace.step() {
        0 => 1,
        step => usize::try_from((span.saturating_add(step / 2)) / step + 1).unwrap_or(usize::MAX),
    };
    let count = slots.min(width).max(1);
    // Wide enough for the last instant to lie inside the last column.
    let column_width = (span as f64 + trace.step().max(1) as f64) / count as f64;
    let column_of = |at: Millis| {
        let offset = at.0.saturating_sub(range.from.0).max(0) as f64;
        ((offset / column_width) as usize).min(count - 1)
    };
    let mut columns: Vec<(f64, u32)> = vec![(0.0, 0); count];
    for run in trace.runs() {
        let mut before: Option<(usize, f64)> = None;
        for (at, value) in run {
            if !range.contains(*at) {
                continue;
            }
            let here = column_of(*at);
            if let Some((mean, samples)) = columns.get_mut(here) {
                *samples += 1;
                *mean += (value - *mean) / f64::from(*samples);
            }
            // Inside a run, a column that happens to hold no sample takes the value on its left.
            if let Some((left, held)) = before {
                for (mean, samples) in columns.iter_mut().take(here).skip(left + 1) {
                    if *samples == 0 {
                        (*mean, *samples) = (held, 1);
                    }
                }
            }
            before = Some((here, *value));
        }
    }
    columns
        .into_iter()
        .map(|(mean, samples)| (samples > 0).then_some(mean))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(values: &[Option<f64>], width: usize, glyphs: Glyphs) -> String {
        let points: Vec<(Option<f64>, Millis)> = values
            .iter()
            .enumerate()
            .map(|(at, value)| (*value, Millis::from_secs(60 * at as i64)))
            .collect();
        let trace = Trace::new(&points);
        let range = TimeRange {
            from: Millis(0),
            until: Millis::from_secs(60 * (values.len() as i64 - 1)),
        };
        sparkline(&trace, range, width, glyphs)
    }

    #[test]
    fn a_ramp_uses_every_level() {
        let ramp: Vec<Option<f64>> = (0..8).map(|value| Some(f64::from(value))).collect();
        assert_eq!(draw(&ramp, 80, Glyphs::Unicode), "▁▂▃▄▅▆▇█");
        assert_eq!(draw(&ramp, 80, Glyphs::Ascii), ".:-=+*#@");
        assert_eq!(draw(&ramp, 4, Glyphs::Unicode), "▁▃▆█");
    }

    #[test]
    fn gaps_are_shown() {
        let values = [Some(1.0), None, None, Some(2.0), Some(1.0)];
        assert_eq!(draw(&values, 80, Glyphs::Unicode), "▁··█▁");
        assert_eq!(draw(&values, 80, Glyphs::Ascii), ".__@.");
    }

    #[test]
    fn flat_single_and_none() {
        assert_eq!(draw(&[Some(5.0); 4], 80, Glyphs::Unicode), "▄▄▄▄");
        assert_eq!(draw(&[Some(5.0)], 80, Glyphs::Unicode), "▄");
        assert_eq!(draw(&[None; 1], 80, Glyphs::Unicode), "·");
    }

    #[test]
    fn silence_before_and_after_is_a_gap_too() {
        let trace = Trace::new(&[
            (Some(1.0), Millis::from_secs(20)),
            (Some(3.0), Millis::from_secs(30)),
        ]);
        let range = TimeRange {
            from: Millis(0),
            until: Millis::from_secs(50),
        };
        assert_eq!(sparkline(&trace, range, 80, Glyphs::Unicode), "··▁█··");
    }
}
