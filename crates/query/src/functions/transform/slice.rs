//! `timeSlice`: a part of the requested time.

use crate::error::Fault;
use crate::function::{Default, Function, FunctionCall, FunctionGroup, Kind, optional, required};
use crate::functions::support::{date, each_strictly, wall_seconds};

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["timeSlice"],
    group: FunctionGroup::Transform,
    parameters: &[
        required("seriesList", Kind::SeriesList),
        required("startSliceAt", Kind::Date),
        optional("endSliceAt", Kind::Date).or(Default::Text("now")),
    ],
    summary: "Takes away the values before one time and after another. Times are those of UTC.",
    example: "timeSlice(servers.*.requests, '00:00_20240601', '12:00_20240601')",
    is_aggregator: false,
    run: |call| {
        let read = |call: &mut FunctionCall<'_>| {
            let start = date(&call.window, call.arguments.text(1)?)?;
            let end = date(&call.window, call.arguments.text_or(2, "now")?)?;
            Ok::<_, Fault>((start, end, wall_seconds(&call.window, call.window.from)))
        };
        each_strictly(call, read, |(start, end, origin), mut series| {
            let name = format!("timeSlice({}, {start}, {end})", series.name);
            let (mut at, step) = (*origin, series.step);
            for value in series.values_mut() {
                if at < *start || at > *end {
                    *value = f64::NAN;
                }
                at += step;
            }
            Ok(series
                .named(name)
                .tagged("timeSliceStart", start.to_string())
                .tagged("timeSliceEnd", end.to_string()))
        })
    },
}];
