//! `{"labels": ["Time", …], "data": [[millisecond, value, …], …]}`: one row for each instant of the first series.

use super::Sink;
use super::column::{Column, Infinity, write_integer, write_value};

/// Writes a whole answer. A series that has fewer points than the first has nulls at its end, and what it has more is left
/// out.
///
/// # Errors
/// When the sink takes no more.
pub fn write<S: Sink>(sink: &mut S, columns: &[Column<'_>]) -> Result<(), S::Error> {
    let Some(first) = columns.first() else {
        sink.out().extend_from_slice(b"{}");
        return sink.step();
    };
    let out = sink.out();
    out.extend_from_slice(b"{\"labels\":[\"Time\"");
    for column in columns {
        out.push(b',');
        column.write_title(out);
    }
    out.extend_from_slice(b"],\"data\":[");
    let before_end = |(at, _): &(i64, f64)| *at < first.end;
    for (index, (at, _)) in first.datapoints().take_while(before_end).enumerate() {
        let out = sink.out();
        if index > 0 {
            out.push(b',');
        }
        out.push(b'[');
        write_integer(out, at.saturating_mul(1000));
        for column in columns {
            out.push(b',');
            let value = column.points.get(index).copied().unwrap_or(f64::NAN);
            write_value(out, value, Infinity::Name);
        }
        out.push(b']');
        sink.step()?;
    }
    sink.out().extend_from_slice(b"]}");
    sink.step()
}
