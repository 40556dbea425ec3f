//! The lines of a table of samples. Under rules about steps a series has a point for every slot, most of them empty: a long run of
//! empty points is one line, for people alone.

use crate::chart::Glyphs;
use crate::figures::{counted, readable, time};
use base::time::Millis;
use jiff::tz::TimeZone;

/// The maximum number of empty points, one after another, that have a line each.
const EMPTY_LINES_MAX: usize = 3;

/// A line of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Line {
    /// A point.
    Point(Option<f64>, Millis),
    /// So many empty points.
    Empty(usize),
}

/// The lines of these points.
pub(super) fn folded(points: &[(Option<f64>, Millis)]) -> Vec<Line> {
    let mut lines = Vec::new();
    for run in points.chunk_by(|(one, _), (next, _)| one.is_none() && next.is_none()) {
        if run.len() > EMPTY_LINES_MAX {
            lines.push(Line::Empty(run.len()));
        } else {
            lines.extend(run.iter().map(|(value, at)| Line::Point(*value, *at)));
        }
    }
    lines
}

/// Time and value of a line.
pub(super) fn words(line: Line, zone: &TimeZone, glyphs: Glyphs) -> [String; 2] {
    match line {
        Line::Point(value, at) => {
            let value = value.map_or_else(|| "-".to_owned(), readable);
            [time(at, zone), value]
        }
        Line::Empty(count) => {
            let dots = match glyphs {
                Glyphs::Unicode => "…",
                Glyphs::Ascii => "...",
            };
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            let empty = counted(count, "empty point", "empty points");
            [format!("{dots} {empty}"), "-".to_owned()]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[Option<f64>]) -> Vec<(Option<f64>, Millis)> {
        let timed = (0_i64..).zip(values);
        timed
            .map(|(minute, value)| (*value, Millis::from_secs(60 * minute)))
            .collect()
    }

    #[test]
    fn long_runs_of_empty_points_are_one_line_and_short_ones_stay() {
        let gap = [Some(1.0), None, None, None, Some(2.0)];
        let lines = folded(&points(&gap));
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[1], Line::Point(None, Millis::from_secs(60)));

        let silence = [
            None,
            None,
            None,
            None,
            Some(2.0),
            Some(2.0),
            Some(2.0),
            Some(2.0),
        ];
        let lines = folded(&points(&silence));
        assert_eq!(lines[0], Line::Empty(4));
        assert_eq!(lines[1], Line::Point(Some(2.0), Millis::from_secs(240)));
        assert_eq!(lines.len(), 5);
        assert_eq!(folded(&points(&[None; 1440])), [Line::Empty(1440)]);
        assert!(folded(&[]).is_empty());
    }

    #[test]
    fn a_run_says_how_many_it_stands_for() {
        let render = |glyphs| words(Line::Empty(1432), &TimeZone::UTC, glyphs);
        assert_eq!(render(Glyphs::Unicode), ["… 1432 empty points", "-"]);
        assert_eq!(render(Glyphs::Ascii), ["... 1432 empty points", "-"]);
    }
}
