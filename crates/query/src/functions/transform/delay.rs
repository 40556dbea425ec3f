//! `delay`: moves values some points later.

use crate::function::{Function, FunctionCall, FunctionGroup, Kind, required};
use crate::functions::support::{copied, each};

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["delay"],
    group: FunctionGroup::Transform,
    parameters: &[
        required("seriesList", Kind::SeriesList),
        required("steps", Kind::Integer),
    ],
    summary: "Moves the values so many places towards the end; a negative count moves them towards the beginning. What \
              leaves the series is lost.",
    example: "delay(servers.*.load, 3)",
    is_aggregator: false,
    run: |call| {
        let steps = |call: &mut FunctionCall<'_>| call.arguments.integer(1);
        each(call, steps, |steps, series| {
            let name = format!("delay({},{steps})", series.name);
            let values = delayed(&series.points(), *steps);
            Ok(copied(
                series.tagged("delay", steps.to_string()),
                name,
                values,
            ))
        })
    },
}];

fn delayed(values: &[f64], steps: i64) -> Vec<f64> {
    let places = usize::try_from(steps.unsigned_abs()).unwrap_or(usize::MAX);
    let empty = places.min(values.len());
    let gap = std::iter::repeat_n(f64::NAN, empty);
    match steps {
        // No place at all is a slice up to the end counted from there, which holds nothing.
        0 => Vec::new(),
        1.. => gap
            .chain(values.iter().copied().take(values.len() - empty))
            .collect(),
        _ => values.iter().copied().skip(empty).chain(gap).collect(),
    }
}
