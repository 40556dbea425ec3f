//! Where samples come from: the command line, a file or standard input, in one of three formats.

use crate::error::Failure;
use base::name::SeriesName;
use base::time::{Clock as _, SystemClock};
use jiff::tz::TimeZone;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use wire::ingest::{LineReject, Lines, csv, json, plaintext};

/// Read at once.
const CHUNK_BYTES: usize = 256 << 10;
/// A JSON text is read as a whole; CSV and Graphite lines are not.
const JSON_BYTES_MAX: u64 = 256 << 20;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// By the name's ending, else by the first characters
    #[default]
    Auto,
    /// An array of `{"name", "value", "timestamp"}`
    Json,
    /// A header line, then one sample per row
    Csv,
    /// Lines of `name value [timestamp]`
    Graphite,
}

/// What the places of an input count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Argument,
    Line,
    Item,
}

impl Unit {
    /// The heading of a column of places.
    pub(crate) const fn heading(self) -> &'static str {
        match self {
            Self::Argument => "Argument",
            Self::Line => "Line",
            Self::Item => "Item",
        }
    }
}

/// Samples in the order they were given, in portions.
pub(crate) struct Input {
    pub(crate) unit: Unit,
    /// Bytes to read, where that is known.
    pub(crate) size: Option<u64>,
    /// Bytes read so far.
    pub(crate) read: u64,
    source: Source,
}

enum Source {
    Arguments(Option<Lines>),
    Json(Option<Box<dyn Read>>),
    Csv(Box<dyn Read>, csv::Decoder),
    Graphite(Box<dyn Read>, plaintext::Decoder),
    Done,
}

impl Input {
    /// `NAME=VALUE[@TIME]` arguments; a wrong one is a wrong command line.
    pub(crate) fn of_arguments(arguments: &[String]) -> Result<Self, Failure> {
        let mut lines = Lines::default();
        for (at, argument) in arguments.iter().enumerate() {
            push_argument(&mut lines, argument, at as u64 + 1)?;
        }
        lines.received = arguments.len() as u64;
        Ok(Self {
            unit: Unit::Argument,
            size: None,
            read: 0,
            source: Source::Arguments(Some(lines)),
        })
    }

    /// A file, or standard input for `-`. `name` is that of all rows of a CSV file without a column of names.
    pub(crate) fn of_file(
        file: &str,
        format: Format,
        columns: csv::Columns,
        name: Option<String>,
    ) -> Result<Self, Failure> {
        let path = Path::new(file);
        let (mut reader, size): (Box<dyn Read>, Option<u64>) = if file == "-" {
            (Box::new(io::stdin()), None)
        } else {
            let opened = File::open(path).map_err(|error| Failure::file("read", path, &error))?;
            let size = opened
                .metadata()
                .ok()
                .filter(std::fs::Metadata::is_file)
                .map(|data| data.len());
            (Box::new(opened), size)
        };
        let format = match format {
            Format::Auto if name.is_some() => Format::Csv,
            Format::Auto => {
                let beginning = chunk(&mut *reader)?;
                let format = recognised(path, &beginning);
                reader = Box::new(io::Cursor::new(beginning).chain(reader));
                format
            }
            named => named,
        };
        let (unit, source) = match format {
            Format::Json => (Unit::Item, Source::Json(Some(reader))),
            Format::Csv => {
                let decoder = match name {
                    Some(name) => csv::Decoder::constant_name(name, columns),
                    None => csv::Decoder::new(columns),
                };
                (Unit::Line, Source::Csv(reader, decoder))
            }
            Format::Graphite | Format::Auto => (
                Unit::Line,
                Source::Graphite(reader, plaintext::Decoder::new()),
            ),
        };
        Ok(Self {
            unit,
            size,
            read: 0,
            source,
        })
    }

    /// The next portion; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Lines>, Failure> {
        let now = SystemClock.now();
        match &mut self.source {
            Source::Done => Ok(None),
            Source::Arguments(lines) => Ok(lines.take()),
            Source::Json(reader) => {
                let Some(reader) = reader.take() else {
                    return Ok(None);
                };
                let mut body = Vec::new();
                reader
                    .take(JSON_BYTES_MAX + 1)
                    .read_to_end(&mut body)
                    .map_err(|error| Failure::failed(format!("cannot read the input: {error}")))?;
                self.read = body.len() as u64;
                decoded(&body).map(Some)
            }
            Source::Csv(reader, decoder) => {
                let chunk = chunk(reader)?;
                self.read += chunk.len() as u64;
                let fed = if chunk.is_empty() {
                    decoder.finish(now)
                } else {
                    decoder.feed(&chunk, now)
                };
                fed.map_err(|error| header_failure(&error))?;
                let lines = decoder.take();
                if chunk.is_empty() {
                    self.source = Source::Done;
                }
                Ok(Some(lines))
            }
            Source::Graphite(reader, decoder) => {
                let chunk = chunk(reader)?;
                self.read += chunk.len() as u64;
                if chunk.is_empty() {
                    decoder.finish(now);
                } else {
                    decoder.feed(&chunk, now);
                }
                let lines = decoder.take();
                if chunk.is_empty() {
                    self.source = Source::Done;
                }
                Ok(Some(lines))
            }
        }
    }
}

/// What is there to read, at most [`CHUNK_BYTES`]; nothing at the end. A pipe gives what was written so far, so that a
/// slow writer's samples need not wait for the fast ones that may never come.
fn chunk(reader: &mut dyn Read) -> Result<Vec<u8>, Failure> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match reader.read(&mut chunk) {
            Ok(length) => {
                chunk.truncate(length);
                return Ok(chunk);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure::failed(format!("cannot read the input: {error}"))),
        }
    }
}

fn header_failure(error: &csv::HeaderError) -> Failure {
    let failure = Failure::failed(format!("the CSV cannot be read: {error}"));
    match error {
        csv::HeaderError::Missing { .. } => failure
            .hint("name the columns with `--name-column`, `--value-column` and `--time-column`")
            .hint("for rows that are all of one series, give its name with `--name NAME`"),
        _ => failure,
    }
}

fn decoded(body: &[u8]) -> Result<Lines, Failure> {
    if body.len() as u64 > JSON_BYTES_MAX {
        return Err(Failure::failed(format!(
            "the JSON is larger than {} MiB",
            JSON_BYTES_MAX >> 20
        ))
        .hint(
            "cut it into several files, or send CSV or Graphite lines, which may be of any length",
        ));
    }
    let decoded = json::decode(without_mark(body), SystemClock.now())
        .map_err(|error| Failure::failed(format!("the JSON cannot be read: {error}")))?;
    Ok(Lines {
        batch: decoded.batch,
        lines: decoded
            .positions
            .into_iter()
            .map(|position| position as u64 + 1)
            .collect(),
        rejects: decoded
            .rejects
            .into_iter()
            .map(|reject| LineReject {
                line: reject.index as u64 + 1,
                name: reject.name,
                reason: reject.reason,
            })
            .collect(),
        received: decoded.received as u64,
    })
}

/// The text without the mark that some editors put before it.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text)
}

/// The format by the file's ending, else by its first line.
fn recognised(path: &Path, beginning: &[u8]) -> Format {
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .map(str::to_ascii_lowercase);
    match ending.as_deref() {
        Some("json") => return Format::Json,
        Some("csv") => return Format::Csv,
        _ => {}
    }
    let first = without_mark(beginning).trim_ascii_start();
    let line = first
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    if matches!(first.first(), Some(b'[' | b'{')) {
        Format::Json
    } else if line.contains(&b',') && !line.starts_with(b"#") {
        Format::Csv
    } else {
        Format::Graphite
    }
}

/// Reads `NAME=VALUE[@TIME]`. The last `=` counts, since tags in a name have some of their own.
fn push_argument(lines: &mut Lines, argument: &str, place: u64) -> Result<(), Failure> {
    let wrong = |what: String| {
        Failure::usage(format!("`{argument}` is no sample: {what}"))
            .hint("a sample is `NAME=VALUE` or `NAME=VALUE@TIME`, for example `shop.orders=17` or `shop.orders=17@-5min`")
    };
    let (name, rest) = argument
        .rsplit_once('=')
        .ok_or_else(|| wrong("it has no `=`".to_owned()))?;
    let (value, time) = match rest.split_once('@') {
        Some((value, time)) => (value, Some(time)),
        None => (rest, None),
    };
    let name = SeriesName::parse(name).map_err(|error| wrong(error.to_string()))?;
    let value: f64 = value
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite())
        .ok_or_else(|| wrong(format!("`{value}` is no number")))?;
    let now = SystemClock.now();
    let at = match time {
        None => now,
        Some("") => return Err(wrong("no time follows the `@`".to_owned())),
        Some(time) => {
            wire::time_expr::lenient::parse(time, now, &TimeZone::UTC)
                .map_err(|error| wrong(error.to_string()))?
                .at
        }
    };
    lines.batch.push(&name, at, value);
    lines.lines.push(place);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::time::Millis;

    fn one(argument: &str) -> Result<(String, f64, Millis), String> {
        let mut lines = Lines::default();
        push_argument(&mut lines, argument, 1).map_err(|failure| failure.message.into_string())?;
        let sample = lines.batch.iter().next().unwrap();
        Ok((sample.name.to_owned(), sample.value, sample.at))
    }

    #[test]
    fn arguments_are_samples() {
        let (name, value, _) = one("shop.orders=17").unwrap();
        assert_eq!((name.as_str(), value), ("shop.orders", 17.0));
        let at = Millis::from_secs(1_519_862_400);
        assert_eq!(
            one("a=-1.5e3@1519862400").unwrap(),
            ("a".to_owned(), -1500.0, at)
        );
        assert_eq!(one("a=1@1519862400.25").unwrap().2, at.plus(250));
        for time in [
            "1519862400000",
            "2018-03-01T00:00:00Z",
            "2018-03-01T01:00:00+01:00",
            "2018-03-01T00:00:00",
            "2018-03-01",
            "20180301",
            "00:00_20180301",
        ] {
            assert_eq!(one(&format!("a=1@{time}")).unwrap().2, at, "{time}");
        }
        assert_eq!(
            one("a.b;host=x=2@1519862400").unwrap(),
            ("a.b;host=x".to_owned(), 2.0, at)
        );
    }

    #[test]
    fn a_wrong_argument_says_why() {
        for wrong in [
            "a",
            "=1",
            "a=",
            "a=x",
            "a=nan",
            "a b=1",
            "a=1@",
            "a=1@whenever",
            "a=1@1.x",
            "a..b=1",
        ] {
            let message = one(wrong).unwrap_err();
            assert!(
                message.starts_with(&format!("`{wrong}` is no sample: ")),
                "{message}"
            );
        }
    }

    #[test]
    fn a_mark_before_json_is_no_matter() {
        let lines = decoded("\u{feff}[{\"name\":\"a.b\",\"value\":1}]".as_bytes()).unwrap();
        assert_eq!((lines.received, lines.batch.len()), (1, 1));
    }

    #[test]
    fn a_format_is_recognised() {
        let format = |path: &str, text: &str| recognised(Path::new(path), text.as_bytes());
        assert_eq!(format("a.json", ""), Format::Json);
        assert_eq!(format("a.CSV", ""), Format::Csv);
        assert_eq!(format("-", "\n  [{\"name\""), Format::Json);
        assert_eq!(format("-", "\u{feff}{\"name\""), Format::Json);
        assert_eq!(format("-", "timestamp,value\n"), Format::Csv);
        assert_eq!(format("-", "shop.orders 17 1519862400\n"), Format::Graphite);
        assert_eq!(format("-", "# a, b\n"), Format::Graphite);
    }
}
