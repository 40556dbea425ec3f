//! `countSeries`.

use crate::function::{Function, FunctionGroup, Kind, optional};
use crate::functions::graph::constant_line;
use crate::functions::support::path_expressions;
use crate::series::{Series, normalize};

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["countSeries"],
    group: FunctionGroup::Combine,
    parameters: &[optional("seriesLists", Kind::SeriesList).multiple()],
    summary: "How many series there are, whether or not they have values.",
    example: "countSeries(servers.*.load)",
    is_aggregator: true,
    run: |call| {
        if call.arguments.given(0).is_none() {
            let mut line = constant_line(call, 0.0, "0")?;
            line.path_expression = "countSeries()".to_owned();
            return Ok(vec![line.whole(true)].into());
        }
        let lists = call.arguments.series_lists(0)?;
        let Some(normalized) = normalize(lists.into_iter().flatten().collect()) else {
            return Ok(Vec::new().into());
        };
        let points = |series: &Series| series.values.len().div_ceil(series.values_per_point.max(1));
        let length = normalized.series.iter().map(points).max().unwrap_or(0);
        call.spend(length)?;
        call.reserve(length)?;
        let name = format!("countSeries({})", path_expressions(&normalized.series));
        let values = vec![normalized.series.len() as f64; length];
        Ok(vec![call.new_series(name, normalized.span(), values).whole(true)].into())
    },
}];
