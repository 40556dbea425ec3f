//! `aliasSub` and `aliasQuery`: names changed by regular expressions.

use crate::error::Fault;
use crate::function::{Function, FunctionGroup, Kind, required};
use crate::functions::support::{Aggregation, Substitution, formatted};

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["aliasSub"],
        group: FunctionGroup::Alias,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("search", Kind::String),
            required("replace", Kind::String),
        ],
        summary: "Replaces each match of a regular expression in the name; `\\1` stands for its first group.",
        example: "aliasSub(servers.*.load, 'servers\\.(\\w+)\\.load', 'load of \\1')",
        is_aggregator: false,
        run: |call| {
            let change = Substitution::at(call, 1, 2)?;
            let mut series = call.arguments.series(0)?;
            for series in &mut series {
                call.reserve(series.weight())?;
                let name = change.of_name(call, &series.name)?;
                call.reserve(name.len().saturating_sub(series.name.len()) / 8)?;
                series.name = name;
            }
            Ok(series.into())
        },
    },
    Function {
        names: &["aliasQuery"],
        group: FunctionGroup::Alias,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("search", Kind::String),
            required("replace", Kind::String),
            required("newName", Kind::String),
        ],
        summary: "Makes a target out of the name by a regular expression, and names the series by that target's last value.",
        example: "aliasQuery(servers.*.load, 'load$', 'cores', 'load of %d cores')",
        is_aggregator: false,
        run: |call| {
            let change = Substitution::at(call, 1, 2)?;
            let template = call.arguments.text(3)?.to_owned();
            let window = call.window.clone();
            let mut series = call.arguments.series(0)?;
            for series in &mut series {
                call.reserve(series.weight())?;
                let target = change.of_name(call, &series.name)?;
                let found = call.isolated(|call| call.evaluate_text(&target, &window))?;
                let first = found.into_iter().next();
                let first =
                    first.ok_or_else(|| Fault::argument(format!("`{target}` has no series")))?;
                let last = Aggregation::Last.of(&first.points());
                if last.is_nan() {
                    return Err(Fault::argument(format!("`{target}` has no value")));
                }
                let name = formatted(&template, last, first.is_whole)?;
                call.reserve(name.len() / 8)?;
                series.name = name;
            }
            Ok(series.into())
        },
    },
];
