//! How far values lie from one another.

use crate::error::Fault;
use crate::function::{Default, Function, FunctionCall, Group, Kind, optional, required};
use crate::functions::support::{copied, each};

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["stdev"],
    group: Group::Calculate,
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
        let read = |call: &mut FunctionCall<'_, '_>| {
            let points = call.arguments.integer(1)?;
            Ok::<_, Fault>((points, call.arguments.float_or(2, 0.1)?))
        };
        each(call, read, |(points, tolerance), own| {
            let name = format!("stdev({},{points})", own.name);
            let Ok(count) = usize::try_from(*points) else {
                return Err(Fault::argument("`points` must not be negative"));
            };
            let values = deviations(&own.values, count, *tolerance);
            Ok(copied(
                own.tagged("stdev", points.to_string()),
                name,
                values,
            ))
        })
    },
}];

/// By running sums of the values and of their squares, in graphite-web's order: its rounding shows where the values hardly
/// differ, and there the answers have to be the same.
fn deviations(values: &[f64], points: usize, tolerance: f64) -> Vec<f64> {
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    let mut deviations = Vec::with_capacity(values.len());
    for (place, value) in values.iter().enumerate() {
        let dropped = place
            .checked_sub(points)
            .and_then(|place| values.get(place))
            .filter(|own| !own.is_nan());
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
        let is_enough = count > 0.0 && count / points as f64 >= tolerance;
        // The root of a negative number is no value.
        let root = (count * squares - sum * sum).sqrt();
        deviations.push(if is_enough { root / count } else { f64::NAN });
    }
    deviations
}
