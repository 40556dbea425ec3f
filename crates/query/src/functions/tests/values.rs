//! Names and values of functions, worked out by hand.

use crate::evaluate::Evaluation;
use crate::source::{Event, Fetched, Path, Range, Source};
use crate::window::Window;
use base::context::Context;
use base::store::StoreError;
use jiff::tz::TimeZone;

const NULL: f64 = f64::NAN;

/// A value a minute: 10, 20, 30 and so on at the minutes 1, 2, 3 of the epoch, also before; `gaps` has none at even ones.
struct Minutes;

impl Source for Minutes {
    fn fetch(&self, paths: &[Path], range: Range) -> Result<Vec<Vec<Fetched>>, StoreError> {
        let one = |path: &Path| {
            let Path::Glob(name) = path else {
                return Vec::new();
            };
            let first = range.from.div_euclid(60) + 1;
            let last = range.until.div_euclid(60);
            let value = |minute: i64| match name.as_str() {
                "gaps" if minute % 2 == 0 => NULL,
                "empty" => NULL,
                "flat" => 5.0,
                "counter" => (minute % 3 * 10) as f64,
                _ => (minute * 10) as f64,
            };
            vec![Fetched {
                name: name.clone(),
                tags: [("name".to_owned(), name.clone())].into(),
                start: first * 60,
                end: (last + 1) * 60,
                step: 60,
                values: (first..=last).map(value).collect::<Vec<_>>().into(),
            }]
        };
        let known = |path: &Path| !matches!(path, Path::Glob(name) if name == "nothing");
        let read = |path| if known(path) { one(path) } else { Vec::new() };
        Ok(paths.iter().map(read).collect())
    }

    fn events(&self, tags: &[String], _: Range) -> Result<Vec<Event>, StoreError> {
        let when = [241, 241, 243, 300];
        let event = |when| Event {
            when,
            tags: tags.to_vec(),
        };
        Ok(when.map(event).to_vec())
    }
}

fn answer(target: &str, (from, until): (i64, i64)) -> Vec<(String, Vec<f64>)> {
    let context = Context::unlimited();
    let window = Window::new(from, until, until, TimeZone::UTC);
    let mut evaluation = Evaluation::new(&Minutes, &context);
    let series = match evaluation.targets(&[target], &window) {
        Ok(series) => series,
        Err(error) => panic!("{target}: {error:?}"),
    };
    let all = series.into_iter().flatten();
    all.map(|series| (series.name.clone(), series.values.to_vec()))
        .collect()
}

fn is_same(found: &[f64], expected: &[f64]) -> bool {
    let near = |a: &f64, b: &f64| (a.is_nan() && b.is_nan()) || (a - b).abs() < 1e-9;
    found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| near(a, b))
}

/// Minutes 5 to 8: `x` is 50, 60, 70, 80, and `gaps` 50, none, 70, none.
#[test]
fn each_function_does_what_it_says() {
    for (target, name, values) in [
        (
            "scale(gaps,0.5)",
            "scale(gaps,0.5)",
            &[25.0, NULL, 35.0, NULL][..],
        ),
        ("add(gaps,-3.5)", "add(gaps,-3)", &[46.5, NULL, 66.5, NULL]),
        (
            "offset(gaps,1e6)",
            "offset(gaps,1e+06)",
            &[1_000_050.0, NULL, 1_000_070.0, NULL],
        ),
        (
            "scaleToSeconds(x,1)",
            "scaleToSeconds(x,1)",
            &[0.833_333, 1.0, 1.166_667, 1.333_333],
        ),
        (
            "offsetToZero(x)",
            "offsetToZero(x)",
            &[0.0, 10.0, 20.0, 30.0],
        ),
        ("minMax(flat)", "minMax(flat)", &[0.0; 4]),
        ("minMax(gaps)", "minMax(gaps)", &[0.0, NULL, 1.0, NULL]),
        (
            "invert(offsetToZero(x))",
            "invert(offsetToZero(x))",
            &[NULL, 0.1, 0.05, 1.0 / 30.0],
        ),
        ("pow(gaps,0)", "pow(gaps,0)", &[1.0, NULL, 1.0, NULL]),
        ("pow(scale(x,-1),0.5)", "pow(scale(x,-1),0.5)", &[NULL; 4]),
        (
            "log(scale(flat,20),10)",
            "log(scale(flat,20), 10)",
            &[2.0; 4],
        ),
        ("round(x,-2)", "round(x,-2)", &[0.0, 100.0, 100.0, 100.0]),
        ("logit(flat)", "logit(flat)", &[NULL; 4]),
        ("derivative(gaps)", "derivative(gaps)", &[NULL; 4]),
        ("derivative(x)", "derivative(x)", &[NULL, 10.0, 10.0, 10.0]),
        (
            "nonNegativeDerivative(counter)",
            "nonNegativeDerivative(counter)",
            &[NULL, NULL, 10.0, 10.0],
        ),
        (
            "nonNegativeDerivative(counter,29)",
            "nonNegativeDerivative(counter)",
            &[NULL, 10.0, 10.0, 10.0],
        ),
        (
            "nonNegativeDerivative(counter,29,0)",
            "nonNegativeDerivative(counter)",
            &[NULL, 10.0, 10.0, 10.0],
        ),
        (
            "perSecond(x)",
            "perSecond(x)",
            &[NULL, 0.166_667, 0.166_667, 0.166_667],
        ),
        (
            "integral(gaps)",
            "integral(gaps)",
            &[50.0, NULL, 120.0, NULL],
        ),
        (
            "integralByInterval(gaps,'2min')",
            "integralByInterval(gaps,'2min')",
            &[50.0, 0.0, 70.0, 0.0],
        ),
        (
            "keepLastValue(gaps)",
            "keepLastValue(gaps)",
            &[50.0, 50.0, 70.0, 70.0],
        ),
        (
            "keepLastValue(gaps,0)",
            "keepLastValue(gaps)",
            &[50.0, NULL, 70.0, NULL],
        ),
        (
            "interpolate(gaps)",
            "interpolate(gaps)",
            &[50.0, 60.0, 70.0, NULL],
        ),
        ("isNonNull(gaps)", "isNonNull(gaps)", &[1.0, 0.0, 1.0, 0.0]),
        ("changed(gaps)", "changed(gaps)", &[0.0, 0.0, 1.0, 0.0]),
        (
            "transformNull(gaps,-1)",
            "transformNull(gaps,-1)",
            &[50.0, -1.0, 70.0, -1.0],
        ),
        (
            "transformNull(empty,1,gaps)",
            "transformNull(empty,1,referenceSeries)",
            &[1.0, NULL, 1.0, NULL],
        ),
        (
            "removeAboveValue(x,60)",
            "removeAboveValue(x, 60)",
            &[50.0, 60.0, NULL, NULL],
        ),
        (
            "removeBelowPercentile(x,50)",
            "removeBelowPercentile(x, 50)",
            &[NULL, NULL, 70.0, 80.0],
        ),
        (
            "removeAbovePercentile(x,500)",
            "removeAbovePercentile(x, 500)",
            &[50.0, 60.0, 70.0, 80.0],
        ),
        ("delay(x,1)", "delay(x,1)", &[NULL, 50.0, 60.0, 70.0]),
        ("delay(x,-9)", "delay(x,-9)", &[NULL; 4]),
        ("delay(x,0)", "delay(x,0)", &[]),
        (
            "timeShift(x,'2min')",
            "timeShift(x, \"-2min\")",
            &[30.0, 40.0, 50.0, 60.0],
        ),
        (
            "timeShift(x,'+1min')",
            "timeShift(x, \"+1min\")",
            &[60.0, 70.0, 80.0, 90.0],
        ),
        (
            "timeSlice(x,'100000300','100000400')",
            "timeSlice(x, 100000300, 100000400)",
            &[NULL; 4],
        ),
        (
            "summarize(x,'3min')",
            "summarize(x, \"3min\", \"sum\")",
            &[50.0, 210.0, NULL],
        ),
        (
            "summarize(x,'3min','max',true)",
            "summarize(x, \"3min\", \"max\", true)",
            &[70.0, 80.0],
        ),
        (
            "smartSummarize(x,'2min','last')",
            "smartSummarize(x, \"2min\", \"last\")",
            &[60.0, 80.0],
        ),
        (
            "hitcount(flat,'2min')",
            "hitcount(flat, \"2min\")",
            &[600.0, 600.0],
        ),
        (
            "consolidateBy(x,'max')",
            "consolidateBy(x,\"max\")",
            &[50.0, 60.0, 70.0, 80.0],
        ),
        (
            "movingAverage(x,2)",
            "movingAverage(x,2)",
            &[45.0, 55.0, 65.0, 75.0],
        ),
        (
            "movingSum(gaps,'2min')",
            "movingSum(gaps,\"2min\")",
            &[50.0, 50.0, 70.0, 70.0],
        ),
        ("movingSum(gaps,2,1)", "movingSum(gaps,2)", &[NULL; 4]),
        (
            "movingMedian(x,3)",
            "movingMedian(x,3)",
            &[40.0, 50.0, 60.0, 70.0],
        ),
        ("movingWindow(x,2,'range')", "movingRange(x,2)", &[10.0; 4]),
        ("movingMax(empty,3)", "movingMax(empty,3)", &[NULL; 4]),
        (
            "exponentialMovingAverage(flat,3)",
            "exponentialMovingAverage(flat,3)",
            &[5.0; 5],
        ),
        ("stdev(x,2)", "stdev(x,2)", &[0.0, 5.0, 5.0, 5.0]),
        ("nPercentile(x,100)", "nPercentile(x, 100)", &[80.0; 4]),
        (
            "linearRegression(gaps)",
            "linearRegression(gaps, 240, 480)",
            &[50.0, 60.0, 70.0, 80.0],
        ),
        (
            "holtWintersForecast(flat,'1h','10min')",
            "holtWintersForecast(flat)",
            &[5.0; 4],
        ),
        (
            "holtWintersAberration(flat,3,'1h','10min')",
            "holtWintersAberration(flat)",
            &[0.0; 4],
        ),
        ("timeFunction('t')", "t", &[240.0, 300.0, 360.0, 420.0]),
        ("identity('t')", "t", &[240.0, 300.0, 360.0, 420.0]),
    ] {
        let found = answer(target, (240, 480));
        let is_right =
            matches!(found.as_slice(), [(first, other)] if first == name && is_same(other, values));
        assert!(is_right, "{target}: {found:?}");
    }
}

#[test]
fn where_there_is_nothing_there_is_no_answer() {
    for target in [
        "scale(nothing,'x')",
        "movingAverage(nothing,'x')",
        "summarize(nothing,'1h')",
        "timeShift(nothing,'1h')",
        "holtWintersConfidenceBands(nothing)",
        "linearRegression(nothing)",
        "nPercentile(nothing,5)",
        "nPercentile(empty,5)",
    ] {
        assert_eq!(answer(target, (240, 480)), [], "{target}");
    }
}

#[test]
fn events_are_counted_by_second() {
    let found = answer("events('deploy','web')", (240, 245));
    let [(name, values)] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(name, "events(\"deploy\", \"web\")");
    assert!(is_same(values, &[NULL, 2.0, NULL, 1.0, NULL]), "{values:?}");
}
