//! `[{"target": …, "datapoints": [{"x": second, "y": value}, …]}, …]`.

use super::Sink;
use super::column::{Column, Infinity, write_integer, write_value};

/// Writes one series: what stands between the brackets and commas of the array.
///
/// # Errors
/// When the sink takes no more.
pub fn write<S: Sink>(sink: &mut S, column: &Column<'_>, is_first: bool) -> Result<(), S::Error> {
    let out = sink.out();
    if !is_first {
        out.push(b',');
    }
    out.extend_from_slice(b"{\"target\":");
    column.write_title(out);
    out.extend_from_slice(b",\"datapoints\":[");
    let before_end = |(at, _): &(i64, f64)| *at < column.end;
    for (index, (at, value)) in column.datapoints().take_while(before_end).enumerate() {
        let out = sink.out();
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"x\":");
        write_integer(out, at);
        out.extend_from_slice(b",\"y\":");
        write_value(out, value, Infinity::Exponent);
        out.push(b'}');
        sink.step()?;
    }
    sink.out().extend_from_slice(b"]}");
    sink.step()
}
