//! `timeShift` and `timeStack`: series as they were at another time.

use crate::error::Fault;
use crate::function::{
    Default, Function, FunctionCall, FunctionGroup, Kind, Outcome, optional, required,
};
use crate::functions::support::{EARLIEST, changed, input, interval};
use crate::series::Series;
use base::limit;

const SHIFTS: &[&str] = &["1h", "6h", "12h", "1d", "2d", "7d", "14d", "30d"];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["timeShift"],
        group: FunctionGroup::Transform,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("timeShift", Kind::Interval).suggesting(SHIFTS),
            optional("resetEnd", Kind::Boolean).or(Default::Boolean(true)),
            // It would follow the clocks of the server, and these show UTC. The table of graphite-web has another case than
            // what it takes by name.
            optional("alignDst", Kind::Boolean)
                .or(Default::Boolean(false))
                .called("alignDST"),
        ],
        summary: "The series as they were some time ago, drawn over the window asked for; a span with a `+` looks ahead.",
        example: "timeShift(servers.*.requests, '7d')",
        is_aggregator: false,
        run: time_shift,
    },
    Function {
        names: &["timeStack"],
        group: FunctionGroup::Transform,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            optional("timeShiftUnit", Kind::Interval)
                .or(Default::Text("1d"))
                .suggesting(SHIFTS),
            optional("timeShiftStart", Kind::Integer).or(Default::Integer(0)),
            optional("timeShiftEnd", Kind::Integer).or(Default::Integer(7)),
        ],
        summary: "The series as they were at several times: from `timeShiftStart` units ago, one by one, to before \
                  `timeShiftEnd`.",
        example: "timeStack(servers.*.requests, '1d', 0, 7)",
        is_aggregator: false,
        run: time_stack,
    },
];

/// The span, which looks back where it has no sign.
fn back(text: &str) -> Result<(String, i64), Fault> {
    if text.is_empty() {
        return Err(Fault::argument("the shift is empty"));
    }
    let seconds = interval(text)?;
    Ok(if text.starts_with(|c: char| c.is_ascii_digit()) {
        (format!("-{text}"), -seconds)
    } else {
        (text.to_owned(), seconds)
    })
}

/// The first argument, over a window that is so many seconds later.
fn shifted(call: &mut FunctionCall<'_>, seconds: i64) -> Result<Vec<Series>, Fault> {
    let from = call.window.from.checked_add(seconds);
    let until = call.window.until.checked_add(seconds);
    let (Some(from @ EARLIEST..), Some(until)) = (from, until) else {
        return Err(Fault::argument(format!(
            "{seconds} seconds from there is no time"
        )));
    };
    let window = call.window.between(from, until);
    call.evaluate_again(0, &window)
}

fn time_shift(call: &mut FunctionCall<'_>) -> Outcome {
    let series = input(call)?;
    let (text, seconds) = back(call.arguments.text(1)?)?;
    let is_reset = call.arguments.boolean_or(2, true);
    let Some(first) = series.as_ref().and_then(|series| series.first()) else {
        return Ok(Vec::new().into());
    };
    let (start, end) = (first.start, first.end);
    let moved = shifted(call, seconds)?;
    changed(call, moved, |mut series| {
        series.end = if is_reset {
            end
        } else {
            series.end - series.start + start
        };
        series.start = start;
        let name = format!("timeShift({}, \"{text}\")", series.name);
        Ok(series.named(name).tagged("timeShift", text.as_str()))
    })
}

fn time_stack(call: &mut FunctionCall<'_>) -> Outcome {
    let series = input(call)?;
    let (text, seconds) = back(call.arguments.text_or(1, "1d")?)?;
    let Some(first) = series.as_ref().and_then(|series| series.first()) else {
        return Ok(Vec::new().into());
    };
    let start = call.arguments.float_or(2, 0.0)? as i64;
    let end = call.arguments.float_or(3, 7.0)? as i64;
    let count = end.saturating_sub(start);
    if u64::try_from(count).is_ok_and(|count| count > limit::SHIFTS_PER_STACK.default) {
        let found = format!("`timeShiftEnd` is {count} shifts after `timeShiftStart`");
        return Err(Fault::beyond(&limit::SHIFTS_PER_STACK, found));
    }
    let mut stacked = Vec::new();
    for shift in start..end {
        call.spend(1)?;
        let seconds = seconds
            .checked_mul(shift)
            .ok_or_else(|| Fault::argument(format!("{shift} times `{text}` is too long")))?;
        for mut series in shifted(call, seconds)? {
            call.reserve(
                series
                    .weight()
                    .saturating_add((series.name.len() + text.len()) / 4),
            )?;
            series.start = first.start;
            series.end = first.end;
            let name = format!("timeShift({}, {text}, {shift})", series.name);
            let series = series.renamed(name).tagged("timeShiftUnit", text.as_str());
            stacked.push(series.tagged("timeShift", shift.to_string()));
        }
    }
    Ok(stacked.into())
}
