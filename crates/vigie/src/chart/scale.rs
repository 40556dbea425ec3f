//! Round ticks.

use super::Glyphs;
use crate::figures;

/// Ticks at round distances that enclose the data.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scale {
    /// Lowest tick.
    pub(crate) low: f64,
    /// Highest tick.
    pub(crate) high: f64,
    /// Distance of two ticks: 1, 2, 2.5 or 5 times a power of ten.
    pub(crate) step: f64,
}

impl Scale {
    /// A scale over `min..=max` with about `ticks` ticks.
    pub(crate) fn over(min: f64, max: f64, ticks: usize) -> Self {
        let (min, max) = widened(min, max);
        let wanted = (ticks.max(2) - 1) as f64;
        let rough = (max / 2.0 - min / 2.0) / wanted * 2.0;
        if let Some(scale) = closest(min, max, rough, wanted) {
            scale
        } else {
            // No round step exists near the limits of a float; the data's own bounds are used.
            Self {
                low: min,
                high: max,
                step: (max / 2.0 - min / 2.0) * 2.0,
            }
        }
    }

    /// Where `value` lies: 0 at the low end, 1 at the high end.
    pub(crate) fn position(&self, value: f64) -> f64 {
        let span = self.high / 2.0 - self.low / 2.0;
        ((value / 2.0 - self.low / 2.0) / span).clamp(0.0, 1.0)
    }

    /// The ticks, ascending.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        let count = ((self.high / 2.0 - self.low / 2.0) / self.step * 2.0).round();
        if !(1.0..=100.0).contains(&count) {
            return vec![self.low, self.high];
        }
        (0..=count as u32)
            .map(|tick| {
                let value = self.low + f64::from(tick) * self.step;
                // 0.30000000000000004 - 0.3 is no tick: what is this near to zero is zero.
                if value.abs() < self.step * 1e-9 {
                    0.0
                } else {
                    value
                }
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

/// Of the scales with a round step near `rough`, the one with the least empty space; of equal ones, the one whose number of steps
/// is closest to `wanted`. One step more is allowed.
fn closest(min: f64, max: f64, rough: f64, wanted: f64) -> Option<Scale> {
    if !(rough.is_finite() && rough > 0.0) {
        return None;
    }
    let power = 10_f64.powf(rough.log10().floor());
    let leads = [0.5, 1.0, 2.0, 2.5, 5.0, 10.0].into_iter();
    let scales = leads.filter_map(|lead| {
        let step = lead * power;
        // 1e-9 of slack: 2.0000000000000004 is a 2.
        let low = (min / step + 1e-9).floor() * step;
        let high = (max / step - 1e-9).ceil() * step;
        let steps = ((high / 2.0 - low / 2.0) / step * 2.0).round();
        let is_drawn = low.is_finite() && high.is_finite() && high > low;
        let fits = is_drawn && (2.0..=wanted.max(2.0) + 1.0).contains(&steps);
        // In steps of the finest: whole numbers, which compare without slack.
        let span = (steps * lead * 2.0).round();
        fits.then_some((span, (steps - wanted).abs(), Scale { low, high, step }))
    });
    let best = scales.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    best.map(|(_, _, scale)| scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(min: f64, max: f64) -> Vec<String> {
        let scale = Scale::over(min, max, 5);
        scale
            .ticks()
            .into_iter()
            .map(|tick| scale.label(tick, Glyphs::Unicode))
            .collect()
    }

    #[test]
    fn ticks_are_round_and_labels_short() {
        assert_eq!(labels(0.0, 100.0), ["0", "25", "50", "75", "100"]);
        assert_eq!(labels(0.0, 80.0), ["0", "20", "40", "60", "80"]);
        assert_eq!(labels(1.2, 3.9), ["1", "2", "3", "4"]);
        assert_eq!(labels(0.0, 4.1e9), ["0", "1G", "2G", "3G", "4G", "5G"]);
        assert_eq!(labels(-0.3, 0.3), ["-0.4", "-0.2", "0", "0.2", "0.4"]);
        assert_eq!(labels(0.0, 0.004), ["0", "1m", "2m", "3m", "4m"]);
        assert_eq!(labels(7.0, 7.0), ["6.0", "6.5", "7.0", "7.5", "8.0"]);
        assert_eq!(labels(0.0, 0.0), ["0", "0.25", "0.50", "0.75", "1.00"]);
        assert_eq!(
            labels(0.0, 1e300),
            ["0", "2.5e299", "5.0e299", "7.5e299", "1.0e300"]
        );
        assert_eq!(
            labels(-4e-300, 0.0),
            ["-4.0e-300", "-3.0e-300", "-2.0e-300", "-1.0e-300", "0"]
        );
    }

    /// The chart of the quickstart went to 40k for 24k.
    #[test]
    fn regression_7_a_scale_ends_near_the_data() {
        for ticks in 2..9 {
            for tenth in 11..=200 {
                let max = f64::from(tenth) * 1000.0;
                let scale = Scale::over(0.0, max, ticks);
                let all = (scale.low, scale.high, scale.ticks().len());
                assert!(scale.low == 0.0 && scale.high >= max, "{max}: {all:?}");
                assert!(scale.high <= max * 1.5, "{max} in {ticks}: {all:?}");
                assert!(
                    scale.ticks().len() <= ticks.max(3) + 1,
                    "{max} in {ticks}: {all:?}"
                );
            }
        }
        let high = |max| Scale::over(0.0, max, 3).high;
        assert_eq!(
            (high(24_000.0), high(21_000.0), high(48_000.0)),
            (30_000.0, 30_000.0, 50_000.0)
        );
    }

    proptest! {
        #[test]
        fn every_value_lies_on_its_scale(a in proptest::num::f64::NORMAL, b in proptest::num::f64::NORMAL, ticks in 0_usize..20) {
            let (min, max) = (a.min(b), a.max(b));
            let scale = Scale::over(min, max, ticks);
            prop_assert!((0.0..=1.0).contains(&scale.position(min)));
            prop_assert!(scale.position(min) <= scale.position(max));
            prop_assert!(scale.ticks().len() <= 101);
        }
    }
}
