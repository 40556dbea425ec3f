//! MessagePack: an array of a map for each series.

use super::{Column, Sink};

const NIL: u8 = 0xc0;
const FLOAT_64: u8 = 0xcb;
const INT_64: u8 = 0xd3;
const TEXT_32: u8 = 0xdb;
const ARRAY_32: u8 = 0xdd;
/// A map of nine entries.
const MAP_9: u8 = 0x89;

/// Writes what stands before the first series.
pub fn begin(out: &mut Vec<u8>, series: usize) {
    array(out, series);
}

/// Writes one series.
///
/// # Errors
/// When the sink takes no more.
pub fn write<S: Sink>(sink: &mut S, column: &Column<'_>) -> Result<(), S::Error> {
    let out = sink.out();
    out.push(MAP_9);
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
        out.push(INT_64);
        out.extend_from_slice(&value.to_be_bytes());
    }
    text(out, "xFilesFactor");
    float(out, column.x_files_factor);
    text(out, "values");
    array(out, column.points.len());
    for value in column.points {
        let out = sink.out();
        match value.is_nan() {
            true => out.push(NIL),
            false => float(out, *value),
        }
        sink.step()?;
    }
    Ok(())
}

fn array(out: &mut Vec<u8>, length: usize) {
    out.push(ARRAY_32);
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(TEXT_32);
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn float(out: &mut Vec<u8>, float: f64) {
    out.push(FLOAT_64);
    out.extend_from_slice(&float.to_be_bytes());
}
