//! Flat lines.

use crate::error::Fault;
use crate::function::{
    AGGREGATIONS, Default, Function, FunctionCall, Group, Kind, Outcome, optional, required,
};
use crate::functions::support::{Aggregation, constant_line, copied};
use crate::number;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["aggregateLine"],
    group: Group::Calculate,
    parameters: &[
        required("seriesList", Kind::SeriesList),
        optional("func", Kind::AggFunc)
            .or(Default::Text("average"))
            .one_of(AGGREGATIONS),
        optional("keepStep", Kind::Boolean).or(Default::Boolean(false)),
    ],
    summary: "A flat line at the mean of each series, or at another aggregate of its values: of three points, or of as many \
              as the series has where `keepStep` is true.",
    example: "aggregateLine(servers.*.load, 'max')",
    is_aggregator: false,
    run: aggregate_line,
}];

fn aggregate_line(call: &mut FunctionCall<'_, '_>) -> Outcome {
    let name = call.arguments.text_or(1, "average")?;
    let aggregation = Aggregation::named(name)
        .ok_or_else(|| Fault::argument(format!("there is no aggregation `{name}`")))?;
    let keeps_step = call.arguments.boolean_or(2, false);
    let mut lines = Vec::new();
    for own in call.arguments.series(0)? {
        let value = aggregation.of(&own.points());
        let (short, long) = if value.is_nan() {
            ("None".to_owned(), "None".to_owned())
        } else if aggregation == Aggregation::Count {
            (number::general(value), format!("{value:.0}"))
        } else {
            (number::general(value), number::repr(value))
        };
        let title = format!("aggregateLine({}, {short})", own.name);
        lines.push(if keeps_step {
            let count = own.values.len();
            copied(own, title, vec![value; count])
        } else {
            constant_line(call, value, &long)?.renamed(title)
        });
    }
    Ok(lines.into())
}
