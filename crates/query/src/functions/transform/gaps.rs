//! `keepLastValue`, `interpolate`, `isNonNull` and `changed`: what becomes of missing values.

use super::arithmetic::nothing;
use crate::error::Fault;
use crate::function::{
    Default, Function, FunctionCall, FunctionGroup, Kind, Parameter, optional, required,
};
use crate::functions::support::each;

const LIMITED: &[Parameter] = &[
    required("seriesList", Kind::SeriesList),
    optional("limit", Kind::IntOrInf).or(Default::Float(f64::INFINITY)),
];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["keepLastValue"],
        group: FunctionGroup::Transform,
        parameters: LIMITED,
        summary: "Fills gaps of at most `limit` values with the value before them.",
        example: "keepLastValue(servers.*.temperature, 5)",
        is_aggregator: false,
        run: |call| {
            each(call, limit, |limit, mut series| {
                let name = format!("keepLastValue({})", series.name);
                if *limit == f64::INFINITY {
                    // The common case, in one pass.
                    let mut last = f64::NAN;
                    return Ok(series.map(|value| kept(&mut last, value)).renamed(name));
                }
                for_each_gap(series.values_mut(), *limit, |gap, before, _| {
                    gap.fill(before);
                });
                Ok(series.renamed(name))
            })
        },
    },
    Function {
        names: &["interpolate"],
        group: FunctionGroup::Transform,
        parameters: LIMITED,
        summary: "Fills gaps of at most `limit` values with a line from the value before to the value behind them.",
        example: "interpolate(servers.*.temperature)",
        is_aggregator: false,
        run: |call| {
            each(call, limit, |limit, mut series| {
                let name = format!("interpolate({})", series.name);
                for_each_gap(series.values_mut(), *limit, |gap, before, after| {
                    if after.is_nan() {
                        return;
                    }
                    let whole = gap.len() as f64 + 1.0;
                    for (index, value) in (1_u32..).zip(gap) {
                        *value = before + f64::from(index) * (after - before) / whole;
                    }
                });
                Ok(series.renamed(name))
            })
        },
    },
    Function {
        names: &["isNonNull"],
        group: FunctionGroup::Transform,
        parameters: &[required("seriesList", Kind::SeriesList)],
        summary: "1 where there is a value, 0 where there is none.",
        example: "isNonNull(servers.*.load)",
        is_aggregator: false,
        run: |call| {
            each(call, nothing, |(), series| {
                let name = format!("isNonNull({})", series.name);
                let presence = series.map(|value| if value.is_nan() { 0.0 } else { 1.0 });
                Ok(presence.whole(true).renamed(name).tagged("isNonNull", "1"))
            })
        },
    },
    Function {
        names: &["changed"],
        group: FunctionGroup::Special,
        parameters: &[required("seriesList", Kind::SeriesList)],
        summary: "1 where a value differs from the last one that was there, 0 elsewhere.",
        example: "changed(servers.*.version)",
        is_aggregator: false,
        run: |call| {
            each(call, nothing, |(), mut series| {
                let name = format!("changed({})", series.name);
                let mut last = f64::NAN;
                for value in series.values_mut() {
                    let is_change = !last.is_nan() && !value.is_nan() && last != *value;
                    if last.is_nan() || is_change {
                        last = *value;
                    }
                    *value = if is_change { 1.0 } else { 0.0 };
                }
                Ok(series.whole(true).renamed(name))
            })
        },
    },
];

fn limit(call: &mut FunctionCall<'_>) -> Result<f64, Fault> {
    call.arguments.float_or(1, f64::INFINITY)
}

/// The value, or the last one that was there.
const fn kept(last: &mut f64, value: f64) -> f64 {
    if !value.is_nan() {
        *last = value;
    }
    *last
}

/// Gives away each gap that is no longer than `limit` and has a value before it, with that value and the one after it.
fn for_each_gap(values: &mut [f64], limit: f64, fill: impl Fn(&mut [f64], f64, f64)) {
    let mut rest = values;
    let mut before = f64::NAN;
    loop {
        let present = rest.iter().take_while(|value| !value.is_nan()).count();
        let Some((values, begins_with_gap)) = rest.split_at_mut_checked(present) else {
            return;
        };
        before = values.last().copied().unwrap_or(before);
        let missing = begins_with_gap.iter().take_while(|value| value.is_nan());
        let missing = missing.count();
        let Some((gap, tail)) = begins_with_gap.split_at_mut_checked(missing) else {
            return;
        };
        if gap.is_empty() {
            return;
        }
        if !before.is_nan() && missing as f64 <= limit {
            fill(gap, before, tail.first().copied().unwrap_or(f64::NAN));
        }
        rest = tail;
    }
}
