//! Removes values above or below a bound: `removeAboveValue`, `removeBelowPercentile`, …

use super::arithmetic::constant;
use crate::error::Fault;
use crate::function::{Function, FunctionCall, FunctionGroup, Kind, Outcome, Parameter, required};
use crate::functions::support::{each, quantile};
use crate::series::Series;
use base::number;

const N: &[Parameter] = &[
    required("seriesList", Kind::SeriesList),
    required("n", Kind::Float),
];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["removeAboveValue"],
        group: FunctionGroup::FilterData,
        parameters: N,
        summary: "Takes away the values that are greater than a constant.",
        example: "removeAboveValue(servers.*.latency, 1000)",
        is_aggregator: false,
        run: |call| by_value(call, "removeAboveValue", |value, bound| value > bound),
    },
    Function {
        names: &["removeBelowValue"],
        group: FunctionGroup::FilterData,
        parameters: N,
        summary: "Takes away the values that are less than a constant.",
        example: "removeBelowValue(servers.*.latency, 0)",
        is_aggregator: false,
        run: |call| by_value(call, "removeBelowValue", |value, bound| value < bound),
    },
    Function {
        names: &["removeAbovePercentile"],
        group: FunctionGroup::FilterData,
        parameters: N,
        summary: "Takes away the values of each series that are greater than its n-th percentile.",
        example: "removeAbovePercentile(servers.*.latency, 99)",
        is_aggregator: false,
        run: |call| by_percentile(call, "removeAbovePercentile", |value, bound| value > bound),
    },
    Function {
        names: &["removeBelowPercentile"],
        group: FunctionGroup::FilterData,
        parameters: N,
        summary: "Takes away the values of each series that are less than its n-th percentile.",
        example: "removeBelowPercentile(servers.*.latency, 5)",
        is_aggregator: false,
        run: |call| by_percentile(call, "removeBelowPercentile", |value, bound| value < bound),
    },
];

fn by_value(
    call: &mut FunctionCall<'_>,
    name: &'static str,
    is_beyond: impl Fn(f64, f64) -> bool,
) -> Outcome {
    each(call, constant, |(bound, _), series| {
        let title = format!("{name}({}, {})", series.name, number::general(*bound));
        Ok(without(series, |value| is_beyond(value, *bound)).renamed(title))
    })
}

fn by_percentile(
    call: &mut FunctionCall<'_>,
    name: &'static str,
    is_beyond: impl Fn(f64, f64) -> bool,
) -> Outcome {
    each(call, constant, |(share, tag), series| {
        if *share == 0.0 {
            return Err(Fault::argument("`n` must not be 0"));
        }
        let title = format!("{name}({}, {})", series.name, number::general(*share));
        let bound = quantile(series.present(), *share, false);
        let series = series.renamed(title);
        // Where there is none, the series stays as it is.
        Ok(match bound {
            Ok(bound) if bound.is_nan() => series,
            Ok(_) if series.end - series.start < series.step => series.tagged("nPercentile", tag),
            Ok(bound) => {
                without(series, |value| is_beyond(value, bound)).tagged("nPercentile", tag)
            }
            Err(_) => series,
        })
    })
}

fn without(series: Series, is_beyond: impl Fn(f64) -> bool) -> Series {
    series.map(|value| if is_beyond(value) { f64::NAN } else { value })
}
