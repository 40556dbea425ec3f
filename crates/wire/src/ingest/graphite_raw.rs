//! Graphite's `format=raw`: a series in each line, `name,start,end,step|value,value,…`, with `None` in an empty slot.
//!
//! Start, end and step are in seconds; the values follow each other by the step from the start on. A name may hold commas (as of a
//! function with several arguments) and `|`.

use crate::ingest::line::{Line, Splitter};
use crate::ingest::{LineReject, Lines, Names, is_number, short_text, timestamp, value};
use base::name::SeriesName;
use base::sample::RejectReason;
use base::time::Millis;

/// The longest line, in bytes: a year of minutes, of fifteen digits each.
pub const LINE_BYTES_MAX: usize = 8 << 20;

/// Takes chunks of a stream and makes samples of its lines.
#[derive(Debug)]
pub struct Decoder {
    splitter: Splitter,
    names: Names,
    ready: Lines,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            splitter: Splitter::new(LINE_BYTES_MAX),
            names: Names::default(),
            ready: Lines::default(),
        }
    }
}

impl Decoder {
    /// Reads names by this rule.
    #[must_use]
    pub fn with_names(self, names: Names) -> Self {
        Self { names, ..self }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, chunk: &[u8]) {
        let (ready, names) = (&mut self.ready, self.names);
        self.splitter
            .feed(chunk, |number, line| take(ready, number, &line, names));
    }

    /// The stream has ended; a last line without its end counts.
    pub fn finish(&mut self) {
        let (ready, names) = (&mut self.ready, self.names);
        self.splitter
            .finish(|number, line| take(ready, number, &line, names));
    }

    /// The stream broke off: a last line without its end is no sample, and `why` says so.
    pub fn abandon(&mut self, why: String) {
        if let Some(line) = self.splitter.unfinished() {
            reject(&mut self.ready, line, None, RejectReason::Malformed(why));
        }
    }

    /// Hands out what is ready.
    pub fn take(&mut self) -> Lines {
        std::mem::take(&mut self.ready)
    }
}

/// Whether a line has this form, as far as its values tell it.
#[must_use]
pub fn is_raw(line: &str) -> bool {
    let whole = |text: &str| text.trim().parse::<i64>().is_ok();
    parts(line).is_some_and(|parts| whole(parts.start) && whole(parts.end) && whole(parts.step))
}

/// The fields of a line.
struct Parts<'t> {
    name: &'t str,
    start: &'t str,
    end: &'t str,
    step: &'t str,
    values: &'t str,
}

fn parts(line: &str) -> Option<Parts<'_>> {
    let (head, values) = line.rsplit_once('|')?;
    let mut fields = head.rsplitn(4, ',');
    let (step, end, start, name) = (
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
    );
    Some(Parts {
        name,
        start,
        end,
        step,
        values,
    })
}

fn take(ready: &mut Lines, number: u64, line: &Line<'_>, names: Names) {
    let bytes = match line {
        Line::TooLong => {
            let why =
                format!("the line has more than {LINE_BYTES_MAX} bytes: ask for a shorter time");
            return reject(ready, number, None, RejectReason::Malformed(why));
        }
        Line::Whole(bytes) => bytes,
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').trim(),
        Err(error) => {
            let at = error.valid_up_to();
            let why = format!("the line is not UTF-8 at offset {at}");
            return reject(ready, number, None, RejectReason::Malformed(why));
        }
    };
    if text.is_empty() {
        return;
    }
    let Some(parts) = parts(text) else {
        let why = "expected `name,start,end,step|value,value`".to_owned();
        return reject(ready, number, None, RejectReason::Malformed(why));
    };
    match series(&parts, names) {
        Ok((name, start, step_ms)) => {
            samples(ready, number, &parts, (&name, start, step_ms), names);
        }
        Err(reason) => reject(ready, number, Some(parts.name), reason),
    }
}

/// Name, first time and distance in milliseconds.
fn series<'t>(
    parts: &Parts<'t>,
    names: Names,
) -> Result<(SeriesName<'t>, Millis, i64), RejectReason> {
    if is_number(parts.name) {
        return Err(RejectReason::Malformed(format!(
            "the name `{}` is a number, so the name may be missing",
            short_text::short(parts.name)
        )));
    }
    let name = names.read(parts.name)?;
    let start = timestamp(parts.start.trim())?;
    let step: u32 = parts
        .step
        .trim()
        .parse()
        .ok()
        .filter(|step| *step > 0)
        .ok_or_else(|| {
            RejectReason::Malformed(format!(
                "the step `{}` is not a number of seconds",
                short_text::short(parts.step)
            ))
        })?;
    Ok((name, start, i64::from(step) * 1000))
}

/// The samples of the slots that have a value. Behind one that is no number nothing is read, so that a line has one reject.
fn samples(
    ready: &mut Lines,
    number: u64,
    parts: &Parts<'_>,
    (name, start, step_ms): (&SeriesName<'_>, Millis, i64),
    names: Names,
) {
    let is_renamed = u64::from(names.changes(parts.name));
    for (slot, text) in (0_i64..).zip(parts.values.split(',')) {
        let text = text.trim();
        if matches!(text, "" | "None" | "null") {
            continue;
        }
        let at = slot
            .checked_mul(step_ms)
            .and_then(|later| start.0.checked_add(later));
        let read = value(text).and_then(|value| match at {
            Some(at) => Ok((Millis(at), value)),
            None => Err(RejectReason::Timestamp(
                "its time lies beyond all times".to_owned(),
            )),
        });
        match read {
            Ok((at, value)) => {
                ready.received += 1;
                ready.renamed += is_renamed;
                ready.push(name, at.into(), value, number);
            }
            Err(reason) => return reject(ready, number, Some(parts.name), reason),
        }
    }
}

fn reject(ready: &mut Lines, line: u64, name: Option<&str>, reason: RejectReason) {
    ready.received += 1;
    ready.rejects.push(LineReject {
        line,
        name: name.map(short_text::name),
        reason,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(text: &[u8], chunk_bytes: usize, names: Names) -> Lines {
        let mut decoder = Decoder::default().with_names(names);
        for chunk in text.chunks(chunk_bytes) {
            decoder.feed(chunk);
        }
        decoder.finish();
        decoder.take()
    }

    fn samples(lines: &Lines) -> Vec<(String, i64, f64)> {
        let samples = lines.batch.iter();
        samples
            .map(|sample| (sample.name().into_owned(), sample.at.0, sample.value))
            .collect()
    }

    #[test]
    fn the_slots_of_a_line_are_samples() {
        let text = "\u{feff}a.b,1519862400,1519862580,60|1.5,None,-2e3\r\n\ndisk.|mnt|x,1519862400,1519862460,60|7\nempty,0,0,60|\n";
        for chunk_bytes in [1, 7, 1 << 20] {
            let lines = decode(text.as_bytes(), chunk_bytes, Names::default());
            assert_eq!(lines.rejects, []);
            assert_eq!(
                samples(&lines),
                [
                    ("a.b".to_owned(), 1_519_862_400_000, 1.5),
                    ("a.b".to_owned(), 1_519_862_520_000, -2000.0),
                    ("disk.|mnt|x".to_owned(), 1_519_862_400_000, 7.0),
                ]
            );
            assert_eq!(lines.lines, [1, 1, 3]);
            assert_eq!(lines.received, 3);
        }
    }

    #[test]
    fn what_is_wrong_in_a_line_is_told_once() {
        let text = "a,1519862400,1519862460,60|x,y,z\nb\nf(a,b),1519862400,1519862460,60|1\nc,1519862400,1519862460,0|1\nd,-5,0,60|1\n17,1519862400,1519862460,60|1\nok,1519862400,1519862460,60|1,x\n";
        let lines = decode(text.as_bytes(), 1 << 20, Names::default());
        let rejects: Vec<_> = lines
            .rejects
            .iter()
            .map(|reject| (reject.line, reject.name.as_deref(), reject.reason.code()))
            .collect();
        assert_eq!(
            rejects,
            [
                (1, Some("a"), "value"),
                (2, None, "malformed"),
                (3, Some("f(a,b)"), "name"),
                (4, Some("c"), "malformed"),
                (5, Some("d"), "timestamp"),
                (6, Some("17"), "malformed"),
                (7, Some("ok"), "value"),
            ]
        );
        assert_eq!(lines.received, 8);
        let renamed = decode(
            b"f(a,b),1519862400,1519862460,60|1\n",
            99,
            Names::replacing('_').unwrap(),
        );
        assert_eq!(samples(&renamed)[0].0, "f_a_b_");
        assert_eq!(renamed.renamed, 1);
    }

    #[test]
    fn its_form_is_told_from_others() {
        assert!(is_raw("a.b,1519862400,1519862580,60|1.5,None"));
        assert!(is_raw("f(a,b),0,60,60|"));
        for other in [
            "a.b|c 1 1519862400",
            "name,value,time",
            "a,b,c,d|1",
            "Time;a|b",
            "",
        ] {
            assert!(!is_raw(other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, chunk_bytes in 1_usize..10) {
            let lines = decode(&bytes, chunk_bytes, Names::default());
            prop_assert_eq!(lines.received, (lines.batch.len() + lines.rejects.len()) as u64);
        }

        #[test]
        fn chunks_do_not_matter(text in "[a,|0-9\n]{0,60}", chunk_bytes in 1_usize..10) {
            let key = |lines: Lines| (samples(&lines), lines.lines, lines.rejects, lines.received);
            prop_assert_eq!(
                key(decode(text.as_bytes(), chunk_bytes, Names::default())),
                key(decode(text.as_bytes(), 1 << 20, Names::default()))
            );
        }
    }
}
