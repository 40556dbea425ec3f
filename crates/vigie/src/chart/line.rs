//! A series as a curve over axes of value and time.

use super::canvas::Canvas;
use super::scale::Scale;
use super::{Glyphs, Summary, Trace};
use crate::figures::{short, tick};
use base::time::{Millis, TimeRange};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr;

/// The minimum size of a readable chart.
const PLOT_COLUMNS_MIN: usize = 16;
const PLOT_ROWS_MIN: usize = 3;

/// The chart's data and size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chart<'a> {
    /// Above the chart, usually the series' name.
    pub(crate) title: &'a str,
    /// The samples.
    pub(crate) trace: &'a Trace,
    /// The time axis, even if it has no samples.
    pub(crate) range: TimeRange,
    /// Characters across, labels included.
    pub(crate) width: usize,
    /// Characters down, title and axis included.
    pub(crate) height: usize,
    /// The characters that the terminal can show.
    pub(crate) glyphs: Glyphs,
    /// In which the times are written.
    pub(crate) zone: &'a TimeZone,
}

/// Draws it: title and figures, the curve with its axes, the labels of time.
pub(crate) fn draw(chart: &Chart<'_>) -> String {
    let mut text = String::new();
    push_line(&mut text, chart.title);
    let Some(summary) = chart.trace.summary() else {
        push_line(&mut text, "  no samples in this range");
        return text;
    };
    push_line(&mut text, &figures(&summary, chart.width, chart.glyphs));

    // Title, figures, axis and labels take four lines.
    let rows = chart.height.saturating_sub(4).max(PLOT_ROWS_MIN);
    let scale = Scale::over(summary.min, summary.max, rows);
    let labels = tick_labels(&scale, rows, chart.glyphs);
    let label_width = labels.iter().map(|label| label.width()).max().unwrap_or(0);
    let margin = label_width + 2;
    let columns = chart.width.saturating_sub(margin).max(PLOT_COLUMNS_MIN);

    let canvas = plot(chart, &scale, columns, rows);
    let (tick, axis) = match chart.glyphs {
        Glyphs::Unicode => ('┤', '│'),
        Glyphs::Ascii => ('+', '|'),
    };
    for (label, row) in labels.iter().zip(canvas.rows()) {
        let edge = if label.is_empty() { axis } else { tick };
        let padding = " ".repeat(label_width.saturating_sub(label.width()));
        push_line(&mut text, &format!("{padding}{label} {edge}{row}"));
    }
    let ticks = time_ticks(chart, columns);
    push_line(&mut text, &time_axis(&ticks, columns, margin, chart.glyphs));
    push_line(&mut text, &time_labels(&ticks, margin, chart));
    text
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// The figures of the curve, with less space between them on a narrow chart.
fn figures(summary: &Summary, width: usize, glyphs: Glyphs) -> String {
    let samples = if summary.count == 1 {
        "sample"
    } else {
        "samples"
    };
    let words = [
        format!("last {}", short(summary.last, glyphs.micro())),
        format!("min {}", short(summary.min, glyphs.micro())),
        format!("mean {}", short(summary.mean, glyphs.micro())),
        format!("max {}", short(summary.max, glyphs.micro())),
        format!("{} {samples}", summary.count),
    ];
    let wide = format!("  {}", words.join("   "));
    if wide.width() <= width {
        wide
    } else {
        words.join(" ")
    }
}

/// One label per row, empty where no tick lies.
fn tick_labels(scale: &Scale, rows: usize, glyphs: Glyphs) -> Vec<String> {
    let mut labels = vec![String::new(); rows];
    for (row, tick) in scale.ticks() {
        if let Some(label) = labels.get_mut(row) {
            *label = scale.label(tick, glyphs);
        }
    }
    labels
}

fn plot(chart: &Chart<'_>, scale: &Scale, columns: usize, rows: usize) -> Canvas {
    let mut canvas = Canvas::new(columns, rows, chart.glyphs);
    let (right, bottom) = (
        canvas.width().saturating_sub(1),
        canvas.height().saturating_sub(1),
    );
    let place = |at: Millis, value: f64| {
        (
            (share_of(chart.range, at) * right as f64).round() as usize,
            ((1.0 - scale.position(value)) * bottom as f64).round() as usize,
        )
    };
    for run in chart.trace.runs() {
        let mut before = None;
        for (at, value) in run.iter().filter(|(at, _)| chart.range.contains(*at)) {
            let here = place(*at, *value);
            canvas.line(before.unwrap_or(here), here);
            before = Some(here);
        }
    }
    canvas
}

/// The position of `at` in the range: 0 at its beginning, 1 at its end, 0.5 in an empty range.
fn share_of(range: TimeRange, at: Millis) -> f64 {
    let span = range.until.0.saturating_sub(range.from.0);
    if span <= 0 {
        return 0.5;
    }
    (at.0.saturating_sub(range.from.0) as f64 / span as f64).clamp(0.0, 1.0)
}

/// A labelled place on the time axis.
#[derive(Debug, PartialEq)]
struct TimeTick {
    column: usize,
    label: String,
}

/// Round steps of time, in seconds.
const TIME_STEPS: [i64; 28] = [
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
    86_400,
    172_800,
    259_200,
    604_800,
    1_209_600,
    2_592_000,
    7_776_000,
    15_552_000,
    31_536_000,
    157_680_000,
    315_360_000,
];
/// The widest label is a date; two blanks keep labels apart.
const LABEL_COLUMNS: i64 = 12;

fn time_ticks(chart: &Chart<'_>, columns: usize) -> Vec<TimeTick> {
    let (from, until) = (chart.range.from.secs(), chart.range.until.secs());
    let ticks_max = (columns as i64 / LABEL_COLUMNS).max(1);
    let span = until.saturating_sub(from);
    let step = TIME_STEPS
        .into_iter()
        .find(|step| span / step < ticks_max)
        .unwrap_or(i64::MAX / 4);
    // Ticks are round in the zone's own time: midnight there, not in Greenwich.
    let offset = Timestamp::from_second(from).map_or(0, |instant| {
        i64::from(chart.zone.to_offset(instant).seconds())
    });
    let mut ticks = Vec::new();
    let mut local = (from.saturating_add(offset))
        .div_euclid(step)
        .saturating_mul(step);
    while ticks.len() as i64 <= ticks_max + 1 && local.saturating_sub(offset) <= until {
        let instant = local.saturating_sub(offset);
        if instant >= from {
            let share = share_of(chart.range, Millis::from_secs(instant));
            ticks.push(TimeTick {
                column: (share * columns.saturating_sub(1) as f64).round() as usize,
                label: time_label(instant, step, chart.zone),
            });
        }
        local = local.saturating_add(step);
    }
    ticks
}

/// The time of day, or the day where a new one begins.
fn time_label(instant: i64, step: i64, zone: &TimeZone) -> String {
    let Ok(instant) = Timestamp::from_second(instant) else {
        return String::new();
    };
    tick(zone.to_datetime(instant), step)
}

fn time_axis(ticks: &[TimeTick], columns: usize, margin: usize, glyphs: Glyphs) -> String {
    let (corner, line, tick) = match glyphs {
        Glyphs::Unicode => ('└', '─', '┬'),
        Glyphs::Ascii => ('+', '-', '+'),
    };
    let axis: String = (0..columns)
        .map(|column| {
            if ticks.iter().any(|tick| tick.column == column) {
                tick
            } else {
                line
            }
        })
        .collect();
    format!("{}{corner}{axis}", " ".repeat(margin - 1))
}

/// The labels centred under their ticks, with the zone they are in before or after them, where there is room; one that
/// would touch its left neighbour or the edge is left out.
fn time_labels(ticks: &[TimeTick], margin: usize, chart: &Chart<'_>) -> String {
    let width = chart.width;
    let mut line = String::new();
    for tick in ticks {
        let length = tick.label.width();
        let start = (margin + tick.column).saturating_sub(length / 2);
        let free = if line.is_empty() { 0 } else { line.width() + 2 };
        if start < free || start + length > width.max(margin + PLOT_COLUMNS_MIN) + 1 {
            continue;
        }
        line.push_str(&" ".repeat(start - line.width()));
        line.push_str(&tick.label);
    }
    let zone = zone_label(chart);
    let blank = line.width() - line.trim_start().width();
    if blank > zone.width() {
        line.replace_range(..zone.len(), &zone);
    } else if line.width() + 1 + zone.width() < width {
        line.push_str(&" ".repeat(width - zone.width() - line.width()));
        line.push_str(&zone);
    }
    line
}

/// The zone's short name, such as `UTC` or `CET`, which is ASCII.
fn zone_label(chart: &Chart<'_>) -> String {
    Timestamp::from_second(chart.range.from.secs()).map_or_else(
        |_| String::new(),
        |instant| {
            let there = chart.zone.to_offset_info(instant);
            there.abbreviation().to_owned()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-03-01 12:00:00 UTC.
    const NOON: i64 = 1_772_366_400;

    fn wave(count: i64, step: i64) -> Vec<(Option<f64>, Millis)> {
        (0..count)
            .map(|at| {
                let value = 50.0 + 40.0 * (at as f64 / count as f64 * 12.0).sin();
                (Some(value), Millis::from_secs(NOON + at * step))
            })
            .collect()
    }

    fn drawn(
        points: &[(Option<f64>, Millis)],
        width: usize,
        height: usize,
        glyphs: Glyphs,
    ) -> String {
        let trace = Trace::new(points);
        let range = trace.range().unwrap_or(TimeRange {
            from: Millis::from_secs(NOON),
            until: Millis::from_secs(NOON + 3600),
        });
        draw(&Chart {
            title: "shop.eu.checkout.latency-ms",
            trace: &trace,
            range,
            width,
            height,
            glyphs,
            zone: &TimeZone::UTC,
        })
    }

    #[test]
    fn a_day_as_a_curve() {
        insta::assert_snapshot!(drawn(&wave(288, 300), 72, 16, Glyphs::Unicode));
    }

    #[test]
    fn the_same_day_in_ascii() {
        insta::assert_snapshot!(drawn(&wave(288, 300), 72, 16, Glyphs::Ascii));
    }

    #[test]
    fn a_gap_stays_empty() {
        let mut points = wave(120, 10);
        points.drain(40..80);
        insta::assert_snapshot!(drawn(&points, 60, 12, Glyphs::Unicode));
    }

    #[test]
    fn one_sample_is_a_dot() {
        insta::assert_snapshot!(drawn(&wave(1, 1), 48, 9, Glyphs::Unicode));
    }

    #[test]
    fn nothing_says_so() {
        insta::assert_snapshot!(drawn(&[], 48, 9, Glyphs::Unicode));
    }

    #[test]
    fn no_line_is_wider_than_asked() {
        for width in [64, 80, 133] {
            for line in drawn(&wave(500, 60), width, 14, Glyphs::Unicode).lines() {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_series_can_be_drawn(
            points in proptest::collection::vec((proptest::option::of(any::<f64>()), any::<i64>().prop_map(Millis)), 0..40),
            width in 0_usize..120, height in 0_usize..30,
        ) {
            drawn(&points, width, height, Glyphs::Unicode);
        }
    }
}
