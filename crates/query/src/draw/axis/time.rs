//! The time axis: lines at round times of the zone.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Unit};

/// Lines at most.
const LINES_MAX: usize = 500;

/// A time axis.
#[derive(Debug)]
pub(crate) struct TimeAxis {
    /// Epoch seconds with a line and a label.
    pub(crate) labels: Vec<(f64, String)>,
    /// Epoch seconds with a line.
    pub(crate) minor: Vec<f64>,
}

/// How far apart lines are, and what they are labelled with.
struct Scale {
    /// Seconds that a label needs at least.
    from: f64,
    major: (Unit, i64),
    minor: (Unit, i64),
    format: &'static str,
}

const fn scale(from: f64, major: (Unit, i64), minor: (Unit, i64), format: &'static str) -> Scale {
    Scale {
        from,
        major,
        minor,
        format,
    }
}

/// From fine to coarse.
const SCALES: &[Scale] = &[
    scale(1.0, (Unit::Second, 1), (Unit::Second, 1), "%H:%M:%S"),
    scale(5.0, (Unit::Second, 5), (Unit::Second, 1), "%H:%M:%S"),
    scale(15.0, (Unit::Second, 15), (Unit::Second, 5), "%H:%M:%S"),
    scale(30.0, (Unit::Second, 30), (Unit::Second, 5), "%H:%M:%S"),
    scale(60.0, (Unit::Minute, 1), (Unit::Second, 15), "%H:%M"),
    scale(120.0, (Unit::Minute, 2), (Unit::Second, 30), "%H:%M"),
    scale(300.0, (Unit::Minute, 5), (Unit::Minute, 1), "%H:%M"),
    scale(600.0, (Unit::Minute, 10), (Unit::Minute, 2), "%H:%M"),
    scale(1800.0, (Unit::Minute, 30), (Unit::Minute, 10), "%H:%M"),
    scale(3600.0, (Unit::Hour, 1), (Unit::Minute, 15), "%H:%M"),
    scale(7200.0, (Unit::Hour, 2), (Unit::Minute, 30), "%H:%M"),
    scale(14_400.0, (Unit::Hour, 4), (Unit::Hour, 1), "%a %H:%M"),
    scale(21_600.0, (Unit::Hour, 6), (Unit::Hour, 2), "%a %H:%M"),
    scale(43_200.0, (Unit::Hour, 12), (Unit::Hour, 3), "%a %H:%M"),
    scale(86_400.0, (Unit::Day, 1), (Unit::Hour, 6), "%b %-d"),
    scale(172_800.0, (Unit::Day, 2), (Unit::Day, 1), "%b %-d"),
    scale(604_800.0, (Unit::Day, 7), (Unit::Day, 1), "%b %-d"),
    scale(2_678_400.0, (Unit::Month, 1), (Unit::Day, 7), "%b %Y"),
    scale(7_948_800.0, (Unit::Month, 3), (Unit::Month, 1), "%b %Y"),
    scale(31_622_400.0, (Unit::Year, 1), (Unit::Month, 3), "%Y"),
    scale(158_112_000.0, (Unit::Year, 5), (Unit::Year, 1), "%Y"),
    scale(1_581_120_000.0, (Unit::Year, 50), (Unit::Year, 10), "%Y"),
];

/// An axis between two epoch seconds whose labels are at least `apart` seconds from one another.
pub(crate) fn time_axis(
    (from, until): (i64, i64),
    apart: f64,
    zone: &TimeZone,
    format: Option<&str>,
) -> TimeAxis {
    let scale = SCALES
        .iter()
        .find(|scale| scale.from >= apart)
        .or(SCALES.last());
    let Some(scale) = scale else {
        return TimeAxis {
            labels: Vec::new(),
            minor: Vec::new(),
        };
    };
    let format = format.unwrap_or(scale.format);
    let label = |(at, civil): (f64, DateTime)| {
        // An invalid format leaves the labels empty; the axis is drawn all the same.
        let text = jiff::fmt::strtime::format(format, civil).unwrap_or_default();
        (at, text)
    };
    TimeAxis {
        labels: instants((from, until), scale.major, zone)
            .map(label)
            .collect(),
        minor: instants((from, until), scale.minor, zone)
            .map(|(at, _)| at)
            .collect(),
    }
}

/// The round times of a zone between two epoch seconds.
fn instants(
    (from, until): (i64, i64),
    (unit, count): (Unit, i64),
    zone: &TimeZone,
) -> impl Iterator<Item = (f64, DateTime)> {
    let first = Timestamp::from_second(from).ok();
    let first = first.and_then(|at| floor(zone.to_datetime(at), unit, count));
    let next =
        move |civil: &DateTime| span(unit, count).and_then(|span| civil.checked_add(span).ok());
    let zone = zone.clone();
    std::iter::successors(first, next)
        .take(LINES_MAX * 4)
        .filter_map(move |civil| {
            let at = zone.to_timestamp(civil).ok()?.as_second();
            Some((at, civil))
        })
        .skip_while(move |(at, _)| *at < from)
        .take_while(move |(at, _)| *at <= until)
        .take(LINES_MAX)
        .map(|(at, civil)| (at as f64, civil))
}

fn span(unit: Unit, count: i64) -> Option<Span> {
    let span = Span::new();
    match unit {
        Unit::Second => span.try_seconds(count),
        Unit::Minute => span.try_minutes(count),
        Unit::Hour => span.try_hours(count),
        Unit::Day => span.try_days(count),
        Unit::Month => span.try_months(count),
        _ => span.try_years(count),
    }
    .ok()
}

/// The latest round time that is not later.
fn floor(civil: DateTime, unit: Unit, count: i64) -> Option<DateTime> {
    let down = |value: i64| value - value.rem_euclid(count);
    let (hour, minute, second) = (civil.hour(), civil.minute(), civil.second());
    let day = civil.date().to_datetime(jiff::civil::Time::midnight());
    let with = |hour: i8, minute: i8, second: i8| civil.date().at(hour, minute, second, 0);
    let narrow = |value: i64| i8::try_from(value).ok();
    Some(match unit {
        Unit::Second => with(hour, minute, narrow(down(second.into()))?),
        Unit::Minute => with(hour, narrow(down(minute.into()))?, 0),
        Unit::Hour => with(narrow(down(hour.into()))?, 0, 0),
        Unit::Day if count == 7 => {
            let monday = i64::from(civil.date().weekday().to_monday_zero_offset());
            day.checked_sub(Span::new().try_days(monday).ok()?).ok()?
        }
        Unit::Day => {
            let ahead = down(i64::from(civil.day()) - 1) + 1;
            civil
                .date()
                .first_of_month()
                .at(0, 0, 0, 0)
                .checked_add(Span::new().try_days(ahead - 1).ok()?)
                .ok()?
        }
        Unit::Month => {
            let ahead = down(i64::from(civil.month()) - 1);
            civil
                .date()
                .first_of_year()
                .at(0, 0, 0, 0)
                .checked_add(Span::new().try_months(ahead).ok()?)
                .ok()?
        }
        _ => {
            let excess = i64::from(civil.year()).rem_euclid(count);
            civil
                .date()
                .first_of_year()
                .at(0, 0, 0, 0)
                .checked_sub(Span::new().try_years(excess).ok()?)
                .ok()?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(from: i64, until: i64, apart: f64, zone: &str) -> Vec<String> {
        let zone = TimeZone::get(zone).unwrap();
        let axis = time_axis((from, until), apart, &zone, None);
        axis.labels.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn lines_are_at_round_times_of_the_zone() {
        let day = 1_700_000_000;
        assert_eq!(labels(day, day + 3600, 900.0, "UTC"), ["22:30", "23:00"]);
        assert_eq!(
            labels(day, day + 3600, 900.0, "Asia/Kolkata"),
            ["04:00", "04:30"]
        );
        assert_eq!(
            labels(day, day + 4 * 86_400, 80_000.0, "UTC"),
            ["Nov 15", "Nov 16", "Nov 17", "Nov 18"]
        );
        assert_eq!(
            labels(day, day + 400 * 86_400, 3e6, "UTC"),
            ["Jan 2024", "Apr 2024", "Jul 2024", "Oct 2024"]
        );
        assert_eq!(labels(day, day + 3, 0.5, "UTC").len(), 4);
    }

    #[test]
    fn a_day_of_another_length_does_not_move_the_lines_behind_it() {
        // Summer time ends in this night, so that three days have 73 hours.
        let labels = labels(
            1_698_444_000,
            1_698_444_000 + 73 * 3600,
            86_400.0,
            "Europe/Berlin",
        );
        assert_eq!(labels, ["Oct 28", "Oct 29", "Oct 30", "Oct 31"]);
    }

    #[test]
    fn no_span_has_too_many_lines() {
        for (from, until, apart) in [
            (0, 100_000_000_000, 1.0),
            (i64::MIN, i64::MAX, 1.0),
            (0, 1, 0.0),
            (5, 5, 1.0),
        ] {
            let axis = time_axis((from, until), apart, &TimeZone::UTC, Some("%Q%"));
            assert!(axis.labels.len() <= LINES_MAX && axis.minor.len() <= LINES_MAX);
        }
    }
}
