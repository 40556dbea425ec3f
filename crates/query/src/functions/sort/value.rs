//! `sortBy`, `sortByTotal`, `sortByMaxima` and `sortByMinima`.

use crate::error::Fault;
use crate::function::{
    Default, Function, FunctionCall, FunctionGroup, Kind, Outcome, SERIES, optional, required,
    unknown_aggregation,
};
use crate::functions::support::{Aggregation, retained};
use crate::series::Series;
use std::cmp::Ordering;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["sortBy"],
        group: FunctionGroup::Sorting,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            optional("func", Kind::AggFunc).or(Default::Text("average")),
            optional("reverse", Kind::Boolean).or(Default::Boolean(false)),
        ],
        summary: "Sorts the series by an aggregate, ascending, or descending where `reverse` is true.",
        example: "sortBy(servers.*.load, 'max', true)",
        is_aggregator: false,
        run: |call| {
            let name = call.arguments.text_or(1, "average")?;
            let aggregation = Aggregation::named(name).ok_or_else(|| unknown_aggregation(name))?;
            let is_reversed = call.arguments.boolean_or(2, false);
            sorted(call, aggregation, is_reversed)
        },
    },
    Function {
        names: &["sortByTotal"],
        group: FunctionGroup::Sorting,
        parameters: SERIES,
        summary: "Sorts the series by their sums, the greatest first.",
        example: "sortByTotal(servers.*.requests)",
        is_aggregator: false,
        run: |call| sorted(call, Aggregation::Sum, true),
    },
    Function {
        names: &["sortByMaxima"],
        group: FunctionGroup::Sorting,
        parameters: SERIES,
        summary: "Sorts the series by their greatest values, the greatest first.",
        example: "sortByMaxima(servers.*.load)",
        is_aggregator: false,
        run: |call| sorted(call, Aggregation::Max, true),
    },
    Function {
        names: &["sortByMinima"],
        group: FunctionGroup::Sorting,
        parameters: SERIES,
        summary: "Sorts the series that have a value above zero by their least values, the least first.",
        example: "sortByMinima(servers.*.load)",
        is_aggregator: false,
        run: |call| {
            let series = call.arguments.series(0)?;
            let is_positive = |series: &Series| Aggregation::Max.of(&series.points()) > 0.0;
            let series = retained(call, series, is_positive)?;
            let series = sort_by_aggregate(call, series, Aggregation::Min, false)?;
            Ok(series.into())
        },
    },
];

fn sorted(call: &mut FunctionCall<'_>, aggregation: Aggregation, is_reversed: bool) -> Outcome {
    let series = call.arguments.series(0)?;
    let series = sort_by_aggregate(call, series, aggregation, is_reversed)?;
    Ok(series.into())
}

/// Sorts series by an aggregate; what has none is less than all, and equals stay in their order either way.
pub(in crate::functions) fn sort_by_aggregate(
    call: &mut FunctionCall<'_>,
    series: Vec<Series>,
    aggregation: Aggregation,
    is_reversed: bool,
) -> Result<Vec<Series>, Fault> {
    let mut keyed = Vec::with_capacity(series.len());
    for series in series {
        call.checkpoint(series.values.len())?;
        let value = aggregation.of(&series.points());
        let value = if value.is_nan() {
            f64::NEG_INFINITY
        } else {
            value
        };
        keyed.push((value, series));
    }
    keyed.sort_by(|(one, _): &(f64, Series), (other, _)| {
        let order = one.partial_cmp(other).unwrap_or(Ordering::Equal);
        if is_reversed { order.reverse() } else { order }
    });
    Ok(keyed.into_iter().map(|(_, series)| series).collect())
}
