//! Memory and time of an evaluation: memory is reserved before it is taken, and work stops at its deadline or when its client
//! leaves.

#![expect(
    unsafe_code,
    clippy::unwrap_used,
    reason = "a global allocator that counts can be written in no other way"
)]

#[path = "bounded/allocator.rs"]
mod allocator;
#[path = "bounded/expressions.rs"]
mod expressions;
#[path = "bounded/world.rs"]
mod world;

use allocator::peak;
use base::context::{Budget, Context};
use query::error::{Error, TargetError};
use query::evaluate::Evaluation;
use query::function::FunctionGroup;
use query::table;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use world::{Checks, MEBIBYTE, Share, World};

/// Functions that look at no values, or make few out of nothing in this world.
const QUICK: &[&str] = &[
    "aliasQuery",
    "aliasSub",
    "constantLine",
    "events",
    "exclude",
    "fallbackSeries",
    "grep",
    "identity",
    "limit",
    "mapSeries",
    "randomWalkFunction",
    "reduceSeries",
    "seriesByTag",
    "sinFunction",
    "sortByName",
    "threshold",
    "timeFunction",
    "verticalLine",
];

/// Functions that check before they begin with all of their series, or with what they have evaluated again.
const AT_ONCE: &[&str] = &["timeStack"];

fn evaluate(world: &World, context: &Context, target: &str) -> Result<usize, (usize, Error)> {
    let answers = Evaluation::new(world, context).targets(&[target], &world.window())?;
    Ok(answers.iter().map(Vec::len).sum())
}

/// The example of each function, over two series that together take the whole share: whatever it makes of them is too much.
#[test]
fn no_function_takes_memory_before_it_is_reserved() {
    let world = World::of(2, 250_000);
    let mut late = Vec::new();
    for function in table::all() {
        world.fetched.store(0, Ordering::Relaxed);
        let _ = evaluate(&world, &Context::unlimited(), function.example);
        // What it reads first, and a little more.
        let first = world.fetched.load(Ordering::Relaxed);
        let share = Arc::new(Share::of(first + MEBIBYTE / 2));
        let context = Context::unlimited().with_memory(Arc::clone(&share) as _);
        let (_, most) = peak(|| evaluate(&world, &context, function.example));
        if most > MEBIBYTE + MEBIBYTE / 2 {
            late.push(format!("{}: {most} bytes", function.example));
        }
    }
    assert!(late.is_empty(), "{late:#?}");
}

/// At least half of the memory taken has been reserved, whatever the answer is.
#[test]
fn what_a_function_takes_is_reserved() {
    let world = World::of(2, 100_000);
    let mut more = Vec::new();
    for function in table::all() {
        let share = Arc::new(Share::of(u64::MAX));
        let context = Context::unlimited().with_memory(Arc::clone(&share) as _);
        let (_, most) = peak(|| evaluate(&world, &context, function.example));
        let reserved = share.peak.load(Ordering::Relaxed);
        if most > reserved * 2 + MEBIBYTE / 2 {
            more.push(format!("{}: {most} of {reserved} bytes", function.example));
        }
        let left = share.used.load(Ordering::Relaxed);
        assert_eq!(left, 0, "{}", function.example);
    }
    assert!(more.is_empty(), "{more:#?}");
}

/// Over many series of many points each function checks now and then whether its client is still there, and ends at the first
/// check that finds it gone.
#[test]
fn every_function_hears_that_its_client_is_gone() {
    const SERIES: usize = 8;
    let world = World::of(SERIES, 70_000);
    let mut deaf = Vec::new();
    for function in table::all() {
        let checks = Arc::new(Checks::default());
        let context = Context::unlimited().with_turn_yield(Arc::clone(&checks) as _);
        let answered = evaluate(&world, &context, function.example);
        let all = checks.all();
        // One for two series, if nothing else.
        let least = match function.group {
            _ if QUICK.contains(&function.names[0]) => 0,
            _ if AT_ONCE.contains(&function.names[0]) => 1,
            FunctionGroup::Combine => 1,
            _ => SERIES as u64 / 2,
        };
        if answered.is_ok() && all < least {
            deaf.push(format!("{}: {all} checks", function.example));
            continue;
        }
        let last = all / 2;
        let flag = Arc::new(AtomicBool::new(false));
        let checks = Arc::new(Checks::until(last, Arc::clone(&flag)));
        let context = Context::unlimited()
            .with_cancel_flag(flag)
            .with_turn_yield(Arc::clone(&checks) as _);
        let _ = evaluate(&world, &context, function.example);
        if checks.all() > last + 1 {
            deaf.push(format!("{} goes on after check {last}", function.example));
        }
    }
    assert!(deaf.is_empty(), "{deaf:#?}");
}

/// Work that grows faster than its points is checked in between, also within one series.
#[test]
fn long_work_on_one_series_looks_often() {
    let world = World::of(1, 200_000);
    for (target, least) in [
        ("movingMedian(one,1000)", 10),
        ("movingWindow(one,1000,'stddev')", 3),
        ("movingWindow(scale(one,0),50000,'stddev')", 3),
        ("movingWindow(one,1000,'range')", 3),
        ("movingAverage(one,1000)", 3),
        ("movingAverage(one,30)", 2),
    ] {
        let checks = Arc::new(Checks::default());
        let context = Context::unlimited().with_turn_yield(Arc::clone(&checks) as _);
        evaluate(&world, &context, target).unwrap();
        assert!(checks.all() >= least, "{target}: {}", checks.all());
    }
}

/// They were checked once, before all rows.
#[test]
fn percentiles_of_many_rows_look_in_between() {
    let world = World::of(8, 100_000);
    for target in [
        "percentileOfSeries(all,95)",
        "removeBetweenPercentile(all,90)",
    ] {
        let checks = Arc::new(Checks::default());
        let context = Context::unlimited().with_turn_yield(Arc::clone(&checks) as _);
        evaluate(&world, &context, target).unwrap();
        assert!(checks.all() >= 8, "{target}: {}", checks.all());
    }
}

/// A flat series takes as many steps as any other: it once took a window's width for each value.
#[test]
fn a_flat_series_takes_no_more_time_than_another() {
    let world = World::of(1, 200_000);
    let time = |target: &str| {
        let began = std::time::Instant::now();
        evaluate(&world, &Context::unlimited(), target).unwrap();
        began.elapsed()
    };
    let other = time("movingWindow(one,50000,'stddev')");
    // The shortest of a few: something else may have been done meanwhile.
    let flat = (0..5).map(|_| time("movingWindow(scale(one,0),50000,'stddev')"));
    let flat = flat.min().unwrap();
    assert!(flat < other * 20, "{flat:?}, not {other:?}");
}

#[test]
fn a_regular_expression_costs_by_its_size_and_by_the_text() {
    let world = World::of(1, 10);
    let names = (0..8).map(|number| format!("alias(one,'{}{number}')", "a".repeat(1000)));
    let names = names.collect::<Vec<_>>().join(",");
    for (target, least) in [
        (format!("grep(group({names}),'(a?){{2000}}b')"), 8),
        (format!("exclude(group({names}),'(a?){{2000}}b')"), 8),
        (format!("aliasSub(group({names}),'(a?){{2000}}b','c')"), 8),
        (format!("aliasSub(group({names}),'(.*b)|a','c')"), 8),
    ] {
        let checks = Arc::new(Checks::default());
        let context = Context::unlimited().with_turn_yield(Arc::clone(&checks) as _);
        evaluate(&world, &context, &target).unwrap();
        let end = target.chars().rev().take(20).collect::<Vec<_>>();
        let end: String = end.into_iter().rev().collect();
        assert!(checks.all() >= least, "{end}: {}", checks.all());
    }
    // What people write is no work worth mentioning.
    let context = Context::new(Budget {
        steps: 3000,
        ..Budget::UNLIMITED
    });
    let target = r"aliasSub(alias(one,'servers.web1.load'),'servers\.(\w+)\.(\w+)','\1 \2')";
    assert_eq!(evaluate(&world, &context, target).unwrap(), 1);
}

/// Targets were read before anything of them was counted: a form of a megabyte took a hundred.
#[test]
fn what_targets_take_once_they_are_read_is_reserved() {
    let world = World::of(1, 10);
    let (open, close) = ("absolute(".repeat(60), ")".repeat(60));
    let mut more = Vec::new();
    for target in [
        format!("group({}1)", "1,".repeat(30_000)),
        format!("group({}a)", "a,".repeat(30_000)),
        format!("group({}sum())", "sum(),".repeat(10_000)),
        format!("group({}a=1)", "a=1,".repeat(15_000)),
        format!("{open}'{}'{close}", "x".repeat(60_000)),
    ] {
        let share = Arc::new(Share::of(u64::MAX));
        let context = Context::unlimited().with_memory(Arc::clone(&share) as _);
        let (_, most) = peak(|| evaluate(&world, &context, &target));
        let reserved = share.peak.load(Ordering::Relaxed);
        if most > reserved * 2 + MEBIBYTE / 2 {
            let beginning: String = target.chars().take(16).collect();
            more.push(format!("{beginning}: {most} of {reserved} bytes"));
        }
    }
    assert!(more.is_empty(), "{more:#?}");
}

fn with_variables(variables: &[(&str, String)], target: &str) -> (bool, u64) {
    let world = World::of(1, 10);
    let share = Arc::new(Share::of(64 * MEBIBYTE));
    let context = Context::unlimited().with_memory(share as _);
    let pairs = variables.iter();
    let pairs = pairs.map(|(name, value)| ((*name).to_owned(), value.clone()));
    let pairs = pairs.collect();
    let (answer, most) = peak(|| {
        Evaluation::new(&world, &context)
            .with_variables(pairs)
            .targets(&[target], &world.window())
            .map(|_| ())
    });
    let is_too_long = matches!(
        answer,
        Err((
            0,
            Error::Target {
                problem: TargetError::TooLong(_),
                ..
            }
        ))
    );
    (is_too_long, most)
}

#[test]
fn regression_9_values_of_variables_do_not_multiply_without_end() {
    let hundred = |name: &str| format!("${name}").repeat(100);
    let variables = [
        ("a", hundred("b")),
        ("b", hundred("c")),
        ("c", hundred("d")),
        ("d", "y".repeat(100)),
    ];
    for target in ["template($a.x)", "template(scale($a.x,2))"] {
        let (is_too_long, most) = with_variables(&variables, target);
        assert!(is_too_long, "{target}");
        assert!(most < MEBIBYTE, "{target}: {most} bytes");
    }
    // A value that stands alone is taken as it is, as often as it is named.
    let all = vec!["$a"; 5000].join(",");
    let target = format!("template(group({all}))");
    let (_, most) = with_variables(&[("a", "y".repeat(60_000))], &target);
    assert!(most < 80 * MEBIBYTE, "{most} bytes");
    // What the template does not name costs nothing.
    let unnamed: Vec<String> = (0..10_000).map(|number| format!("v{number}")).collect();
    let unnamed: Vec<(&str, String)> = unnamed
        .iter()
        .map(|name| (name.as_str(), "y".repeat(1000)))
        .collect();
    let (is_too_long, most) = with_variables(&unnamed, "template(one.$x)");
    assert!(!is_too_long && most < 4 * MEBIBYTE, "{most} bytes");
}

#[test]
fn regression_9_names_do_not_multiply_without_end() {
    let long = "x".repeat(1000);
    let percents = "%".repeat(20_000);
    let slices = "x".repeat(30_000);
    for target in [
        format!("applyByNode(alias(one,'{long}'),0,'{percents}')"),
        format!("applyByNode(alias(one,'{long}'),0,'one','{percents}')"),
        format!("cactiStyle(aliasSub(aliasSub(one,'one','{slices}'),'$','{slices}'))"),
        format!("alias(many.*,'{slices}')"),
    ] {
        let world = World::of(if target.contains("many") { 200 } else { 1 }, 10);
        let share = Arc::new(Share::of(2 * MEBIBYTE));
        let context = Context::unlimited().with_memory(share as _);
        let (_, most) = peak(|| evaluate(&world, &context, &target));
        assert!(most < 4 * MEBIBYTE, "{}: {most}", &target[..30]);
    }
}
