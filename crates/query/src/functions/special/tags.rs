//! `seriesByTag`.

use crate::error::Fault;
use crate::function::{Function, FunctionGroup, Kind, required};

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["seriesByTag"],
    group: FunctionGroup::Special,
    parameters: &[required("tagExpressions", Kind::String).multiple()],
    summary: "The series whose tags fit all expressions: `tag=value`, `tag!=value`, `tag=~regex` and `tag!=~regex`. The path \
              of a series is its tag `name`.",
    example: "seriesByTag('name=disk.used', 'host=~web.*')",
    is_aggregator: false,
    // It reads series, as a path does, and never gets as far as a function's arguments.
    run: |_| {
        Err(Fault::argument(
            "it stands for a path, and takes texts alone",
        ))
    },
}];
