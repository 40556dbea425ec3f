//! `stdev`: the standard deviation in a moving window.

use crate::error::Fault;
use crate::function::{Default, Function, FunctionCall, FunctionGroup, Kind, optional, required};
use crate::functions::support::{copied, each};
use crate::value::Value;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["stdev"],
    group: FunctionGroup::Calculate,
    parameters: &[
        required("seriesList", Kind::SeriesList),
        required("points", Kind::Integer),
        optional("windowTolerance", Kind::Float).or(Default::Float(0.1)),
    ],
    summary: "At each value the standard deviation of it and those before it, of so many points; none where fewer than the \
              share `windowTolerance` of them are there.",
    example: "stdev(servers.*.latency, 10, 0.5)",
    is_aggregator: false,
    run: |call| {
        let read = |call: &mut FunctionCall<'_>| {
            let given = call.arguments.given(1);
            let points = Points {
                count: call.arguments.float(1)?,
                is_whole: matches!(given, Some(Value::Integer(_))),
                tag: given.map(Value::to_text).unwrap_or_default(),
            };
            Ok::<_, Fault>((points, call.arguments.float_or(2, 0.1)?))
        };
        each(call, read, |(points, tolerance), series| {
            let name = format!("stdev({},{:.0})", series.name, points.count.trunc() + 0.0);
            let values = deviations(&series.values, points, *tolerance)?;
            Ok(copied(
                series.tagged("stdev", points.tag.as_str()),
                name,
                values,
            ))
        })
    },
}];

/// How many points a window has.
struct Points {
    count: f64,
    is_whole: bool,
    tag: String,
}

/// By running sums of the values and of their squares, in graphite-web's order: its rounding shows where the values hardly
/// differ, and there the answers have to be the same.
fn deviations(values: &[f64], points: &Points, tolerance: f64) -> Result<Vec<f64>, Fault> {
    let is_reached = values.len() as f64 > points.count;
    if is_reached && !values.is_empty() && (!points.is_whole || points.count < 0.0) {
        return Err(Fault::argument(
            "`points` must be a whole number, and not negative",
        ));
    }
    let width = points.count as usize;
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    let mut deviations = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        let dropped = index
            .checked_sub(width)
            .and_then(|index| values.get(index))
            .filter(|value| !value.is_nan());
        if let Some(dropped) = dropped {
            count -= 1.0;
            sum -= dropped;
            squares -= dropped * dropped;
        }
        if !value.is_nan() {
            count += 1.0;
            sum += value;
            squares += value * value;
        }
        let is_enough = count > 0.0 && count / points.count >= tolerance;
        // The root of a negative number is no value.
        let root = (count * squares - sum * sum).sqrt();
        deviations.push(if is_enough { root / count } else { f64::NAN });
    }
    Ok(deviations)
}
