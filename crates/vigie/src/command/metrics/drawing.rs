//! Renders series as tables, charts and sparklines.

use super::get_args::{Format, GetArgs};
use super::sparklines::sparklines;
use super::table_lines::{folded, words};
use crate::chart::{Align, Chart, Glyphs, Table, Trace, draw};
use crate::context::Context;
use crate::printable_text::{PrintableText, printable};
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
) -> PrintableText {
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
            PrintableText::lines(&sparklines(names.zip(&traces), range, &screen))
        }
        Format::Chart => {
            let is_colored = context.output.is_colored();
            charts(&rows, args, (asked, zone), &screen, is_colored)
        }
        _ => {
            // Minus name, heading and a blank line; the newest lines are kept.
            let newest = at_once.then(|| screen.height.saturating_sub(3).max(1));
            PrintableText::lines(&tables(&rows, (name, zone), newest, screen.glyphs))
        }
    }
}

/// A table for each series that has points, of its `newest` lines if there is a limit.
fn tables(
    rows: &[ReadRow],
    (name, zone): (&str, &TimeZone),
    newest: Option<usize>,
    glyphs: Glyphs,
) -> String {
    let tables: Vec<String> = rows
        .iter()
        .filter(|row| !row.datapoints.is_empty())
        .map(|row| {
            let time_head = format!("Time ({name})");
            let mut table = Table::new(&[(&time_head, Align::Left), ("Value", Align::Right)]);
            let lines = folded(&row.datapoints);
            let left_out = newest.map_or(0, |newest| lines.len().saturating_sub(newest));
            for line in lines.into_iter().skip(left_out) {
                table.row(words(line, zone, glyphs));
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
    (asked, zone): (TimeRange, &TimeZone),
    screen: &Screen,
    is_colored: bool,
) -> PrintableText {
    let traces = traces(rows);
    let range = ends(args, asked, &traces);
    let mut all = PrintableText::default();
    for (index, (row, trace)) in rows.iter().zip(&traces).enumerate() {
        let chart = draw(&Chart {
            title: &row.target,
            trace,
            range,
            width: screen.width,
            height: screen.height,
            glyphs: screen.glyphs,
            zone,
        });
        if index > 0 {
            all.push(&"\n".into());
        }
        all.push(&match is_colored {
            true => painted(&chart, index),
            false => PrintableText::lines(&chart),
        });
    }
    all
}

/// The colours of curves, one after another.
const CURVES: [&str; 6] = ["36", "33", "32", "35", "34", "31"];

/// A chart with its title bold and its curve in a colour.
fn painted(chart: &str, index: usize) -> PrintableText {
    let curve = CURVES.get(index % CURVES.len()).copied().unwrap_or("36");
    let mut text = PrintableText::default();
    for (number, line) in chart.lines().enumerate() {
        let axis = line.find(['┤', '│']).filter(|_| number > 1);
        let (before, after) = match axis {
            _ if number == 0 => ("", line),
            Some(at) => line.split_at(at + '│'.len_utf8()),
            None => (line, ""),
        };
        text.push(&PrintableText::lines(before));
        let style = if number == 0 { "1" } else { curve };
        text.push(&PrintableText::lines(after).painted(style));
        text.push(&"\n".into());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_has_a_colour_and_nothing_else_of_its_line() {
        let chart = "a.b\n  last 1\n1 ┤⠉⠉\n  │⣀\n  └──\n   12:00\n";
        let text = painted(chart, 1).into_string();
        assert_eq!(
            text,
            "\u{1b}[1ma.b\u{1b}[0m\n  last 1\n1 ┤\u{1b}[33m⠉⠉\u{1b}[0m\n  │\u{1b}[33m⣀\u{1b}[0m\n  └──\n   12:00\n"
        );
        // A title is not taken for an axis, nor for an end of a line.
        let forged = painted("a │ b\u{1b}[31m\n", 0).into_string();
        assert_eq!(forged, "\u{1b}[1ma │ b\\u{1b}[31m\u{1b}[0m\n");
    }
}
