//! `exponentialMovingAverage`: averages in which the newest values weigh most.

use super::window::{WINDOWS, WindowSize};
use crate::error::Fault;
use crate::function::{Function, FunctionCall, FunctionGroup, Kind, Outcome, required};
use crate::functions::support::{copied, input, round, with_lookback};

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["exponentialMovingAverage"],
    group: FunctionGroup::Calculate,
    parameters: &[
        required("seriesList", Kind::SeriesList),
        required("windowSize", Kind::IntOrInterval).suggesting(WINDOWS),
    ],
    summary: "At each value a mean of it and all before it, in which each counts less than the one behind it: of n points \
              the newest counts for 2 / (n + 1), of a span n is its seconds.",
    example: "exponentialMovingAverage(servers.*.load, '5min')",
    is_aggregator: false,
    run: exponential,
}];

fn exponential(call: &mut FunctionCall<'_>) -> Outcome {
    let Some(series) = input(call)? else {
        return Ok(Vec::new().into());
    };
    let window = WindowSize::read(call, 1, &series)?;
    let newest = window.newest_share();
    if !newest.is_finite() {
        return Err(Fault::argument("a window of -1 points has no average"));
    }
    let series = with_lookback(call, &series, window.seconds())?;
    let mut averaged = Vec::with_capacity(series.len());
    for mut series in series {
        let name = format!("exponentialMovingAverage({},{})", series.name, window.text);
        call.checkpoint(series.values.len())?;
        call.reserve(series.weight())?;
        let values = average(&series.values, window.points(series.step), newest)?;
        series.start = series.start.saturating_add(window.seconds());
        let series = series.tagged("exponentialMovingAverage", window.tag.as_str());
        averaged.push(copied(series, name, values));
    }
    Ok(averaged.into())
}

/// Begins with the plain mean of the first values. A negative count counts from the end, as a slice of Python does.
fn average(values: &[f64], points: i64, newest: f64) -> Result<Vec<f64>, Fault> {
    let count = usize::try_from(points.unsigned_abs()).unwrap_or(usize::MAX);
    let is_behind = points < 0;
    let first = if is_behind {
        values
            .len()
            .checked_sub(count)
            .ok_or_else(|| Fault::argument("the window ends before the series begins"))?
    } else {
        count.min(values.len())
    };
    let (head, tail) = values.split_at_checked(first).unwrap_or((values, &[]));
    let present = head.iter().copied().filter(|value| !value.is_nan());
    let (sum, count) = present.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    let mut mean = if count > 0.0 { sum / count } else { 0.0 };
    let mut averages = Vec::with_capacity(values.len() + 1);
    averages.push(round(mean, 6));
    let mut next = |value: &f64| {
        if value.is_nan() {
            return f64::NAN;
        }
        mean = newest * value + (1.0 - newest) * mean;
        round(mean, 6)
    };
    averages.extend(tail.iter().map(&mut next));
    if is_behind {
        averages.extend(values.iter().map(&mut next));
    }
    Ok(averages)
}
