//! `constantLine`, `threshold`, `verticalLine` and `aggregateLine`: lines that no series was read for.

use crate::error::Fault;
use crate::function::{
    Default, Function, FunctionCall, FunctionGroup, Kind, optional, required, unknown_aggregation,
};
use crate::functions::support::{Aggregation, NOT_A_NUMBER};
use crate::series::{Drawing, Series, UNNAMED, tags_of};
use crate::value::Value;
use base::number;
use base::time::Millis;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["constantLine"],
        group: FunctionGroup::Special,
        parameters: &[required("value", Kind::Float)],
        summary: "A horizontal line at a value.",
        example: "constantLine(99.9)",
        is_aggregator: false,
        run: |call| Ok(vec![given_line(call)?].into()),
    },
    Function {
        names: &["threshold"],
        group: FunctionGroup::Graph,
        parameters: &[
            required("value", Kind::Float),
            optional("label", Kind::String),
            optional("color", Kind::String),
        ],
        summary: "A horizontal line at a value, with a label and a colour.",
        example: "threshold(0.8, 'busy', 'red')",
        is_aggregator: false,
        run: |call| {
            let mut line = given_line(call)?;
            if let Some(label) = text(call, 1)? {
                line.name = label;
            }
            line.drawing.color = text(call, 2)?;
            Ok(vec![line].into())
        },
    },
    Function {
        names: &["verticalLine"],
        group: FunctionGroup::Graph,
        parameters: &[
            required("ts", Kind::Date),
            optional("label", Kind::String),
            optional("color", Kind::String),
        ],
        summary: "A vertical line at a time, with a label and a colour.",
        example: "verticalLine('12:00_today', 'deploy', 'blue')",
        is_aggregator: false,
        run: |call| {
            let window = &call.window;
            let now = Millis::from_secs(window.now);
            let at = base::time_expr::parse(call.arguments.text(0)?, now, &window.zone);
            let at = at
                .map_err(|error| Fault::argument(error.to_string()))?
                .secs();
            if at < window.from || at > window.until {
                let place = if at < window.from { "before" } else { "after" };
                return Err(Fault::argument(format!(
                    "`ts` is {place} the time asked for"
                )));
            }
            let label = call.arguments.given(1).map(Value::to_text);
            let name = label.clone().unwrap_or_else(|| UNNAMED.to_owned());
            let mut line = call.new_series(name, (at, at, 1), vec![1.0, 1.0]);
            line.is_unnamed = label.is_none();
            match label.as_deref().map(tags_of) {
                None => line = line.tagged("name", UNNAMED),
                Some(Ok(tags)) if !is_call(&line.name) => line.tags = tags,
                Some(_) => {}
            }
            line.drawing.is_infinite = true;
            line.drawing.color = text(call, 2)?;
            Ok(vec![line].into())
        },
    },
    Function {
        names: &["aggregateLine"],
        group: FunctionGroup::Calculate,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            optional("func", Kind::AggFunc).or(Default::Text("average")),
            optional("keepStep", Kind::Boolean).or(Default::Boolean(false)),
        ],
        summary: "A horizontal line at each series' aggregate; with `keepStep`, it has as many values as the series.",
        example: "aggregateLine(servers.web.load, 'max')",
        is_aggregator: false,
        run: |call| {
            let name = call.arguments.text_or(1, "average")?;
            let aggregation = Aggregation::named(name).ok_or_else(|| unknown_aggregation(name))?;
            let keeps_step = call.arguments.boolean_or(2, false);
            let mut results = Vec::new();
            for series in call.arguments.series(0)? {
                call.checkpoint(series.values.len())?;
                let kept = if keeps_step { series.values.len() } else { 0 };
                call.reserve(kept.saturating_add(series.name.len() / 2))?;
                let points = series.points();
                let value = aggregation.of(&points);
                let is_whole = aggregation.is_whole(series.is_whole);
                let text = match value.is_nan() {
                    true if aggregation.has_result(&points) => NOT_A_NUMBER.to_owned(),
                    true => "None".to_owned(),
                    false => number::general(value),
                };
                let title = aggregation.format_of(value, (&points, series.is_whole));
                drop(points);
                let name = format!("aggregateLine({}, {text})", series.name);
                if keeps_step {
                    let mut line = series.map(|_| value).renamed(name);
                    line.values_per_point = 1;
                    line.drawing = Drawing::default();
                    results.push(line.whole(is_whole));
                } else {
                    let line = constant_line(call, value, &title)?.renamed(name);
                    results.push(line.whole(is_whole));
                }
            }
            Ok(results.into())
        },
    },
];

/// Whether a name looks like a call, whose tags nobody reads.
fn is_call(name: &str) -> bool {
    let inside = name.strip_suffix(')').and_then(|rest| rest.split_once('('));
    inside.is_some_and(|(function, rest)| {
        !function.is_empty()
            && !rest.is_empty()
            && function.bytes().all(|b| b.is_ascii_alphabetic())
    })
}

/// A text that is not empty, where one is given.
fn text(call: &FunctionCall<'_>, place: usize) -> Result<Option<String>, Fault> {
    match call.arguments.given(place) {
        None => Ok(None),
        Some(Value::Series(_) | Value::Lists(_)) => call.arguments.text(place).map(|_| None),
        Some(given) => Ok(Some(given.to_text()).filter(|text| !text.is_empty())),
    }
}

/// The line at the first argument. graphite-web calls it by the value as it was given where arguments do not fit, and
/// refuses it where it is no number; so do we.
fn given_line(call: &FunctionCall<'_>) -> Result<Series, Fault> {
    let value = call.arguments.float(0)?;
    let text = call
        .arguments
        .given(0)
        .map(Value::to_text)
        .unwrap_or_default();
    let is_whole = matches!(call.arguments.given(0), Some(Value::Integer(_)));
    Ok(constant_line(call, value, &text)?.whole(is_whole))
}

/// A horizontal line from the beginning of the time asked for to its end, by three values.
pub(in crate::functions) fn constant_line(
    call: &FunctionCall<'_>,
    value: f64,
    text: &str,
) -> Result<Series, Fault> {
    let (start, end) = (call.window.from, call.window.until);
    let step = end.saturating_sub(start) / 2;
    if step <= 0 {
        return Err(Fault::argument(
            "the time asked for is too short for a line",
        ));
    }
    let mut line = call.new_series(text, (start, end, step), vec![value; 3]);
    line.path_expression = format!("constantLine({text})");
    Ok(line)
}
