//! Whatever a function is given, it answers or refuses: it neither panics nor works without an end.

mod values;

use crate::evaluate::Evaluation;
use crate::series::Series;
use crate::source::{Event, Fetched, Path, Range, Source};
use crate::table;
use crate::window::Window;
use base::context::{Budget, Context};
use base::store::StoreError;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// More values than a source of this test gives of a series.
const VALUES_MAX: i64 = 2_000;

/// Points that a target may look at.
const STEPS: u64 = 1_000_000;

/// Series with gaps, of several steps, over any range; a range of too many values is refused, as a real source does.
struct Anything;

impl Source for Anything {
    fn fetch(&self, paths: &[Path], range: Range) -> Result<Vec<Vec<Fetched>>, StoreError> {
        paths.iter().map(|path| found(path, range)).collect()
    }

    fn events(&self, _: &[String], range: Range) -> Result<Vec<Event>, StoreError> {
        let tags = vec!["deploy".to_owned()];
        let whens = [range.from, range.until, i64::MIN, i64::MAX];
        let event = |when| Event {
            when,
            tags: tags.clone(),
        };
        Ok(whens.map(event).to_vec())
    }
}

fn found(path: &Path, range: Range) -> Result<Vec<Fetched>, StoreError> {
    let name = match path {
        Path::Glob(name) => name.as_str(),
        Path::Tags(_) => "a.b.c",
    };
    let steps: &[i64] = match name {
        "none" => &[],
        "many.*" => &[10, 60, 7],
        _ => &[60],
    };
    let one = |step: &i64| {
        let first = range.from - range.from.rem_euclid(*step) + step;
        let end = (range.until - range.until.rem_euclid(*step) + step).max(first + step);
        if (end - first) / step > VALUES_MAX {
            return Err(StoreError::Damaged {
                place: name.to_owned(),
                what: "by too many values".to_owned(),
            });
        }
        let value = |place: i64| match (name, place % 5) {
            ("null", _) | (_, 3) => f64::NAN,
            ("huge", _) => 1e300 * place as f64,
            (_, rest) => (place % 7 * rest) as f64 - 2.5,
        };
        let values: Vec<f64> = (0..(end - first) / step).map(value).collect();
        Ok(Fetched {
            name: format!("{}.s{step};host=a", name.trim_end_matches(".*")),
            tags: [("name".to_owned(), name.to_owned())].into(),
            start: first,
            end,
            step: *step,
            values: values.into(),
        })
    };
    steps.iter().map(one).collect()
}

/// The answer to a target over a window.
pub(super) fn answer(target: &str, (from, until): (i64, i64)) -> Option<Vec<Series>> {
    let context = Context::unlimited();
    let window = Window::new(from, until, until, TimeZone::UTC);
    let answer = Evaluation::new(&Anything, &context).targets(&[target], &window);
    answer
        .ok()
        .map(|answers| answers.into_iter().flatten().collect())
}

/// An argument as it may stand in a target.
fn argument() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "a.b.c",
        "many.*",
        "null",
        "none",
        "huge",
        "0",
        "1",
        "-1",
        "3",
        "2.5",
        "-0.5",
        "1e300",
        "-1e300",
        "1e-300",
        "9223372036854775807",
        "-9223372036854775807",
        "1000000000000",
        "inf",
        "true",
        "false",
        "none",
        "'sum'",
        "'median'",
        "'count'",
        "'stddev'",
        "'1min'",
        "'-1h'",
        "'1s'",
        "'99999y'",
        "'-99999y'",
        "'0s'",
        "'1d12h'",
        "'9999999999999s'",
        "''",
        "'$'",
        "'weeks0'",
        "'months'",
        "'now'",
        "'00:00_19700101'",
        "'-1000y'",
        "'>'",
        "'average'",
        "'last'",
        "'si'",
        "'host'",
        "'%.*'",
        "'(a)(b'",
        "'\\1'",
        "'red'",
        "'a;b=c'",
        "scale(many.*,2)",
        "movingAverage(many.*,3)",
        "timeShift(a.b.c,'1h')",
        "summarize(many.*,'7s')",
        "delay(a.b.c,0)",
        "constantLine(1)",
        "timeFunction('t',7)",
        "timeFunction('t',2.5)",
        "randomWalk('w')",
        "group(a.b.c,null)",
    ]);
    let integers = (-100_i64..100).prop_map(|number| number.to_string());
    let numbers = any::<i32>().prop_map(|number| format!("{number}.5"));
    let texts = "'[a-z0-9.*%$]{0,6}'".boxed();
    prop_oneof![6 => fixed.prop_map(str::to_owned), 1 => integers, 1 => numbers, 1 => texts]
}

fn target() -> impl Strategy<Value = String> {
    let names: Vec<&str> = table::all()
        .flat_map(|function| function.names)
        .copied()
        .collect();
    let first = prop::sample::select(vec!["a.b.c", "many.*", "null", "none", "huge"]);
    (
        prop::sample::select(names),
        any::<bool>(),
        first,
        prop::collection::vec(argument(), 0..5),
    )
        .prop_map(|(name, has_series, first, rest)| {
            let series = has_series.then(|| first.to_owned());
            let all: Vec<String> = series.into_iter().chain(rest).collect();
            format!("{name}({})", all.join(","))
        })
}

fn window() -> impl Strategy<Value = (i64, i64)> {
    prop_oneof![
        Just((1_700_000_000, 1_700_003_600)),
        Just((1_700_000_001, 1_700_000_002)),
        Just((0, 600)),
        (1_600_000_000_i64..1_700_000_000, 1_i64..20_000)
            .prop_map(|(from, span)| (from, from + span)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_function_panics_or_goes_on_without_an_end(
        target in target(),
        around in prop::option::of(target()),
        (from, until) in window(),
    ) {
        let text = match around {
            Some(around) => around.replacen("a.b.c", &target, 1),
            None => target,
        };
        let began = Instant::now();
        let budget = Budget { steps: STEPS, ..Budget::UNLIMITED };
        let context = Context::new(budget).with_deadline(began + Duration::from_secs(60), Duration::from_secs(60));
        let window = Window::new(from, until, until, TimeZone::UTC);
        let answer = Evaluation::new(&Anything, &context).targets(&[&text], &window);
        prop_assert!(began.elapsed() < Duration::from_secs(30), "{text} took {:?}", began.elapsed());
        for series in answer.into_iter().flatten().flatten() {
            prop_assert!(series.step > 0, "{text} has a step of {}", series.step);
            let _ = series.datapoints().count();
        }
    }
}

#[test]
fn work_without_an_end_is_refused() {
    let ten_years = Window::new(1_000_000_000, 1_315_360_000, 1_315_360_000, TimeZone::UTC);
    let ten_minutes = Window::new(0, 600, 600, TimeZone::UTC);
    for (target, window) in [
        ("timeFunction('t',1)", &ten_years),
        ("sinFunction('t',1,1)", &ten_years),
        ("randomWalk('t',1)", &ten_years),
        ("identity('t')", &ten_years),
        ("events('*')", &ten_years),
        ("summarize(timeFunction('t',86400),'1s')", &ten_years),
        ("smartSummarize(timeFunction('t',86400),'1s')", &ten_years),
        ("hitcount(timeFunction('t',86400),'1s')", &ten_years),
        (
            "nPercentile(delay(timeShift(a.b.c,'1h'),1),150)",
            &ten_minutes,
        ),
        ("timeStack(a.b.c,'1s',0,1000000000)", &ten_minutes),
        (
            "timeStack(a.b.c,'1d',-9223372036854775807,9223372036854775807)",
            &ten_minutes,
        ),
        ("movingMin(a.b.c,-2098771970)", &ten_minutes),
        ("movingAverage(a.b.c,1000000000000)", &ten_minutes),
        ("movingAverage(a.b.c,'2000y')", &ten_minutes),
        (
            "exponentialMovingAverage(a.b.c,1000000000000)",
            &ten_minutes,
        ),
        ("holtWintersForecast(a.b.c,'2000y')", &ten_minutes),
        ("timeFunction('t',0)", &ten_minutes),
        ("summarize(a.b.c,'0s')", &ten_minutes),
        ("hitcount(a.b.c,'-1h')", &ten_minutes),
    ] {
        let budget = Budget {
            steps: STEPS,
            ..Budget::UNLIMITED
        };
        let context = Context::new(budget);
        let answer = Evaluation::new(&Anything, &context).targets(&[target], window);
        assert!(answer.is_err(), "{target}");
    }
}

/// `5min` without quotes is a path.
#[test]
fn a_text_without_its_quotes_is_told_of_them() {
    let context = Context::unlimited();
    let window = Window::new(600, 1200, 1200, TimeZone::UTC);
    for target in [
        "movingAverage(a.b.c,5min)",
        "summarize(a.b.c,1h)",
        "timeShift(a.b.c,1d)",
        "alias(a.b.c,Orders)",
        "color(a.b.c,red)",
    ] {
        let answer = Evaluation::new(&Anything, &context).targets(&[target], &window);
        let Err((_, error)) = answer else {
            panic!("{target}");
        };
        let refused = error.to_string();
        assert!(refused.contains("in quotes"), "{refused}");
    }
}
