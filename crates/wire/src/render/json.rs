//! Graphite's render JSON: `[{"target": "a.b", "datapoints": [[value, seconds], …]}]`.
//!
//! Values are the shortest decimals that read back to the same bits, `null` where there is none, and infinity, which functions may
//! come to, as a number that is too large to be another one, as Graphite writes it; instants are epoch
//! seconds, with decimals only where a sample lies between two seconds.

use super::Sink;
use super::column::{Infinity, write_value};
use crate::ingest::encode::write_seconds;
use base::grid::Grid;
use base::sample::Series;
use base::time::Millis;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// One series of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Its name.
    pub target: &'a str,
    /// Its points.
    pub points: Points<'a>,
}

/// The points of a series.
#[derive(Debug, Clone, Copy)]
pub enum Points<'a> {
    /// Samples as they were sent.
    Raw(&'a Series),
    /// One value per slot.
    Grid(&'a Grid),
}

/// Writes an answer.
#[must_use]
pub fn write(rows: &[Row<'_>]) -> Vec<u8> {
    let mut out = vec![b'['];
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let Ok(()) = write_row(&mut out, row);
    }
    out.push(b']');
    out
}

/// Writes one row of an answer: what stands between the brackets and commas of the array.
///
/// # Errors
/// When the sink takes no more.
pub(crate) fn write_row<S: Sink>(sink: &mut S, row: &Row<'_>) -> Result<(), S::Error> {
    let mut open = OpenRow::begin(sink.out(), row.target);
    match row.points {
        Points::Raw(series) => {
            let samples = series
                .timestamps
                .iter()
                .copied()
                .zip(series.values.iter().copied());
            open.write(sink, samples)?;
        }
        Points::Grid(grid) => {
            let slots =
                (0_i64..).map(|slot| grid.start.plus(grid.step.millis().saturating_mul(slot)));
            open.write(sink, slots.zip(grid.values.iter().copied()))?;
        }
    }
    open.end(sink)
}

/// A row that is being written.
#[derive(Debug)]
#[must_use = "a row without an end is none"]
pub struct OpenRow {
    any: bool,
}

impl OpenRow {
    /// Writes its beginning.
    pub fn begin(out: &mut Vec<u8>, target: &str) -> Self {
        out.extend_from_slice(b"{\"target\":");
        // Writing into memory can't fail.
        let _ = serde_json::to_writer(&mut *out, target);
        out.extend_from_slice(b",\"datapoints\":[");
        Self { any: false }
    }

    /// Writes further points.
    ///
    /// # Errors
    /// When the sink takes no more.
    pub fn write<S: Sink>(
        &mut self,
        sink: &mut S,
        points: impl IntoIterator<Item = (Millis, f64)>,
    ) -> Result<(), S::Error> {
        for (instant, value) in points {
            let out = sink.out();
            if self.any {
                out.push(b',');
            }
            self.any = true;
            out.push(b'[');
            write_value(out, value, Infinity::Exponent);
            out.push(b',');
            write_seconds(out, instant);
            out.push(b']');
            sink.step()?;
        }
        Ok(())
    }

    /// Writes its end.
    ///
    /// # Errors
    /// When the sink takes no more.
    pub fn end<S: Sink>(self, sink: &mut S) -> Result<(), S::Error> {
        sink.out().extend_from_slice(b"]}");
        sink.step()
    }
}

/// One series of an answer, read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ReadRow {
    /// Its name.
    pub target: String,
    /// Its points: the value, `None` where there is none, and the instant.
    #[serde(deserialize_with = "read_points")]
    pub datapoints: Vec<(Option<f64>, Millis)>,
}

/// Reads an answer, to the bit.
///
/// # Errors
/// When it is not what [`write()`] writes, with line and column.
pub fn read(body: &[u8]) -> Result<Vec<ReadRow>, serde_json::Error> {
    serde_json::from_slice(body)
}

fn read_points<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(Option<f64>, Millis)>, D::Error> {
    // Numbers stay text until here, since the JSON parser's own rounding may be off by one bit.
    let raw: Vec<(Option<&RawValue>, &RawValue)> = Deserialize::deserialize(deserializer)?;
    let number = |raw: &RawValue| {
        fast_float2::parse::<f64, _>(raw.get())
            .map_err(|_| D::Error::custom("a point is not two numbers"))
    };
    raw.into_iter()
        .map(|(value, seconds)| {
            let milliseconds = number(seconds)? * 1000.0;
            if milliseconds.abs() > 9e15 {
                return Err(D::Error::custom("a point's instant is out of range"));
            }
            #[expect(clippy::cast_possible_truncation, reason = "checked above")]
            let at = Millis(milliseconds.round() as i64);
            Ok((value.map(number).transpose()?, at))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::time::Step;
    use proptest::prelude::*;

    #[test]
    fn the_answer_looks_like_graphites() {
        let series = Series {
            key: base::series::SeriesKey::from_canonical_unchecked("a"),
            timestamps: vec![Millis(1_519_862_400_000), Millis(1_519_862_400_250)],
            values: vec![2.0, 0.1],
        };
        let grid = Grid {
            start: Millis(60_000),
            step: Step::new(60_000).unwrap(),
            values: vec![1.5, f64::NAN, 0.0],
        };
        let rows = [
            Row {
                target: "a",
                points: Points::Raw(&series),
            },
            Row {
                target: "sum(\"b\")",
                points: Points::Grid(&grid),
            },
        ];
        let text = String::from_utf8(write(&rows)).unwrap();
        assert_eq!(
            text,
            "[{\"target\":\"a\",\"datapoints\":[[2,1519862400],[0.1,1519862400.25]]},\
             {\"target\":\"sum(\\\"b\\\")\",\"datapoints\":[[1.5,60],[null,120],[0,180]]}]"
        );
        let read = read(text.as_bytes()).unwrap();
        assert_eq!(
            read[0].datapoints[1],
            (Some(0.1), Millis(1_519_862_400_250))
        );
        assert_eq!(read[1].datapoints[1], (None, Millis(120_000)));
        assert_eq!(write(&[]), b"[]");
    }

    #[test]
    fn infinity_comes_back() {
        let mut out = Vec::new();
        let mut row = OpenRow::begin(&mut out, "a");
        let points = [
            (Millis(0), f64::INFINITY),
            (Millis(1000), f64::NEG_INFINITY),
        ];
        let Ok(()) = row.write(&mut out, points);
        let Ok(()) = row.end(&mut out);
        let body = [&b"["[..], &out, b"]"].concat();
        let read = read(&body).unwrap();
        let values: Vec<_> = read[0].datapoints.iter().map(|(value, _)| *value).collect();
        assert_eq!(values, [Some(f64::INFINITY), Some(f64::NEG_INFINITY)]);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for body in [
            "",
            "{}",
            "[{\"target\":\"a\"}]",
            "[{\"target\":\"a\",\"datapoints\":[[1,\"x\"]]}]",
            "[{\"target\":\"a\",\"datapoints\":[[1,1e99]]}]",
        ] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
    }

    proptest! {
        #[test]
        fn every_bit_comes_back(samples in proptest::collection::btree_map(
            0_i64..253_402_300_799_999, any::<f64>().prop_filter("finite", |v| v.is_finite()), 0..20)
        ) {
            let series = Series {
                key: base::series::SeriesKey::from_canonical_unchecked("a"),
                timestamps: samples.keys().copied().map(Millis).collect(),
                values: samples.values().copied().collect(),
            };
            let read = read(&write(&[Row { target: "a", points: Points::Raw(&series) }])).unwrap();
            let bits: Vec<_> = read[0].datapoints.iter().map(|(v, at)| (at.0, v.unwrap().to_bits())).collect();
            prop_assert_eq!(bits, samples.into_iter().map(|(at, v)| (at, v.to_bits())).collect::<Vec<_>>());
        }

        #[test]
        fn no_bytes_panic(body: Vec<u8>) {
            let _ = read(&body);
        }
    }
}
