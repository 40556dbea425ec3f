//! The table of `docs/performance.md`: what must hold, and what was measured, this tree beside the commit it is compared with.
//! Machines differ and are noisy, so it is processor time that is compared, in turn, and ratios that count.

mod args;
mod baseline;
mod crowd;
mod engine;
mod http;
mod job_spans;
mod neighbours;
mod row;

pub(crate) use args::TableArgs;

use anyhow::{Result, bail};
use args::Part;
use baseline::Programs;
use clap::ValueEnum as _;

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
