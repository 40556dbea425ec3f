//! Rows of the libraries alone: one sample's way through the decoder and the store.

use super::baseline::{Programs, figure_of};
use super::row::{Bound, Row, in_turn};
use crate::process::succeed;
use anyhow::{Context, Result};

/// A row of one figure, before and now in turn.
fn compared(
    programs: &Programs<'_>,
    what: String,
    words: &[&str],
    figure: &str,
    least: f64,
) -> Result<Row> {
    let (before, now, ratio) = in_turn(
        programs.pairs(),
        || programs.old_cost(words, figure),
        || programs.cost(words, figure),
    )?;
    Ok(Row {
        what,
        unit: "ns",
        before,
        now,
        ratio,
        bound: Bound::AtLeast(least),
        or_at_most: None,
    })
}

pub(super) fn known(programs: &Programs<'_>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (series, words) in [
        ("10 000", "10000"),
        ("100 000", "100000"),
        ("1 000 000", "1000000"),
    ] {
        let words = ["known", words];
        let what = format!("a sample of {series} known series, one thread");
        rows.push(compared(programs, what, &words, "append_ns", 3.0)?);
    }
    let what = "the same of 100 000 with its share of the flush".to_owned();
    let words = ["known", "100000"];
    rows.push(compared(
        programs,
        what,
        &words,
        "append_and_flush_ns",
        1.0,
    )?);
    for (series, words) in [("10 000", "10000"), ("100 000", "100000")] {
        let words = ["known-shuffled", words];
        let what = format!(
            "a sample of {series} known series, one thread, sent in another order than that of their numbers"
        );
        // Both builds wait for memory that is in no cache, so the ratio is less here.
        rows.push(compared(programs, what, &words, "append_ns", 2.0)?);
    }
    Ok(rows)
}

/// No dearer, but for what two measurements of one program differ by.
pub(super) fn new(programs: &Programs<'_>) -> Result<Vec<Row>> {
    let what = "the first sample of a series, of 300 000".to_owned();
    let words = ["new", "300000"];
    let row = compared(programs, what, &words, "new_series_ns", 0.95)?;
    Ok(vec![row])
}

pub(super) fn json(programs: &Programs<'_>) -> Result<Vec<Row>> {
    let what = "decoding a sample of JSON".to_owned();
    let row = compared(programs, what, &["json"], "decode_ns", 3.5)?;
    Ok(vec![row])
}

/// Wall time: what a second core adds to a store, and what it adds to programs that share nothing but the machine.
pub(super) fn threads(programs: &Programs<'_>) -> Result<Vec<Row>> {
    let one_thread = || programs.cost(&["threads", "1"], "wall_ns");
    let two_threads = || programs.cost(&["threads", "2"], "wall_ns");
    let (before, now, ratio) = in_turn(programs.pairs(), one_thread, two_threads)?;
    let store = Row {
        what: "a known sample: one thread (before), two threads (now), wall time".to_owned(),
        unit: "ns",
        before,
        now,
        ratio,
        bound: Bound::AtLeast(1.6),
        or_at_most: None,
    };
    let (before, now, ratio) = in_turn(programs.pairs(), one_thread, || two_programs(programs))?;
    let machine = Row {
        what: "for comparison: one program of one thread (before), two such programs at once with a store each (now), wall time".to_owned(),
        unit: "ns",
        before,
        now,
        ratio,
        bound: Bound::None,
        or_at_most: None,
    };
    Ok(vec![store, machine])
}

/// The time for a sample where two programs write at the same time, each to its own store.
fn two_programs(programs: &Programs<'_>) -> Result<f64> {
    let program = programs.cost_program()?;
    let run = || figure_of(program, &["threads", "1"], "wall_ns");
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(run);
        (run(), other.join())
    });
    let other = other.map_err(|_| anyhow::anyhow!("a run of the program panicked"))?;
    Ok(1.0 / (1.0 / one? + 1.0 / other?))
}

/// A million series, each with a sample in the log.
pub(super) fn start(programs: &Programs<'_>) -> Result<Vec<Row>> {
    const SERIES: &str = "1000000";
    let mut rows = starts(
        programs,
        &["fill", SERIES],
        SERIES,
        &[
            (
                "the start with 1 000 000 series and as many samples in the log",
                "ms",
                "start_processor_ms",
                2.0,
            ),
            ("memory for a series behind it", "B", "heap_bytes", 1.01),
        ],
    )?;
    // A block of each series on each day.
    rows.extend(starts(
        programs,
        &["fill-days", "1000", "390"],
        "390000",
        &[(
            "memory for a block of 390 000, of 1000 series, behind a start",
            "B",
            "heap_bytes",
            4.0,
        )],
    )?);
    Ok(rows)
}

/// A figure of a start: what it is called here, its unit, its name there, and how many times as small it is to be.
type Figure = (&'static str, &'static str, &'static str, f64);

/// Starts on folders that `fill` has left, and tells figures of them, by `units` where they are by unit.
fn starts(
    programs: &Programs<'_>,
    fill: &[&str],
    units: &str,
    figures: &[Figure],
) -> Result<Vec<Row>> {
    let (old, new) = (
        programs.folder("start-before")?,
        programs.folder("start-now")?,
    );
    let text = |path: &std::path::Path| path.to_str().map(str::to_owned);
    let (old_text, new_text) = (text(&old), text(&new));
    let old_text = old_text.context("the target folder's path is not UTF-8")?;
    let new_text = new_text.context("the target folder's path is not UTF-8")?;
    let with = |dir| -> Vec<&str> { fill.iter().copied().chain([dir]).collect() };
    programs.old_cost(&with(old_text.as_str()), "filled")?;
    programs.cost(&with(new_text.as_str()), "filled")?;
    let (old_words, new_words) = (["start", units, &old_text], ["start", units, &new_text]);
    let mut rows = Vec::new();
    for (what, unit, figure, least) in figures {
        let (before, now, ratio) = in_turn(
            programs.pairs(),
            || programs.old_cost(&old_words, figure),
            || programs.cost(&new_words, figure),
        )?;
        rows.push(Row {
            what: (*what).to_owned(),
            unit,
            before,
            now,
            ratio,
            bound: Bound::AtLeast(*least),
            or_at_most: None,
        });
    }
    succeed(
        std::process::Command::new("rm")
            .arg("-r")
            .args([&old, &new]),
    )?;
    Ok(rows)
}
