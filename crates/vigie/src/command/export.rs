//! `export`: all samples of a domain, as they were sent, a series after the other.

mod format;
mod reading;
mod waiting;

use self::format::ExportFormat;
use self::reading::{SampleReader, SeriesGroups};
use crate::argument::Named;
use crate::command::metrics::patterns::{refuse_call, refuse_empty};
use crate::command::metrics::stop::StopFlag;
use crate::command::metrics::zone::zone;
use crate::command::result_writer::ResultWriter;
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::figures::counted;
use crate::monitoring::{Monitoring, ScopeArgs};
use crate::printable_text::{PrintableText, escaped};
use base::time::{Clock as _, Millis, SystemClock, TimeRange};
use base::time_expr::bounds;
use serde::Serialize;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

/// The server takes samples of so far ahead: what is there is asked for, too.
const AHEAD_MS: i64 = 2 * 86_400_000;

/// Write all samples, as they were sent, to a file or standard output
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Samples are written as they were sent, whatever rules about steps say, a few series at a time, each in order of time. What is \
read at once is bounded, however many there are. `jsonl` has an object in each line, `{\"name\",\"value\",\"timestamp\"}`, and `csv` the columns \
`name,timestamp,value`: `vigie metrics send` reads both, and `vigie import samples` the first one, also packed. Numbers come back to the \
bit.

A name that is a branch gives everything below it; where nothing fits, the command fails and no file is touched. With `-o` the file \
has its name when it is whole. Until then it is `FILE.part`, which goes when the export is stopped or fails; `kill -9` leaves it to \
the next export into the same file. An export that was stopped begins anew: to export in parts, give times, `--until` of one and \
`--from` of the next one, or patterns.

Exit codes: 0 the export is whole, 5 nothing fits, 7 it was stopped, or its reader has gone before the end.

Examples:
  vigie export -o all.jsonl.gz
  vigie export 'shop.**' --format csv --from -30d > shop.csv
  vigie export 'shop.*' --from 2025-01-01 --until 2025-06-30 -o 2025.jsonl")]
pub(crate) struct ExportArgs {
    /// The series, and those below them
    #[arg(value_name = "PATTERN", default_value = "*", add = Named::Metrics)]
    pattern: String,
    /// Form of the output
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        default_value_t,
        value_name = "FORMAT"
    )]
    format: ExportFormat,
    /// Only samples from here on, this instant included; written as in `vigie metrics get`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<String>,
    /// Only samples up to here, this instant included
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    until: Option<String>,
    /// Time zone of `--from` and `--until`, for example `Europe/Paris`; default: that of the variable `TZ`, else UTC
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    /// Write a file; `-` is standard output
    #[arg(short = 'o', long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output_file: Option<PathBuf>,
    /// Pack what is written; a file whose name ends in `.gz` is packed without it
    #[arg(long)]
    gzip: bool,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// What was written, for programs.
#[derive(Serialize)]
struct ExportTotals {
    file: Option<String>,
    samples: u64,
    series: u64,
}

/// Reads the samples, and writes them.
pub(crate) fn run(args: &ExportArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    refuse_empty(&args.pattern, "leave it out to export everything")?;
    refuse_call(&args.pattern)?;
    let (_, zone) = zone(args.tz.as_deref(), context)?;
    let now = SystemClock.now();
    let (range, notice) = bounds::range(args.from.as_deref(), args.until.as_deref(), now, &zone)
        .map_err(|error| {
            Failure::usage(error.to_string())
                .hint("times are written as in `vigie metrics get --help`")
        })?;
    if let Some(notice) = notice {
        output.note(notice.to_string());
    }
    let range = range.unwrap_or(TimeRange::ALL);
    let range = TimeRange {
        from: range.from.max(Millis(0)),
        until: range.until.min(now.plus(AHEAD_MS)),
    };
    let file = args
        .output_file
        .as_deref()
        .filter(|file| *file != Path::new("-"));
    let to_terminal = file.is_none() && io::stdout().is_terminal();
    if output.is_json() && file.is_none() {
        return Err(Failure::usage(
            "with `--output json` standard output has the totals, and not the samples",
        )
        .hint("name a file for the samples with `-o FILE`; their form is that of `--format`"));
    }
    let is_packed = args.gzip || file.is_some_and(is_called_packed);
    if is_packed && to_terminal {
        return Err(
            Failure::usage("what is packed cannot be shown at a terminal")
                .hint("write it to a file with `-o FILE`, or into a pipe"),
        );
    }
    let monitoring = Monitoring::to_read(context, &args.scope)?;
    let stop = StopFlag::on_signals()
        .map_err(|error| Failure::failed(format!("cannot wait for signals: {error}")))?;
    let mut written = ResultWriter::begin(file, is_packed, output)?;
    let mut reading = SampleReader::new(&monitoring, range, &stop);
    let (mut series, mut samples) = (0, 0);
    let mut text = Vec::new();
    let stopped = |failure| match stop.signal() {
        Some(signal) => Failure::new(Kind::Partial, format!("stopped by {signal}")),
        None => failure,
    };
    for group in SeriesGroups::new(&monitoring, &args.pattern, &stop) {
        let group = group.map_err(stopped)?;
        if series == 0 && args.format == ExportFormat::Csv {
            written.write(format::CSV_HEADER)?;
        }
        series += group.len() as u64;
        let read = reading.read(&group, |row| {
            if let Some(signal) = stop.signal() {
                return Err(Failure::new(Kind::Partial, format!("stopped by {signal}")));
            }
            text.clear();
            samples += args.format.write(&mut text, &row, to_terminal);
            written.write(&text)
        });
        read.map_err(stopped)?;
    }
    if series == 0 {
        return Err(nothing_found(&monitoring, &args.pattern));
    }
    written.end()?;
    if output.is_json() {
        return output.json(&ExportTotals {
            file: file.map(|file| file.to_string_lossy().into_owned()),
            samples,
            series,
        });
    }
    let summary = format!(
        "{} of {}",
        counted(samples, "sample", "samples"),
        counted(series, "series", "series")
    );
    output.note(match file {
        Some(file) => escaped!("Written to `{}`: {}", file.display(), summary),
        None => summary.into(),
    });
    Ok(())
}

/// Whether a file is called as one that is packed by gzip.
fn is_called_packed(file: &Path) -> bool {
    let ending = file.extension();
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case("gz"))
}

/// A pattern with a slip in it is no export of nothing, which would take the place of a good one.
fn nothing_found(monitoring: &Monitoring<'_>, pattern: &str) -> Failure {
    Failure::new(
        Kind::NotFound,
        escaped!(
            "nothing of {} fits `{}`, or lies below what does: nothing was written",
            monitoring.described(),
            PrintableText::untrusted(pattern)
        ),
    )
    .hint("see what there is with `vigie metrics list`")
}
