//! `metrics send`.

use super::input::{Format, Input, InputEvent};
use super::progress::Progress;
use super::replaces::replacing;
use super::server_clock::{self, ServerClock};
use super::stop::StopFlag;
use super::tally::Tally;
use super::zone::zone;
use crate::client::{Reply, Request};
use crate::context::Context;
use crate::duration;
use crate::error::{Failure, Kind};
use crate::figures::counted;
use crate::monitoring::{Monitoring, RetryPolicy, ScopeArgs};
use crate::receipt::receipt;
use base::duplicates;
use base::time::Millis;
use base::time_expr::lenient::Notice;
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::ingest::csv::{self, Columns};
use wire::ingest::encode::BodyWriter;
use wire::ingest::split_body::split_body;
use wire::ingest::{Lines, Names};

/// The maximum size of a request, whatever `--batch` says: half of the server's default `body_bytes`.
const BODY_BYTES_MAX: usize = 8 << 20;

/// The longest time that a sample from a slow pipe waits for more to be sent with it.
const BATCH_WAIT_MAX: Duration = Duration::from_secs(1);

/// Send samples: from arguments, a file or standard input
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Exit codes: 0 all samples were stored, 1 none, 7 some; the reasons are listed with their lines. With `--output json` the \
receipt is on standard output in each case, and the error on standard error. 2 an argument is no sample: nothing is sent, \
whatever the others are, and there is no receipt.

A time is epoch seconds or milliseconds, ISO 8601, or as in `metrics get`: `-5min`, `20171101`. A sample without a \
time gets the time at which its line was read, by the server's clock. Sending samples with times again changes nothing; \
samples without times are stored again.

A file holds Graphite lines, CSV (with `,`, `;` or tabs; a sample in each row, or a column of times and one for each \
series) or JSON (an array, or an object in each line), also as `metrics get` writes them. Files packed by gzip are \
unpacked.

Examples:
  vigie metrics send shop.orders=17 shop.latency-ms=48.6@-5min
  vigie metrics send --file cpu.csv --name host.cpu --time-column timestamp
  some-tool | vigie metrics send --file - --format graphite")]
pub(crate) struct SendArgs {
    /// Samples: `NAME=VALUE` or `NAME=VALUE@TIME`; `-` alone reads them from standard input
    #[arg(value_name = "SAMPLE", conflicts_with = "file")]
    samples: Vec<String>,
    /// Read samples from a file; `-` is standard input
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
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
    /// CSV: the column of times; default: `timestamp`, `time`, `date` or `datetime` where there is one;
    /// a row without a time gets the time at which it is read
    #[arg(long, value_name = "COLUMN")]
    time_column: Option<String>,
    /// CSV: whether dates with slashes have the day (`27/11/2026`) or the month (`11/27/2026`) first; without it, those that
    /// could be either are rejected
    #[arg(long, value_enum, ignore_case = true, value_name = "ORDER")]
    date_order: Option<DateOrder>,
    /// CSV: what begins the decimals of a number (`1.234,5` or `1,234.5`); without it, numbers that could be read in two ways
    /// are rejected
    #[arg(long, value_enum, ignore_case = true, value_name = "SIGN")]
    decimals: Option<Decimals>,
    /// Replace each character that names may not hold (blanks, brackets, commas, quotes) by this one;
    /// the receipt says in how many samples. Names that differ only in these characters become one
    #[arg(long, value_name = "CHARACTER", num_args = 0..=1, require_equals = true, default_missing_value = "_", value_parser = replacing)]
    replace_refused: Option<Names>,
    /// Time zone of the times after `@`, for example `Europe/Paris`; default: that of the variable
    /// `TZ`, else UTC. Times of a file without a zone are UTC
    #[arg(long, value_name = "ZONE", conflicts_with = "file")]
    tz: Option<String>,
    /// Samples per request at most; where the server finds a request too large, fewer are sent at a time
    #[arg(long, value_name = "COUNT", default_value_t = 5000, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    batch: u32,
    /// How long to try again where the server cannot be reached, or takes nothing for now; `0`: not at all. Without it, five
    /// times, and never longer than 150 s
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    retry_for: Option<Duration>,
    /// How many rejected samples to list
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    reasons: usize,
    /// Check the input and send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// The order of a date with slashes.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum DateOrder {
    /// Day, month, year
    Dmy,
    /// Month, day, year
    Mdy,
}

impl DateOrder {
    const fn meaning(self) -> csv::DateOrder {
        match self {
            Self::Dmy => csv::DateOrder::DayFirst,
            Self::Mdy => csv::DateOrder::MonthFirst,
        }
    }
}

/// The decimal sign of a number.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Decimals {
    /// A comma; points part thousands
    Comma,
    /// A point; commas part thousands
    Point,
}

impl Decimals {
    const fn meaning(self) -> csv::DecimalSign {
        match self {
            Self::Comma => csv::DecimalSign::Comma,
            Self::Point => csv::DecimalSign::Point,
        }
    }
}

/// Sends the samples, and prints the totals.
pub(crate) fn run(args: &SendArgs, context: &Context) -> Result<(), Failure> {
    // A lone `-` means standard input, as in other programs.
    let piped = (args.samples == ["-"]).then_some("-");
    if args.samples.is_empty() && args.file.is_none() {
        return Err(Failure::usage("no sample is given").hint(
            "name some as `NAME=VALUE`, or a file with `--file FILE`; `vigie metrics send -` reads standard input",
        ));
    }
    let names = args.replace_refused.unwrap_or_default();
    let mut input = match args.file.as_deref().or(piped) {
        None => {
            // Without a time there is nothing to misread.
            let zone = match args.samples.iter().any(|sample| sample.contains('@')) {
                true => zone(args.tz.as_deref(), context)?.1,
                false => TimeZone::UTC,
            };
            Input::of_arguments(&args.samples, zone, names)?
        }
        Some(file) => {
            let decoder = csv_decoder(args).with_names(names);
            Input::of_file(file, args.format, decoder, args.name.is_some(), names)?
        }
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
        checked: Vec::new(),
        unsent: 0,
        notice: None,
        stop: input.stop(),
        batch: args.batch as usize,
        policy: match args.retry_for {
            Some(time) => RetryPolicy::For(time),
            None if args.file.as_deref().or(piped) == Some("-") => RetryPolicy::Streaming,
            None => RetryPolicy::Persistent,
        },
        flushed: Instant::now(),
    };
    let mut progress = Progress::new(output);
    let outcome = sending.all(&mut input, &clock, &mut progress);
    progress.clear();
    let signal = match outcome {
        Ok(signal) => signal,
        Err(failure) => return Err(sending.aborted(failure)),
    };
    if let Some(notice) = sending.notice {
        output.note(notice.to_string());
    }
    if sending.tally.is_empty() && signal.is_none() {
        output.note("there was nothing to send: the input holds no samples");
    }
    if let Some(offset) = clock.offset() {
        sending.tally.set_by_server(offset);
        output.note(server_clock::described(offset));
    }
    if let Some(signal) = signal {
        output.note(format!(
            "stopped by {signal}: what was read until then was sent"
        ));
    }
    sending.tally.report(input.unit, output)
}

/// Reads CSV as the flags say.
fn csv_decoder(args: &SendArgs) -> csv::Decoder {
    let usual = Columns::default();
    let columns = Columns {
        name: args.name_column.clone().unwrap_or(usual.name),
        value: args.value_column.clone(),
        timestamp: args.time_column.clone().or(usual.timestamp),
    };
    match args.name.clone() {
        Some(name) => csv::Decoder::constant_name(name, columns),
        None => csv::Decoder::new(columns),
    }
    .with_date_order(args.date_order.map(DateOrder::meaning))
    .with_decimal_sign(args.decimals.map(Decimals::meaning))
}

struct Sending<'a> {
    /// `None` in a dry run.
    monitoring: Option<Monitoring<'a>>,
    tally: Tally,
    body: BodyWriter,
    /// The place of each sample of the body in the input.
    places: Vec<u64>,
    /// Name and time of each sample, in a dry run.
    checked: Vec<(String, Millis)>,
    /// Samples that were read but not stored when the sending was aborted.
    unsent: u64,
    /// A note about how a time was read.
    notice: Option<Notice>,
    stop: Option<Arc<StopFlag>>,
    batch: usize,
    policy: RetryPolicy,
    flushed: Instant,
}

impl Sending<'_> {
    /// Sends the whole input; returns the signal that ended it, if one did.
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
                InputEvent::Lines(lines) => self.take(&lines, input, progress)?,
                InputEvent::TimedOut => self.flush()?,
                InputEvent::Stopped(signal, lines) => {
                    self.take(&lines, input, progress)?;
                    self.flush()?;
                    return Ok(Some(signal));
                }
                InputEvent::End => {
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
        self.tally.read(lines);
        self.notice = self.notice.or(lines.notice);
        if self.body.is_empty() {
            // The wait is counted from the first of them.
            self.flushed = Instant::now();
        }
        let mut left = lines.batch.len() as u64;
        for (sample, place) in lines.batch.iter().zip(&lines.lines) {
            left -= 1;
            self.body.push(&sample);
            self.places.push(*place);
            if self.monitoring.is_none() {
                self.checked.push((sample.name().into_owned(), sample.at));
            }
            if self.body.len() >= self.batch || self.body.bytes() >= BODY_BYTES_MAX {
                if let Err(failure) = self.flush() {
                    self.unsent += left;
                    return Err(failure);
                }
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
            let mut checked = std::mem::take(&mut self.checked);
            let replaced = duplicates::count(&mut checked);
            self.tally.fit(places.len() as u64, replaced);
            return Ok(());
        };
        let reply = self.post(monitoring, &body);
        self.settle(reply, body, &places)
    }

    fn post(&self, monitoring: &Monitoring<'_>, body: &[u8]) -> Result<Reply, Failure> {
        let url = monitoring.url("/v1/metrics");
        monitoring.exchange_while(
            || Request::post(&url).body("application/json", body.to_owned()),
            self.policy,
            |wait| match &self.stop {
                Some(stop) => stop.wait(wait),
                None => {
                    std::thread::sleep(wait);
                    true
                }
            },
        )
    }

    /// Counts what became of a body. One that the server finds too large is sent in halves, and so are the bodies after it.
    fn settle(
        &mut self,
        reply: Result<Reply, Failure>,
        body: Vec<u8>,
        places: &[u64],
    ) -> Result<(), Failure> {
        let failure = match reply.and_then(|reply| receipt(&reply, places.len() as u64)) {
            Ok(receipt) => {
                self.tally.sent(&receipt, places);
                return Ok(());
            }
            Err(failure) => failure,
        };
        let split = split_body(&body).filter(|_| failure.status == Some(413));
        let (Some(split), Some(monitoring)) = (split, &self.monitoring) else {
            self.unsent += places.len() as u64;
            return Err(failure);
        };
        drop(body);
        self.batch = self.batch.min((places.len() / 2).max(1));
        let (first, second) = places.split_at(split.first_samples.min(places.len()));
        let reply = self.post(monitoring, &split.first);
        if let Err(failure) = self.settle(reply, split.first, first) {
            self.unsent += second.len() as u64;
            return Err(failure);
        }
        let Some(monitoring) = &self.monitoring else {
            return Ok(());
        };
        let reply = self.post(monitoring, &split.second);
        self.settle(reply, split.second, second)
    }

    /// The failure when the sending is aborted.
    fn aborted(&self, mut failure: Failure) -> Failure {
        let stored = self.tally.stored();
        if let Some(signal) = self.stop.as_ref().and_then(|stop| stop.signal())
            && self.unsent > 0
        {
            if stored > 0 {
                failure.kind = Kind::Partial;
            }
            let unsent = counted(self.unsent, "sample", "samples");
            failure = failure.hint(format!(
                "stopped by {signal} while the server was to be asked again: {unsent} of what was read until then could not be sent"
            ));
        }
        if stored > 0 {
            let before = counted(stored, "sample was", "samples were");
            failure = failure.hint(format!(
                "{before} stored before that; {}",
                self.tally.resend_advice()
            ));
        }
        failure
    }
}
