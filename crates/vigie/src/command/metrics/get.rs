//! `metrics get`.

use super::asked::asked;
use super::branch::propose;
use super::missed::missed;
use super::one_form::two_forms;
use super::sparklines::sparklines;
use super::zone::zone;
use crate::chart::{Align, Chart, Table, Trace, draw};
use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::{Monitoring, Patience, ScopeArgs, TARGET_SPACE};
use crate::output::{csv_field, printable};
use crate::screen::{Screen, ScreenArgs};
use crate::shown::Shown;
use base::time::{Millis, TimeRange};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;
use std::fmt::Write as _;
use wire::render::json::ReadRow;

/// A server takes no more in one request.
const TARGETS_PER_REQUEST: usize = base::limit::TARGETS_PER_QUERY.default as usize;

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

Examples:
  vigie metrics get 'shop.*.latency-ms' --format sparkline
  vigie metrics get shop.eu.errors --from -7d --format chart
  vigie metrics get 'shop.*.errors' --format csv > errors.csv")]
pub(crate) struct GetArgs {
    /// Names or patterns
    #[arg(required = true, value_name = "TARGET")]
    targets: Vec<String>,
    /// The earliest time; default: 24 hours before the latest
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<String>,
    /// The latest time; default: now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    until: Option<String>,
    /// At most this many points per series; more are averaged by the server
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    max_points: Option<u32>,
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
    let bodies = fetch(args, &name, &monitoring)?;
    if format == Format::Json {
        return output.json_text(&one_array(&bodies)?);
    }
    let mut rows: Vec<ReadRow> = Vec::new();
    for body in &bodies {
        let read = wire::render::json::read(body).map_err(|error| {
            Failure::failed(format!("cannot read the server's answer: {error}"))
        })?;
        // Overlapping targets name a series twice; it is shown once.
        for row in read {
            if !rows.iter().any(|known| known.target == row.target) {
                rows.push(row);
            }
        }
    }
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
    for row in &mut rows {
        row.target = printable(&row.target);
    }
    if rows.iter().all(|row| row.datapoints.is_empty()) {
        output.say(nothing_read(&rows, &monitoring))?;
        let proposed = propose(&args.targets, &read, &monitoring, context);
        if !proposed {
            hint(args, &rows, &monitoring, context);
        }
        return Ok(());
    }
    let text = match format {
        Format::Sparkline => {
            let traces = traces(&rows);
            let range = ends(args, asked, &traces);
            let names = rows.iter().map(|row| row.target.as_str());
            sparklines(
                names.zip(&traces),
                range,
                &Screen::of(&args.screen, &context.env),
            )
        }
        Format::Chart => charts(
            &rows,
            args,
            asked,
            &zone,
            &Screen::of(&args.screen, &context.env),
        ),
        Format::Table | Format::Csv | Format::Json => tables(&rows, &name, &zone),
    };
    output.text(&Shown::lines(&text))?;
    missed.into_iter().for_each(|note| output.note(note));
    propose(&args.targets, &read, &monitoring, context);
    Ok(())
}

fn fetch(args: &GetArgs, zone: &str, monitoring: &Monitoring<'_>) -> Result<Vec<Vec<u8>>, Failure> {
    let mut bodies = Vec::new();
    for targets in args.targets.chunks(TARGETS_PER_REQUEST) {
        let make = || {
            let mut request = Request::get(monitoring.url("/v1/metrics"));
            for target in targets {
                request = request.query("target", target);
            }
            for (name, value) in [("from", &args.from), ("until", &args.until)] {
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

fn nothing_read(rows: &[ReadRow], monitoring: &Monitoring<'_>) -> Shown {
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

fn csv(rows: &[ReadRow]) -> String {
    let mut text = "name,timestamp,value\n".to_owned();
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

/// Epoch seconds with as many decimals as needed.
fn seconds(at: Millis) -> String {
    match at.0.rem_euclid(1000) {
        0 => at.secs().to_string(),
        _ => format!("{}", at.0 as f64 / 1000.0),
    }
}

/// Every digit that matters and no more: `1e300`, not three hundred zeros.
fn shortest(value: f64) -> String {
    if value == 0.0 || (1e-5..1e16).contains(&value.abs()) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

/// Six digits, and all of a whole number: what a person compares. Files keep every digit.
fn readable(value: f64) -> String {
    const DIGITS: i32 = 6;
    let exact = shortest(value);
    if value.fract() == 0.0 || exact.contains('e') {
        return exact;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the size of a number that is written without an exponent: -5 to 16"
    )]
    let before = value.abs().log10().floor() as i32 + 1;
    let decimals = usize::try_from(DIGITS - before).unwrap_or(0);
    let rounded = format!("{value:.decimals$}");
    let rounded = if decimals == 0 {
        &rounded
    } else {
        rounded.trim_end_matches('0').trim_end_matches('.')
    };
    rounded.to_owned()
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

fn time(at: Millis, zone: &TimeZone) -> String {
    let Ok(instant) = Timestamp::from_millisecond(at.0) else {
        return seconds(at);
    };
    let format = if at.0.rem_euclid(1000) == 0 {
        "%Y-%m-%d %H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M:%S%.3f"
    };
    zone.to_datetime(instant).strftime(format).to_string()
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

    #[test]
    fn numbers_of_any_size_stay_short_and_exact() {
        for (value, text) in [
            (0.0, "0"),
            (-0.25, "-0.25"),
            (123_456_789.0, "123456789"),
            (1e300, "1e300"),
            (-f64::MAX, "-1.7976931348623157e308"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(shortest(value), text);
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
    }

    #[test]
    fn tables_show_six_digits_and_whole_numbers_whole() {
        for (value, text) in [
            (53.636_086_826_347_345, "53.6361"),
            (0.1, "0.1"),
            (-2.0, "-2"),
            (123_456_789.0, "123456789"),
            (123_456_789.25, "123456789"),
            (0.000_123_456_789, "0.000123457"),
            (99.999_999_9, "100"),
            (1e300, "1e300"),
            (1.5e-9, "1.5e-9"),
            (0.0, "0"),
        ] {
            assert_eq!(readable(value), text);
        }
    }

    #[test]
    fn times_are_those_of_the_zone() {
        let at = Millis(1_519_862_400_250);
        assert_eq!(time(at, &TimeZone::UTC), "2018-03-01 00:00:00.250");
        assert_eq!(time(Millis(0), &TimeZone::UTC), "1970-01-01 00:00:00");
    }
}
