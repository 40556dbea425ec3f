//! JSON of `/render`: `[{"target": …, "tags": {…}, "datapoints": [[value, second], …]}, …]`.

use super::Sink;
use super::column::{Column, Infinity, write_integer, write_text, write_value};

/// Writes one series: what stands between the brackets and commas of the array. Without `nulls`, points without a value
/// are left out, and so is a series that has none; returns whether it was written.
///
/// # Errors
/// When the sink takes no more.
pub fn write<S: Sink>(
    sink: &mut S,
    column: &Column<'_>,
    is_first: bool,
    nulls: bool,
) -> Result<bool, S::Error> {
    let is_shown = |(_, value): &(i64, f64)| nulls || !value.is_nan();
    let mut points = column.datapoints().filter(is_shown).peekable();
    if !nulls && points.peek().is_none() {
        return Ok(false);
    }
    let out = sink.out();
    if !is_first {
        out.push(b',');
    }
    out.extend_from_slice(b"{\"target\":");
    column.write_title(out);
    out.extend_from_slice(b",\"tags\":{");
    for (index, (tag, value)) in column.tags.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_text(out, tag);
        out.push(b':');
        write_text(out, value);
    }
    out.extend_from_slice(b"},\"datapoints\":[");
    for (index, (at, value)) in points.enumerate() {
        let out = sink.out();
        if index > 0 {
            out.push(b',');
        }
        out.push(b'[');
        write_value(out, value, Infinity::Exponent);
        out.push(b',');
        write_integer(out, at);
        out.push(b']');
        sink.step()?;
    }
    sink.out().extend_from_slice(b"]}");
    sink.step()?;
    Ok(true)
}
