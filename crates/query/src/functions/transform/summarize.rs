//! `summarize` and `smartSummarize`: one value for each interval.

use crate::error::Fault;
use crate::function::{
    AGGREGATIONS, Default, Function, FunctionCall, FunctionGroup, Kind, Outcome, Parameter,
    optional, required, unknown_aggregation,
};
use crate::functions::support::{
    Aggregation, Buckets, copied, ensure_positive, from_instant, interval, summarized, unit,
    utc_offset,
};
use crate::value::Value;
use crate::window::Window;
use jiff::civil::Date;

const INTERVALS: &[&str] = &["10min", "1h", "1d"];

const INTERVAL: Parameter = required("intervalString", Kind::Interval).suggesting(INTERVALS);

const FUNCTION: Parameter = optional("func", Kind::AggFunc)
    .or(Default::Text("sum"))
    .one_of(AGGREGATIONS);

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["summarize"],
        group: FunctionGroup::Transform,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            INTERVAL,
            FUNCTION,
            optional("alignToFrom", Kind::Boolean).or(Default::Boolean(false)),
        ],
        summary: "One value for each interval: the sum of its values, or another aggregate of them. Intervals begin at \
                  multiples of their length, or with the series where `alignToFrom` is true.",
        example: "summarize(servers.*.requests, '1h', 'sum')",
        is_aggregator: false,
        run: summarize,
    },
    Function {
        names: &["smartSummarize"],
        group: FunctionGroup::Transform,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            INTERVAL,
            FUNCTION,
            optional("alignTo", Kind::String).one_of(&[
                "False", "None", "True", "days", "hours", "minutes", "months", "seconds", "weeks",
                "years",
            ]),
        ],
        summary: "One value for each interval, from the beginning of the window on; `alignTo` moves that back to the \
                  beginning of its day, hour and so on, `weeks3` to the Wednesday before.",
        example: "smartSummarize(servers.*.requests, '1d', 'sum', 'days')",
        is_aggregator: false,
        run: smart_summarize,
    },
];

fn aggregation(call: &FunctionCall<'_>, place: usize) -> Result<(Aggregation, String), Fault> {
    let name = call.arguments.text_or(place, "sum")?;
    match Aggregation::named(name) {
        Some(known) => Ok((known, name.to_owned())),
        None => Err(unknown_aggregation(name)),
    }
}

fn summarize(call: &mut FunctionCall<'_>) -> Outcome {
    let series = call.arguments.series(0)?;
    let text = call.arguments.text(1)?.to_owned();
    let width = interval(&text)?;
    if series.is_empty() {
        return Ok(series.into());
    }
    ensure_positive(width)?;
    let (aggregation, function) = aggregation(call, 2)?;
    let is_from_start = call.arguments.boolean_or(3, false);
    let mut summaries = Vec::with_capacity(series.len());
    for mut series in series {
        let mut buckets = Buckets {
            start: series.start,
            end: series.end,
            width,
        };
        if !is_from_start {
            buckets.start -= series.start.rem_euclid(width);
            buckets.end = series.end - series.end.rem_euclid(width) + width;
        }
        let values = summarized(call, &series, aggregation, buckets)?;
        series.start = buckets.start;
        series.end = if is_from_start {
            buckets.aligned_end()
        } else {
            buckets.end
        };
        series.step = width;
        let suffix = if is_from_start { ", true" } else { "" };
        let name = format!(
            "summarize({}, \"{text}\", \"{function}\"{suffix})",
            series.name
        );
        let series = series
            .tagged("summarize", text.as_str())
            .tagged("summarizeFunction", function.as_str());
        summaries.push(copied(series, name, values));
    }
    Ok(summaries.into())
}

fn smart_summarize(call: &mut FunctionCall<'_>) -> Outcome {
    let mut series = call.arguments.series(0)?;
    call.arguments.ensure_complete(1)?;
    match call.arguments.given(3) {
        None | Some(Value::Boolean(_)) => {}
        Some(Value::Text(text)) => {
            let from = aligned(&call.window, text)?;
            series = from_instant(call, &series, from)?;
        }
        Some(_) => return Err(Fault::argument("`alignTo` must be a text such as `days`")),
    }
    let text = call.arguments.text(1)?.to_owned();
    let width = interval(&text)?;
    if series.is_empty() {
        return Ok(series.into());
    }
    ensure_positive(width)?;
    let (aggregation, function) = aggregation(call, 2)?;
    let mut summaries = Vec::with_capacity(series.len());
    for mut series in series {
        let buckets = Buckets {
            start: series.start,
            end: series.end,
            width,
        };
        let values = summarized(call, &series, aggregation, buckets)?;
        series.end = buckets.aligned_end();
        series.step = width;
        let name = format!(
            "smartSummarize({}, \"{text}\", \"{function}\")",
            series.name
        );
        let series = series
            .tagged("smartSummarize", text.as_str())
            .tagged("smartSummarizeFunction", function.as_str());
        summaries.push(copied(series, name, values));
    }
    Ok(summaries.into())
}

/// The beginning of the year, month, week, day, hour or minute in which the window begins, by the clocks of its zone.
fn aligned(window: &Window, name: &str) -> Result<i64, Fault> {
    let problem = || {
        Fault::argument(format!(
            "`{name}` is not one of `years`, `months`, `weeks`, `days`, `hours`, `minutes`, `seconds`"
        ))
    };
    let width = unit(name).ok_or_else(problem)?;
    let ahead = utc_offset(window, window.from);
    let wall = window.from.saturating_add(ahead);
    let day = wall.div_euclid(86_400);
    let date = || -> Option<Date> {
        let instant = jiff::Timestamp::from_second(wall).ok()?;
        Some(jiff::tz::TimeZone::UTC.to_datetime(instant).date())
    };
    let begin = match width {
        604_800 => {
            // The weekday of day 0 is a Thursday, which is the fourth.
            let weekday = (day + 3).rem_euclid(7) + 1;
            let asked = match name.chars().last() {
                Some(last) if last.is_alphabetic() => 1,
                last => last
                    .and_then(|last| last.to_digit(10))
                    .map(i64::from)
                    .ok_or_else(problem)?,
            };
            let back = weekday - asked;
            (day - if back < 0 { back + 7 } else { back }) * 86_400
        }
        2_592_000 => {
            let date = date().ok_or_else(problem)?;
            (day - i64::from(date.day()) + 1) * 86_400
        }
        31_536_000 => {
            let date = date().ok_or_else(problem)?;
            (day - i64::from(date.day_of_year()) + 1) * 86_400
        }
        width => wall - wall.rem_euclid(width),
    };
    Ok(begin - ahead)
}
