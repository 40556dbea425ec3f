//! Round ticks.

use super::Glyphs;
use crate::figures;

/// An axis over rows of equal height, with ticks at round values, each on a row of its own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scale {
    /// The value of the lowest row, a tick.
    pub(crate) low: f64,
    /// The value of the highest row, which need not be a tick.
    pub(crate) high: f64,
    /// Distance of two ticks.
    pub(crate) step: f64,
    /// Rows from one tick to the next.
    rows_per_tick: usize,
    /// Rows of the axis.
    rows: usize,
}

/// Leading digits of a step.
const LEADS: [f64; 4] = [1.0, 2.0, 2.5, 5.0];
/// Further ones for an axis with few rows, which would stay half empty otherwise.
const LEADS_OF_FEW_ROWS: [f64; 8] = [1.0, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0];
/// The most rows that are few.
const FEW_ROWS_MAX: usize = 6;
/// Rows per tick, where all fill the axis alike.
const ROWS_PER_TICK: usize = 3;

impl Scale {
    /// A scale over `min..=max` on at least two rows.
    pub(crate) fn over(min: f64, max: f64, rows: usize) -> Self {
        let (min, max) = widened(min, max);
        let rows = rows.max(2);
        closest(min, max, rows).unwrap_or(
            // No round step exists near the limits of a float; the data's own bounds are used.
            Self {
                low: min,
                high: max,
                step: (max / 2.0 - min / 2.0) * 2.0,
                rows_per_tick: rows - 1,
                rows,
            },
        )
    }

    /// Where `value` lies: 0 at the low end, 1 at the high end.
    pub(crate) fn position(&self, value: f64) -> f64 {
        let span = self.high / 2.0 - self.low / 2.0;
        ((value / 2.0 - self.low / 2.0) / span).clamp(0.0, 1.0)
    }

    /// The ticks with their rows, which count from the top; ascending.
    pub(crate) fn ticks(&self) -> Vec<(usize, f64)> {
        let highest = self.rows - 1;
        (0..=highest)
            .step_by(self.rows_per_tick)
            .enumerate()
            .map(|(tick, above)| {
                let value = if above == highest && self.rows_per_tick == highest {
                    self.high
                } else {
                    self.low + tick as f64 * self.step
                };
                // 0.30000000000000004 - 0.3 is no tick: what is this near to zero is zero.
                let is_zero = value.abs() < self.step * 1e-9;
                (highest - above, if is_zero { 0.0 } else { value })
            })
            .collect()
    }

    /// A tick's label: as many digits as tell it from the next.
    pub(crate) fn label(&self, tick: f64, glyphs: Glyphs) -> String {
        if tick == 0.0 {
            return "0".to_owned();
        }
        let magnitude = self.low.abs().max(self.high.abs());
        figures::of_scale(tick, magnitude, self.step, glyphs.micro())
    }
}

/// A flat line is drawn in the middle of a scale that has some height.
fn widened(min: f64, max: f64) -> (f64, f64) {
    if max > min {
        (min, max)
    } else if min == 0.0 {
        (0.0, 1.0)
    } else {
        let margin = min.abs() * 0.1;
        ((min - margin).max(f64::MIN), (max + margin).min(f64::MAX))
    }
}

/// Of the scales with a round step whose ticks fall on rows, the one with the least empty space; of equal ones, the one whose
/// ticks are closest to [`ROWS_PER_TICK`].
fn closest(min: f64, max: f64, rows: usize) -> Option<Scale> {
    let intervals = rows - 1;
    let (leads, distances) = match rows {
        0..=FEW_ROWS_MAX => (LEADS_OF_FEW_ROWS.as_slice(), 1..=intervals),
        _ => (LEADS.as_slice(), 2..=ROWS_PER_TICK + 1),
    };
    let mut best: Option<(f64, usize, Scale)> = None;
    for rows_per_tick in distances {
        let ticks = intervals as f64 / rows_per_tick as f64;
        let rough = (max / 2.0 - min / 2.0) / ticks * 2.0;
        if !(rough.is_finite() && rough > 0.0) {
            continue;
        }
        let power = 10_f64.powf(rough.log10().floor());
        // The low end lies below `min`, so a step may have to be twice the rough one, and more.
        for lead in leads.iter().flat_map(|lead| [*lead, lead * 10.0]) {
            let step = lead * power;
            // 1e-9 of slack: 2.0000000000000004 is a 2.
            let low = (min / step + 1e-9).floor() * step;
            let high = low + step * ticks;
            let is_drawn = low.is_finite() && high.is_finite() && high > low;
            if !is_drawn || high < max - step * 1e-9 {
                continue;
            }
            let span = high / 2.0 - low / 2.0;
            let distance = rows_per_tick.abs_diff(ROWS_PER_TICK);
            let is_better = best.as_ref().is_none_or(|(least, nearest, _)| {
                let is_alike = (span - least).abs() <= least * 1e-9;
                span < *least && !is_alike || is_alike && distance < *nearest
            });
            if is_better {
                let scale = Scale {
                    low,
                    high,
                    step,
                    rows_per_tick,
                    rows,
                };
                best = Some((span, distance, scale));
            }
        }
    }
    best.map(|(_, _, scale)| scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(min: f64, max: f64) -> String {
        let scale = Scale::over(min, max, 13);
        let ticks = scale.ticks();
        let label =
            |(row, value): (usize, f64)| format!("{row}:{}", scale.label(value, Glyphs::Unicode));
        ticks.into_iter().map(label).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round_and_labels_short() {
        let lines: Vec<String> = [
            (0.0, 100.0),
            (0.0, 80.0),
            (1.2, 3.9),
            (0.0, 4.1e9),
            (-0.3, 0.3),
            (0.0, 0.004),
            (7.0, 7.0),
            (0.0, 0.0),
            (0.0, 1e300),
            (-4e-300, 0.0),
        ]
        .into_iter()
        .map(|(min, max)| labels(min, max))
        .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    /// The chart of the quickstart went to 40k for 24k.
    #[test]
    fn regression_7_a_scale_ends_near_the_data() {
        for rows in 3..40 {
            for tenth in 11..=200 {
                let max = f64::from(tenth) * 1000.0;
                let scale = Scale::over(0.0, max, rows);
                let all = (scale.low, scale.high, scale.ticks().len());
                assert!(
                    scale.low == 0.0 && scale.high >= max - 1e-6,
                    "{max}: {all:?}"
                );
                assert!(scale.high <= max * 1.5 + 1e-6, "{max} in {rows}: {all:?}");
                assert!(scale.ticks().len() >= 2, "{max} in {rows}: {all:?}");
            }
        }
    }

    /// Three rows at equal distances were called 0, 20k and 30k.
    #[test]
    fn regression_7_a_label_is_the_value_of_its_row() {
        for rows in 3..40_usize {
            for (min, max) in [
                (0.0, 24e3),
                (10.3e3, 15.9e3),
                (-3.0, 17.0),
                (0.2, 0.31),
                (7.0, 7.0),
            ] {
                let scale = Scale::over(min, max, rows);
                let row_height = (scale.high - scale.low) / (rows - 1) as f64;
                let mut rows_taken = std::collections::BTreeSet::new();
                for (row, value) in scale.ticks() {
                    let there = scale.high - row as f64 * row_height;
                    let off = (there - value).abs();
                    assert!(
                        off < row_height * 1e-6,
                        "{min}..{max} on {rows}: {value} at {there}"
                    );
                    assert!(
                        rows_taken.insert(row),
                        "{min}..{max} on {rows}: two ticks on {row}"
                    );
                }
            }
        }
    }

    proptest! {
        #[test]
        fn every_value_lies_on_its_scale(a in proptest::num::f64::NORMAL, b in proptest::num::f64::NORMAL, rows in 0_usize..40) {
            let (min, max) = (a.min(b), a.max(b));
            let scale = Scale::over(min, max, rows);
            prop_assert!((0.0..=1.0).contains(&scale.position(min)));
            prop_assert!(scale.position(min) <= scale.position(max));
            prop_assert!(scale.ticks().len() <= 41);
        }
    }
}
