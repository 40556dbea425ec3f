//! Python's pickle, protocol 2: a list of a dictionary for each series, as graphite-web's own cluster reads it.

use super::{Column, Sink};

const PROTOCOL_2: &[u8] = b"\x80\x02";
const EMPTY_LIST: u8 = b']';
const EMPTY_DICTIONARY: u8 = b'}';
const MARK: u8 = b'(';
const APPENDS: u8 = b'e';
const SET_ITEMS: u8 = b'u';
const TEXT: u8 = b'X';
const FLOAT: u8 = b'G';
const LONG: u8 = 0x8a;
const NONE: u8 = b'N';
const STOP: u8 = b'.';

/// Writes what stands before the first series.
pub fn begin(out: &mut Vec<u8>) {
    out.extend_from_slice(PROTOCOL_2);
    out.extend_from_slice(&[EMPTY_LIST, MARK]);
}

/// Writes what follows the last one.
pub fn end(out: &mut Vec<u8>) {
    out.extend_from_slice(&[APPENDS, STOP]);
}

/// Writes one series.
///
/// # Errors
/// When the sink takes no more.
pub fn write<S: Sink>(sink: &mut S, column: &Column<'_>) -> Result<(), S::Error> {
    let out = sink.out();
    out.extend_from_slice(&[EMPTY_DICTIONARY, MARK]);
    for (key, value) in [
        ("name", column.name),
        ("pathExpression", column.path_expression),
        ("consolidationFunc", column.consolidation),
    ] {
        text(out, key);
        text(out, value);
    }
    let per_point = i64::try_from(column.values_per_point).unwrap_or(i64::MAX);
    for (key, value) in [
        ("start", column.start),
        ("end", column.end),
        ("step", column.step),
        ("valuesPerPoint", per_point),
    ] {
        text(out, key);
        integer(out, value);
    }
    text(out, "xFilesFactor");
    float(out, column.x_files_factor);
    text(out, "values");
    out.extend_from_slice(&[EMPTY_LIST, MARK]);
    for value in column.points {
        let out = sink.out();
        match value.is_nan() {
            true => out.push(NONE),
            false => float(out, *value),
        }
        sink.step()?;
    }
    sink.out().extend_from_slice(&[APPENDS, SET_ITEMS]);
    sink.step()
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(TEXT);
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn integer(out: &mut Vec<u8>, integer: i64) {
    out.extend_from_slice(&[LONG, 8]);
    out.extend_from_slice(&integer.to_le_bytes());
}

fn float(out: &mut Vec<u8>, float: f64) {
    out.push(FLOAT);
    out.extend_from_slice(&float.to_be_bytes());
}
