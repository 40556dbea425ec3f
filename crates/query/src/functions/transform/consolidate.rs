//! `consolidateBy`, `cumulative` and `setXFilesFactor`: how points are consolidated, and how many of them must have a value.

use crate::function::{Function, FunctionCall, FunctionGroup, Kind, Outcome, required};
use crate::functions::support::{changed, each};
use crate::series::{Consolidation, Series};

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["consolidateBy"],
        group: FunctionGroup::Special,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("consolidationFunc", Kind::String).one_of(&[
                "average", "avg", "avg_zero", "first", "last", "max", "min", "sum",
            ]),
        ],
        summary: "Says what several values of a series become where there is room for one: in an answer with \
                  `maxDataPoints`, or beside series of longer steps.",
        example: "consolidateBy(servers.*.requests, 'sum')",
        is_aggregator: false,
        run: |call| {
            let name = |call: &mut FunctionCall<'_>| Ok(call.arguments.text(1)?.to_owned());
            each(call, name, |name, series| Ok(consolidated(series, name)))
        },
    },
    Function {
        names: &["cumulative"],
        group: FunctionGroup::Special,
        parameters: &[required("seriesList", Kind::SeriesList)],
        summary: "The same as `consolidateBy(…, 'sum')`.",
        example: "cumulative(servers.*.requests)",
        is_aggregator: false,
        run: |call| {
            each(
                call,
                |_| Ok(()),
                |(), series| Ok(consolidated(series, "sum")),
            )
        },
    },
    Function {
        names: &["setXFilesFactor", "xFilesFactor"],
        group: FunctionGroup::Special,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("xFilesFactor", Kind::Float),
        ],
        summary: "Says which share of values must be there, from 0 to 1, for an aggregate of them: for these series and for \
                  the functions around this one.",
        example: "sumSeries(setXFilesFactor(servers.*.requests, 0.5))",
        is_aggregator: false,
        run: set_x_files_factor,
    },
];

fn consolidated(mut series: Series, name: &str) -> Series {
    series.consolidation = Consolidation::named(name).unwrap_or(Consolidation::Unknown);
    let title = format!("consolidateBy({},\"{name}\")", series.name);
    series.renamed(title).tagged("consolidateBy", name)
}

fn set_x_files_factor(call: &mut FunctionCall<'_>) -> Outcome {
    let share = call.arguments.float(1)?;
    let tag = call
        .arguments
        .given(1)
        .map(crate::value::Value::to_text)
        .unwrap_or_default();
    call.set_x_files_factor(share);
    let series = call.arguments.series(0)?;
    changed(call, series, |mut series| {
        series.x_files_factor = share;
        Ok(series.tagged("xFilesFactor", tag.as_str()))
    })
}
