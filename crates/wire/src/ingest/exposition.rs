//! Prometheus' text: `name{label="value"} 1.5 [milliseconds]`, as exporters write it into files for others to read.
//!
//! A file is a whole: one line that is none spoils it, because a file that is read while it is written ends anywhere. Labels become
//! labels; what no name may hold becomes `_` in them. Values that are no finite number are counted and left out: a summary without
//! values has `NaN`. Comments, `# TYPE` and `# HELP` among them, are passed over.

use crate::ingest::cut;
use base::name::{SeriesName, allowed};
use base::sample::{Batch, RejectReason};
use base::time::Millis;

/// The last millisecond of year 9999.
const LATEST: i64 = 253_402_300_799_999;

/// Stands for what no name may hold.
const REPLACEMENT: char = '_';

/// What a file holds.
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
    /// What is wrong with it.
    pub reason: RejectReason,
}

/// Reads a file. A sample without a time is of `now`; one without the label `own` has it, for example `("instance", "web1")`.
///
/// # Errors
/// [`ExpositionError`]: a line is no sample, or there are more than `samples_max`.
pub fn read(
    bytes: &[u8],
    now: Millis,
    own: (&str, &str),
    samples_max: usize,
) -> Result<Exposition, ExpositionError> {
    let mut found = Exposition::default();
    let (mut name, mut line) = (String::new(), 0);
    let wrong = |line, reason| Err(ExpositionError { line, reason });
    let mut rest = bytes;
    while !rest.is_empty() {
        line += 1;
        let Some(end) = memchr::memchr(b'\n', rest) else {
            return wrong(line, malformed("the file ends before the line does"));
        };
        let (bytes, behind) = rest.split_at(end);
        rest = behind.get(1..).unwrap_or_default();
        let Ok(text) = std::str::from_utf8(bytes) else {
            return wrong(line, malformed("the line is not UTF-8"));
        };
        let text = text.trim_matches([' ', '\t', '\r']);
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if found.batch.len() >= samples_max {
            let reason = format!("the file holds more than {samples_max} samples");
            return wrong(line, RejectReason::Malformed(reason));
        }
        match sample(text, own, &mut name) {
            Ok((series, value, at)) if value.is_finite() => {
                found.batch.push(&series, at.unwrap_or(now), value);
            }
            Ok(_) => found.not_finite += 1,
            Err(reason) => return wrong(line, reason),
        }
    }
    Ok(found)
}

fn malformed(what: &str) -> RejectReason {
    RejectReason::Malformed(what.to_owned())
}

/// Reads a line, whose name is written to `name`.
fn sample<'n>(
    text: &str,
    own: (&str, &str),
    name: &'n mut String,
) -> Result<(SeriesName<'n>, f64, Option<Millis>), RejectReason> {
    name.clear();
    let end = text.find(|own| !is_of_name(own)).unwrap_or(text.len());
    let (metric, rest) = text.split_at(end);
    if metric.is_empty() || metric.starts_with(|own: char| own.is_ascii_digit()) {
        return Err(malformed("the line begins with no name of a metric"));
    }
    name.push_str(metric);
    let rest = rest.trim_start_matches([' ', '\t']);
    let (rest, has_own) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest, own.0, name)?,
        None => (rest, false),
    };
    if !has_own {
        push(name, own.0, own.1);
    }
    let mut fields = rest.split([' ', '\t']).filter(|field| !field.is_empty());
    let value = fields
        .next()
        .ok_or_else(|| malformed("the line has no value"))?;
    let number = fast_float2::parse::<f64, _>(value).map_err(|_| {
        RejectReason::Value(format!("the value `{}` is not a number", cut::short(value)))
    })?;
    let at = fields.next().map(time).transpose()?;
    if fields.next().is_some() {
        return Err(malformed("something follows the time"));
    }
    Ok((SeriesName::parse(name)?, number, at))
}

/// Milliseconds since 1970.
fn time(text: &str) -> Result<Millis, RejectReason> {
    let at = text.parse::<i64>().ok();
    let at = at.filter(|at| (0..=LATEST).contains(at));
    at.map(Millis).ok_or_else(|| {
        RejectReason::Timestamp(format!(
            "the timestamp `{}` is not a number of milliseconds since 1970",
            cut::short(text)
        ))
    })
}

/// Reads labels up to the `}` and adds them to the name. Returns what follows, and whether one has this name.
fn labels<'t>(
    text: &'t str,
    own: &str,
    name: &mut String,
) -> Result<(&'t str, bool), RejectReason> {
    let blanks = [' ', '\t'];
    let (mut rest, mut has_own) = (text.trim_start_matches(blanks), false);
    loop {
        if let Some(behind) = rest.strip_prefix('}') {
            return Ok((behind, has_own));
        }
        let end = rest.find(|own| !is_of_name(own)).unwrap_or(rest.len());
        let (label, behind) = rest.split_at(end);
        let behind = behind.trim_start_matches(blanks).strip_prefix('=');
        let behind = behind.and_then(|behind| behind.trim_start_matches(blanks).strip_prefix('"'));
        let (false, Some(quoted)) = (label.is_empty(), behind) else {
            return Err(malformed("a label is not of the form `name=\"value\"`"));
        };
        let (value, behind) = unquoted(quoted)?;
        push(name, label, &value);
        has_own |= label == own;
        rest = behind.trim_start_matches(blanks);
        match rest.strip_prefix(',') {
            Some(behind) => rest = behind.trim_start_matches(blanks),
            None if rest.starts_with('}') => {}
            None => return Err(malformed("labels that are not parted by commas")),
        }
    }
}

/// The value up to the quotes behind it, and what follows them.
fn unquoted(text: &str) -> Result<(String, &str), RejectReason> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, text.get(at + 1..).unwrap_or_default())),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, meant @ ('\\' | '"'))) => value.push(meant),
                _ => return Err(malformed("a `\\` in a label that means nothing")),
            },
            _ => value.push(character),
        }
    }
    Err(malformed("the quotes of a label do not end"))
}

/// Adds a label; one without a value is none.
fn push(name: &mut String, label: &str, value: &str) {
    if value.is_empty() {
        return;
    }
    name.push(';');
    name.push_str(label);
    name.push('=');
    let is_kept = |character: char| allowed(character) && character != ';';
    name.extend(
        value
            .chars()
            .map(|own| if is_kept(own) { own } else { REPLACEMENT }),
    );
}

/// Of the names of metrics, and but for the colon of labels'.
const fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | ':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Millis = Millis(1_700_000_000_123);

    fn told(text: &str) -> Result<Vec<(String, i64, f64)>, String> {
        let found = read(text.as_bytes(), NOW, ("instance", "web1"), 10);
        let found = found.map_err(|error| error.to_string())?;
        let samples = found.batch.iter();
        Ok(samples
            .map(|own| (own.name().into_owned(), own.at.0, own.value))
            .collect())
    }

    #[test]
    fn what_exporters_write_is_read() {
        let text = "# HELP backup_bytes How much.\n# TYPE backup_bytes gauge\nbackup_bytes 1.5e3\n\n\
            http_requests_total{method=\"post\",code=\"200\",} 1027 1395066363000\n\
            disk_free_bytes { path = \"C:\\\\DIR\\\\\" , label=\"a b;c\" , none=\"\" }\t3\r\n\
            up{instance=\"other\"} 1\nrpc:seconds_bucket{le=\"+Inf\"} 2\n";
        assert_eq!(
            told(text).unwrap(),
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
            ("b 1 1395066363000 3\n", "something follows"),
            ("1b 1\n", "no name of a metric"),
            ("b{c} 1\n", "`name=\"value\"`"),
            ("b{c=\"d} 1\n", "do not end"),
            ("b{c=\"\\d\"} 1\n", "means nothing"),
            ("b{c=\"d\" e=\"f\"} 1\n", "commas"),
            ("b{c=\"d\",c=\"e\"} 1\n", "tag `c` twice"),
            ("b{\n", "`name=\"value\"`"),
        ] {
            let error = told(&format!("a 1\n{line}")).unwrap_err();
            assert!(error.starts_with("line 2: "), "{line}: {error}");
            assert!(error.contains(what), "{line}: {error}");
        }
        let many = "a 1\n".repeat(11);
        assert!(told(&many).unwrap_err().contains("more than 10 samples"));
        assert_eq!(told("").unwrap(), []);
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
