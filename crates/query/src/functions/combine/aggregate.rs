//! `aggregate`, and the functions that are it under a name of their own.

use crate::error::Fault;
use crate::function::{
    Function, FunctionCall, Group, Kind, Outcome, Parameter, optional, required,
};
use crate::functions::support::{Aggregation, path_expressions};
use crate::series::{Series, Tags, normalize};

const LISTS: &[Parameter] = &[required("seriesLists", Kind::SeriesList).multiple()];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["aggregate"],
        group: Group::Combine,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("func", Kind::AggFunc),
            optional("xFilesFactor", Kind::Float),
        ],
        summary: "Makes one series out of many: at each time the aggregate of their values.",
        example: "aggregate(servers.*.load, 'median')",
        is_aggregator: false,
        run: |call| {
            let series = call.arguments.series(0)?;
            let share = call
                .arguments
                .given(2)
                .map(|_| call.arguments.float(2))
                .transpose()?;
            let name = call.arguments.text(1)?.to_owned();
            Ok(aggregated(call, series, &name, share)?.into())
        },
    },
    Function {
        names: &["sumSeries", "sum"],
        group: Group::Combine,
        parameters: LISTS,
        summary: "The sum of the series at each time.",
        example: "sumSeries(servers.*.requests)",
        is_aggregator: true,
        run: |call| all(call, "sum"),
    },
];

/// The aggregate of all lists.
fn all(call: &mut FunctionCall<'_, '_>, aggregation: &str) -> Outcome {
    let series = call
        .arguments
        .series_lists(0)?
        .into_iter()
        .flatten()
        .collect();
    Ok(aggregated(call, series, aggregation, None)?.into())
}

/// One series whose values are the aggregates of `series`; none where there are none.
pub(in crate::functions) fn aggregated(
    call: &mut FunctionCall<'_, '_>,
    series: Vec<Series>,
    name: &str,
    share: Option<f64>,
) -> Result<Vec<Series>, Fault> {
    let short = name.strip_suffix("Series").unwrap_or(name);
    let aggregation = Aggregation::named(short)
        .ok_or_else(|| Fault::argument(format!("there is no aggregation `{name}`")))?;
    let Some(normalized) = normalize(series) else {
        return Ok(Vec::new());
    };
    let share = share.unwrap_or_else(|| call.x_files_factor());
    let (columns, length) = normalized.columns();
    call.spend(length.saturating_mul(columns.len()))?;
    let mut row = vec![f64::NAN; columns.len()];
    let mut values = Vec::with_capacity(length);
    for place in 0..length {
        for (slot, column) in row.iter_mut().zip(&columns) {
            *slot = column.get(place).copied().unwrap_or(f64::NAN);
        }
        let present = row.iter().filter(|value| !value.is_nan()).count();
        let is_enough = present > 0 && present as f64 / row.len() as f64 >= share;
        values.push(if is_enough {
            aggregation.of(&row)
        } else {
            f64::NAN
        });
    }
    let title = format!("{short}Series({})", path_expressions(&normalized.series));
    let mut tags = common_tags(&normalized.series);
    tags.entry("name".to_owned())
        .or_insert_with(|| title.clone());
    let mut result = call.new_series(title, normalized.span(), values);
    result.tags = tags;
    result.x_files_factor = share;
    Ok(vec![result.tagged("aggregatedBy", short)])
}

/// The tags that all series have with the same value.
pub(in crate::functions) fn common_tags(series: &[Series]) -> Tags {
    let mut all = series.iter();
    let mut tags = all.next().map(|own| own.tags.clone()).unwrap_or_default();
    for own in all {
        tags.retain(|tag, value| own.tags.get(tag) == Some(value));
    }
    tags
}
