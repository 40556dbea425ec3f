//! `metrics tail`: what arrives from now on.

use super::patterns::{SEE_NAMES, refuse_empty};
use super::readings::{self, ReadRequest, fetch};
use super::watch::{LATE, NewSamples, repeat};
use super::zone::zone;
use crate::argument::Named;
use crate::context::Context;
use crate::duration;
use crate::error::Failure;
use crate::figures::in_words;
use crate::monitoring::{Monitoring, ScopeArgs};
use crate::printable_text::escaped;
use base::time::Millis;
use std::time::Duration;

/// The form of each sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// Time, name and value
    #[default]
    Text,
    /// `name,timestamp,value`, as `metrics send` reads it
    Csv,
    /// An object a line, as `metrics send` reads it
    Json,
}

/// The longest that lies between two readings, in seconds: a day.
const INTERVAL_SECONDS_MAX: u64 = 86_400;

fn interval(text: &str) -> Result<Duration, String> {
    let every = duration::parse(text)?;
    if (1..=INTERVAL_SECONDS_MAX).contains(&every.as_secs()) {
        Ok(every)
    } else {
        Err(format!(
            "`{text}` is not between `1s` and `24h`; write it as `90s`, `5m` or `1h30m`"
        ))
    }
}

/// Show what arrives from now on
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The server is asked every 2 seconds, or as often as `--interval` says, for the samples of the last ten minutes. Each that \
was not there at the reading before is written once, on a line of its own, in order of time; so is one whose value has \
changed. Names and patterns give the samples as they were sent, whatever rules about steps say; functions see a value a step. \
What was there when the command began is not written. Ctrl-C ends it with exit code 0, and so does the end of \
whoever reads its output.

Examples:
  vigie metrics tail 'shop.**'
  vigie metrics tail 'shop.*.errors' --interval 10s --format csv >> errors.csv
  vigie metrics tail \"movingAverage(shop.eu.orders,'10min')\"")]
pub(crate) struct TailArgs {
    /// Names, patterns, or functions of them
    #[arg(required = true, value_name = "PATTERN", add = Named::Targets)]
    patterns: Vec<String>,
    /// From one reading to the next
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = interval)]
    interval: Duration,
    /// Form of each sample
    #[arg(long, value_enum, ignore_case = true, value_name = "FORMAT")]
    format: Option<Format>,
    /// Time zone in which times are shown, for example `Europe/Paris`; default: that of the variable `TZ`, else UTC
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// Reads again and again, until a signal ends it.
pub(crate) fn run(args: &TailArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let format = match args.format {
        Some(format) if output.is_json() && format != Format::Json => {
            return Err(super::one_form::two_forms());
        }
        Some(format) => format,
        None if output.is_json() => Format::Json,
        None => Format::Text,
    };
    for pattern in &args.patterns {
        refuse_empty(pattern, SEE_NAMES)?;
    }
    let (name, zone) = zone(args.tz.as_deref(), context)?;
    let monitoring = Monitoring::to_read(context, &args.scope)?;
    // What arrives is what was sent, which functions have not.
    let patterns = args.patterns.iter().cloned();
    let (calls, paths): (Vec<String>, Vec<String>) =
        patterns.partition(|target| readings::is_call(target));
    let mut new_samples = NewSamples::since(Millis(i64::MIN)).with_changes();
    repeat(args.interval, context, |ago| {
        let seconds = (ago.unwrap_or_default() + LATE).as_secs();
        let from = format!("-{seconds}s");
        let mut bodies = Vec::new();
        for (targets, as_sent) in [(&paths, true), (&calls, false)] {
            bodies.extend(fetch(
                ReadRequest {
                    targets,
                    from: Some(&from),
                    until: None,
                    max_points: None,
                    has_nulls: false,
                    as_sent,
                    zone: &name,
                },
                &monitoring,
            )?);
        }
        let rows = readings::rows(&args.patterns, &bodies)?;
        let samples = new_samples.take(&rows);
        // What is there already is where it begins.
        if ago.is_none() {
            if format == Format::Csv {
                output.csv(readings::CSV_HEADER)?;
            }
            output.note(escaped!(
                "What arrives from now on, read every {}; times are of {}; Ctrl-C ends it",
                in_words(args.interval.as_secs()),
                name.clone()
            ));
            if rows.iter().all(|row| row.datapoints.is_empty()) {
                output.note(escaped!(
                    "nothing like that came in the last {}; `vigie metrics find '*'` shows what there is",
                    in_words(LATE.as_secs())
                ));
            }
            return Ok(());
        }
        for sample in samples {
            match format {
                Format::Text => output.line(sample.line(&zone))?,
                Format::Csv => output.csv(&sample.csv())?,
                Format::Json => output.json_text(&sample.json())?,
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_between_a_second_and_a_day() {
        assert_eq!(interval("5s"), Ok(Duration::from_secs(5)));
        for wrong in ["0s", "25h", "soon", "-1s"] {
            assert!(interval(wrong).is_err(), "{wrong}");
        }
    }
}
