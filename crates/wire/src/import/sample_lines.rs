//! A sample in each line, as an export writes it: `{"name":"a.b;host=x","value":1.5,"timestamp":1700000000.25}`.

use crate::ingest::encode::write_numbers;
use crate::ingest::{Names, json};
use base::sample::{Batch, RejectReason};
use base::time::Millis;

/// The longest line, in bytes.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// Writes the line of a sample, of which `name` is the name as JSON has it; [`line()`] and a body of `POST /v1/metrics` read it back
/// to the bit.
pub fn write(out: &mut Vec<u8>, name: &str, at: Millis, value: f64) {
    out.extend_from_slice(b"{\"name\":");
    out.extend_from_slice(name.as_bytes());
    write_numbers(out, value, at);
    out.push(b'\n');
}

/// Reads a line, without its end: the samples of it, of which there is one unless the line is blank or an array.
///
/// # Errors
/// What is wrong with it, with the name where it has a readable one.
pub fn line(text: &[u8], names: Names) -> Result<Batch, (Option<String>, RejectReason)> {
    if text.trim_ascii().is_empty() {
        return Ok(Batch::default());
    }
    let read = json::decode_with(text, Millis(0).into(), names)
        .map_err(|error| (None, RejectReason::Malformed(told(&error))))?;
    if let Some(reject) = read.rejects.into_iter().next() {
        return Err((reject.name, reject.reason));
    }
    if read.stamped > 0 {
        let what = "the line has no time: old samples are imported with their times";
        let name = read
            .batch
            .iter()
            .next()
            .map(|sample| sample.name().into_owned());
        return Err((name, RejectReason::Timestamp(what.to_owned())));
    }
    Ok(read.batch)
}

/// What is wrong with a line, of which the error speaks as of a body.
fn told(error: &json::BodyError) -> String {
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
        for (text, told) in [
            ("{\"name\":\"a\"}", "the item has no `value`"),
            ("{\"name\":\"a\",\"value\":1}", "the line has no time"),
            ("[1", "the line is no sample in JSON: "),
            ("{\"a\u{1}", "the line is no sample in JSON: "),
            ("x", "expected `[` or `{`"),
        ] {
            let (_, reason) = line(text.as_bytes(), Names::default()).unwrap_err();
            assert!(reason.to_string().contains(told), "{text}: {reason}");
        }
        assert!(line(b" \r", Names::default()).unwrap().is_empty());
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
            let own = read.iter().next().unwrap();
            prop_assert_eq!((&*own.name(), own.at, own.value.to_bits()), (&*name, Millis(at), value.to_bits()));
        }
    }
}
