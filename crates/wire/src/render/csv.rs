//! `name,YYYY-MM-DD HH:MM:SS,value`, one line for each point, in the zone of the request. Lines end as RFC 4180 says.

use super::{Column, Sink};
use base::number;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Writes one series.
///
/// # Errors
/// When the sink takes no more.
pub fn write<S: Sink>(sink: &mut S, column: &Column<'_>, zone: &TimeZone) -> Result<(), S::Error> {
    let name = quoted(column.name);
    let instants = (0_i64..).map(|place| {
        column
            .start
            .saturating_add(place.saturating_mul(column.step))
    });
    for (at, value) in instants.zip(column.points) {
        let out = sink.out();
        out.extend_from_slice(name.as_bytes());
        out.push(b',');
        if let Ok(at) = Timestamp::from_second(at) {
            let at = zone.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S");
            out.extend_from_slice(at.to_string().as_bytes());
        }
        out.push(b',');
        if !value.is_nan() {
            out.extend_from_slice(number::repr(*value).as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        sink.step()?;
    }
    Ok(())
}

/// A field, in quotes where it could be read as more than one.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
