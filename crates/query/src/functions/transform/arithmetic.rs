//! A value and a constant.

use crate::function::{Function, Group, Kind, required};
use crate::value::Value;
use base::number;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["scale"],
    group: Group::Transform,
    parameters: &[
        required("seriesList", Kind::SeriesList),
        required("factor", Kind::Float),
    ],
    summary: "Multiplies each value by a constant.",
    example: "scale(servers.*.bytes, 8)",
    is_aggregator: false,
    run: |call| {
        let series = call.arguments.series(0)?;
        let factor = call.arguments.float(1)?;
        let text = number::general(factor);
        let scaled = series.into_iter().map(|own| {
            let name = format!("scale({},{text})", own.name);
            own.map(|value| value * factor)
                .renamed(name)
                .tagged("scale", number::repr(factor))
        });
        Ok(Value::Series(scaled.collect()))
    },
}];
