//! `integral` and `integralByInterval`: running sums.

use super::arithmetic::nothing;
use crate::function::{Function, FunctionGroup, Kind, required};
use crate::functions::support::{copied, each, each_strictly, ensure_positive, interval};

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["integral"],
        group: FunctionGroup::Transform,
        parameters: &[required("seriesList", Kind::SeriesList)],
        summary: "At each value, the sum of all values up to it.",
        example: "integral(servers.*.errors)",
        is_aggregator: false,
        run: |call| {
            each(call, nothing, |(), series| {
                let name = format!("integral({})", series.name);
                let mut sum = 0.0;
                let mut values = series.points().into_owned();
                for value in values.iter_mut().filter(|value| !value.is_nan()) {
                    sum += *value;
                    *value = sum;
                }
                Ok(copied(series.tagged("integral", "1"), name, values))
            })
        },
    },
    Function {
        names: &["integralByInterval"],
        group: FunctionGroup::Transform,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("intervalUnit", Kind::String),
        ],
        summary: "At each point, the sum of all values up to it since its interval began; intervals are counted from the beginning of the window.",
        example: "integralByInterval(servers.*.errors, '1h')",
        is_aggregator: false,
        run: |call| {
            let origin = call.window.from;
            let read = |call: &mut crate::function::FunctionCall<'_>| {
                let text = call.arguments.text(1)?.to_owned();
                let width = interval(&text)?.abs();
                Ok((text, width, origin))
            };
            each_strictly(call, read, |(text, width, origin), series| {
                let width = ensure_positive(*width)?;
                let name = format!("integralByInterval({},'{text}')", series.name);
                let mut at = series.start - origin;
                let mut sum = 0.0;
                let mut values = series.points().into_owned();
                for value in &mut values {
                    if at.div_euclid(width) != (at - series.step).div_euclid(width) {
                        sum = 0.0;
                    }
                    if !value.is_nan() {
                        sum += *value;
                    }
                    *value = sum;
                    at += series.step;
                }
                let tagged = series.tagged("integralByInterval", text);
                Ok(copied(tagged, name, values))
            })
        },
    },
];
