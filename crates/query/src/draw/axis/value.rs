//! The value axis: from a round value to a round value, by round steps.

use crate::draw::options::{AxisOptions, Options};
use crate::draw::units::Units;

/// Lines at most, whatever a request says of their distance.
const LINES_MAX: usize = 200;

/// A value axis.
#[derive(Debug, Clone)]
pub(crate) struct ValueAxis {
    min: f64,
    max: f64,
    log_base: Option<f64>,
    /// Values that have a line, ascending, and their labels.
    pub(crate) labels: Vec<(f64, String)>,
    /// The distance of two lines; the factor where it is logarithmic.
    pub(crate) step: f64,
}

impl ValueAxis {
    /// How far up a value is, from 0 to 1; beyond the axis less or more. `None` where it is on no such axis.
    pub(crate) fn share(&self, value: f64) -> Option<f64> {
        let share = match self.log_base {
            Some(_) if value <= 0.0 => return None,
            Some(_) => (value.ln() - self.min.ln()) / (self.max.ln() - self.min.ln()),
            None => (value - self.min) / (self.max - self.min),
        };
        share.is_finite().then(|| share.clamp(-10.0, 10.0))
    }

    /// Values between those with labels, `count` in each gap.
    pub(crate) fn minor(&self, count: u32) -> Vec<f64> {
        if self.log_base.is_some() || count == 0 {
            return Vec::new();
        }
        let part = self.step / f64::from(count + 1);
        let between = |(value, _): &(f64, String)| {
            let value = *value;
            (1..=count).map(move |index| value + part * f64::from(index))
        };
        let all = self.labels.iter().flat_map(between);
        all.filter(|value| *value < self.max).collect()
    }
}

/// An axis for values from `least` to `most`, with about `lines` lines.
pub(crate) fn value_axis(
    (least, most): (f64, f64),
    axis: AxisOptions,
    options: &Options,
    lines: usize,
) -> ValueAxis {
    let least = axis.min.unwrap_or(least);
    let most = axis
        .max
        .unwrap_or(most)
        .min(axis.limit.or(options.limit).unwrap_or(f64::INFINITY));
    match options.log_base {
        Some(base) => logarithmic((least, most), base, options.units),
        None => linear((least, most), axis, options.units, lines),
    }
}

fn linear(
    (mut least, mut most): (f64, f64),
    axis: AxisOptions,
    units: Units,
    lines: usize,
) -> ValueAxis {
    // A flat series lies in the middle; all zeros lie at the bottom.
    if most <= least || !(most - least).is_normal() {
        (least, most) = match least {
            0.0 => (0.0, 1.0),
            flat => (flat - flat.abs() * 0.1, flat + flat.abs() * 0.1),
        };
    }
    let step = axis.step.filter(|step| *step > 0.0);
    let step = step.unwrap_or_else(|| round_step((most - least) / lines.max(1) as f64, units));
    let min = axis
        .min
        .unwrap_or_else(|| (least / step + 1e-9).floor() * step);
    let max = match axis.max {
        Some(max) => max,
        None if axis.ends_at_greatest => most,
        None => (most / step - 1e-9).ceil() * step,
    };
    let max = if max > min { max } else { min + step };
    let first = (min / step - 1e-9).ceil();
    let values = (0..LINES_MAX).map(|index| (first + index as f64) * step);
    let values = values.take_while(|value| *value <= max + step * 1e-9);
    // The sum of a negative number and its opposite may be `-0`.
    let labels = values.map(|value| (value + 0.0, units.label(value + 0.0, step)));
    ValueAxis {
        min,
        max,
        log_base: None,
        labels: labels.collect(),
        step,
    }
}

/// 1, 2 or 5 times a power of ten, or a power of two, and no less than `least`.
fn round_step(least: f64, units: Units) -> f64 {
    if units == Units::Binary && least >= 1.0 {
        return least.log2().ceil().exp2();
    }
    let power = 10_f64.powf(least.log10().floor());
    let factors = [1.0, 2.0, 5.0, 10.0];
    let fits = factors
        .iter()
        .find(|factor| *factor * power >= least * (1.0 - 1e-9));
    fits.copied().unwrap_or(10.0) * power
}

fn logarithmic((least, most): (f64, f64), base: f64, units: Units) -> ValueAxis {
    // What is not positive is on no logarithmic axis.
    let most = if most > 0.0 { most } else { base };
    let least = if least > 0.0 && least < most {
        least
    } else {
        most / base
    };
    let power = |value: f64, round: fn(f64) -> f64| base.powf(round(value.log(base)));
    let (min, max) = (
        power(least * (1.0 + 1e-9), f64::floor),
        power(most * (1.0 - 1e-9), f64::ceil),
    );
    let max = if max > min { max } else { min * base };
    let steps = ((max.ln() - min.ln()) / base.ln()).round();
    let each = (steps / LINES_MAX as f64).ceil().max(1.0);
    let exponents = (0..=LINES_MAX).map(|index| index as f64 * each);
    let values = exponents
        .take_while(|exponent| *exponent <= steps)
        .map(|exponent| min * base.powf(exponent));
    ValueAxis {
        min,
        max,
        log_base: Some(base),
        labels: values
            .map(|value| (value, units.label(value, value)))
            .collect(),
        step: base,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(range: (f64, f64), options: &Options) -> Vec<String> {
        let axis = value_axis(range, options.left, options, 5);
        axis.labels.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn labels_are_round() {
        let plain = Options::default();
        let bytes = Options {
            units: Units::Binary,
            ..Options::default()
        };
        let log = Options {
            log_base: Some(10.0),
            ..Options::default()
        };
        for (range, options, expected) in [
            ((0.0, 9.7), &plain, &["0", "2", "4", "6", "8", "10"][..]),
            (
                (0.0, 0.0),
                &plain,
                &["0", "0.2", "0.4", "0.6", "0.8", "1.0"],
            ),
            (
                (-3.0, 4500.0),
                &plain,
                &["-1 K", "0", "1 K", "2 K", "3 K", "4 K", "5 K"],
            ),
            (
                (0.0, 4096.0),
                &bytes,
                &["0", "1 Ki", "2 Ki", "3 Ki", "4 Ki"],
            ),
            ((1.0, 1000.0), &log, &["1", "10", "100", "1 K"]),
        ] {
            assert_eq!(labels(range, options), expected);
        }
    }

    #[test]
    fn no_range_has_too_many_lines_or_none() {
        let step = Options {
            left: AxisOptions {
                step: Some(1e-9),
                ..AxisOptions::default()
            },
            ..Options::default()
        };
        assert!(labels((0.0, 1e9), &step).len() <= LINES_MAX);
        for range in [
            (1e300, 1e308),
            (-1e-300, 1e-300),
            (5.0, 5.0),
            (f64::MIN, f64::MAX),
            (1e15, 1e15 + 1.0),
        ] {
            let axis = value_axis(range, AxisOptions::default(), &Options::default(), 5);
            assert!(axis.labels.len() <= LINES_MAX, "{range:?}");
        }
    }
}
