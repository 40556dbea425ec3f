//! `derivative`, `nonNegativeDerivative` and `perSecond`: differences between neighbouring values.

use super::arithmetic::nothing;
use crate::error::Fault;
use crate::function::{Function, FunctionCall, FunctionGroup, Kind, Parameter, optional, required};
use crate::functions::support::{copied, each, round_all};

const COUNTER: &[Parameter] = &[
    required("seriesList", Kind::SeriesList),
    optional("maxValue", Kind::Float),
    optional("minValue", Kind::Float),
];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["derivative"],
        group: FunctionGroup::Transform,
        parameters: &[required("seriesList", Kind::SeriesList)],
        summary: "The difference of each value to the one before it.",
        example: "derivative(servers.*.requests_total)",
        is_aggregator: false,
        run: |call| {
            each(call, nothing, |(), series| {
                let name = format!("derivative({})", series.name);
                let values = differences(&series.points(), |before, value| value - before);
                Ok(copied(series.tagged("derivative", "1"), name, values))
            })
        },
    },
    Function {
        names: &["nonNegativeDerivative"],
        group: FunctionGroup::Transform,
        parameters: COUNTER,
        summary: "The growth of a counter. Where it falls, it has begun anew: there is no value, unless `maxValue` or `minValue` says \
                  where it wraps. Values beyond these are left out.",
        example: "nonNegativeDerivative(servers.*.requests_total, 65535)",
        is_aggregator: false,
        run: |call| {
            each(call, Counter::read, |counter, series| {
                let name = format!("nonNegativeDerivative({})", series.name);
                let values = counter.growth(&series.points());
                Ok(copied(
                    series.tagged("nonNegativeDerivative", "1"),
                    name,
                    values,
                ))
            })
        },
    },
    Function {
        names: &["perSecond"],
        group: FunctionGroup::Transform,
        parameters: COUNTER,
        summary: "The growth of a counter per second, as `nonNegativeDerivative` sees it.",
        example: "perSecond(servers.*.requests_total)",
        is_aggregator: false,
        run: |call| {
            each(call, Counter::read, |counter, series| {
                let name = format!("perSecond({})", series.name);
                let step = series.step as f64;
                let mut values = counter.growth(&series.points());
                for value in &mut values {
                    *value /= step;
                }
                round_all(&mut values, 6);
                Ok(copied(series.tagged("perSecond", "1"), name, values))
            })
        },
    },
];

/// Between which values a counter counts.
struct Counter {
    most: Option<f64>,
    least: Option<f64>,
}

impl Counter {
    fn read(call: &mut FunctionCall<'_>) -> Result<Self, Fault> {
        let bound = |index| {
            let given = call.arguments.given(index);
            given.map(|_| call.arguments.float(index)).transpose()
        };
        Ok(Self {
            most: bound(1)?,
            least: bound(2)?,
        })
    }

    fn growth(&self, values: &[f64]) -> Vec<f64> {
        if self.most.is_none() && self.least.is_none() {
            // No value is in order with one that is not there.
            return differences(values, |before, value| {
                if value >= before {
                    value - before
                } else {
                    f64::NAN
                }
            });
        }
        let mut last = f64::NAN;
        let mut grown = |value: f64| {
            let is_beyond = self.most.is_some_and(|most| value > most)
                || self.least.is_some_and(|least| value < least);
            if is_beyond {
                last = f64::NAN;
                return f64::NAN;
            }
            let before = std::mem::replace(&mut last, value);
            if value.is_nan() || before.is_nan() {
                return f64::NAN;
            }
            match (self.most, self.least) {
                _ if value >= before => value - before,
                (Some(most), least) => most + 1.0 + value - before - least.unwrap_or(0.0),
                (None, Some(least)) => value - least,
                (None, None) => f64::NAN,
            }
        };
        values.iter().map(|value| grown(*value)).collect()
    }
}

/// Applies `difference` to each value and the one before it; the first value has none before it.
fn differences(values: &[f64], difference: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut differences = Vec::with_capacity(values.len());
    let Some((_, rest)) = values.split_first() else {
        return differences;
    };
    differences.push(f64::NAN);
    let pairs = values.iter().zip(rest);
    differences.extend(pairs.map(|(before, value)| difference(*before, *value)));
    differences
}
