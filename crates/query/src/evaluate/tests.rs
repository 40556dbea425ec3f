//! The cost of a request: how often it reads, and how many points it looks at.

use super::*;
use base::context::{Budget, Resource};
use base::store::StoreError;
use jiff::tz::TimeZone;
use std::cell::RefCell;

const POINTS: usize = 100;

/// Three series of a value each minute, and what was asked of them.
#[derive(Default)]
struct Counting {
    asked: RefCell<Vec<(Vec<Path>, Range)>>,
    /// The step that it reports.
    step: Option<i64>,
}

impl Source for Counting {
    fn fetch(&self, paths: &[Path], range: Range) -> Result<Vec<Vec<Fetched>>, StoreError> {
        self.asked.borrow_mut().push((paths.to_vec(), range));
        let start = range.from - range.from.rem_euclid(60) + 60;
        let count = ((range.until - start) / 60 + 1).max(1);
        let values: Vec<f64> = (0..count)
            .map(|index| (start + index * 60) as f64)
            .collect();
        let one = |name: &str| Fetched {
            name: name.to_owned(),
            tags: [("name".to_owned(), name.to_owned())].into(),
            start,
            end: start + count * 60,
            step: 60,
            values: values.clone().into(),
        };
        let all = |_: &Path| ["a.x", "a.y", "a.z"].map(one).to_vec();
        Ok(paths.iter().map(all).collect())
    }

    fn uniform_step(&self, _: Range) -> Option<i64> {
        self.step
    }

    fn events(&self, _: &[String], _: Range) -> Result<Vec<crate::source::Event>, StoreError> {
        Ok(Vec::new())
    }
}

fn window() -> Window {
    let until = 600_000 + 60 * POINTS as i64;
    Window::new(600_000, until, until, TimeZone::UTC)
}

/// Steps, how often something was read, and the answers.
fn cost(targets: &[&str]) -> (u64, usize, Vec<Vec<Series>>) {
    let source = Counting::default();
    let context = Context::new(Budget::UNLIMITED);
    let answers = Evaluation::new(&source, &context)
        .targets(targets, &window())
        .unwrap();
    let asked = source.asked.borrow().len();
    (context.spent(Resource::Steps), asked, answers)
}

fn steps(targets: &[&str]) -> u64 {
    cost(targets).0
}

/// Name and values of each answer.
fn contents(answers: &[Series]) -> Vec<(&str, &[f64])> {
    answers
        .iter()
        .map(|answer| (answer.name.as_str(), &answer.values[..]))
        .collect()
}

#[test]
fn a_part_that_repeats_within_a_request_is_evaluated_once() {
    let once = steps(&["sumSeries(a.*)"]);
    // What is known costs a call, its series, and what reading its paths costs: nothing by its points.
    let known = 2 * POINTS_PER_CALL as u64;
    assert!(once > 3 * known, "{once}");
    let is_known = |steps: u64, others: u64, times: u64| {
        let costs = others + times * POINTS_PER_CALL as u64..=others + times * known;
        assert!(costs.contains(&steps), "{steps}, not {costs:?}");
    };
    is_known(steps(&["sumSeries(a.*)"; 3]), once, 2);
    let outer = |inner| steps(&[inner]) - once;
    let (scaled, moved) = ("scale(sumSeries(a.*),2)", "offset(sumSeries(a.*),1)");
    let others = once + outer(scaled) + outer(moved);
    is_known(steps(&[scaled, moved]), others, 1);
    let within = "divideSeries(sumSeries(a.*),sumSeries(a.*))";
    let apart = "divideSeries(sumSeries(a.*),sumSeries( a.*))";
    is_known(steps(&[within]), steps(&[apart]) - once, 1);
}

#[test]
fn what_is_shared_is_what_each_alone_would_be() {
    let targets = [
        "scale(sumSeries(a.*),2)",
        "sumSeries(a.*)",
        "offset(sumSeries(a.*),1)",
        "movingAverage(sumSeries(a.*),3)",
        "movingAverage(sumSeries(a.*),3)",
        "stacked(a.*)",
        "stacked(a.*)",
        "sumSeries(setXFilesFactor(a.*,0.5))",
        "sumSeries(setXFilesFactor(a.*,0.5))",
    ];
    let (_, _, together) = cost(&targets);
    for (target, together) in targets.iter().zip(&together) {
        let (_, _, alone) = cost(&[target]);
        let alone: Vec<Series> = alone.into_iter().flatten().collect();
        assert_eq!(contents(together), contents(&alone), "{target}");
        let shares = |all: &[Series]| {
            all.iter()
                .map(|series| series.x_files_factor)
                .collect::<Vec<_>>()
        };
        assert_eq!(shares(together), shares(&alone), "{target}");
    }
}

#[test]
fn what_is_random_or_adds_to_a_stack_is_not_shared() {
    let (_, _, walks) = cost(&["randomWalk('x')", "randomWalk('x')"]);
    let [one, other] = walks.as_slice() else {
        panic!("two walks");
    };
    assert_ne!(contents(one), contents(other));
    // The second time they stand upon the first.
    let (_, _, stacks) = cost(&["group(stacked(a.x,'s'),stacked(a.x,'s'))"]);
    let heights: Vec<f64> = stacks
        .iter()
        .flatten()
        .map(|series| series.values[0])
        .collect();
    assert!(heights.last() > heights.first(), "{heights:?}");
}

#[test]
fn all_that_targets_name_is_read_at_once_and_nothing_twice() {
    let (_, asked, _) = cost(&["a.*", "sumSeries(a.*,b.*)", "maxSeries(c.x, b.*)", "a.*"]);
    assert_eq!(asked, 1);
}

#[test]
fn of_a_longer_range_only_what_comes_before_is_read() {
    let source = Counting::default();
    let context = Context::unlimited();
    let mut evaluation = Evaluation::new(&source, &context);
    let answers = evaluation
        .targets(&["movingAverage(a.*,'5min')"], &window())
        .unwrap();
    let asked = source.asked.borrow();
    let ranges: Vec<(i64, i64)> = asked
        .iter()
        .map(|(_, range)| (range.from, range.until))
        .collect();
    let until = window().until;
    assert_eq!(ranges, [(600_000, until), (599_700, 600_000)]);
    // Each value is its own time, so that the mean of five of them is the time of the one in the middle.
    let first = answers.iter().flatten().next().unwrap();
    assert_eq!(first.start, 600_060);
    for (index, value) in (0_i64..).zip(first.values.iter()) {
        assert_eq!(*value, (first.start + (index - 2) * 60) as f64);
    }
}

#[test]
fn what_moving_functions_look_at_is_read_with_what_is_asked_for() {
    for (target, fetches) in [
        ("movingAverage(a.*,5)", 1),
        ("movingMax(a.*,'5min')", 1),
        ("exponentialMovingAverage(a.*,'90s')", 1),
        ("scale(movingAverage(movingMedian(a.*,'3min'),4),2)", 1),
        (
            "sumSeries(movingAverage(a.*,5),movingAverage(b.*,5),movingAverage(a.*,'1min'))",
            1,
        ),
        // By two spans, and by none.
        (
            "sumSeries(movingAverage(a.*,5),movingAverage(b.*,6),c.*)",
            3,
        ),
        // Longer than what is asked for, or not known before it runs.
        ("movingAverage(a.*,101)", 2),
        ("movingAverage(scale(a.*,2),5)", 2),
        ("movingAverage(a.*,windowSize=5)", 2),
        ("movingAverage(a.*,0)", 1),
        ("movingAverage(a.*,-5)", 2),
    ] {
        // The second one begins between two values, the third ends there.
        for (later, sooner) in [(0, 0), (17, 0), (0, 17), (30, 5960)] {
            let (from, until) = (window().from + later, window().until - sooner);
            let window = Window::new(from, until, window().until, TimeZone::UTC);
            let answered = |step| {
                let (source, context) = (
                    Counting {
                        step,
                        ..Counting::default()
                    },
                    Context::unlimited(),
                );
                let answers = Evaluation::new(&source, &context)
                    .targets(&[target], &window)
                    .unwrap();
                let asked = source.asked.borrow().len();
                (asked, answers.into_iter().flatten().collect::<Vec<_>>())
            };
            let ((asked, together), (_, apart)) = (answered(Some(60)), answered(None));
            if sooner < 60 {
                assert_eq!(asked, fetches, "{target}");
            }
            // As texts, in which what is no value is like itself.
            let texts = [&together, &apart].map(|all| format!("{:?}", contents(all)));
            assert_eq!(texts[0], texts[1], "{target}");
            let spans = |all: &[Series]| {
                all.iter()
                    .map(|series| (series.start, series.end, series.step))
                    .collect::<Vec<_>>()
            };
            assert_eq!(spans(&together), spans(&apart), "{target}");
        }
    }
}
