//! Prometheus' text: `name{label="value"} 1.5 [milliseconds]`, as exporters write it into files for others to read.
//!
//! A file is a whole: one line that is none spoils it, because a file that is read while it is written ends anywhere. Labels become
//! labels; what no name may hold becomes `_` in them. Values that are no finite number are counted and left out: a summary without
//! values has `NaN`. Comments, `# TYPE` and `# HELP` among them, are passed over.

use super::prometheus::Sample;
use super::{Names, short_text};
use base::name::SeriesName;
use base::sample::{Batch, RejectReason};
use base::time::Millis;

/// The last millisecond of year 9999.
const LATEST: i64 = 253_402_300_799_999;

/// The name, the value and the time of a line.
type ReadSample = (SeriesName<'static>, f64, Option<Millis>);

/// Stands for what no name may hold.
const REPLACEMENT: char = '_';

/// The contents of a file.
#[derive(Debug, Clone, Default)]
pub struct Exposition {
    /// The samples.
    pub batch: Batch,
    /// How many lines had no finite number.
    pub not_finite: u64,
}

/// Why a file holds nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ExpositionError {
    /// The number of the first line that is none.
    pub line: u64,
    /// The reason.
    pub reason: RejectReason,
}

/// Reads a file. A sample without a time is of `now`; one without the label `added` has it, for example `("instance", "web1")`.
///
/// # Errors
/// [`ExpositionError`]: a line is no sample, or there are more than `samples_max`.
pub fn read(
    bytes: &[u8],
    now: Millis,
    added: (&str, &str),
    samples_max: usize,
) -> Result<Exposition, ExpositionError> {
    let mut found = Exposition::default();
    let mut line = 0;
    let wrong = |line, reason| Err(ExpositionError { line, reason });
    let mut rest = bytes;
    while !rest.is_empty() {
        line += 1;
        let Some(end) = memchr::memchr(b'\n', rest) else {
            return wrong(line, malformed("the file ends before the line does"));
        };
        let (bytes, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        let Ok(text) = std::str::from_utf8(bytes) else {
            return wrong(line, malformed("the line is not UTF-8"));
        };
        match sample(text, added) {
            Ok(None) => {}
            Ok(Some(_)) if found.batch.len() >= samples_max => {
                let reason = format!("the file holds more than {samples_max} samples");
                return wrong(line, RejectReason::Malformed(reason));
            }
            Ok(Some((series, value, at))) if value.is_finite() => {
                found.batch.push(&series, at.unwrap_or(now), value);
            }
            Ok(Some(_)) => found.not_finite += 1,
            Err(reason) => return wrong(line, reason),
        }
    }
    Ok(found)
}

fn malformed(what: &str) -> RejectReason {
    RejectReason::Malformed(what.to_owned())
}

/// Reads a line; `None` where it is blank or a comment.
fn sample(text: &str, added: (&str, &str)) -> Result<Option<ReadSample>, RejectReason> {
    let Some(sample) = Sample::read(text)? else {
        return Ok(None);
    };
    // What an exporter is writing at this moment is no name that it would write.
    if !sample.has_plain_names() {
        let what =
            "the names of the metric and of its labels hold more than letters, digits, `_` and `:`";
        return Err(malformed(what));
    }
    let (value, time) = sample.value_and_time()?;
    let at = time.map(millis).transpose()?;
    let names = Names::replacing(REPLACEMENT).unwrap_or_default();
    Ok(Some((sample.name(Some(added), names)?, value, at)))
}

/// Milliseconds since 1970.
fn millis(text: &str) -> Result<Millis, RejectReason> {
    let at = text.parse::<i64>().ok();
    let at = at.filter(|at| (0..=LATEST).contains(at));
    at.map(Millis).ok_or_else(|| {
        RejectReason::Timestamp(format!(
            "the timestamp `{}` is not a number of milliseconds since 1970",
            short_text::short(text)
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Millis = Millis(1_700_000_000_123);

    fn samples_of(text: &str) -> Result<Vec<(String, i64, f64)>, String> {
        let found = read(text.as_bytes(), NOW, ("instance", "web1"), 10);
        let found = found.map_err(|error| error.to_string())?;
        let samples = found.batch.iter();
        Ok(samples
            .map(|sample| (sample.name().into_owned(), sample.at.0, sample.value))
            .collect())
    }

    #[test]
    fn what_exporters_write_is_read() {
        let text = "# HELP backup_bytes How much.\n# TYPE backup_bytes gauge\nbackup_bytes 1.5e3\n\n\
            http_requests_total{method=\"post\",code=\"200\",} 1027 1395066363000\n\
            disk_free_bytes { path = \"C:\\\\DIR\\\\\" , label=\"a b;c\" , none=\"\" }\t3\r\n\
            up{instance=\"other\"} 1\nrpc:seconds_bucket{le=\"+Inf\"} 2\n";
        assert_eq!(
            samples_of(text).unwrap(),
            [
                ("backup_bytes;instance=web1".to_owned(), NOW.0, 1500.0),
                (
                    "http_requests_total;code=200;instance=web1;method=post".to_owned(),
                    1_395_066_363_000,
                    1027.0
                ),
                (
                    "disk_free_bytes;instance=web1;label=a_b_c;path=C:_DIR_".to_owned(),
                    NOW.0,
                    3.0
                ),
                ("up;instance=other".to_owned(), NOW.0, 1.0),
                (
                    "rpc:seconds_bucket;instance=web1;le=+Inf".to_owned(),
                    NOW.0,
                    2.0
                ),
            ]
        );
    }

    #[test]
    fn what_is_no_finite_number_is_counted() {
        let text = b"a NaN\nb +Inf\nc -Inf\nd 1\n";
        let found = read(text, NOW, ("instance", "h"), 10).unwrap();
        assert_eq!((found.batch.len(), found.not_finite), (1, 3));
    }

    #[test]
    fn one_line_that_is_none_spoils_the_file() {
        for (line, what) in [
            ("b 1", "the file ends before the line does"),
            ("b\n", "no value"),
            ("b x\n", "`x` is not a number"),
            ("b 1 soon\n", "`soon` is not a number of milliseconds"),
            ("b 1 1395066363000 3\n", "goes on after"),
            ("1b 1\n", "the name of a metric"),
            ("b.c 1\n", "more than letters"),
            ("{\"b c\"} 1\n", "more than letters"),
            ("b{c} 1\n", "a label has no value"),
            ("b{c=d} 1\n", "not in quotes"),
            ("b{c=\"d} 1\n", "a text in quotes has no end"),
            ("b{c=\"\\d\"} 1\n", "means nothing"),
            ("b{c=\"d\" e=\"f\"} 1\n", "the labels have no end"),
            ("b{c=\"d\",c=\"e\"} 1\n", "tag `c` twice"),
            ("b{\n", "the labels have no end"),
        ] {
            let error = samples_of(&format!("a 1\n{line}")).unwrap_err();
            assert!(error.starts_with("line 2: "), "{line}: {error}");
            assert!(error.contains(what), "{line}: {error}");
        }
        let many = "a 1\n".repeat(11);
        assert!(
            samples_of(&many)
                .unwrap_err()
                .contains("more than 10 samples")
        );
        assert_eq!(samples_of("").unwrap(), []);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[ab1{}=\",\\\\ \n#.;é]{0,60}") {
            if let Ok(found) = read(text.as_bytes(), NOW, ("instance", "h"), 5) {
                prop_assert!(found.batch.len() <= 5);
            }
        }
    }
}
