//! `hitcount`: counts from rates per second.

use crate::error::Fault;
use crate::function::{
    Default, Function, FunctionCall, FunctionGroup, Kind, Outcome, optional, required,
};
use crate::functions::support::{copied, ensure_positive, from_instant, interval, utc_offset};
use crate::series::Series;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["hitcount"],
    group: FunctionGroup::Transform,
    parameters: &[
        required("seriesList", Kind::SeriesList),
        required("intervalString", Kind::Interval).suggesting(&["10min", "1h", "1d"]),
        optional("alignToInterval", Kind::Boolean).or(Default::Boolean(false)),
    ],
    summary: "For each interval the sum of the values, each times the seconds that it holds: how many requests there were, \
              from requests per second. With `alignToInterval` the first interval begins at a whole day, hour or minute.",
    example: "hitcount(servers.*.requests_per_second, '1h')",
    is_aggregator: false,
    run: hitcount,
}];

fn hitcount(call: &mut FunctionCall<'_>) -> Outcome {
    let is_aligned = call.arguments.boolean_or(2, false);
    let mut series = call.arguments.series(0)?;
    let text = call.arguments.text(1)?.to_owned();
    let width = interval(&text)?;
    if series.is_empty() {
        return Ok(series.into());
    }
    ensure_positive(width)?;
    if is_aligned {
        let unit = [86_400, 3600, 60].into_iter().find(|unit| width >= *unit);
        let ahead = utc_offset(&call.window, call.window.from);
        let wall = call.window.from.saturating_add(ahead);
        let from = call.window.from - wall.rem_euclid(unit.unwrap_or(1));
        series = from_instant(call, &series, from)?;
        for series in &mut series {
            let whole = (series.end - series.start).div_euclid(width) * width;
            series.end = series.start + whole + width;
        }
    }
    let suffix = if is_aligned { ", true" } else { "" };
    let mut counted = Vec::with_capacity(series.len());
    for mut series in series {
        let (start, values) = hits(call, &series, width)?;
        let name = format!("hitcount({}, \"{text}\"{suffix})", series.name);
        series.start = start;
        series.step = width;
        counted.push(copied(
            series.tagged("hitcount", text.as_str()),
            name,
            values,
        ));
    }
    Ok(counted.into())
}

/// Buckets that end with the series, and when the first begins.
fn hits(
    call: &mut FunctionCall<'_>,
    series: &Series,
    width: i64,
) -> Result<(i64, Vec<f64>), Fault> {
    let span = series.end.saturating_sub(series.start).max(0);
    let count = span / width + i64::from(span % width != 0);
    let buckets = usize::try_from(count).unwrap_or(usize::MAX);
    call.spend(buckets)?;
    call.checkpoint(series.values.len())?;
    call.reserve(buckets.saturating_add(series.weight() - series.values.len()))?;
    let begin = series.end.saturating_sub(count.saturating_mul(width));
    let mut sums = vec![f64::NAN; buckets];
    let mut add = |bucket: i64, hits: f64| {
        let slot = usize::try_from(bucket)
            .ok()
            .and_then(|index| sums.get_mut(index));
        if let Some(slot) = slot {
            *slot = if slot.is_nan() { hits } else { *slot + hits };
        }
    };
    let mut at = series.start - begin;
    for value in series.points().iter() {
        let (from, until) = (at, at.saturating_add(series.step));
        at = until;
        if value.is_nan() {
            continue;
        }
        let (first, ahead) = (from.div_euclid(width), from.rem_euclid(width));
        let (mut last, mut inside) = (until.div_euclid(width), until.rem_euclid(width));
        if last >= count {
            (last, inside) = (count - 1, width);
        }
        if first == last {
            add(first, value * (inside - ahead) as f64);
            continue;
        }
        if first > last {
            return Err(Fault::argument(
                "there are values behind the end of a series",
            ));
        }
        add(first, value * (width - ahead) as f64);
        for bucket in first.max(-1) + 1..last {
            add(bucket, value * width as f64);
        }
        if inside > 0 {
            add(last, value * inside as f64);
        }
    }
    Ok((begin, sums))
}
