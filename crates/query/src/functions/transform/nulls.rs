//! `transformNull`: a constant for missing values.

use crate::error::Fault;
use crate::function::{
    Default, Function, FunctionCall, FunctionGroup, Kind, Outcome, optional, required,
};
use crate::functions::support::{changed, input};
use crate::series::Series;
use crate::value::Value;
use base::number;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["transformNull"],
    group: FunctionGroup::Transform,
    parameters: &[
        required("seriesList", Kind::SeriesList),
        optional("default", Kind::Float).or(Default::Integer(0)),
        optional("referenceSeries", Kind::SeriesList),
    ],
    summary: "Puts a constant where there is no value; with further series, only where one of these has a value.",
    example: "transformNull(servers.*.errors, 0)",
    is_aggregator: false,
    run: transform_null,
}];

fn transform_null(call: &mut FunctionCall<'_>) -> Outcome {
    let reference = match call.arguments.given(2) {
        Some(_) => call.arguments.series(2)?,
        None => Vec::new(),
    };
    let Some(series) = input(call)? else {
        return Ok(Vec::new().into());
    };
    let tag = call
        .arguments
        .given(1)
        .map_or_else(|| "0".to_owned(), Value::to_text);
    let default = call.arguments.float_or(1, 0.0)?;
    let text = number::general(default);
    if reference.is_empty() {
        return changed(call, series, |series| {
            let name = format!("transformNull({},{text})", series.name);
            let filled = series.map(|value| if value.is_nan() { default } else { value });
            Ok(filled.renamed(name).tagged("transformNull", tag.as_str()))
        });
    }
    let defaults = defaults(call, &reference, default)?;
    changed(call, series, |series| {
        let name = format!("transformNull({},{text},referenceSeries)", series.name);
        let mut series = series.renamed(name).tagged("transformNull", tag.as_str());
        fill(series.values_mut(), &defaults);
        Ok(series.tagged("referenceSeries", "1"))
    })
}

/// The constant at each place at which one of the series has a value.
fn defaults(
    call: &mut FunctionCall<'_>,
    reference: &[Series],
    default: f64,
) -> Result<Vec<f64>, Fault> {
    call.spend(reference.iter().map(|series| series.values.len()).sum())?;
    let longest = reference.iter().map(|series| series.values.len()).max();
    call.reserve(longest.unwrap_or(0))?;
    let mut defaults = vec![f64::NAN; longest.unwrap_or(0)];
    for series in reference {
        for (slot, value) in defaults.iter_mut().zip(series.points().iter()) {
            if !value.is_nan() {
                *slot = default;
            }
        }
    }
    Ok(defaults)
}

/// Fills gaps by their places. Where there are more constants than values, the last ones count, as graphite-web has it.
fn fill(values: &mut [f64], defaults: &[f64]) {
    let ahead = defaults.len().saturating_sub(values.len());
    if ahead == 0 {
        for (value, default) in values.iter_mut().zip(defaults) {
            if value.is_nan() {
                *value = *default;
            }
        }
        return;
    }
    let filled: Vec<f64> = defaults
        .iter()
        .enumerate()
        .map(|(index, default)| match values.get(index) {
            Some(value) if !value.is_nan() => *value,
            _ => *default,
        })
        .skip(ahead)
        .collect();
    values.copy_from_slice(&filled);
}
