//! Formats numbers, times and durations, for people and for files; nothing else in the program does.

use base::time::Millis;
use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use std::ops::Range;

/// Epoch seconds with as many decimals as needed.
pub(crate) fn seconds(at: Millis) -> String {
    match at.0.rem_euclid(1000) {
        0 => at.secs().to_string(),
        _ => format!("{}", at.0 as f64 / 1000.0),
    }
}

/// Every digit that matters and no more: `1e300`, not three hundred zeros.
pub(crate) fn shortest(value: f64) -> String {
    if value == 0.0 || (1e-5..1e16).contains(&value.abs()) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

/// Six digits, and all digits of a whole number, for people. Files keep every digit.
pub(crate) fn readable(value: f64) -> String {
    const DIGITS: i32 = 6;
    let exact = shortest(value);
    if !value.is_finite() || value.fract() == 0.0 || exact.contains('e') {
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

/// A time for people; with milliseconds only if there are any.
pub(crate) fn time(at: Millis, zone: &TimeZone) -> String {
    let Ok(instant) = Timestamp::from_millisecond(at.0) else {
        return seconds(at);
    };
    let format = if at.0.rem_euclid(1000) == 0 {
        "%Y-%m-%d %H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M:%S%.3f"
    };
    formatted(zone.to_datetime(instant), format)
}

/// A time of day for people, no more precise than it is.
pub(crate) fn time_of_day(at: DateTime) -> String {
    let format = match (at.second(), at.subsec_nanosecond()) {
        (0, 0) => "%H:%M",
        (_, 0) => "%H:%M:%S",
        _ => "%H:%M:%S%.3f",
    };
    formatted(at, format)
}

/// The same with its day.
pub(crate) fn day_and_time(at: DateTime) -> String {
    format!("{} {}", at.date(), time_of_day(at))
}

/// A tick of an axis whose ticks are `step` seconds apart: the time of day, or the day where a new one begins.
pub(crate) fn tick(at: DateTime, step: i64) -> String {
    const DAY: i64 = 86_400;
    let format = match step {
        DAY.. => "%Y-%m-%d",
        60.. if at.time() == Time::midnight() => "%b %d",
        60.. => "%H:%M",
        _ => "%H:%M:%S",
    };
    formatted(at, format)
}

fn formatted(at: DateTime, format: &str) -> String {
    at.strftime(format).to_string()
}

/// A time in RFC 3339 and UTC; `None` if it is outside the calendar.
pub(crate) fn instant(epoch_seconds: i64) -> Option<String> {
    Timestamp::from_second(epoch_seconds)
        .ok()
        .map(|instant| instant.to_string())
}

/// A duration for people: its two largest units.
pub(crate) fn in_words(seconds: u64) -> String {
    let units = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let parts: Vec<String> = units
        .iter()
        .skip_while(|(count, _)| *count == 0)
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if parts.is_empty() {
        "0 s".to_owned()
    } else {
        parts.join(" ")
    }
}

/// A number of things: `1 sample`, `2 samples`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The range for SI prefixes; beyond it, powers of ten are used.
const PREFIXED: Range<f64> = 1e-9..1e18;

/// The SI prefix that leaves one to three digits before the point. `micro` is the one of a millionth.
fn prefix(magnitude: f64, micro: &'static str) -> (f64, &'static str) {
    let table = [
        (1e15, "P"),
        (1e12, "T"),
        (1e9, "G"),
        (1e6, "M"),
        (1e3, "k"),
        (1.0, ""),
        (1e-3, "m"),
        (1e-6, micro),
        (1e-9, "n"),
    ];
    // From 0.1 up, the number itself is easier to read than thousandths.
    if (0.1..1.0).contains(&magnitude) || magnitude == 0.0 {
        return (1.0, "");
    }
    table
        .into_iter()
        .find(|(divisor, _)| magnitude >= *divisor)
        .unwrap_or((1.0, ""))
}

/// A number in few characters: four significant digits and an SI prefix, as `1.234k`.
pub(crate) fn short(value: f64, micro: &'static str) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs();
    if !PREFIXED.contains(&magnitude) {
        return format!("{value:.3e}");
    }
    let (divisor, unit) = prefix(magnitude, micro);
    let scaled = value / divisor;
    let digits = match scaled.abs() {
        size if size >= 100.0 => 1,
        size if size >= 10.0 => 2,
        size if size >= 1.0 => 3,
        _ => 4,
    };
    let text = format!("{scaled:.digits$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}{unit}")
}

/// A number between others that are up to `magnitude` and `step` apart: as many digits as tell it from the next.
pub(crate) fn of_scale(value: f64, magnitude: f64, step: f64, micro: &'static str) -> String {
    if !PREFIXED.contains(&magnitude) {
        let digits = (magnitude / step).log10().ceil().clamp(0.0, 12.0) as usize;
        return format!("{value:.digits$e}");
    }
    let (divisor, unit) = prefix(magnitude, micro);
    let step = step / divisor;
    let digits = (0..12_usize)
        .find(|digits| {
            let scaled = step * 10_f64.powi(*digits as i32);
            (scaled - scaled.round()).abs() < 1e-6
        })
        .unwrap_or(3);
    format!("{:.digits$}{unit}", value / divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn spoken_in_two_units() {
        assert_eq!(in_words(0), "0 s");
        assert_eq!(in_words(3599), "59 min 59 s");
        assert_eq!(in_words(7200), "2 h");
        assert_eq!(in_words(90_061), "1 d 1 h");
    }

    #[test]
    fn numbers_take_a_prefix() {
        for (value, text) in [
            (0.0, "0"),
            (48.6, "48.6"),
            (0.132, "0.132"),
            (1234.0, "1.234k"),
            (-2_500_000.0, "-2.5M"),
            (100.0, "100"),
            (1000.0, "1k"),
            (0.000_004, "4µ"),
            (1e300, "1.000e300"),
        ] {
            assert_eq!(short(value, "µ"), text);
        }
        assert_eq!(short(0.000_004, "u"), "4u");
    }
}
