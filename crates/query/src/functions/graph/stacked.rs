//! `stacked` and `areaBetween`.

use crate::error::Fault;
use crate::function::{Function, FunctionGroup, Kind, optional, required};
use crate::series::{Drawing, Series};
use crate::value::Value;
use std::sync::Arc;

/// The stack of series for which none is named.
const DEFAULT_STACK: &str = "__DEFAULT__";

/// Makes two series the ends of an area, which is named as the upper one is.
pub(in crate::functions) fn band(lower: &mut Series, upper: &mut Series) {
    let name: Arc<str> = upper.name.as_str().into();
    for series in [&mut *lower, upper] {
        series.drawing.is_stacked = true;
        series.drawing.band = Some(Arc::clone(&name));
    }
    lower.drawing.is_invisible = true;
}

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["stacked"],
        group: FunctionGroup::Graph,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            optional("stack", Kind::String),
        ],
        summary: "Puts each series on top of those before it in the same stack.",
        example: "stacked(servers.*.requests)",
        is_aggregator: false,
        run: |call| {
            let stack = match call.arguments.given(1) {
                None => DEFAULT_STACK.to_owned(),
                Some(Value::Text(stack)) => stack.clone(),
                Some(other) => {
                    let kind = other.kind();
                    return Err(Fault::argument(format!(
                        "`stack` must be a text, not {kind}"
                    )));
                }
            };
            let is_default = stack == DEFAULT_STACK;
            let mut series = call.arguments.series(0)?;
            for series in &mut series {
                call.checkpoint(series.values.len())?;
                call.reserve(series.weight().saturating_add(series.name.len() / 4))?;
                let more = series
                    .values
                    .len()
                    .saturating_sub(call.stack(stack.clone()).len());
                call.reserve(more)?;
                let sums = call.stack(stack.clone());
                sums.resize(sums.len().saturating_add(more), 0.0);
                for (value, sum) in series.values_mut().iter_mut().zip(sums.iter_mut()) {
                    if !value.is_nan() {
                        *sum += *value;
                        *value = *sum;
                    }
                }
                if is_default {
                    series
                        .tags
                        .insert("stacked".to_owned(), DEFAULT_STACK.to_owned());
                    series.name = format!("stacked({})", series.name);
                }
                series.path_expression.clone_from(&series.name);
                series.values_per_point = 1;
                series.drawing = Drawing {
                    is_stacked: true,
                    ..Drawing::default()
                };
            }
            Ok(series.into())
        },
    },
    Function {
        names: &["areaBetween"],
        group: FunctionGroup::Graph,
        parameters: &[required("seriesList", Kind::SeriesList)],
        summary: "Fills the area between two series.",
        example: "areaBetween(servers.web.load.{min,max})",
        is_aggregator: false,
        run: |call| {
            let mut series = call.arguments.series(0)?;
            let count = series.len();
            let [lower, upper] = series.as_mut_slice() else {
                return Err(Fault::argument(format!(
                    "`seriesList` must be two series, not {count}"
                )));
            };
            upper.tags.insert("areaBetween".to_owned(), "1".to_owned());
            upper.name = format!("areaBetween({})", upper.path_expression);
            lower.tags.clone_from(&upper.tags);
            lower.name.clone_from(&upper.name);
            call.reserve(upper.name.len() / 8)?;
            band(lower, upper);
            Ok(series.into())
        },
    },
];
