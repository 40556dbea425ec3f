//! `linearRegression`: the line of least squares.

use crate::function::{Function, FunctionCall, FunctionGroup, Kind, Outcome, optional, required};
use crate::functions::support::{date, input, wall_seconds};
use crate::series::Series;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["linearRegression"],
    group: FunctionGroup::Calculate,
    parameters: &[
        required("seriesList", Kind::SeriesList),
        optional("startSourceAt", Kind::Date),
        optional("endSourceAt", Kind::Date),
    ],
    summary: "The straight line that is nearest to the values (least squares). With further times, to the values between \
              these, drawn on over the window. Times are those of UTC.",
    example: "linearRegression(servers.*.disk_used, '00:00_20240601', '00:00_20240608')",
    is_aggregator: false,
    run: linear_regression,
}];

fn linear_regression(call: &mut FunctionCall<'_>) -> Outcome {
    let series = input(call)?.unwrap_or_default();
    let (mut from, mut until) = (call.window.from, call.window.until);
    let (mut from_text, mut until_text) = (
        wall_seconds(&call.window, from),
        wall_seconds(&call.window, until),
    );
    if call.arguments.given(1).is_some() {
        from = date(&call.window, call.arguments.text(1)?)?;
        from_text = from;
    }
    if call.arguments.given(2).is_some() {
        until = date(&call.window, call.arguments.text(2)?)?;
        until_text = until;
    }
    let window = call.window.between(from, until);
    let sources = call.evaluate_again(0, &window)?;
    let mut lines = Vec::with_capacity(series.len());
    for (source, series) in sources.iter().zip(series) {
        let name = format!(
            "linearRegression({}, {from_text}, {until_text})",
            series.name
        );
        call.checkpoint(source.values.len().saturating_add(series.values.len()))?;
        call.reserve(series.weight())?;
        let Some((factor, offset)) = line(source) else {
            continue;
        };
        let values = (0..series.values.len()).map(|index| {
            offset + (series.start as f64 + index as f64 * series.step as f64) * factor
        });
        let values: Vec<f64> = values.collect();
        let mut result = Series::new(name, (series.start, series.end, series.step), values);
        result.tags = series.tags;
        result.x_files_factor = series.x_files_factor;
        lines.push(result.tagged("linearRegressions", format!("{from_text}, {until_text}")));
    }
    Ok(lines.into())
}

/// Rise per second, and the height at the epoch; `None` where fewer than two values are there.
fn line(source: &Series) -> Option<(f64, f64)> {
    let (mut n, mut sum_i, mut sum_v, mut sum_ii, mut sum_iv) = (0_i128, 0_i128, 0.0, 0_i128, 0.0);
    for (index, value) in (0_i128..).zip(source.points().iter()) {
        if value.is_nan() {
            continue;
        }
        n += 1;
        sum_i += index;
        sum_v += value;
        sum_ii += index * index;
        sum_iv += index as f64 * value;
    }
    let denominator = (n * sum_ii - sum_i * sum_i) as f64;
    if denominator == 0.0 {
        return None;
    }
    let factor = (n as f64 * sum_iv - sum_i as f64 * sum_v) / denominator / source.step as f64;
    let offset = (sum_ii as f64 * sum_v - sum_iv * sum_i as f64) / denominator
        - factor * source.start as f64;
    Some((factor, offset))
}
