//! A sample in each line, as an export writes it: `{"name":"a.b;host=x","value":1.5,"timestamp":1700000000.25}`.

use crate::ingest::encode::write_numbers;
use crate::ingest::{Names, Reject, json};
use base::sample::{Batch, RejectReason};
use base::time::Millis;
use std::collections::HashMap;

/// The longest line, in bytes.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// The reason why a sample without a time is refused.
const TIMELESS: &str = "the line has no time: old samples are imported with their times";

/// Writes the line of a sample, of which `name` is the name as JSON has it; [`line()`] and a body of `POST /v1/metrics` read it
/// back to the bit.
pub fn write(out: &mut Vec<u8>, name: &str, at: Millis, value: f64) {
    out.extend_from_slice(b"{\"name\":");
    out.extend_from_slice(name.as_bytes());
    write_numbers(out, value, at);
    out.push(b'\n');
}

/// The samples of a line: one, or an array of them.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    /// The samples.
    pub batch: Batch,
    /// The items that are none, in their order: the name where there is a readable one, and what is wrong.
    pub rejects: Vec<(Option<String>, RejectReason)>,
}

/// Reads a line, without its end; a blank one holds nothing. An item of an array that is no sample costs no other.
///
/// # Errors
/// The reason is for a line that is no JSON.
pub fn line(text: &[u8], names: Names) -> Result<Samples, (Option<String>, RejectReason)> {
    if text.trim_ascii().is_empty() {
        return Ok(Samples::default());
    }
    let decode = |now: Millis| {
        json::decode_with(text, now.into(), names)
            .map_err(|error| (None, RejectReason::Malformed(line_error(&error))))
    };
    let read = decode(Millis(0))?;
    let reject = |rejected: Reject| (rejected.index, rejected.name, rejected.reason);
    let mut rejects: Vec<_> = read.rejects.into_iter().map(reject).collect();
    let mut batch = read.batch;
    if read.stamped > 0 {
        // Which of them have no time of their own is told by another now.
        let later = decode(Millis(1))?;
        let times = later.batch.iter().map(|sample| sample.at);
        let times: HashMap<usize, Millis> = later.positions.into_iter().zip(times).collect();
        let mut timed = Batch::default();
        for (sample, index) in batch.iter().zip(read.positions) {
            if times.get(&index) == Some(&sample.at) {
                timed.add(&sample.key, sample.at, sample.value);
            } else {
                let reason = RejectReason::Timestamp(TIMELESS.to_owned());
                rejects.push((index, Some(sample.name().into_owned()), reason));
            }
        }
        batch = timed;
        rejects.sort_by_key(|(index, ..)| *index);
    }
    let rejects = rejects.into_iter();
    let rejects = rejects.map(|(_, name, reason)| (name, reason)).collect();
    Ok(Samples { batch, rejects })
}

/// The text of an error that speaks of a body, for a line.
fn line_error(error: &json::BodyError) -> String {
    match error {
        json::BodyError::Syntax { column, what, .. } => {
            format!("the line is no sample in JSON: {what} at column {column}")
        }
        error => error.to_string().replacen("the body", "the line", 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::name::SeriesName;
    use proptest::prelude::*;

    #[test]
    fn invalid_lines_are_rejected_with_a_reason() {
        for (text, expected) in [
            ("[1", "the line is no sample in JSON: "),
            ("{\"a\u{1}", "the line is no sample in JSON: "),
            ("x", "expected `[` or `{`"),
        ] {
            let (_, reason) = line(text.as_bytes(), Names::default()).unwrap_err();
            assert!(reason.to_string().contains(expected), "{text}: {reason}");
        }
        for (text, expected) in [
            ("{\"name\":\"a\"}", "the item has no `value`"),
            ("{\"name\":\"a\",\"value\":1}", "the line has no time"),
        ] {
            let read = line(text.as_bytes(), Names::default()).unwrap();
            assert!(read.batch.is_empty(), "{text}");
            let [(_, reason)] = read.rejects.as_slice() else {
                panic!("{text}: {:?}", read.rejects);
            };
            assert!(reason.to_string().contains(expected), "{text}: {reason}");
        }
        let blank = line(b" \r", Names::default()).unwrap();
        assert!(blank.batch.is_empty() && blank.rejects.is_empty());
    }

    #[test]
    fn an_item_that_is_none_costs_no_other() {
        let text = r#"[{"name":"a","value":1,"timestamp":1},{"name":"b","value":2},7,
            {"name":"c","value":"x","timestamp":2},{"name":"d","value":3,"timestamp":"-5min"},
            {"name":"e","value":4,"timestamp":0},{"name":"f","value":5,"timestamp":3}]"#;
        let text = text.replace('\n', "");
        let read = line(text.as_bytes(), Names::default()).unwrap();
        let samples = read.batch.iter();
        let samples: Vec<_> = samples
            .map(|sample| (sample.name().into_owned(), sample.at.0, sample.value))
            .collect();
        let expected = [("a", 1000, 1.0), ("e", 0, 4.0), ("f", 3000, 5.0)];
        let expected = expected.map(|(name, at, value)| (name.to_owned(), at, value));
        assert_eq!(samples, expected);
        let rejects: Vec<_> = read
            .rejects
            .iter()
            .map(|(name, reason)| (name.as_deref(), reason.code()))
            .collect();
        assert_eq!(
            rejects,
            [
                (Some("b"), "timestamp"),
                (None, "malformed"),
                (Some("c"), "value"),
                (Some("d"), "timestamp")
            ]
        );
    }

    proptest! {
        #[test]
        fn encoding_round_trips(
            name in "[a-z]{1,3}(\\.[a-zé]{1,3}){0,2}(;t=[a-z\"]{1,3})?",
            at in 0_i64..253_402_300_799_999,
            value in any::<f64>().prop_filter("finite", |value| value.is_finite()),
        ) {
            prop_assume!(SeriesName::parse(&name).is_ok());
            let mut out = Vec::new();
            write(&mut out, &serde_json::to_string(&name).unwrap(), Millis(at), value);
            let read = line(&out, Names::default()).unwrap();
            let sample = read.batch.iter().next().unwrap();
            prop_assert_eq!((&*sample.name(), sample.at, sample.value.to_bits()), (&*name, Millis(at), value.to_bits()));
        }
    }
}
