//! Samples as the JSON body of `POST /v1/metrics`; what [`crate::ingest::json`] reads back to the bit.

use super::MILLISECONDS_FROM;
use crate::decimal::{write_integer, write_number};
use base::sample::{Batch, Sample};
use base::time::Millis;
use std::io::Write as _;

/// From here on a number of seconds would be read as milliseconds, so milliseconds are written.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a whole number that fits many times over"
)]
const SECONDS_BELOW_MS: i64 = MILLISECONDS_FROM as i64 * 1000;

/// Writes a body sample by sample, so that a sender can cut it where it is large enough.
#[derive(Debug, Default)]
pub struct BodyWriter {
    out: Vec<u8>,
    samples: usize,
}

impl BodyWriter {
    /// An empty body.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a sample.
    pub fn push(&mut self, sample: &Sample<'_>) {
        self.out.push(if self.samples == 0 { b'[' } else { b',' });
        self.samples += 1;
        self.out.extend_from_slice(b"{\"name\":");
        // Writing into memory can't fail.
        let _ = serde_json::to_writer(&mut self.out, &sample.name());
        write_numbers(&mut self.out, sample.value, sample.at);
    }

    /// How many samples it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.samples
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// How many bytes the body has so far, its closing bracket aside.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.out.len()
    }

    /// The body.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        if self.samples == 0 {
            self.out.push(b'[');
        }
        self.out.push(b']');
        self.out
    }
}

/// The body that holds the whole batch.
#[must_use]
pub fn body(batch: &Batch) -> Vec<u8> {
    let mut writer = BodyWriter::new();
    for sample in batch.iter() {
        writer.push(&sample);
    }
    writer.finish()
}

/// The part of a sample's object after its name.
pub(crate) fn write_numbers(out: &mut Vec<u8>, value: f64, at: Millis) {
    out.extend_from_slice(b",\"value\":");
    write_number(out, value);
    out.extend_from_slice(b",\"timestamp\":");
    if at.0 < SECONDS_BELOW_MS {
        write_seconds(out, at);
    } else {
        write_integer(out, at.0);
    }
    out.push(b'}');
}

/// Epoch seconds, with as many decimals as the milliseconds need.
pub(crate) fn write_seconds(out: &mut Vec<u8>, at: Millis) {
    let (seconds, milliseconds) = (at.secs(), at.0.rem_euclid(1000));
    if milliseconds == 0 {
        write_integer(out, seconds);
        return;
    }
    if at.0 < 0 {
        // Counted from the other side of zero: -1 ms is -0.001, not -1.999.
        let whole = at.0.unsigned_abs();
        let _ = write!(out, "-{}", whole / 1000);
        write_decimals(out, whole % 1000);
    } else {
        let _ = write!(out, "{seconds}");
        write_decimals(out, milliseconds.unsigned_abs());
    }
}

fn write_decimals(out: &mut Vec<u8>, milliseconds: u64) {
    let text = format!(".{milliseconds:03}");
    out.extend_from_slice(text.trim_end_matches('0').as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::name::SeriesName;

    #[test]
    fn seconds_have_decimals_only_where_needed() {
        for (milliseconds, text) in [
            (1_519_862_400_000, "1519862400"),
            (1_519_862_400_250, "1519862400.25"),
            (1_519_862_400_007, "1519862400.007"),
            (-1, "-0.001"),
            (-1500, "-1.5"),
            (-2000, "-2"),
        ] {
            let mut out = Vec::new();
            write_seconds(&mut out, Millis(milliseconds));
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    #[test]
    fn a_body_can_be_cut_where_it_is_large_enough() {
        assert_eq!(body(&Batch::default()), b"[]");
        let mut batch = Batch::default();
        batch.push(&SeriesName::parse("a").unwrap(), Millis(1500), 1.0);
        batch.push(&SeriesName::parse("b.c").unwrap(), Millis(2000), 0.5);
        let text = String::from_utf8(body(&batch)).unwrap();
        assert_eq!(
            text,
            "[{\"name\":\"a\",\"value\":1,\"timestamp\":1.5},{\"name\":\"b.c\",\"value\":0.5,\"timestamp\":2}]"
        );
        let mut writer = BodyWriter::new();
        assert!(writer.is_empty());
        writer.push(&batch.iter().next().unwrap());
        assert_eq!(
            (writer.len(), writer.bytes() + 1),
            (1, writer.finish().len())
        );
    }
}
