//! Helpers for the most common kind of function: one that changes each series by itself.

use super::node::ensure_name;
use crate::error::Fault;
use crate::function::{FunctionCall, Outcome};
use crate::series::{Drawing, Series};

/// Changes each series. The further arguments are read once, and only where there is a series; but they must be there.
pub(crate) fn each<T>(
    call: &mut FunctionCall<'_>,
    read: impl FnOnce(&mut FunctionCall<'_>) -> Result<T, Fault>,
    change: impl Fn(&T, Series) -> Result<Series, Fault>,
) -> Outcome {
    let Some(series) = input(call)? else {
        return Ok(Vec::new().into());
    };
    let read = read(call)?;
    changed(call, series, |series| change(&read, series))
}

/// The same, but the further arguments are read even where there is no series.
pub(crate) fn each_strictly<T>(
    call: &mut FunctionCall<'_>,
    read: impl FnOnce(&mut FunctionCall<'_>) -> Result<T, Fault>,
    change: impl Fn(&T, Series) -> Result<Series, Fault>,
) -> Outcome {
    let series = call.arguments.series(0)?;
    let read = read(call)?;
    changed(call, series, |series| change(&read, series))
}

/// Changes each series; it is about as large as before.
pub(crate) fn changed(
    call: &mut FunctionCall<'_>,
    series: Vec<Series>,
    mut change: impl FnMut(Series) -> Result<Series, Fault>,
) -> Outcome {
    let mut changed = Vec::with_capacity(series.len());
    for series in series {
        let before = series.weight();
        call.checkpoint(before)?;
        call.reserve(before)?;
        let series = change(series)?;
        ensure_name(series.name.len())?;
        call.reserve(series.weight().saturating_sub(before))?;
        changed.push(series);
    }
    Ok(changed.into())
}

/// The series that are to stay.
pub(crate) fn retained(
    call: &mut FunctionCall<'_>,
    series: Vec<Series>,
    mut keeps: impl FnMut(&Series) -> bool,
) -> Result<Vec<Series>, Fault> {
    let mut retained = Vec::with_capacity(series.len());
    for series in series {
        call.checkpoint(series.weight())?;
        if keeps(&series) {
            retained.push(series);
        }
    }
    Ok(retained)
}

/// The series of the first argument; `None` where there are none.
pub(crate) fn input(call: &mut FunctionCall<'_>) -> Result<Option<Vec<Series>>, Fault> {
    let series = call.arguments.series(0)?;
    call.arguments.ensure_complete(1)?;
    Ok((!series.is_empty()).then_some(series))
}

/// A series that takes over from another one: its tags, step and consolidation, but not how pictures show it.
pub(crate) fn copied(mut series: Series, name: String, values: Vec<f64>) -> Series {
    series.values_per_point = 1;
    series.drawing = Drawing::default();
    series.renamed(name).with_values(values)
}
