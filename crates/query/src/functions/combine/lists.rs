//! Lists of series, combined pair by pair.

use super::aggregate::{aggregated, share};
use crate::error::Fault;
use crate::function::{
    Function, FunctionCall, FunctionGroup, Kind, Outcome, Parameter, optional, required,
};
use crate::series::Series;

const TWO: &[Parameter] = &[
    required("seriesListFirstPos", Kind::SeriesList),
    required("seriesListSecondPos", Kind::SeriesList),
];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["aggregateSeriesLists"],
        group: FunctionGroup::Combine,
        parameters: &[
            required("seriesListFirstPos", Kind::SeriesList),
            required("seriesListSecondPos", Kind::SeriesList),
            required("func", Kind::AggFunc),
            optional("xFilesFactor", Kind::Float),
        ],
        summary: "The aggregate of each series of one list with the one at the same place of another list.",
        example: "aggregateSeriesLists(shop.*.placed, shop.*.cancelled, 'max')",
        is_aggregator: false,
        run: |call| {
            let share = share(call, 3)?;
            let name = call.arguments.text(2)?.to_owned();
            pairs(call, &name, share)
        },
    },
    Function::new(
        &["sumSeriesLists"],
        FunctionGroup::Combine,
        TWO,
        "The sum of each series of one list and the one at the same place of another list.",
        "sumSeriesLists(net.*.received, net.*.sent)",
        |call| pairs(call, "sum", None),
    )
    .aggregator(),
    Function::new(
        &["diffSeriesLists"],
        FunctionGroup::Combine,
        TWO,
        "Each series of one list less the one at the same place of another list.",
        "diffSeriesLists(shop.*.placed, shop.*.cancelled)",
        |call| pairs(call, "diff", None),
    )
    .aggregator(),
    Function::new(
        &["multiplySeriesLists"],
        FunctionGroup::Combine,
        TWO,
        "The product of each series of one list and the one at the same place of another list.",
        "multiplySeriesLists(shop.*.price, shop.*.sold)",
        |call| pairs(call, "multiply", None),
    )
    .aggregator(),
];

fn pairs(call: &mut FunctionCall<'_>, name: &str, share: Option<f64>) -> Outcome {
    let mut results = Vec::new();
    for (first, second) in two_lists(call)? {
        let names = format!("Series({},{})", first.name, second.name);
        for series in aggregated(call, vec![first, second], name, share)? {
            let short = series.name.split("Series(").next().unwrap_or_default();
            let name = format!("{short}{names}");
            results.push(series.named(name));
        }
    }
    Ok(results.into())
}

/// The pairs of the first two arguments, which must be lists of the same length.
pub(super) fn two_lists(call: &mut FunctionCall<'_>) -> Result<Vec<(Series, Series)>, Fault> {
    let first = call.arguments.series(0)?;
    let second = call.arguments.series(1)?;
    let (count, other) = (first.len(), second.len());
    if count != other {
        return Err(Fault::argument(format!(
            "both lists must have the same number of series, not {count} and {other}"
        )));
    }
    Ok(first.into_iter().zip(second).collect())
}
