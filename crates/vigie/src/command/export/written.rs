//! Where an export goes: to a file, which has its name when it is whole, or to standard output; plain or packed.

use crate::error::Failure;
use crate::links;
use crate::output::Output;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What is collected before it is written.
const BUFFER_BYTES: usize = 256 << 10;

/// The file or pipe.
pub(super) struct ExportWriter<'a> {
    into: Encoder<'a>,
    file: Option<(PathBuf, PathBuf)>,
}

enum Encoder<'a> {
    Plain(BufWriter<Sink<'a>>),
    Gzip(Box<GzEncoder<BufWriter<Sink<'a>>>>),
}

enum Sink<'a> {
    File(File),
    Screen(&'a Output),
}

impl<'a> ExportWriter<'a> {
    /// Into a file, else to standard output.
    pub(super) fn begin(
        file: Option<&Path>,
        is_packed: bool,
        output: &'a Output,
    ) -> Result<Self, Failure> {
        let (sink, file) = match file {
            None => (Sink::Screen(output), None),
            Some(file) => {
                links::refuse_planted(file)?;
                let mut part = OsString::from(file);
                part.push(".part");
                let part = PathBuf::from(part);
                let mut options = OpenOptions::new();
                options.create(true).truncate(true).write(true).mode(0o666);
                let opened = links::never_linked(&mut options)
                    .open(&part)
                    .map_err(|error| Failure::file("write", &part, &error))?;
                (Sink::File(opened), Some((part, file.to_owned())))
            }
        };
        let plain = BufWriter::with_capacity(BUFFER_BYTES, sink);
        let into = match is_packed {
            false => Encoder::Plain(plain),
            true => Encoder::Gzip(Box::new(GzEncoder::new(plain, Compression::default()))),
        };
        Ok(Self { into, file })
    }

    /// Writes text of the export.
    pub(super) fn write(&mut self, text: &[u8]) -> Result<(), Failure> {
        let written = match &mut self.into {
            Encoder::Plain(into) => into.write_all(text),
            Encoder::Gzip(into) => into.write_all(text),
        };
        written.map_err(|error| failed(self.file.as_ref(), error))
    }

    /// All of it is written: the file gets its name.
    pub(super) fn end(self) -> Result<(), Failure> {
        let Self { into, file } = self;
        let plain = match into {
            Encoder::Plain(into) => Ok(into),
            Encoder::Gzip(into) => into.finish(),
        };
        let ended =
            plain.and_then(|into| into.into_inner().map_err(io::IntoInnerError::into_error));
        let sink = ended.map_err(|error| failed(file.as_ref(), error))?;
        let (Sink::File(opened), Some((part, named))) = (sink, &file) else {
            return Ok(());
        };
        let kept = opened.sync_all().and_then(|()| fs::rename(part, named));
        kept.map_err(|error| Failure::file("write", named, &error))
    }
}

fn failed(file: Option<&(PathBuf, PathBuf)>, error: io::Error) -> Failure {
    match file {
        Some((part, _)) => Failure::file("write", part, &error),
        None => Failure::from(error),
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Screen(output) => output.exported(bytes).map(|()| bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Screen(_) => Ok(()),
        }
    }
}
