//! `metrics send`.

use super::input::{Format, Input, Portion};
use super::progress::Progress;
use super::server_clock::{self, ServerClock};
use super::tally::Tally;
use crate::agent::receipt;
use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::{Monitoring, Patience, ScopeArgs};
use std::time::{Duration, Instant};
use wire::ingest::Lines;
use wire::ingest::csv::Columns;
use wire::ingest::encode::BodyWriter;

/// A request is no larger than this, however many samples were asked for: half of the server's `body_bytes`.
const BODY_BYTES_MAX: usize = 8 << 20;

/// A sample from a slow pipe waits no longer than this for others to go with.
const BATCH_WAIT_MAX: Duration = Duration::from_secs(1);

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Exit codes: 0 all samples were stored, 1 none, 7 some; the reasons are listed with their lines.
A time is epoch seconds or milliseconds, ISO 8601, or as in `metrics get`: `-5min`, `20171101`.
Without one it is the moment the line was read, by the server's clock.
Sending the same samples twice changes nothing.

Files are Graphite lines, CSV (with `,`, `;` or tabs; a sample in each row, or a column for each
series beside one of times), or JSON (an array, or an object in each line), also as `metrics get`
writes them.

Examples:
  vigie metrics send shop.orders=17 shop.latency-ms=48.6@-5min
  vigie metrics send --file cpu.csv --name host.cpu --time-column timestamp
  some-tool | vigie metrics send --file - --format graphite")]
pub(crate) struct SendArgs {
    /// Samples: `NAME=VALUE` or `NAME=VALUE@TIME`; `-` alone reads them from standard input
    #[arg(value_name = "SAMPLE", conflicts_with = "file")]
    samples: Vec<String>,
    /// Read samples from a file; `-` is standard input
    #[arg(short, long, value_name = "FILE")]
    file: Option<String>,
    /// What the file holds
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        default_value_t,
        value_name = "FORMAT"
    )]
    format: Format,
    /// CSV without a column of names: every row is a sample of this metric
    #[arg(long, value_name = "NAME", conflicts_with = "name_column")]
    name: Option<String>,
    /// CSV: the column of names; default: `name`, `metric`, `series` or `target`
    #[arg(long, value_name = "COLUMN")]
    name_column: Option<String>,
    /// CSV: the column of values
    #[arg(long, value_name = "COLUMN", default_value = "value")]
    value_column: String,
    /// CSV: the column of times; default: `timestamp`, `time`, `date` or `datetime` where there is one,
    /// else each row is of the moment it is read
    #[arg(long, value_name = "COLUMN")]
    time_column: Option<String>,
    /// Samples per request
    #[arg(long, value_name = "COUNT", default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    batch: u32,
    /// How many rejected samples to list
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    reasons: usize,
    /// Check the input and send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// Sends, and gives account.
pub(crate) fn run(args: &SendArgs, context: &Context) -> Result<(), Failure> {
    // A lone `-` is no sample, and what it means to every other program is plain.
    let piped = (args.samples == ["-"]).then_some("-");
    if args.samples.is_empty() && args.file.is_none() {
        return Err(Failure::usage("no sample is given").hint(
            "name some as `NAME=VALUE`, or a file with `--file FILE`; `vigie metrics send -` reads standard input",
        ));
    }
    let mut input = match args.file.as_deref().or(piped) {
        None => Input::of_arguments(&args.samples)?,
        Some(file) => Input::of_file(file, args.format, columns(args), args.name.clone())?,
    };
    let output = &context.output;
    let monitoring = if args.dry_run {
        output.action("Checking metrics...")?;
        None
    } else {
        let monitoring = Monitoring::to_change(context, &args.scope)?;
        output.action(format!("Sending metrics to {}...", monitoring.described()))?;
        Some(monitoring)
    };
    let clock = ServerClock::new(context, monitoring.as_ref());
    let mut sending = Sending {
        monitoring,
        tally: Tally::new(args.reasons, args.dry_run),
        body: BodyWriter::new(),
        places: Vec::new(),
        batch: args.batch as usize,
        patience: if args.file.as_deref().or(piped) == Some("-") {
            Patience::Streaming
        } else {
            Patience::Persistent
        },
        flushed: Instant::now(),
    };
    let mut progress = Progress::new(output);
    let outcome = sending.all(&mut input, &clock, &mut progress);
    progress.clear();
    let signal = match outcome {
        Ok(signal) => signal,
        Err(failure) => {
            let stored = sending.tally.stored();
            return Err(if stored > 0 {
                failure.hint(format!("{stored} samples were stored before that; sending all of them again changes nothing"))
            } else {
                failure
            });
        }
    };
    if let Some(offset) = clock.offset() {
        sending.tally.set_by_server(offset);
        output.note(server_clock::described(offset));
    }
    if let Some(signal) = signal {
        output.note(format!(
            "stopped by {signal}: what was read until then was sent"
        ));
    }
    sending.tally.conclude(input.unit, output)
}

fn columns(args: &SendArgs) -> Columns {
    let usual = Columns::default();
    Columns {
        name: args.name_column.clone().unwrap_or(usual.name),
        value: args.value_column.clone(),
        timestamp: args.time_column.clone().or(usual.timestamp),
    }
}

struct Sending<'a> {
    /// `None`: only checked.
    monitoring: Option<Monitoring<'a>>,
    tally: Tally,
    body: BodyWriter,
    /// Where each sample of the body comes from.
    places: Vec<u64>,
    batch: usize,
    patience: Patience,
    flushed: Instant,
}

impl Sending<'_> {
    /// Sends all of it; the signal that ended it, if one did.
    fn all(
        &mut self,
        input: &mut Input,
        clock: &ServerClock<'_>,
        progress: &mut Progress,
    ) -> Result<Option<&'static str>, Failure> {
        loop {
            let limit = BATCH_WAIT_MAX.saturating_sub(self.flushed.elapsed());
            let limit = (!self.body.is_empty()).then_some(limit);
            let portion = input.next(limit, clock)?;
            clock.check()?;
            match portion {
                Portion::Lines(lines) => self.take(&lines, input, progress)?,
                Portion::Quiet => self.flush()?,
                Portion::Stopped(signal, lines) => {
                    self.take(&lines, input, progress)?;
                    self.flush()?;
                    return Ok(Some(signal));
                }
                Portion::End => {
                    self.flush()?;
                    return Ok(None);
                }
            }
        }
    }

    fn take(
        &mut self,
        lines: &Lines,
        input: &Input,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        self.tally.unfit(lines);
        if self.body.is_empty() {
            // Their waiting begins with the first of them.
            self.flushed = Instant::now();
        }
        for (sample, place) in lines.batch.iter().zip(&lines.lines) {
            self.body.push(sample);
            self.places.push(*place);
            if self.body.len() >= self.batch || self.body.bytes() >= BODY_BYTES_MAX {
                self.flush()?;
                progress.update(input.read, input.size, self.tally.stored());
            }
        }
        if self.flushed.elapsed() > BATCH_WAIT_MAX {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.flushed = Instant::now();
        if self.body.is_empty() {
            return Ok(());
        }
        let places = std::mem::take(&mut self.places);
        let body = std::mem::replace(&mut self.body, BodyWriter::new()).finish();
        let Some(monitoring) = &self.monitoring else {
            self.tally.fit(places.len() as u64);
            return Ok(());
        };
        let url = monitoring.url("/v1/metrics");
        let reply = monitoring.exchange(
            || Request::post(&url).body("application/json", body.clone()),
            self.patience,
        )?;
        self.tally
            .sent(&receipt(&reply, places.len() as u64)?, &places);
        Ok(())
    }
}
