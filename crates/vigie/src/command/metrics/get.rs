//! `metrics get`.

use super::asked::asked;
use super::branch::propose;
use super::figures::{readable, seconds, shortest, time};
use super::missed::missed;
use super::one_form::two_forms;
use super::sparklines::sparklines;
use super::watch::Watched;
use super::zone::zone;
use crate::chart::{Align, Chart, Table, Trace, draw};
use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::{Monitoring, Patience, ScopeArgs, TARGET_SPACE};
use crate::output::{csv_field, printable};
use crate::screen::{Screen, ScreenArgs};
use crate::shown::Shown;
use base::time::TimeRange;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;
use std::fmt::Write as _;
use std::time::Duration;
use wire::render::json::ReadRow;

/// A server takes no more in one request.
const TARGETS_PER_REQUEST: usize = base::limit::TARGETS_PER_QUERY.default as usize;

/// Lower than this no chart is drawn.
const HEIGHT_MIN: usize = 7;

/// The form of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// Every sample with its time
    #[default]
    Table,
    /// One line per series
    Sparkline,
    /// One chart per series
    Chart,
    /// `name,timestamp,value`, as `metrics send` reads it
    Csv,
    /// As the server answers
    Json,
}

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A target is a metric's name or a pattern: `*` and `?` stay inside one element, `[a-c]` is one
character of a set, `{a,b}` one of several texts, `**` as an element any number of elements.
Quote it, or the shell will read it.
A time is relative (`-30min`, `2h`, `lastweek`), ISO 8601 (`2017-11-01`, `2017-11-01 02:00`,
`2017-11-01T02:00Z`), as Graphite writes it (`02:00_20171101`, `12/31/17`, `yesterday`, a weekday),
or epoch seconds. Tables show values with six digits; `--format csv` and `json` keep all of them.

With `--watch` it is read again every 5 seconds, or as many as `--watch=SECONDS` says, until Ctrl-C,
which ends it with exit code 0. At a terminal the table or drawing is made anew. Elsewhere, and with
`--format csv` or `json`, samples are written as they come: a line each, each once; what comes in
more than ten minutes late is left out.

Examples:
  vigie metrics get 'shop.*.latency-ms' --format sparkline
  vigie metrics get shop.eu.errors --from -7d --format chart
  vigie metrics get 'shop.*.errors' --format csv > errors.csv
  vigie metrics get shop.eu.latency-ms --from -15min --format chart --watch")]
pub(crate) struct GetArgs {
    /// Names or patterns
    #[arg(required = true, value_name = "TARGET")]
    targets: Vec<String>,
    /// The earliest time; default: 24 hours before the latest
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) from: Option<String>,
    /// The latest time; default: now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) until: Option<String>,
    /// At most this many points per series; more are averaged by the server
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) max_points: Option<u32>,
    /// Read again and again, so many seconds apart, until Ctrl-C; without a number every 5
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "5", conflicts_with = "until", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    watch: Option<u32>,
    /// Form of the result
    #[arg(long, value_enum, ignore_case = true, value_name = "FORMAT")]
    format: Option<Format>,
    /// Time zone in which times are read and shown, for example `Europe/Paris`; default: that of the
    /// variable `TZ`, else UTC
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    #[command(flatten)]
    screen: ScreenArgs,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// Reads, and shows.
pub(crate) fn run(args: &GetArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let (name, zone) = zone(args.tz.as_deref(), context)?;
    // Drawings know their ends by it.
    let asked = asked(args.from.as_deref(), args.until.as_deref(), &zone, context)?;
    let format = match args.format {
        Some(format) if output.is_json() && format != Format::Json => return Err(two_forms()),
        Some(format) => format,
        None if output.is_json() => Format::Json,
        None => Format::Table,
    };
    let monitoring = Monitoring::to_read(context, &args.scope)?;
    if let Some(seconds) = args.watch {
        let watched = Watched {
            args,
            format,
            asked,
            zone: (&name, &zone),
            monitoring: &monitoring,
            context,
        };
        return watched.run(Duration::from_secs(seconds.into()));
    }
    let bodies = fetch(args, args.from.as_deref(), &name, &monitoring)?;
    if format == Format::Json {
        return output.json_text(&one_array(&bodies)?);
    }
    let rows = rows(&bodies)?;
    let read: Vec<String> = rows.iter().map(|row| row.target.clone()).collect();
    if format == Format::Csv {
        output.csv(&csv(&rows))?;
        if rows.iter().all(|row| row.datapoints.is_empty()) {
            output.note(nothing_read(&rows, &monitoring));
        } else {
            let missed = missed(&args.targets, &rows);
            missed.into_iter().for_each(|note| output.note(note));
        }
        propose(&args.targets, &read, &monitoring, context);
        return Ok(());
    }
    let missed = missed(&args.targets, &rows);
    if rows.iter().all(|row| row.datapoints.is_empty()) {
        output.say(nothing_read(&rows, &monitoring))?;
        let proposed = propose(&args.targets, &read, &monitoring, context);
        if !proposed {
            hint(args, &rows, &monitoring, context);
        }
        return Ok(());
    }
    let text = drawn(format, rows, args, asked, (&name, &zone), context, false);
    output.text(&Shown::lines(&text))?;
    missed.into_iter().for_each(|note| output.note(note));
    propose(&args.targets, &read, &monitoring, context);
    Ok(())
}

/// The rows of several answers. Overlapping targets name a series twice; it is shown once.
pub(super) fn rows(bodies: &[Vec<u8>]) -> Result<Vec<ReadRow>, Failure> {
    let mut rows: Vec<ReadRow> = Vec::new();
    for body in bodies {
        let read = wire::render::json::read(body).map_err(|error| {
            Failure::failed(format!("cannot read the server's answer: {error}"))
        })?;
        for row in read {
            if !rows.iter().any(|known| known.target == row.target) {
                rows.push(row);
            }
        }
    }
    Ok(rows)
}

/// A table or drawing for people; where all is to be seen at once, of no more lines than the screen has.
pub(super) fn drawn(
    format: Format,
    mut rows: Vec<ReadRow>,
    args: &GetArgs,
    asked: TimeRange,
    (name, zone): (&str, &TimeZone),
    context: &Context,
    at_once: bool,
) -> String {
    for row in &mut rows {
        row.target = printable(&row.target);
    }
    let mut screen = Screen::of(&args.screen, &context.env);
    if at_once {
        screen.height = (screen.height / rows.len().max(1)).max(HEIGHT_MIN);
    }
    match format {
        Format::Sparkline => {
            let traces = traces(&rows);
            let range = ends(args, asked, &traces);
            let names = rows.iter().map(|row| row.target.as_str());
            sparklines(names.zip(&traces), range, &screen)
        }
        Format::Chart => charts(&rows, args, asked, zone, &screen),
        Format::Table | Format::Csv | Format::Json => {
            if at_once {
                for row in &mut rows {
                    // Name, heading and a line between tables; the newest are what is watched.
                    let newest = screen.height.saturating_sub(3).max(1);
                    row.datapoints
                        .drain(..row.datapoints.len().saturating_sub(newest));
                }
            }
            tables(&rows, name, zone)
        }
    }
}

/// What is asked for, from `from` on.
pub(super) fn fetch(
    args: &GetArgs,
    from: Option<&str>,
    zone: &str,
    monitoring: &Monitoring<'_>,
) -> Result<Vec<Vec<u8>>, Failure> {
    let mut bodies = Vec::new();
    for targets in args.targets.chunks(TARGETS_PER_REQUEST) {
        let make = || {
            let mut request = Request::get(monitoring.url("/v1/metrics"));
            for target in targets {
                request = request.query("target", target);
            }
            for (name, value) in [("from", from), ("until", args.until.as_deref())] {
                if let Some(value) = value {
                    request = request.query(name, value);
                }
            }
            if let Some(points) = args.max_points {
                request = request.query("maxDataPoints", &points.to_string());
            }
            request.query("tz", zone).query("format", "json")
        };
        let reply = monitoring
            .exchange(make, Patience::Once)?
            .success("get metrics")?;
        bodies.push(reply.body);
    }
    Ok(bodies)
}

/// The series of several answers in one array, a line each, not a digit changed.
fn one_array(bodies: &[Vec<u8>]) -> Result<String, Failure> {
    let mut lines: Vec<String> = Vec::new();
    for body in bodies {
        let items: Vec<Box<RawValue>> = serde_json::from_slice(body).map_err(|error| {
            Failure::failed(format!("cannot read the server's answer: {error}"))
        })?;
        for item in items {
            let line = format!("  {}", item.get());
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    Ok(match lines.as_slice() {
        [] => "[]\n".to_owned(),
        lines => format!("[\n{}\n]\n", lines.join(",\n")),
    })
}

pub(super) fn nothing_read(rows: &[ReadRow], monitoring: &Monitoring<'_>) -> Shown {
    if rows.is_empty() {
        monitoring.empty()
    } else {
        "No samples found in this time.".into()
    }
}

fn hint(args: &GetArgs, rows: &[ReadRow], monitoring: &Monitoring<'_>, context: &Context) {
    context.output.note(if rows.is_empty() {
        if args.scope.scope.is_none() && !monitoring.is_of_space() {
            TARGET_SPACE
        } else {
            "hint: see what there is with `vigie metrics list`"
        }
    } else {
        "hint: ask for a longer one, for example with `--from -7d`"
    });
}

/// What stands above rows of CSV.
pub(super) const CSV_HEADER: &str = "name,timestamp,value\n";

fn csv(rows: &[ReadRow]) -> String {
    let mut text = CSV_HEADER.to_owned();
    for row in rows {
        let name = csv_field(&row.target);
        for (value, at) in &row.datapoints {
            if let Some(value) = value {
                let _ = writeln!(text, "{name},{},{}", seconds(*at), shortest(*value));
            }
        }
    }
    text
}

fn tables(rows: &[ReadRow], name: &str, zone: &TimeZone) -> String {
    let tables: Vec<String> = rows
        .iter()
        .filter(|row| !row.datapoints.is_empty())
        .map(|row| {
            let time_head = format!("Time ({name})");
            let mut table = Table::new(&[(&time_head, Align::Left), ("Value", Align::Right)]);
            for (value, at) in &row.datapoints {
                let value = value.map_or_else(|| "-".to_owned(), readable);
                table.row([time(*at, zone), value]);
            }
            format!("{}\n{}", row.target, table.render())
        })
        .collect();
    tables.join("\n")
}

/// The ends of a drawing: those asked for, and where none was, those of the samples.
fn ends(args: &GetArgs, asked: TimeRange, traces: &[Trace]) -> TimeRange {
    let ranges = || traces.iter().filter_map(Trace::range);
    TimeRange {
        from: match args.from {
            Some(_) => asked.from,
            None => ranges().map(|range| range.from).min().unwrap_or(asked.from),
        },
        until: match args.until {
            Some(_) => asked.until,
            None => ranges()
                .map(|range| range.until)
                .max()
                .unwrap_or(asked.until),
        },
    }
}

fn traces(rows: &[ReadRow]) -> Vec<Trace> {
    rows.iter().map(|row| Trace::new(&row.datapoints)).collect()
}

fn charts(
    rows: &[ReadRow],
    args: &GetArgs,
    asked: TimeRange,
    zone: &TimeZone,
    screen: &Screen,
) -> String {
    let traces = traces(rows);
    let range = ends(args, asked, &traces);
    let charts: Vec<String> = rows
        .iter()
        .zip(&traces)
        .map(|(row, trace)| {
            draw(&Chart {
                title: &row.target,
                trace,
                range,
                width: screen.width,
                height: screen.height,
                glyphs: screen.glyphs,
                zone,
            })
        })
        .collect();
    charts.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::time::Millis;

    #[test]
    fn answers_are_joined_without_touching_a_digit() {
        let bodies = [
            br#"[{"target":"a","datapoints":[[0.1,1.5],[null,2]]}]"#.to_vec(),
            br#"[]"#.to_vec(),
            br#"[{"target":"b","datapoints":[]}]"#.to_vec(),
        ];
        assert_eq!(
            one_array(&bodies).unwrap(),
            "[\n  {\"target\":\"a\",\"datapoints\":[[0.1,1.5],[null,2]]},\n  {\"target\":\"b\",\"datapoints\":[]}\n]\n"
        );
        assert_eq!(one_array(&[]).unwrap(), "[]\n");
    }

    #[test]
    fn csv_can_be_sent_again() {
        let rows = [ReadRow {
            target: "a.b".to_owned(),
            datapoints: vec![
                (Some(0.1), Millis(1500)),
                (None, Millis(2000)),
                (Some(-2.0), Millis(3000)),
            ],
        }];
        assert_eq!(csv(&rows), "name,timestamp,value\na.b,1.5,0.1\na.b,3,-2\n");
    }
}
