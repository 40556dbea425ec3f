//! The input of samples: the command line, a file or standard input, in one of five formats, with or without gzip.

use super::first_line::first_line;
use super::json_input::decoded;
use super::pipe::{Pipe, PipeEvent, unreadable};
use super::recognise::recognised;
use super::replaces::REPLACES;
use super::server_clock::ServerClock;
use super::stop::StopFlag;
use super::unit::Unit;
use crate::error::Failure;
use crate::printable_text::escaped;
use base::name::{NameError, redact_api_keys};
use base::time::{Clock as _, SystemClock};
use jiff::tz::TimeZone;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use wire::ingest::{
    DefaultTimes, Lines, Names, Now, csv, graphite_raw, influx, moment_in, plaintext,
};

pub(crate) use super::input_format::Format;

/// The maximum size of JSON input, which is read as a whole; CSV and Graphite lines are streamed.
const JSON_BYTES_MAX: usize = 256 << 20;

/// Samples in the order of the input, in portions.
pub(crate) struct Input {
    pub(crate) unit: Unit,
    /// The size of the input in bytes, if known.
    pub(crate) size: Option<u64>,
    /// Bytes read so far, packed as they are.
    pub(crate) read: u64,
    source: Source,
}

enum Source {
    /// With the time zone, and how names are read.
    Arguments(Vec<String>, TimeZone, Names),
    Stream(Box<Stream>),
    Done,
}

struct Stream {
    /// The file; `-` is standard input.
    named: String,
    pipe: Pipe,
    /// Read already, to detect the format.
    first: VecDeque<PipeEvent>,
    decoder: Decoder,
}

enum Decoder {
    Json(Vec<u8>, Names),
    Csv(Box<csv::Decoder>),
    Graphite(Box<plaintext::Decoder>),
    Influx(Box<influx::Decoder>),
    Raw(Box<graphite_raw::Decoder>),
}

/// The next portion of an input.
#[derive(Debug)]
pub(crate) enum InputEvent {
    /// Samples, and invalid lines.
    Lines(Lines),
    /// No input within the time limit.
    TimedOut,
    /// A signal ended the input, after these last lines.
    Stopped(&'static str, Lines),
    /// The end of the input.
    End,
}

impl Input {
    /// `NAME=VALUE[@TIME]` arguments; a wrong one is a wrong command line, of which nothing is done.
    pub(crate) fn of_arguments(
        arguments: &[String],
        zone: TimeZone,
        names: Names,
    ) -> Result<Self, Failure> {
        for (at, argument) in arguments.iter().enumerate() {
            let now = SystemClock.now().into();
            let (lines, stamps) = (&mut Lines::default(), &mut DefaultTimes::default());
            push_argument(lines, stamps, argument, at as u64 + 1, (&zone, names), now)
                .map_err(nothing_sent)?;
        }
        Ok(Self {
            unit: Unit::Argument,
            size: None,
            read: 0,
            source: Source::Arguments(arguments.to_vec(), zone, names),
        })
    }

    /// A file, or standard input for `-`. `csv` reads it if it is CSV, which `is_csv` says whatever its first line.
    pub(crate) fn of_file(
        file: &str,
        format: Format,
        csv: csv::Decoder,
        is_csv: bool,
        names: Names,
    ) -> Result<Self, Failure> {
        let path = Path::new(file);
        let (reader, size): (Box<dyn Read + Send>, Option<u64>) = if file == "-" {
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
        let pipe = Pipe::start(reader).map_err(|error| unreadable(file, &error))?;
        let mut first = VecDeque::new();
        let format = match format {
            Format::Auto if is_csv => Format::Csv,
            Format::Auto => {
                first = first_line(&pipe);
                let text = match first.front() {
                    Some(PipeEvent::Bytes(bytes, _)) => bytes.as_slice(),
                    _ => &[],
                };
                recognised(path, text)?
            }
            named => named,
        };
        let (unit, decoder) = match format {
            Format::Json => (Unit::Item, Decoder::Json(Vec::new(), names)),
            Format::Csv => (Unit::Line, Decoder::Csv(Box::new(csv))),
            Format::Influx => (Unit::Line, Decoder::Influx(Box::default())),
            Format::Raw => {
                let decoder = graphite_raw::Decoder::default().with_names(names);
                (Unit::Line, Decoder::Raw(Box::new(decoder)))
            }
            Format::Graphite | Format::Auto => {
                let decoder = plaintext::Decoder::new(plaintext::Times::Any);
                (
                    Unit::Line,
                    Decoder::Graphite(Box::new(decoder.with_names(names))),
                )
            }
        };
        Ok(Self {
            unit,
            size,
            read: 0,
            source: Source::Stream(Box::new(Stream {
                named: file.to_owned(),
                pipe,
                first,
                decoder,
            })),
        })
    }

    /// The flag that a signal sets; for arguments there is none.
    pub(crate) fn stop(&self) -> Option<Arc<StopFlag>> {
        match &self.source {
            Source::Stream(stream) => Some(Arc::clone(stream.pipe.stop())),
            Source::Arguments(..) | Source::Done => None,
        }
    }

    /// Waits for the next portion, with an optional time limit.
    pub(crate) fn next(
        &mut self,
        limit: Option<Duration>,
        clock: &ServerClock<'_>,
    ) -> Result<InputEvent, Failure> {
        let by = |here| clock.by_server(here);
        let now = || Now::corrected_by(SystemClock.now(), &by);
        match std::mem::replace(&mut self.source, Source::Done) {
            Source::Done => Ok(InputEvent::End),
            Source::Arguments(arguments, zone, names) => {
                let (mut lines, mut stamps) = (Lines::default(), DefaultTimes::default());
                for (at, argument) in arguments.iter().enumerate() {
                    push_argument(
                        &mut lines,
                        &mut stamps,
                        argument,
                        at as u64 + 1,
                        (&zone, names),
                        now(),
                    )?;
                }
                lines.received = arguments.len() as u64;
                Ok(InputEvent::Lines(lines))
            }
            Source::Stream(mut stream) => {
                let first = stream.first.pop_front();
                let piece = first.unwrap_or_else(|| stream.pipe.next(limit));
                let decoder = &mut stream.decoder;
                let portion = match piece {
                    PipeEvent::TimedOut => InputEvent::TimedOut,
                    PipeEvent::Bytes(bytes, read_at) => {
                        self.read = stream.pipe.read();
                        InputEvent::Lines(decoder.feed(&bytes, Now::corrected_by(read_at, &by))?)
                    }
                    PipeEvent::Failed(error) => return Err(unreadable(&stream.named, &error)),
                    PipeEvent::End => return decoder.finish(now()).map(InputEvent::Lines),
                    PipeEvent::Stopped(signal) => {
                        return Ok(InputEvent::Stopped(signal, decoder.stop(signal)?));
                    }
                };
                self.source = Source::Stream(stream);
                Ok(portion)
            }
        }
    }
}

impl Decoder {
    fn feed(&mut self, bytes: &[u8], read_at: Now<'_>) -> Result<Lines, Failure> {
        match self {
            Self::Json(body, _) => {
                body.extend_from_slice(bytes);
                if body.len() > JSON_BYTES_MAX {
                    return Err(too_large());
                }
                Ok(Lines::default())
            }
            Self::Csv(decoder) => {
                decoder
                    .feed(bytes, read_at)
                    .map_err(|error| header_failure(&error))?;
                Ok(decoder.take())
            }
            Self::Graphite(decoder) => {
                decoder.feed(bytes, read_at);
                Ok(decoder.take())
            }
            Self::Influx(decoder) => {
                decoder.feed(bytes, read_at);
                Ok(decoder.take())
            }
            Self::Raw(decoder) => {
                decoder.feed(bytes);
                Ok(decoder.take())
            }
        }
    }

    fn finish(&mut self, now: Now<'_>) -> Result<Lines, Failure> {
        match self {
            Self::Json(body, names) => decoded(body, now, *names),
            Self::Csv(decoder) => {
                decoder
                    .finish(now)
                    .map_err(|error| header_failure(&error))?;
                Ok(decoder.take())
            }
            Self::Graphite(decoder) => {
                decoder.finish(now);
                Ok(decoder.take())
            }
            Self::Influx(decoder) => {
                decoder.finish(now);
                Ok(decoder.take())
            }
            Self::Raw(decoder) => {
                decoder.finish();
                Ok(decoder.take())
            }
        }
    }

    /// Drops an incomplete last line, because its number may be cut.
    fn stop(&mut self, signal: &str) -> Result<Lines, Failure> {
        let why = format!("the last line had not ended when {signal} came");
        match self {
            Self::Json(..) => Err(Failure::failed(format!(
                "{signal} came before the JSON had ended: nothing was sent"
            ))),
            Self::Csv(decoder) => {
                decoder.abandon(why);
                Ok(decoder.take())
            }
            Self::Graphite(decoder) => {
                decoder.abandon(why);
                Ok(decoder.take())
            }
            Self::Influx(decoder) => {
                decoder.abandon(why);
                Ok(decoder.take())
            }
            Self::Raw(decoder) => {
                decoder.abandon(why);
                Ok(decoder.take())
            }
        }
    }
}

fn too_large() -> Failure {
    Failure::failed(format!(
        "the JSON is larger than {} MiB",
        JSON_BYTES_MAX >> 20
    ))
    .hint("cut it into several files, or send CSV or Graphite lines, which may be of any length")
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

/// Says what becomes of the other arguments.
fn nothing_sent(mut failure: Failure) -> Failure {
    failure.message = escaped!("{}; nothing is sent", failure.message);
    failure
}

/// Parses `NAME=VALUE[@TIME]`. The last `=` separates, because tags in a name contain `=`.
fn push_argument(
    lines: &mut Lines,
    stamps: &mut DefaultTimes,
    argument: &str,
    place: u64,
    (zone, names): (&TimeZone, Names),
    now: Now<'_>,
) -> Result<(), Failure> {
    let wrong = |what: String| {
        let redacted = redact_api_keys(argument);
        Failure::usage(format!("`{redacted}` is no sample: {what}"))
            .hint("a sample is `NAME=VALUE` or `NAME=VALUE@TIME`, for example `shop.orders=17` or `shop.orders=17@-5min`")
    };
    let (name, rest) = argument
        .rsplit_once('=')
        .ok_or_else(|| wrong("it has no `=`".to_owned()))?;
    let (value, time) = match rest.split_once('@') {
        Some((value, time)) => (value, Some(time)),
        None => (rest, None),
    };
    if wire::ingest::is_number(name) {
        return Err(wrong(format!("the name `{name}` is a number")));
    }
    let changes = names.changes(name);
    let name = names.read(name).map_err(|error| match error {
        NameError::Character(_) => wrong(error.to_string()).hint(REPLACES),
        _ => wrong(error.to_string()),
    })?;
    let value: f64 = value
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite())
        .ok_or_else(|| wrong(format!("`{value}` is no number")))?;
    let time = match time {
        None => stamps.moment(name.as_str(), now),
        Some("") => return Err(wrong("no time follows the `@`".to_owned())),
        Some(time) => {
            // This error is more detailed than that of times in files.
            base::time_expr::lenient::parse(time, SystemClock.now(), zone)
                .map_err(|error| wrong(error.to_string()))?;
            moment_in(time, now, zone).map_err(|error| wrong(error.to_string()))?
        }
    };
    lines.push(&name, time, value, place);
    lines.renamed += u64::from(changes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::time::Millis;

    fn one(argument: &str) -> Result<(String, f64, Millis), String> {
        let mut lines = Lines::default();
        push_argument(
            &mut lines,
            &mut DefaultTimes::default(),
            argument,
            1,
            (&TimeZone::UTC, Names::default()),
            SystemClock.now().into(),
        )
        .map_err(|failure| failure.message.into_string())?;
        let sample = lines.batch.iter().next().unwrap();
        Ok((sample.name().into_owned(), sample.value, sample.at))
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
        // Logs of scripts keep error messages.
        let key = format!("vgk_{}", "k".repeat(51));
        let message = one(&format!("{key}.a=1")).unwrap_err();
        assert!(
            message.starts_with("`vgk_….a=1` is no sample: "),
            "{message}"
        );
    }
}
