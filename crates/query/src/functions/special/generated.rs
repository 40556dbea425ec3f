//! Series that functions generate: `timeFunction`, `sinFunction`, `randomWalkFunction` and `identity`.

use crate::error::Fault;
use crate::function::{
    Default, Function, FunctionCall, FunctionGroup, Kind, Outcome, Parameter, optional, required,
};
use crate::functions::support::{name_tags, wall_seconds};
use crate::series::Series;
use crate::value::Value;
use std::hash::{BuildHasher, RandomState};

const NAME: Parameter = required("name", Kind::String);
const STEP: Parameter = optional("step", Kind::Integer).or(Default::Integer(60));

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["timeFunction", "time"],
        group: FunctionGroup::Transform,
        parameters: &[NAME, STEP],
        summary: "A series whose values are their own times, in epoch seconds by the clocks of the zone asked for.",
        example: "timeFunction('now', 60)",
        is_aggregator: false,
        run: |call| {
            let step = step(call, 1)?;
            let (start, end) = (call.window.from, call.window.until);
            let wall_clock = (
                wall_seconds(&call.window, start),
                wall_seconds(&call.window, end),
                step.whole(),
            );
            let values = generated(call, step, |at| at as f64)?;
            Ok(vec![named(call, wall_clock, values)?].into())
        },
    },
    Function {
        names: &["sinFunction", "sin"],
        group: FunctionGroup::Transform,
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
            let span = (call.window.from, call.window.until, step.whole());
            let values = generated(call, step, |at| (at as f64).sin() * amplitude)?;
            Ok(vec![named(call, span, values)?].into())
        },
    },
    Function {
        names: &["randomWalkFunction", "randomWalk"],
        group: FunctionGroup::Special,
        parameters: &[NAME, STEP],
        summary: "A walk that begins at zero and goes up or down by at most a half with each step; another one each time.",
        example: "randomWalkFunction('walk')",
        is_aggregator: false,
        run: random_walk,
    },
    Function {
        names: &["identity"],
        group: FunctionGroup::Calculate,
        parameters: &[NAME],
        summary: "A series with a value each minute, which is its own time in epoch seconds.",
        example: "identity('now')",
        is_aggregator: false,
        run: identity,
    },
];

const MICROSECONDS: i128 = 1_000_000;

/// Time between two values, in microseconds: as in graphite-web it may have a fraction, which the timestamps in an answer
/// do not have.
#[derive(Debug, Clone, Copy)]
struct Step(i128);

impl Step {
    const MINUTE: Self = Self(60 * MICROSECONDS);

    /// Its seconds without the fraction.
    fn whole(self) -> i64 {
        i64::try_from(self.0 / MICROSECONDS).unwrap_or(i64::MAX)
    }
}

/// The step, which time has to pass by.
fn step(call: &FunctionCall<'_>, index: usize) -> Result<Step, Fault> {
    let step = match call.arguments.given(index) {
        Some(Value::Integer(seconds)) => Step(i128::from(*seconds) * MICROSECONDS),
        // NaN becomes zero, which is refused.
        _ => Step((call.arguments.float_or(index, 60.0)? * 1e6).round_ties_even() as i128),
    };
    if step.whole() > 0 {
        Ok(step)
    } else {
        Err(Fault::argument("`step` must be at least 1 second"))
    }
}

/// Values from the beginning of the window to before its end, of the seconds that the clocks of its zone show.
fn generated(
    call: &mut FunctionCall<'_>,
    Step(step): Step,
    value: impl FnMut(i64) -> f64,
) -> Result<Vec<f64>, Fault> {
    let span = call.window.until.saturating_sub(call.window.from).max(0);
    let span = i128::from(span) * MICROSECONDS;
    let count = span / step + i128::from(span % step != 0);
    let points = usize::try_from(count).unwrap_or(usize::MAX);
    call.spend(points)?;
    call.reserve(points)?;
    let origin = wall_seconds(&call.window, call.window.from);
    let passed = |index: i128| i64::try_from(index * step / MICROSECONDS).unwrap_or(i64::MAX);
    let at = |index| origin.saturating_add(passed(index));
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
        Some(value) => value.to_text(),
    };
    let tags = name_tags(&name);
    let mut series = call.new_series(name, span, values);
    series.tags = tags.unwrap_or(series.tags);
    Ok(series)
}

fn random_walk(call: &mut FunctionCall<'_>) -> Outcome {
    let step = step(call, 1)?;
    let span = (call.window.from, call.window.until, step.whole());
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
    let ahead = wall_seconds(&call.window, start).saturating_sub(start);
    let values = generated(call, Step::MINUTE, |at| at.saturating_sub(ahead) as f64)?;
    let mut series = named(call, (start, end, 60), values)?;
    series.path_expression = format!("identity(\"{}\")", series.name);
    Ok(vec![series.whole(true)].into())
}

#[cfg(test)]
mod tests {
    use crate::functions::tests::answer;
    use crate::series::Series;

    fn points(target: &str) -> Vec<(i64, f64)> {
        let answer = answer(target, (100, 110)).unwrap();
        answer.iter().flat_map(Series::datapoints).collect()
    }

    /// As graphite-web does: values at each step, instants at each whole one.
    #[test]
    fn a_step_may_have_a_fraction() {
        let values = [(100, 100.0), (102, 102.0), (104, 105.0), (106, 107.0)];
        assert_eq!(points("time('t',2.5)"), values);
        assert_eq!(points("time('t',step=2.5)"), values);
        assert_eq!(points("time('t',4.0)"), points("time('t','4')"));
        for refused in ["0.5", "-2.5", "'2.5'", "1e-9"] {
            let target = format!("time('t',{refused})");
            assert!(answer(&target, (100, 110)).is_none(), "{target}");
        }
    }

    #[test]
    fn parameters_are_called_by_either_of_their_names() {
        let shifted = points("timeShift(time('t',5),'10s')");
        for name in ["alignDST", "alignDst"] {
            let target = format!("timeShift(time('t',5),'10s',{name}=true)");
            assert_eq!(points(&target), shifted);
        }
        assert!(answer("timeShift(time('t',5),'10s',aligndst=true)", (100, 110)).is_none());
    }
}
