//! Costs of the largest patterns: to compile, in bytes of memory, and to read a name of 1024 characters along them.
//! `cargo bench -p benches --bench patterns`; `docs/design/engine.md` holds the figures.

#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

use base::limit;
use base::pattern::Pattern;
use std::time::{Duration, Instant};

/// So many times each is done; the least time counts.
const TIMES: usize = 20;

fn least(mut work: impl FnMut()) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..TIMES {
        let begun = Instant::now();
        work();
        least = least.min(begun.elapsed());
    }
    least
}

/// `text` as often as a pattern holds it, between a beginning and an end.
fn filled(begin: &str, text: &str, between: &str, end: &str) -> String {
    let room = limit::PATTERN_BYTES.default as usize - begin.len() - end.len();
    let count = (room + between.len()) / (text.len() + between.len());
    format!("{begin}{}{end}", vec![text; count].join(between))
}

/// Names of hosts in braces, as a dashboard sends them.
fn list() -> String {
    let hosts: Vec<String> = (0..2900).map(|host| format!("host-{host:05}")).collect();
    format!("app.{{{}}}.load", hosts.join(","))
}

/// As many different characters as the tables hold, told apart by as many states as are left.
fn varied() -> String {
    let different = |count: u32| -> String {
        let codes = (0..count).map(|at| 0x4e00 + 2 * at);
        codes.filter_map(char::from_u32).collect()
    };
    let text = |count| format!("{}[{}]", "ab".repeat(8000), different(count));
    let fits = |count: &u32| Pattern::parse(&text(*count)).is_ok();
    text((1..5000).rev().find(fits).unwrap_or(1))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = "y".repeat(1024);
    let depth = "yyyyyyyyyyyyyyy.".repeat(64);
    let patterns = [
        ("a list of hosts", list(), "app.host-02500.load"),
        ("stars", filled("", "*y", "", "z"), name.as_str()),
        (
            "starred texts in one brace",
            filled("{", "*yyy?", ",", "}"),
            &name,
        ),
        (
            "braces of starred texts",
            filled("", "{*,*y}", "", "z"),
            &name,
        ),
        (
            "nested braces",
            format!("{}*z{}", "{".repeat(16_000), "}".repeat(16_000)),
            &name,
        ),
        ("different characters", varied(), &name),
        (
            "`**` and stars",
            vec![format!("**.{}", "*y".repeat(250)); 60].join("."),
            depth.trim_end_matches('.'),
        ),
    ];
    for (what, text, path) in patterns {
        let compiled = least(|| drop(Pattern::parse(&text)));
        let pattern = Pattern::parse(&text)?;
        let mut progress = pattern.start();
        let mut work = 0;
        let read = least(|| {
            progress = pattern.start();
            for character in path.chars() {
                pattern.step(&mut progress, character);
            }
            work = progress.take_work();
        });
        println!(
            "{what:28} {:>6} bytes: compiled in {compiled:>9.3?}, read in {read:>9.3?}, {work:>9} words",
            text.len()
        );
    }
    Ok(())
}
