//! Renders series as tables, charts and sparklines.

use super::get_args::{Format, GetArgs};
use super::sparklines::sparklines;
use crate::chart::{Align, Chart, Table, Trace, draw};
use crate::context::Context;
use crate::figures::{readable, time};
use crate::output::printable;
use crate::screen::Screen;
use base::time::TimeRange;
use jiff::tz::TimeZone;
use wire::render::json::ReadRow;

/// The minimum height of a chart.
const HEIGHT_MIN: usize = 7;

/// A table or drawing for people; with `--watch` it has no more lines than the screen.
pub(super) fn render(
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
                    // Minus name, heading and a blank line; the newest rows are kept.
                    let newest = screen.height.saturating_sub(3).max(1);
                    row.datapoints
                        .drain(..row.datapoints.len().saturating_sub(newest));
                }
            }
            tables(&rows, name, zone)
        }
    }
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

/// The time range of a drawing: the requested one, else that of the samples.
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
