//! The import of a file or a pipe, line by line, plain or packed by gzip.

use super::arguments::{ImportArgs, NameMapping};
use super::input_kind::{InputKind, with_other_command};
use super::progress::Extent;
use super::reasons::Reasons;
use super::run::{ImportRun, Subject};
use super::state::ImportedUnit;
use crate::command::metrics::pipe::{Pipe, PipeEvent, unreadable};
use crate::context::Context;
use crate::error::{Failure, code};
use crate::printable_text::PrintableText;
use base::sample::RejectReason;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use wire::import::{openmetrics, sample_lines, victoria};

/// The unit that is noted at the end of a file; the parts before it have no name.
const WHOLE: &str = "all";

/// The form of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineFormat {
    /// The text of Prometheus and OpenMetrics.
    OpenMetrics,
    /// The lines of VictoriaMetrics.
    Victoria,
    /// A sample in each.
    Samples,
}

impl LineFormat {
    const fn line_bytes_max(self) -> usize {
        match self {
            Self::OpenMetrics => openmetrics::LINE_BYTES_MAX,
            Self::Victoria => victoria::LINE_BYTES_MAX,
            Self::Samples => sample_lines::LINE_BYTES_MAX,
        }
    }

    /// The form of an export of Prometheus or VictoriaMetrics, by its beginning.
    pub(super) fn by_beginning(text: &[u8]) -> Self {
        match InputKind::of(text) {
            Some(InputKind::Victoria) => Self::Victoria,
            _ => Self::OpenMetrics,
        }
    }

    /// The kind of input that has this form.
    const fn kind(self) -> InputKind {
        match self {
            Self::OpenMetrics => InputKind::OpenMetrics,
            Self::Victoria => InputKind::Victoria,
            Self::Samples => InputKind::Samples,
        }
    }
}

/// Whether a beginning says all that it can of the form: a line, or as many bytes as are inspected.
fn determines_format(beginning: &[u8]) -> bool {
    const INSPECTED_BYTES: usize = 64;
    let text = beginning.trim_ascii_start();
    text.len() >= INSPECTED_BYTES || text.contains(&b'\n')
}

/// The lines to import.
pub(super) struct Lines<'a> {
    /// The command, and the format that it was told.
    pub(super) kind: &'static str,
    /// A file; `-` is standard input.
    pub(super) file: &'a str,
    /// By the beginning of the text, unless it was said.
    pub(super) form: fn(&[u8]) -> LineFormat,
    pub(super) args: &'a ImportArgs,
}

/// Imports the lines, and prints the totals.
pub(super) fn run(lines: &Lines<'_>, context: &Context) -> Result<(), Failure> {
    let arguments = lines.args;
    let (range, naming) = (arguments.range(context)?, arguments.naming()?);
    let (reader, found) = open(lines.file)?;
    let pipe = Pipe::start(reader).map_err(|error| unreadable(lines.file, &error))?;
    let subject = Subject {
        kind: lines.kind,
        named: lines.file,
        place: found.as_ref().map(|file| (&*file.path, &*file.identity)),
        selection: "",
        unit: "Files",
    };
    let mut run = ImportRun::begin(subject, arguments, range, Arc::clone(pipe.stop()), context)?;
    if let Some(found) = &found {
        run.set_extent(Extent {
            units: 1,
            weight: found.bytes,
        });
    }
    let mut skipped = 0;
    if let Some((last, rejected)) = run.last().cloned() {
        if last.name == WHOLE {
            run.delivery.tally.imported_before(&rejected);
            return run.end(Ok(()));
        }
        skipped = last.bytes;
        run.delivery.resume(rejected);
        context.output.note(format!(
            "an earlier run has imported the first {skipped} bytes; `--restart` starts again"
        ));
    }
    let mut importing = Importing {
        run,
        named: lines.file,
        naming: &naming,
        form: None,
        kind: None,
        has_read_any: false,
        of_beginning: lines.form,
        beginning: Vec::new(),
        rest: Vec::new(),
        is_too_long: false,
        number: 0,
        offset: 0,
        skipped,
    };
    let outcome = importing.all(&pipe);
    let is_empty = importing.is_empty();
    let other_command = importing.other_command();
    let mut run = importing.run;
    if is_empty && outcome.is_ok() {
        return run.end(Err(nothing_in(lines.file)));
    }
    if let Err(failure) = &outcome {
        let message = failure.to_string();
        run.delivery.tally.failed(lines.file, code::FILE, &message);
    }
    run.end(outcome).map_err(|failure| match other_command {
        Some(hint) => failure.hint(hint),
        None => failure,
    })
}

/// The failure for input without a byte, which is what a program leaves that has failed in front of the pipe.
fn nothing_in(named: &str) -> Failure {
    let what = match named {
        "-" => "standard input".to_owned(),
        _ => format!("`{named}`"),
    };
    Failure::failed(format!("{what} is empty, so there is nothing to import"))
        .hint("no export is empty: see what the program that wrote it has said")
}

/// A file that can be read again.
struct InputFile {
    path: String,
    /// A file that has changed is another one.
    identity: String,
    bytes: u64,
}

type Opened = (Box<dyn Read + Send>, Option<InputFile>);

fn open(named: &str) -> Result<Opened, Failure> {
    if named == "-" {
        return Ok((Box::new(io::stdin()), None));
    }
    let path = Path::new(named);
    let failed = |error: io::Error| Failure::file("read", path, &error);
    let file = File::open(path).map_err(failed)?;
    let data = file.metadata().map_err(failed)?;
    if data.is_dir() {
        let failure = Failure::usage(format!("`{named}` is a folder"))
            .hint("name a file, or `-` for standard input");
        return Err(with_other_command(failure, path));
    }
    // A pipe or a device has no place to go on from.
    if !data.is_file() {
        return Ok((Box::new(file), None));
    }
    let input = InputFile {
        path: path
            .canonicalize()
            .map_err(failed)?
            .to_string_lossy()
            .into_owned(),
        identity: format!("{} {}.{}", data.len(), data.mtime(), data.mtime_nsec()),
        bytes: data.len(),
    };
    Ok((Box::new(file), Some(input)))
}

struct Importing<'a> {
    run: ImportRun<'a>,
    named: &'a str,
    naming: &'a NameMapping,
    form: Option<LineFormat>,
    /// The kind of the input, whatever form it is read in.
    kind: Option<InputKind>,
    /// Whether a line was read that is one.
    has_read_any: bool,
    of_beginning: fn(&[u8]) -> LineFormat,
    /// The lines read before the form was known.
    beginning: Vec<u8>,
    /// A line that has not ended.
    rest: Vec<u8>,
    /// Whether the beginning of it was dropped.
    is_too_long: bool,
    /// The number of the last line.
    number: u64,
    /// How much was read, unpacked.
    offset: u64,
    /// How much of it an earlier run has imported.
    skipped: u64,
}

impl Importing<'_> {
    /// Reads to the end.
    fn all(&mut self, pipe: &Pipe) -> Result<(), Failure> {
        loop {
            let bytes = match pipe.next(None) {
                PipeEvent::Bytes(bytes, _) => bytes,
                PipeEvent::TimedOut => continue,
                PipeEvent::End => break,
                PipeEvent::Stopped(_) => {
                    self.run.delivery.check_stop()?;
                    continue;
                }
                PipeEvent::Failed(error) => {
                    // What came before is whole.
                    self.run.delivery.flush()?;
                    return Err(unreadable(self.named, &error));
                }
            };
            self.take(&bytes)?;
            // The file, packed or not, is read as far as this.
            self.run.delivery.progress.done.weight = pipe.read();
            self.run.note_last()?;
        }
        if self.form.is_none() {
            self.take_beginning()?;
        }
        if !self.rest.is_empty() || self.is_too_long {
            let line = std::mem::take(&mut self.rest);
            self.line(&line)?;
        }
        self.run.delivery.flush()?;
        if self.is_empty() {
            return Ok(());
        }
        if self.skipped > 0 && self.offset <= self.skipped {
            // It had been stopped after the last line.
            let tally = &mut self.run.delivery.tally;
            tally.imported_before(&Reasons::default());
            return Ok(());
        }
        let whole = self.read_so_far(WHOLE);
        self.run.delivery.end(whole);
        Ok(())
    }

    /// The hint where no line could be read, and the input begins as one that another command reads.
    fn other_command(&self) -> Option<PrintableText> {
        let form = self
            .form
            .filter(|_| !self.has_read_any && self.skipped == 0)?;
        self.kind?.hint_beside(form.kind(), self.named)
    }

    /// Whether no byte has come.
    const fn is_empty(&self) -> bool {
        self.offset == 0
    }

    /// How far the text was read, in lines that have ended.
    fn read_so_far(&self, name: &str) -> ImportedUnit {
        ImportedUnit {
            name: name.to_owned(),
            bytes: self.offset - self.rest.len() as u64,
            changed: 0,
        }
    }

    /// Takes a piece of the text; the first ones wait until there is enough to know the form by.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.form.is_some() {
            return self.take_known(bytes);
        }
        self.beginning.extend_from_slice(bytes);
        match determines_format(&self.beginning) {
            true => self.take_beginning(),
            false => Ok(()),
        }
    }

    fn take_beginning(&mut self) -> Result<(), Failure> {
        let beginning = std::mem::take(&mut self.beginning);
        self.form = Some((self.of_beginning)(&beginning));
        self.kind = InputKind::of(&beginning);
        self.take_known(&beginning)
    }

    /// Takes a piece of a text whose form is known.
    fn take_known(&mut self, mut bytes: &[u8]) -> Result<(), Failure> {
        let left = self.skipped.saturating_sub(self.offset);
        let ahead = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        bytes = bytes.get(ahead..).unwrap_or_default();
        self.offset += ahead as u64;
        if bytes.is_empty() {
            return Ok(());
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.offset += piece.len() as u64;
            let Some(end) = piece.strip_suffix(b"\n") else {
                self.keep(piece);
                break;
            };
            if self.rest.is_empty() && !self.is_too_long {
                self.line(end)?;
            } else {
                self.keep(end);
                let line = std::mem::take(&mut self.rest);
                self.line(&line)?;
            }
        }
        // All lines that have ended are in the body or before it.
        if !self.is_too_long {
            let part = self.read_so_far("");
            self.run.delivery.end_part(part);
        }
        Ok(())
    }

    fn keep(&mut self, piece: &[u8]) {
        let most = self.form.map_or(0, LineFormat::line_bytes_max);
        if self.is_too_long || self.rest.len() + piece.len() > most {
            self.is_too_long = true;
            self.rest = Vec::new();
        } else {
            self.rest.extend_from_slice(piece);
        }
    }

    /// Takes a line, without its end.
    fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.number += 1;
        let form = self.form.unwrap_or(LineFormat::OpenMetrics);
        let most = form.line_bytes_max();
        if std::mem::take(&mut self.is_too_long) || line.len() > most {
            let reason = format!("the line has more than {most} bytes");
            self.refuse((None, RejectReason::Malformed(reason)));
            return Ok(());
        }
        let line = match self.number {
            1 => line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line),
            _ => line,
        };
        let names = self.naming.names;
        match form {
            LineFormat::OpenMetrics => match std::str::from_utf8(line) {
                Ok(text) => match openmetrics::line(text, names) {
                    Ok(openmetrics::Line::Nothing) => Ok(()),
                    Ok(openmetrics::Line::Sample(name, at, value)) => {
                        self.samples(name.as_str(), [(at, value)])
                    }
                    Err(wrong) => {
                        self.refuse(wrong);
                        Ok(())
                    }
                },
                Err(_) => {
                    let reason = RejectReason::Malformed("the line is not UTF-8".to_owned());
                    self.refuse((None, reason));
                    Ok(())
                }
            },
            LineFormat::Victoria if line.trim_ascii().is_empty() => Ok(()),
            LineFormat::Victoria => match victoria::line(line, names) {
                Ok(series) => {
                    let samples = series.timestamps.iter().copied().zip(series.values);
                    self.samples(series.name.as_str(), samples)
                }
                Err(wrong) => {
                    self.refuse(wrong);
                    Ok(())
                }
            },
            LineFormat::Samples => match sample_lines::line(line, names) {
                Ok(read) => {
                    read.rejects
                        .into_iter()
                        .for_each(|reject| self.refuse(reject));
                    read.batch.iter().try_for_each(|sample| {
                        self.samples(&sample.name(), [(sample.at, sample.value)])
                    })
                }
                Err(wrong) => {
                    self.refuse(wrong);
                    Ok(())
                }
            },
        }
    }

    fn samples(
        &mut self,
        name: &str,
        samples: impl IntoIterator<Item = (base::time::Millis, f64)>,
    ) -> Result<(), Failure> {
        self.has_read_any = true;
        match self.naming.name(name) {
            Ok(name) => samples
                .into_iter()
                .try_for_each(|(at, value)| self.run.delivery.push(&name, at, value)),
            Err(error) => {
                self.refuse((Some(name.to_owned()), RejectReason::Name(error)));
                Ok(())
            }
        }
    }

    /// Counts a line that is no sample, with its number in front of the reason.
    fn refuse(&mut self, (name, reason): (Option<String>, RejectReason)) {
        let place = match name {
            Some(name) => format!("{name} (line {})", self.line_number()),
            None => format!("line {}", self.line_number()),
        };
        self.run.delivery.refuse(Some(&place), &reason);
    }

    /// The number of the last line; without what an earlier run has read, of which the lines were not counted.
    fn line_number(&self) -> String {
        match self.skipped {
            0 => self.number.to_string(),
            _ => format!("{} from there on", self.number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_detected_from_the_first_bytes() {
        for (text, form) in [
            ("# HELP up x\n", LineFormat::OpenMetrics),
            ("up 1 1\n", LineFormat::OpenMetrics),
            ("{__name__=\"up\"} 1 1\n", LineFormat::OpenMetrics),
            ("{\"shop.orders\"} 1 1\n", LineFormat::OpenMetrics),
            ("{\"metric\"} 1 1\n", LineFormat::OpenMetrics),
            ("{\"metric\":{\"__name__\":\"up\"}", LineFormat::Victoria),
            (" { \"metric\" : {", LineFormat::Victoria),
            ("", LineFormat::OpenMetrics),
        ] {
            assert_eq!(LineFormat::by_beginning(text.as_bytes()), form, "{text}");
        }
    }
}
