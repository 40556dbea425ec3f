//! A series of `/render`.

pub(super) use crate::decimal::write_integer;
use crate::decimal::{write_number, write_repr};
use std::collections::BTreeMap;

/// A series whose points stand at equal distances.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether nobody called it anything: where there is `null`, that stands for its name.
    pub is_unnamed: bool,
    /// Its tags.
    pub tags: &'a BTreeMap<String, String>,
    /// The pattern that found it.
    pub path_expression: &'a str,
    /// Epoch second of the first point.
    pub start: i64,
    /// Epoch second of its end.
    pub end: i64,
    /// Seconds between its values.
    pub step: i64,
    /// How many values each point stands for; at least one.
    pub values_per_point: usize,
    /// The function that consolidated the values of a point.
    pub consolidation: &'a str,
    /// The share of values that a point needs.
    pub x_files_factor: f64,
    /// Its points; NaN is none.
    pub points: &'a [f64],
    /// Whether they are counts or such, which texts show without a point.
    pub is_whole: bool,
}

impl Column<'_> {
    /// Writes what it is called as JSON.
    pub(super) fn write_title(&self, out: &mut Vec<u8>) {
        match self.is_unnamed {
            true => out.extend_from_slice(b"null"),
            false => write_text(out, self.name),
        }
    }

    /// The points with their instants, up to the end, that included.
    pub(super) fn datapoints(&self) -> impl Iterator<Item = (i64, f64)> + '_ {
        let values = i64::try_from(self.values_per_point).unwrap_or(i64::MAX);
        let (start, end) = (self.start, self.end);
        let distance = self.step.saturating_mul(values);
        let instants =
            (0_i64..).map(move |index| start.saturating_add(index.saturating_mul(distance)));
        let points = instants.zip(self.points.iter().copied());
        points.take_while(move |(at, _)| *at <= end)
    }
}

/// Writes a value as Python does: with a point, unless it is a whole number of a column of such.
pub(super) fn write_python(out: &mut Vec<u8>, value: f64, is_whole: bool) {
    // What is greater cannot be told from its neighbours.
    if is_whole && value.fract() == 0.0 && value.abs() < 9e15 {
        write_integer(out, value as i64);
    } else {
        write_repr(out, value);
    }
}

/// How infinity is written, for which JSON has no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Infinity {
    /// As a number that is too large to be another one.
    Exponent,
    /// By its name in JavaScript.
    Name,
}

/// Writes a value, `null` where there is none.
pub(super) fn write_value(out: &mut Vec<u8>, value: f64, infinity: Infinity) {
    if value.is_infinite() {
        if value < 0.0 {
            out.push(b'-');
        }
        out.extend_from_slice(match infinity {
            Infinity::Exponent => b"1e9999",
            Infinity::Name => b"Infinity",
        });
    } else {
        write_number(out, value);
    }
}

/// Writes a JSON text.
pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    // Writing into memory can't fail.
    let _ = serde_json::to_writer(out, text);
}
