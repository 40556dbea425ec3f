//! Arithmetic with a constant: `scale`, `scaleToSeconds`, `add`, `offset` and `offsetToZero`.

use crate::error::Fault;
use crate::function::{Function, FunctionCall, FunctionGroup, Kind, Parameter, required};
use crate::functions::support::{each, format_value, round_all};
use base::number;

const FACTOR: &[Parameter] = &[
    required("seriesList", Kind::SeriesList),
    required("factor", Kind::Float),
];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["scale"],
        group: FunctionGroup::Transform,
        parameters: FACTOR,
        summary: "Multiplies each value by a constant.",
        example: "scale(servers.*.bytes, 8)",
        is_aggregator: false,
        run: |call| {
            each(call, constant, |(factor, tag), series| {
                let name = format!("scale({},{})", series.name, number::general(*factor));
                let scaled = series.map(|value| value * factor);
                Ok(scaled.renamed(name).tagged("scale", tag))
            })
        },
    },
    Function {
        names: &["scaleToSeconds"],
        group: FunctionGroup::Transform,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("seconds", Kind::Float),
        ],
        summary: "Makes each value, which counts for its step, one that counts for so many seconds.",
        example: "scaleToSeconds(servers.*.requests, 1)",
        is_aggregator: false,
        run: |call| {
            each(call, whole_constant, |(seconds, tag, digits), series| {
                let name = format!("scaleToSeconds({},{digits})", series.name);
                let factor = seconds / series.step as f64;
                let mut scaled = series.map(|value| value * factor);
                round_all(scaled.values_mut(), 6);
                Ok(scaled.renamed(name).tagged("scaleToSeconds", tag))
            })
        },
    },
    Function {
        names: &["add"],
        group: FunctionGroup::Transform,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("constant", Kind::Float),
        ],
        summary: "Adds a constant to each value. The name shows the whole part of it alone.",
        example: "add(servers.*.threads, 10)",
        is_aggregator: false,
        run: |call| {
            each(call, whole_constant, |(constant, tag, digits), series| {
                let name = format!("add({},{digits})", series.name);
                let added = series.map(|value| value + constant);
                Ok(added.renamed(name).tagged("add", tag))
            })
        },
    },
    Function {
        names: &["offset"],
        group: FunctionGroup::Transform,
        parameters: FACTOR,
        summary: "Adds a constant to each value.",
        example: "offset(servers.*.threads, -10)",
        is_aggregator: false,
        run: |call| {
            each(call, constant, |(constant, tag), series| {
                let name = format!("offset({},{})", series.name, number::general(*constant));
                let moved = series.map(|value| value + constant);
                Ok(moved.renamed(name).tagged("offset", tag))
            })
        },
    },
    Function {
        names: &["offsetToZero"],
        group: FunctionGroup::Transform,
        parameters: &[required("seriesList", Kind::SeriesList)],
        summary: "Subtracts the least value of each series from all of its values.",
        example: "offsetToZero(servers.*.temperature)",
        is_aggregator: false,
        run: |call| {
            each(call, nothing, |(), series| {
                let name = format!("offsetToZero({})", series.name);
                let least = series.present().reduce(f64::min);
                let least = least.unwrap_or(f64::NAN);
                let is_whole = series.is_whole;
                let tag = format_value(least, is_whole);
                let moved = series.map(|value| value - least).whole(is_whole);
                Ok(moved.renamed(name).tagged("offsetToZero", tag))
            })
        },
    },
];

/// For a function without further arguments.
pub(super) const fn nothing(_: &mut FunctionCall<'_>) -> Result<(), Fault> {
    Ok(())
}

/// The number after the series, and how a tag shows it.
pub(super) fn constant(call: &mut FunctionCall<'_>) -> Result<(f64, String), Fault> {
    let number = call.arguments.float(1)?;
    let tag = match call.arguments.given(1) {
        Some(value) => value.to_text(),
        None => number::repr(number),
    };
    Ok((number, tag))
}

/// The same, and its digits before the point.
fn whole_constant(call: &mut FunctionCall<'_>) -> Result<(f64, String, String), Fault> {
    let (number, tag) = constant(call)?;
    if !number.is_finite() {
        return Err(Fault::argument("the name needs a number that is finite"));
    }
    let digits = format!("{:.0}", number.trunc() + 0.0);
    Ok((number, tag, digits))
}
