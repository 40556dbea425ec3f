//! The table of `docs/performance.md`: what must hold, and what was measured, this tree beside the commit it is compared with.
//! Machines differ and are noisy, so it is processor time that is compared, in turn, and ratios that count.

mod baseline;
mod crowd;
mod engine;
mod http;
mod neighbours;

use super::server::vigied;
use anyhow::{Context, Result, bail};
use baseline::Programs;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How the table is made.
#[derive(Debug, Args)]
pub(crate) struct TableArgs {
    /// The commit that is compared with
    #[arg(long, default_value = "68a11b5")]
    commit: String,
    /// A checkout of that commit, whose folder `benches` is written over; without it one is made under the target folder
    #[arg(long, value_name = "FOLDER")]
    baseline: Option<PathBuf>,
    /// This tree's program `cost`, where it is built already (in release, like all of them)
    #[arg(long, value_name = "FILE")]
    cost: Option<PathBuf>,
    /// That commit's program `cost`, where it is built already
    #[arg(long, value_name = "FILE")]
    baseline_cost: Option<PathBuf>,
    /// That commit's server, where it is built already; `VIGIED` names this tree's
    #[arg(long, value_name = "FILE")]
    baseline_vigied: Option<PathBuf>,
    /// How often each is measured, before and now in turn; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    pairs: u8,
    /// Measure these alone
    #[arg(long, value_delimiter = ',')]
    rows: Vec<Part>,
}

/// Rows that are measured together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A sample of a known series
    Known,
    /// A series' first sample
    New,
    /// A sample of a JSON body
    Json,
    /// One thread and two
    Threads,
    /// The start with a million series, and the memory of each
    Start,
    /// `POST /v1/metrics` of 2000 samples, the whole process
    Post,
    /// A connection for each request, or one for all
    Connection,
    /// A stranger's write beside the costliest listing
    Listing,
    /// A stranger's write beside a flush of four million samples, and beside flushes and compactions
    Jobs,
    /// 10 000 silent connections and 1000 slow ones
    Crowd,
}

/// What must hold of a ratio.
#[derive(Debug, Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// One line of the table.
#[derive(Debug)]
struct Row {
    what: String,
    unit: &'static str,
    /// Of the commit that is compared with, or of what the figure is held against.
    before: f64,
    now: f64,
    /// In words of the column: how many times as cheap, or as dear.
    ratio: f64,
    bound: Bound,
    /// It holds where `now` is no more than this, whatever the ratio.
    or_at_most: Option<f64>,
}

impl Row {
    fn holds(&self) -> bool {
        let by_ratio = match self.bound {
            Bound::AtLeast(least) => self.ratio >= least,
            Bound::AtMost(most) => self.ratio <= most,
        };
        by_ratio || self.or_at_most.is_some_and(|most| self.now <= most)
    }

    fn line(&self) -> String {
        let bound = match self.bound {
            Bound::AtLeast(least) => format!("≥ {least}"),
            Bound::AtMost(most) => format!("≤ {most}"),
        };
        let or = self
            .or_at_most
            .map(|most| format!(", or {most} {}", self.unit))
            .unwrap_or_default();
        format!(
            "| {} | {} {unit} | {} {unit} | {:.2} | {bound}{or} | {} |",
            self.what,
            short(self.before),
            short(self.now),
            self.ratio,
            if self.holds() { "yes" } else { "**no**" },
            unit = self.unit,
        )
    }
}

/// Three digits that count.
fn short(figure: f64) -> String {
    let decimals = match figure {
        figure if figure >= 100.0 => 0,
        figure if figure >= 10.0 => 1,
        _ => 2,
    };
    format!("{figure:.decimals$}")
}

fn median(mut figures: Vec<f64>) -> Result<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.get(figures.len() / 2).copied();
    middle.context("nothing was measured")
}

/// Measures before and now in turn: the medians of both, and of the ratios of the pairs, before by now.
fn in_turn(
    pairs: u8,
    mut before: impl FnMut() -> Result<f64>,
    mut now: impl FnMut() -> Result<f64>,
) -> Result<(f64, f64, f64)> {
    let (mut befores, mut nows, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..pairs {
        let (one, other) = (before()?, now()?);
        befores.push(one);
        nows.push(other);
        ratios.push(one / other);
    }
    Ok((median(befores)?, median(nows)?, median(ratios)?))
}

pub(crate) fn run(arguments: &TableArgs) -> Result<()> {
    let is_asked = |part| arguments.rows.is_empty() || arguments.rows.contains(&part);
    let programs = Programs::new(arguments);
    println!("| what | before | now | ratio | needed | holds |\n|---|---|---|---|---|---|");
    let mut broken = 0;
    for part in Part::value_variants()
        .iter()
        .copied()
        .filter(|part| is_asked(*part))
    {
        let rows = match part {
            Part::Known => engine::known(&programs)?,
            Part::New => engine::new(&programs)?,
            Part::Json => engine::json(&programs)?,
            Part::Threads => engine::threads(&programs)?,
            Part::Start => engine::start(&programs)?,
            Part::Post => http::post(&programs)?,
            Part::Connection => http::connection(&programs)?,
            Part::Listing => neighbours::listing(&programs)?,
            Part::Jobs => neighbours::jobs(&programs)?,
            Part::Crowd => crowd::rows(&programs)?,
        };
        for row in rows {
            println!("{}", row.line());
            broken += usize::from(!row.holds());
        }
    }
    if broken > 0 {
        bail!("{broken} rows do not hold");
    }
    Ok(())
}
