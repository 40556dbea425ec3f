//! `name,YYYY-MM-DD HH:MM:SS,value`, one line for each point, in the zone of the request. Lines end as RFC 4180 says.

use super::column::write_python;
use super::{Column, Sink};
use jiff::Timestamp;
use jiff::tz::TimeZone;

const DAY_SECONDS: i64 = 86_400;

/// Writes one series.
///
/// # Errors
/// When the sink takes no more.
pub fn write<S: Sink>(sink: &mut S, column: &Column<'_>, zone: &TimeZone) -> Result<(), S::Error> {
    let name = match column.is_unnamed {
        true => String::new(),
        false => quoted(column.name),
    };
    let mut clock = Clock::new(zone);
    let instants = (0_i64..).map(|index| {
        column
            .start
            .saturating_add(index.saturating_mul(column.step))
    });
    for (at, value) in instants.zip(column.points) {
        let out = sink.out();
        out.extend_from_slice(name.as_bytes());
        out.push(b',');
        clock.write(out, at);
        out.push(b',');
        if !value.is_nan() {
            write_python(out, *value, column.is_whole);
        }
        out.extend_from_slice(b"\r\n");
        sink.step()?;
    }
    Ok(())
}

/// The clock of a zone; the day is formatted anew only when it is another one.
struct Clock<'z> {
    zone: &'z TimeZone,
    day: Option<i64>,
    date: String,
}

impl<'z> Clock<'z> {
    const fn new(zone: &'z TimeZone) -> Self {
        Self {
            zone,
            day: None,
            date: String::new(),
        }
    }

    /// Writes what they show at an epoch second; nothing where that is beyond the calendar.
    fn write(&mut self, out: &mut Vec<u8>, at: i64) {
        let Ok(instant) = Timestamp::from_second(at) else {
            return;
        };
        let wall = at + i64::from(self.zone.to_offset(instant).seconds());
        let day = wall.div_euclid(DAY_SECONDS);
        if self.day != Some(day) {
            let date = self.zone.to_datetime(instant).strftime("%Y-%m-%d ");
            self.date = date.to_string();
            self.day = Some(day);
        }
        out.extend_from_slice(self.date.as_bytes());
        let second = wall.rem_euclid(DAY_SECONDS);
        two_digits(out, second / 3600);
        out.push(b':');
        two_digits(out, second / 60 % 60);
        out.push(b':');
        two_digits(out, second % 60);
    }
}

/// A number below 100.
fn two_digits(out: &mut Vec<u8>, number: i64) {
    let number = u8::try_from(number).unwrap_or_default();
    out.extend_from_slice(&[b'0' + number / 10 % 10, b'0' + number % 10]);
}

/// A field, in quotes where it could be read as more than one.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn clocks_show_what_the_calendar_says(
            start in -70_000_000_000_i64..250_000_000_000,
            step in 1_i64..100_000,
            zone in prop::sample::select(vec!["UTC", "Europe/Paris", "America/St_Johns", "Asia/Kathmandu"]),
        ) {
            let zone = TimeZone::get(zone).unwrap();
            let mut clock = Clock::new(&zone);
            for at in (start..).step_by(usize::try_from(step).unwrap()).take(50) {
                let mut out = Vec::new();
                clock.write(&mut out, at);
                let expected = Timestamp::from_second(at).map_or_else(
                    |_| String::new(),
                    |at| zone.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string(),
                );
                prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
            }
        }
    }
}
