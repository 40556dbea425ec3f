//! `movingWindow` and the functions named after their aggregate: `movingAverage`, `movingMedian`, …

use super::sliding::windows;
use super::window::{WINDOWS, WindowSize};
use crate::error::Fault;
use crate::function::{
    AGGREGATIONS, Default, Function, FunctionCall, FunctionGroup, Kind, Outcome, Parameter,
    optional, required, unknown_aggregation,
};
use crate::functions::support::{Aggregation, copied, input, with_lookback};
use crate::series::Series;

const WINDOW: Parameter = required("windowSize", Kind::IntOrInterval).suggesting(WINDOWS);

const MOVING: &[Parameter] = &[
    required("seriesList", Kind::SeriesList),
    WINDOW,
    optional("xFilesFactor", Kind::Float),
];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["movingWindow"],
        group: FunctionGroup::Calculate,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            WINDOW,
            optional("func", Kind::AggFunc)
                .or(Default::Text("average"))
                .one_of(AGGREGATIONS),
            optional("xFilesFactor", Kind::Float),
        ],
        summary: "At each value an aggregate of it and those before it: of so many points, or of a span of time.",
        example: "movingWindow(servers.*.load, '5min', 'median')",
        is_aggregator: false,
        run: |call| {
            let name = call.arguments.text_or(2, "average")?.to_owned();
            moving(call, &name, 3)
        },
    },
    Function::new(
        &["movingAverage"],
        FunctionGroup::Calculate,
        MOVING,
        "At each value the mean of it and those before it: of so many points, or of a span of time.",
        "movingAverage(servers.*.load, '5min')",
        |call| moving(call, "average", 2),
    ),
    Function::new(
        &["movingMedian"],
        FunctionGroup::Calculate,
        MOVING,
        "At each value the median of it and those before it: of so many points, or of a span of time.",
        "movingMedian(servers.*.load, 10)",
        |call| moving(call, "median", 2),
    ),
    Function::new(
        &["movingSum"],
        FunctionGroup::Calculate,
        MOVING,
        "At each value the sum of it and those before it: of so many points, or of a span of time.",
        "movingSum(servers.*.errors, '1h')",
        |call| moving(call, "sum", 2),
    ),
    Function::new(
        &["movingMin"],
        FunctionGroup::Calculate,
        MOVING,
        "At each value the least of it and those before it: of so many points, or of a span of time.",
        "movingMin(servers.*.free, '1h')",
        |call| moving(call, "min", 2),
    ),
    Function::new(
        &["movingMax"],
        FunctionGroup::Calculate,
        MOVING,
        "At each value the greatest of it and those before it: of so many points, or of a span of time.",
        "movingMax(servers.*.latency, '1h')",
        |call| moving(call, "max", 2),
    ),
];

/// Values that a moving function has in memory for each one of a series while it works on that.
const SCRATCH: usize = 5;

fn moving(call: &mut FunctionCall<'_>, name: &str, share_place: usize) -> Outcome {
    let Some(series) = input(call)? else {
        return Ok(Vec::new().into());
    };
    let window = WindowSize::read(call, 1, &series)?;
    let aggregation = Aggregation::named(name).ok_or_else(|| unknown_aggregation(name))?;
    let share = match call.arguments.given(share_place) {
        Some(_) => Some(call.arguments.float(share_place)?),
        None => None,
    };
    let tag = format!("moving{}", capitalized(name));
    let series = with_lookback(call, &series, window.seconds())?;
    let mut moved = Vec::with_capacity(series.len());
    for mut series in series {
        let title = format!("{tag}({},{})", series.name, window.text);
        let share = share.unwrap_or(series.x_files_factor);
        let points = window.points(series.step);
        if points <= 0 {
            call.spend(usize::try_from(points.unsigned_abs()).unwrap_or(usize::MAX))?;
        }
        let values = along(call, &series, points, (aggregation, share))?;
        series.start = series.start.saturating_add(window.seconds());
        moved.push(copied(
            series.tagged(&tag, window.tag.as_str()),
            title,
            values,
        ));
    }
    Ok(moved.into())
}

/// The aggregates of the windows but the first, which ends where the window asked for has not begun.
fn along(
    call: &mut FunctionCall<'_>,
    series: &Series,
    points: i64,
    (aggregation, share): (Aggregation, f64),
) -> Result<Vec<f64>, Fault> {
    call.reserve(series.weight())?;
    let Some(width) = usize::try_from(points).ok().filter(|width| *width > 0) else {
        // A window of nothing has nothing in it; one that looks ahead begins earlier, as graphite-web counts.
        let ahead = usize::try_from(points.unsigned_abs()).unwrap_or(0);
        call.reserve(ahead)?;
        return Ok(vec![f64::NAN; series.values.len().saturating_add(ahead)]);
    };
    // Running aggregates from the front and from the end, counts, ranks.
    let scratch = series.values.len().saturating_mul(SCRATCH);
    let mut values = call.with_scratch(scratch, |call| {
        let checkpoint = &mut |points| call.checkpoint(points);
        windows(&series.values, width, (aggregation, share), checkpoint)
    })?;
    if !values.is_empty() {
        values.remove(0);
    }
    Ok(values)
}

/// The first letter great, all others small.
fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + &letters.as_str().to_lowercase()
}
