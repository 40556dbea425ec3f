//! `group`, `unique` and `fallbackSeries`: lists put together.

use crate::error::Fault;
use crate::function::{Function, FunctionGroup, Kind, optional, required};
use crate::value::Value;
use std::collections::HashSet;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["group"],
        group: FunctionGroup::Combine,
        parameters: &[optional("seriesLists", Kind::SeriesList).multiple()],
        summary: "All series of several lists, as one list.",
        example: "group(servers.web.load, servers.db.load)",
        is_aggregator: false,
        run: |call| {
            let lists = call.arguments.series_lists(0)?;
            Ok(Value::Series(lists.into_iter().flatten().collect()))
        },
    },
    Function {
        names: &["unique"],
        group: FunctionGroup::FilterSeries,
        parameters: &[required("seriesLists", Kind::SeriesList).multiple()],
        summary: "All series of several lists; of those with the same name the first.",
        example: "unique(highestMax(servers.*.load, 3), highestAverage(servers.*.load, 3))",
        is_aggregator: false,
        run: |call| {
            let lists = call.arguments.series_lists(0)?;
            let mut seen = HashSet::new();
            let mut all: Vec<_> = lists.into_iter().flatten().collect();
            all.retain(|series| seen.insert(series.name.clone()));
            Ok(all.into())
        },
    },
    Function {
        names: &["fallbackSeries"],
        group: FunctionGroup::Special,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("fallback", Kind::SeriesList),
        ],
        summary: "The series, or those of another list where there are none.",
        example: "fallbackSeries(shop.orders, constantLine(0))",
        is_aggregator: false,
        run: |call| {
            let series = call.arguments.series(0)?;
            if call.arguments.given(1).is_none() {
                return Err(Fault::argument("`fallback` is missing: series"));
            }
            if series.is_empty() {
                Ok(call.arguments.series(1)?.into())
            } else {
                Ok(series.into())
            }
        },
    },
];
