//! `name,start,end,step|value,value,…`, one line for each series. Values are as Python writes them, `None` where there is
//! none.

use super::column::write_python;
use super::{Column, Sink};

/// Writes one series.
///
/// # Errors
/// When the sink takes no more.
pub fn write<S: Sink>(sink: &mut S, column: &Column<'_>) -> Result<(), S::Error> {
    let Column {
        name,
        start,
        end,
        step,
        ..
    } = column;
    let head = format!("{name},{start},{end},{step}|");
    sink.out().extend_from_slice(head.as_bytes());
    for (index, value) in column.points.iter().enumerate() {
        let out = sink.out();
        if index > 0 {
            out.push(b',');
        }
        match value.is_nan() {
            true => out.extend_from_slice(b"None"),
            false => write_python(out, *value, column.is_whole),
        }
        sink.step()?;
    }
    sink.out().push(b'\n');
    sink.step()
}
