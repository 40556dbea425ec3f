//! Costs of each function over 1000 series of 8640 points: nanoseconds of processor time for each point that it reads, and beside
//! the simple ones a plain loop over the same columns in the same run. A simple one may take twice as long as its loop; one that
//! takes longer, or a function that is not measured, ends the benchmark with an error.
//!
//! `cargo bench -p benches --bench functions`, with names behind `--` for some of them alone. It takes 600 MB of memory.

#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

#[path = "functions/plain.rs"]
mod plain;
#[path = "functions/targets.rs"]
mod targets;
#[path = "functions/world.rs"]
mod world;

use base::context::Context;
use plain::Plain;
use query::evaluate::Evaluation;
use query::table;
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;
use targets::{FURTHER, Measured, TARGETS};
use world::World;

/// How often each is done; the least time counts. A simple one and its loop are done in turn.
const TIMES: usize = 5;

/// A simple function may take so many times as long as its loop.
const RATIO_MAX: f64 = 2.0;

fn main() -> ExitCode {
    let only: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let is_asked = |name: &str| only.is_empty() || only.iter().any(|chosen| chosen == name);
    let mut failures = unmeasured();
    let world = World::new();
    println!(
        "| function | ns a point | plain loop | ratio | needed | holds |\n|---|---|---|---|---|---|"
    );
    for measured in TARGETS.iter().chain(FURTHER) {
        if is_asked(measured.0) {
            failures += usize::from(!row(&world, measured));
        }
    }
    if failures == 0 {
        ExitCode::SUCCESS
    } else {
        println!("{failures} do not hold");
        ExitCode::FAILURE
    }
}

/// How many functions of the table have no target here.
fn unmeasured() -> usize {
    let names = table::all().filter_map(|function| function.names.first().copied());
    let missing = names.filter(|name| TARGETS.iter().all(|target| target.0 != *name));
    missing
        .map(|name| println!("`{name}` is not measured"))
        .count()
}

/// Prints what a target takes. Returns whether it holds.
fn row(world: &World, (name, target, plain): &Measured) -> bool {
    let mut least = Duration::MAX;
    let mut least_plain = Duration::MAX;
    let mut points = 1;
    for _ in 0..TIMES {
        world.take_read();
        let Some(took) = evaluated(world, target) else {
            return false;
        };
        least = least.min(took);
        points = world.take_read().max(1);
        if let Some(plain) = plain {
            least_plain = least_plain.min(looped(world, *plain));
        }
    }
    let each = |took: Duration, points: usize| took.as_secs_f64() * 1e9 / points as f64;
    let ours = each(least, points);
    if plain.is_none() {
        println!("| `{name}` | {ours:.2} | | | | |");
        return true;
    }
    let beside = each(least_plain, world::SERIES * world::POINTS);
    let ratio = ours / beside;
    let holds = ratio <= RATIO_MAX;
    println!(
        "| `{name}` | {ours:.2} | {beside:.2} | {ratio:.2} | ≤ {RATIO_MAX} | {} |",
        if holds { "yes" } else { "no" }
    );
    holds
}

fn evaluated(world: &World, target: &str) -> Option<Duration> {
    let context = Context::unlimited();
    let window = World::window();
    let mut evaluation = Evaluation::new(world, &context);
    let begun = processor();
    let answers = evaluation.targets(&[target], &window);
    let took = processor().saturating_sub(begun);
    if let Err((_, error)) = &answers {
        println!("`{target}`: {error}");
        return None;
    }
    black_box(answers.is_ok());
    Some(took)
}

fn looped(world: &World, plain: Plain) -> Duration {
    let begun = processor();
    let columns = plain(world.columns());
    let took = processor().saturating_sub(begun);
    black_box(&columns);
    took
}

/// Processor time of this thread so far: others may share the machine.
fn processor() -> Duration {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(spent.tv_sec).unwrap_or_default();
    let nanoseconds = u32::try_from(spent.tv_nsec).unwrap_or_default();
    Duration::new(seconds, nanoseconds)
}
