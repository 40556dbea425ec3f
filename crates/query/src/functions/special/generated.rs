//! Series that nobody has sent.

use crate::error::Fault;
use crate::function::{
    Default, Function, FunctionCall, Group, Kind, Outcome, Parameter, optional, required,
};
use crate::functions::support::{name_tags, wall};
use crate::series::Series;
use crate::value::Value;
use std::hash::{BuildHasher, RandomState};

const NAME: Parameter = required("name", Kind::String);
const STEP: Parameter = optional("step", Kind::Integer).or(Default::Integer(60));

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["timeFunction", "time"],
        group: Group::Transform,
        parameters: &[NAME, STEP],
        summary: "A series whose values are their own times, in epoch seconds by the clocks of the zone asked for.",
        example: "timeFunction('now', 60)",
        is_aggregator: false,
        run: |call| {
            let step = step(call, 1)?;
            let (start, end) = (call.window.from, call.window.until);
            let shown = (wall(&call.window, start), wall(&call.window, end), step);
            let values = generated(call, step, |at| at as f64)?;
            Ok(vec![named(call, shown, values)?].into())
        },
    },
    Function {
        names: &["sinFunction", "sin"],
        group: Group::Transform,
        parameters: &[
            NAME,
            optional("amplitude", Kind::Integer).or(Default::Integer(1)),
            STEP,
        ],
        summary: "The sine of the time in seconds, times the amplitude.",
        example: "sinFunction('wave', 2)",
        is_aggregator: false,
        run: |call| {
            let step = step(call, 2)?;
            let amplitude = call.arguments.float_or(1, 1.0)?;
            let span = (call.window.from, call.window.until, step);
            let values = generated(call, step, |at| (at as f64).sin() * amplitude)?;
            Ok(vec![named(call, span, values)?].into())
        },
    },
    Function {
        names: &["randomWalkFunction", "randomWalk"],
        group: Group::Special,
        parameters: &[NAME, STEP],
        summary: "A walk that begins at zero and goes up or down by at most a half with each step; another one each time.",
        example: "randomWalkFunction('walk')",
        is_aggregator: false,
        run: random_walk,
    },
    Function {
        names: &["identity"],
        group: Group::Calculate,
        parameters: &[NAME],
        summary: "A series with a value each minute, which is its own time in epoch seconds.",
        example: "identity('now')",
        is_aggregator: false,
        run: identity,
    },
];

/// The step, which time has to pass by.
fn step(call: &FunctionCall<'_>, place: usize) -> Result<i64, Fault> {
    let step = call.arguments.integer_or(place, 60)?;
    if step > 0 {
        Ok(step)
    } else {
        Err(Fault::argument("`step` must be at least 1 second"))
    }
}

/// Values from the beginning of the window to before its end, of the seconds that the clocks of its zone show.
fn generated(
    call: &mut FunctionCall<'_>,
    step: i64,
    value: impl FnMut(i64) -> f64,
) -> Result<Vec<f64>, Fault> {
    let span = call.window.until.saturating_sub(call.window.from).max(0);
    let count = span / step + i64::from(span % step != 0);
    let points = usize::try_from(count).unwrap_or(usize::MAX);
    call.spend(points)?;
    call.reserve(points)?;
    let origin = wall(&call.window, call.window.from);
    let at = |place: i64| origin.saturating_add(place.saturating_mul(step));
    Ok((0..count).map(at).map(value).collect())
}

/// The series of the name that the first argument gives it.
fn named(
    call: &FunctionCall<'_>,
    span: (i64, i64, i64),
    values: Vec<f64>,
) -> Result<Series, Fault> {
    let name = match call.arguments.given(0) {
        None | Some(Value::Series(_)) => call.arguments.text(0)?.to_owned(),
        Some(value) => value.shown(),
    };
    let tags = name_tags(&name);
    let mut series = call.new_series(name, span, values);
    series.tags = tags.unwrap_or(series.tags);
    Ok(series)
}

fn random_walk(call: &mut FunctionCall<'_>) -> Outcome {
    let step = step(call, 1)?;
    let span = (call.window.from, call.window.until, step);
    let random = RandomState::new();
    let mut height = 0.0;
    let values = generated(call, step, |at| {
        let bits = random.hash_one(at) >> 11;
        let change = bits as f64 / (1_u64 << 53) as f64 - 0.5;
        let before = height;
        height += change;
        before
    })?;
    Ok(vec![named(call, span, values)?].into())
}

fn identity(call: &mut FunctionCall<'_>) -> Outcome {
    let (start, end) = (call.window.from, call.window.until);
    let ahead = wall(&call.window, start).saturating_sub(start);
    let values = generated(call, 60, |at| at.saturating_sub(ahead) as f64)?;
    let mut series = named(call, (start, end, 60), values)?;
    series.path_expression = format!("identity(\"{}\")", series.name);
    Ok(vec![series.whole(true)].into())
}
