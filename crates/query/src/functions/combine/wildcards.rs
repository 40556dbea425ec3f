//! Series whose names differ in some nodes alone, combined.

use super::aggregate::aggregate_of;
use crate::function::{
    Function, FunctionCall, FunctionGroup, Kind, Outcome, Parameter, optional, required,
};
use crate::functions::support::grouped;
use crate::value::Value;

const SERIES_AND_NODES: &[Parameter] = &[
    required("seriesList", Kind::SeriesList),
    optional("position", Kind::Node).multiple(),
];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["aggregateWithWildcards"],
        group: FunctionGroup::Combine,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("func", Kind::AggFunc),
            optional("position", Kind::Node).multiple(),
        ],
        summary: "Aggregates the series whose names are the same without the nodes at some positions.",
        example: "aggregateWithWildcards(servers.*.cpu.*.load, 'max', 3)",
        is_aggregator: false,
        run: |call| {
            let name = call.arguments.text(1)?.to_owned();
            without_nodes(call, &name, 2)
        },
    },
    Function::new(
        &["sumSeriesWithWildcards"],
        FunctionGroup::Combine,
        SERIES_AND_NODES,
        "The sum of the series whose names are the same without the nodes at some positions.",
        "sumSeriesWithWildcards(servers.*.cpu.*.load, 1)",
        |call| without_nodes(call, "sum", 1),
    )
    .aggregator(),
    Function::new(
        &["averageSeriesWithWildcards"],
        FunctionGroup::Combine,
        SERIES_AND_NODES,
        "The mean of the series whose names are the same without the nodes at some positions.",
        "averageSeriesWithWildcards(servers.*.cpu.*.load, 1, 3)",
        |call| without_nodes(call, "average", 1),
    )
    .aggregator(),
    Function::new(
        &["multiplySeriesWithWildcards"],
        FunctionGroup::Combine,
        SERIES_AND_NODES,
        "The product of the series whose names are the same without the nodes at some positions.",
        "multiplySeriesWithWildcards(shop.*.{price,sold}, 2)",
        |call| without_nodes(call, "multiply", 1),
    )
    .aggregator(),
];

fn without_nodes(call: &mut FunctionCall<'_>, aggregation: &str, first: usize) -> Outcome {
    let series = call.arguments.series(0)?;
    let positions = call.arguments.from(first);
    let positions: Vec<f64> = positions.into_iter().filter_map(Value::number).collect();
    let groups = grouped(call, series, |series| {
        let nodes = series.name.split('.').zip(0_u32..);
        let kept = nodes.filter(|(_, index)| !positions.contains(&f64::from(*index)));
        Ok(kept.map(|(node, _)| node).collect::<Vec<_>>().join("."))
    })?;
    let mut results = Vec::with_capacity(groups.len());
    for (key, group) in groups {
        results.push(aggregate_of(call, group, aggregation)?.named(key));
    }
    Ok(results.into())
}
