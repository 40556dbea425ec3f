//! No target overflows the stack, whatever its functions make up.

use super::*;
use crate::source::Event;
use base::context::Budget;
use base::store::StoreError;
use jiff::tz::TimeZone;

/// One series for each path, with the name that it is asked for by.
struct ByName;

impl Source for ByName {
    fn fetch(&self, paths: &[Path], range: Range) -> Result<Vec<Vec<Fetched>>, StoreError> {
        let found = |path: &Path| {
            let Path::Glob(name) = path else {
                return Vec::new();
            };
            vec![Fetched {
                name: name.clone(),
                tags: [("name".to_owned(), name.clone())].into(),
                start: range.from,
                end: range.from + 60,
                step: 60,
                values: vec![1.0].into(),
            }]
        };
        Ok(paths.iter().map(found).collect())
    }

    fn events(&self, _: &[String], _: Range) -> Result<Vec<Event>, StoreError> {
        Ok(Vec::new())
    }
}

/// Evaluates a target on half of the stack: how many series there are, or the error.
fn answered(target: &str, variables: BTreeMap<String, String>) -> Result<usize, String> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES / 2);
        let work = || {
            let context = Context::new(Budget {
                steps: 1_000_000,
                ..Budget::default()
            });
            let window = Window::new(0, 600, 600, TimeZone::UTC);
            let mut evaluation = Evaluation::new(&ByName, &context).with_variables(variables);
            match evaluation.targets(&[target], &window) {
                Ok(series) => Ok(series.iter().map(Vec::len).sum()),
                Err((_, error)) => Err(error.to_string()),
            }
        };
        thread.spawn_scoped(scope, work).unwrap().join().unwrap()
    })
}

/// `call` around `inner`, again and again.
fn nested(call: &str, times: usize, inner: &str, rest: &str) -> String {
    format!(
        "{}{inner}{}",
        format!("{call}(").repeat(times),
        format!("{rest})").repeat(times)
    )
}

/// Each target makes up the next one, from the name of a series that is text of the request: seven of them, each inside of
/// `around` further calls.
fn made(around: usize) -> (String, BTreeMap<String, String>) {
    let one = |level: usize| {
        let body = format!("applyByNode(alias(f.a.x,$v{level}),0,$p{level})");
        nested("absolute", around, &format!("template({body})"), "")
    };
    let mut variables = BTreeMap::new();
    for level in 0..8 {
        variables.insert(format!("v{level}"), "a".to_owned());
        let next = if level < 7 {
            one(level + 1)
        } else {
            nested("absolute", around, "f.b", "")
        };
        variables.insert(format!("p{level}"), next);
    }
    (one(0), variables)
}

#[test]
fn targets_that_make_up_targets_are_no_deeper_than_one() {
    let (target, variables) = made(4);
    assert_eq!(answered(&target, variables), Ok(1));
    for around in [8, 50, 60] {
        let (target, variables) = made(around);
        let refused = answered(&target, variables).unwrap_err();
        assert!(refused.contains("`target_depth` is 64"), "{refused}");
    }
}

#[test]
fn the_deepest_targets_need_half_of_the_stack_at_most() {
    for (call, rest) in [
        ("absolute", ""),
        ("sumSeries", ""),
        ("alias", ",'a'"),
        ("aliasSub", ",'a','a'"),
        ("timeShift", ",'1s'"),
        ("movingAverage", ",'1min'"),
        ("timeStack", ",'1s',0,0"),
        ("smartSummarize", ",'1min'"),
        ("summarize", ",'1min'"),
        ("groupByNode", ",0"),
        ("asPercent", ""),
        ("holtWintersForecast", ""),
        ("useSeriesAbove", ",0,'a','a'"),
        ("template", ""),
    ] {
        let target = nested(call, 63, "f.a", rest);
        let answer = answered(&target, BTreeMap::new());
        // Some cost more than a query may, and those end as well.
        assert!(
            answer.is_ok() || answer.as_ref().is_err_and(|error| error.contains("steps")),
            "{call}: {answer:?}"
        );
    }
    let piped = format!("f.a{}", "|absolute()".repeat(63));
    assert_eq!(answered(&piped, BTreeMap::new()), Ok(1));
}
