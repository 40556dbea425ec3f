//! `grep` and `exclude`: series selected by a regular expression for their names.

use crate::function::{Function, FunctionCall, FunctionGroup, Kind, Outcome, Parameter, required};
use crate::functions::support::{POINTS_TO_COMPILE, Pattern};

const PARAMETERS: &[Parameter] = &[
    required("seriesList", Kind::SeriesList),
    required("pattern", Kind::String),
];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["grep"],
        group: FunctionGroup::FilterSeries,
        parameters: PARAMETERS,
        summary: "The series in whose names a regular expression is found.",
        example: "grep(servers.*.load, '(web|db)[0-9]+')",
        is_aggregator: false,
        run: |call| kept(call, true),
    },
    Function {
        names: &["exclude"],
        group: FunctionGroup::FilterSeries,
        parameters: PARAMETERS,
        summary: "The series in whose names a regular expression is not found.",
        example: "exclude(servers.*.load, 'test')",
        is_aggregator: false,
        run: |call| kept(call, false),
    },
];

fn kept(call: &mut FunctionCall<'_>, is_found: bool) -> Outcome {
    call.checkpoint(POINTS_TO_COMPILE)?;
    let pattern = Pattern::new(call.arguments.text(1)?)?;
    let mut kept = Vec::new();
    for series in call.arguments.series(0)? {
        let found = pattern.is_found(&series.name, &mut |points| call.checkpoint(points))?;
        if found == is_found {
            kept.push(series);
        }
    }
    Ok(kept.into())
}
