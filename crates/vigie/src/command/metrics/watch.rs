//! `metrics get --watch`: repeats the reading until it is interrupted. At a terminal it redraws; elsewhere it writes each new sample
//! once, and the newest again while its slot is not over.

mod new_samples;
mod repeat;

pub(super) use new_samples::NewSamples;
pub(super) use repeat::repeat;

use super::drawing::render;
use super::get_args::{Format, GetArgs};
use super::readings::{self, ReadRequest, fetch};
use crate::context::Context;
use crate::error::Failure;
use crate::figures::{self, in_words};
use crate::monitoring::Monitoring;
use crate::printable_text::{PrintableText, escaped};
use base::time::{Clock as _, SystemClock, TimeRange};
use base::time_expr::lenient;
use jiff::tz::TimeZone;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

/// Samples that arrive up to this late are still written.
pub(super) const LATE: Duration = Duration::from_secs(600);

/// The request, from the command line.
pub(super) struct Watched<'a> {
    pub(super) args: &'a GetArgs,
    pub(super) format: Format,
    /// The time of the first reading.
    pub(super) asked: TimeRange,
    pub(super) zone: (&'a str, &'a TimeZone),
    pub(super) monitoring: &'a Monitoring<'a>,
    pub(super) context: &'a Context,
}

impl Watched<'_> {
    /// Reads at this interval, until a signal ends it.
    pub(super) fn run(&self, every: Duration) -> Result<(), Failure> {
        let is_drawing = matches!(
            self.format,
            Format::Table | Format::Chart | Format::Sparkline
        );
        let is_drawn = is_drawing && io::stdout().is_terminal();
        if is_drawing && !is_drawn && self.format != Format::Table {
            return Err(
                Failure::usage("a drawing can only be redrawn at a terminal").hint(
                    "elsewhere new samples are written as they come: leave `--format` out, or give `csv` or `json`",
                ),
            );
        }
        if !is_drawn && self.args.max_points.is_some() {
            return Err(Failure::usage(
                "`--max-points` is for drawings: samples are written one by one as they come",
            )
            .hint("leave it out, or watch a chart at a terminal"));
        }
        let mut new_samples = NewSamples::since(self.asked.from).with_changes_of_newest();
        repeat(every, self.context, |ago| {
            if is_drawn {
                self.draw(every)
            } else {
                self.append(&mut new_samples, ago)
            }
        })?;
        if is_drawn {
            self.context.output.line("")?;
        }
        Ok(())
    }

    /// Redraws the screen.
    fn draw(&self, every: Duration) -> Result<(), Failure> {
        let (args, (name, zone)) = (self.args, self.zone);
        let now = SystemClock.now();
        let (from, until) = (args.from.as_deref(), args.until.as_deref());
        let asked = lenient::range(from, until, now, zone).map_or(self.asked, |(range, _)| range);
        let bodies = fetch(ReadRequest::of(args, name), self.monitoring)?;
        let rows = readings::rows(&args.targets, &bodies)?;
        let drawing = if rows.iter().all(readings::is_empty) {
            readings::nothing_read(&rows, self.monitoring)
        } else {
            render(
                self.format,
                rows,
                args,
                asked,
                self.zone,
                self.context,
                true,
            )
        };
        let mut screen: PrintableText = "\u{1b}[H\u{1b}[2J".into();
        screen.push(&escaped!(
            "Every {}, {} ({}); Ctrl-C ends it\n\n",
            in_words(every.as_secs()),
            figures::time(now, zone),
            name.to_owned()
        ));
        screen.push(&drawing);
        self.context.output.text(&screen)
    }

    /// Writes the samples that are new since the last reading, which was `ago`.
    fn append(&self, new_samples: &mut NewSamples, ago: Option<Duration>) -> Result<(), Failure> {
        let (args, (name, zone)) = (self.args, self.zone);
        let output = &self.context.output;
        let since = ago.map(|ago| format!("-{}s", (ago + LATE).as_secs()));
        let read_request = ReadRequest {
            from: since.as_deref().or(args.from.as_deref()),
            ..ReadRequest::of(args, name)
        };
        let rows = readings::rows(&args.targets, &fetch(read_request, self.monitoring)?)?;
        if ago.is_none() {
            if rows.is_empty() {
                output.note(readings::nothing_read(&rows, self.monitoring));
            }
            match self.format {
                Format::Csv => output.csv(readings::CSV_HEADER)?,
                Format::Json => {}
                _ => output.note(escaped!("times are of {}", name.to_owned())),
            }
        }
        for sample in new_samples.take(&rows) {
            match self.format {
                Format::Csv => output.csv(&sample.csv())?,
                Format::Json => output.json_text(&sample.json())?,
                _ => output.line(sample.line(zone))?,
            }
        }
        Ok(())
    }
}
