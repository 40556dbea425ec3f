//! `metrics get --format sparkline`: one line per series, or a few on a narrow screen.

use crate::chart::{Align, Summary, Table, Trace, sparkline};
use crate::figures::short;
use crate::screen::Screen;
use base::time::TimeRange;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr;

/// The space between two columns of a table.
const GAP: usize = 3;
/// The minimum width of a sparkline.
const COLUMNS_MIN: usize = 16;

/// A row: the series' name, and its latest, smallest and largest value.
struct Line<'a> {
    name: &'a str,
    trace: &'a Trace,
    figures: [String; 3],
}

/// Draws each series over `range`: in one table if names, figures and sparklines fit side by side, else each below its name.
pub(super) fn sparklines<'a>(
    series: impl Iterator<Item = (&'a str, &'a Trace)>,
    range: TimeRange,
    screen: &Screen,
) -> String {
    let lines: Vec<Line<'_>> = series
        .map(|(name, trace)| Line {
            name,
            trace,
            figures: figures(trace.summary(), screen),
        })
        .collect();
    let names = widest(lines.iter().map(|line| line.name), "Metric");
    let taken: usize = ["Last", "Min", "Max"]
        .into_iter()
        .enumerate()
        .map(|(at, heading)| {
            let column = lines
                .iter()
                .filter_map(|line| line.figures.get(at))
                .map(String::as_str);
            widest(column, heading) + GAP
        })
        .sum::<usize>()
        + names
        + GAP;
    match screen.width.checked_sub(taken) {
        Some(room) if room >= COLUMNS_MIN => table(&lines, range, room, screen),
        _ => stacked(&lines, range, screen),
    }
}

fn widest<'a>(cells: impl Iterator<Item = &'a str>, heading: &str) -> usize {
    cells
        .map(UnicodeWidthStr::width)
        .max()
        .unwrap_or(0)
        .max(heading.width())
}

fn figures(summary: Option<Summary>, screen: &Screen) -> [String; 3] {
    summary.map_or_else(
        || ["-", "-", "-"].map(str::to_owned),
        |summary| {
            [summary.last, summary.min, summary.max]
                .map(|value| short(value, screen.glyphs.micro()))
        },
    )
}

fn table(lines: &[Line<'_>], range: TimeRange, room: usize, screen: &Screen) -> String {
    let mut table = Table::new(&[
        ("Metric", Align::Left),
        ("Trend", Align::Left),
        ("Last", Align::Right),
        ("Min", Align::Right),
        ("Max", Align::Right),
    ]);
    for line in lines {
        let drawn = sparkline(line.trace, range, room, screen.glyphs);
        let [last, min, max] = line.figures.clone();
        table.row([line.name.to_owned(), drawn, last, min, max]);
    }
    table.render()
}

fn stacked(lines: &[Line<'_>], range: TimeRange, screen: &Screen) -> String {
    lines.iter().fold(String::new(), |mut text, line| {
        let drawn = sparkline(line.trace, range, screen.width, screen.glyphs);
        let [last, min, max] = &line.figures;
        let _ = writeln!(
            text,
            "{}\n{drawn}\n  last {last}   min {min}   max {max}",
            line.name
        );
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Glyphs;
    use base::time::Millis;

    fn rendered(name: &str, width: usize) -> String {
        let points: Vec<_> = (0..60)
            .map(|at| (Some(f64::from(at)), Millis::from_secs(60 * i64::from(at))))
            .collect();
        let trace = Trace::new(&points);
        let range = trace.range().unwrap();
        let screen = Screen {
            width,
            height: 10,
            glyphs: Glyphs::Unicode,
        };
        sparklines([(name, &trace)].into_iter(), range, &screen)
    }

    #[test]
    fn no_line_is_wider_than_the_screen() {
        for width in [20, 40, 60, 80, 200] {
            for name in ["a.b", "shop.eu-central-1.orders.latency-ms.p99"] {
                let text = rendered(name, width);
                let widest = text.lines().skip(1).map(UnicodeWidthStr::width).max();
                let allowed = width
                    .max(name.width())
                    .max("  last 59   min 0   max 59".len());
                assert!(widest <= Some(allowed), "{width}: {text}");
            }
        }
    }

    #[test]
    fn a_narrow_screen_stacks() {
        assert!(rendered("a.b", 80).starts_with("Metric   Trend"));
        assert_eq!(
            rendered("a.b", 20),
            "a.b\n▁▁▂▂▂▃▃▄▄▄▅▅▅▆▆▇▇▇██\n  last 59   min 0   max 59\n"
        );
    }
}
