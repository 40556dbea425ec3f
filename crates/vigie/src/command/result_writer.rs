//! Writes an export, or another result, to a file, which gets its name when it is complete, or to standard output; plain or
//! gzip-compressed.

use crate::error::{Failure, Kind, code};
use crate::links;
use crate::output::Output;
use crate::printable_text::escaped;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Bytes collected before they are written.
const BUFFER_BYTES: usize = 256 << 10;

/// The file or pipe.
pub(crate) struct ResultWriter<'a> {
    into: Encoder<'a>,
    /// Behind what writes into it, so that it is removed after the last write.
    file: Option<PartFile>,
}

/// A file under the name that it has until it is whole. It goes where that does not come.
#[derive(Debug)]
struct PartFile {
    part: PathBuf,
    named: PathBuf,
    is_kept: bool,
}

impl PartFile {
    /// Gives the file its name.
    fn keep(mut self, opened: &File) -> io::Result<()> {
        opened.sync_all()?;
        fs::rename(&self.part, &self.named)?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.is_kept {
            drop(fs::remove_file(&self.part));
        }
    }
}

enum Encoder<'a> {
    Plain(BufWriter<ExportSink<'a>>),
    Gzip(Box<GzEncoder<BufWriter<ExportSink<'a>>>>),
}

enum ExportSink<'a> {
    File(File),
    Screen(&'a Output),
}

impl<'a> ResultWriter<'a> {
    /// Into a file, else to standard output.
    pub(crate) fn begin(
        file: Option<&Path>,
        is_packed: bool,
        output: &'a Output,
    ) -> Result<Self, Failure> {
        let (sink, file) = match file {
            None => (ExportSink::Screen(output), None),
            Some(file) => {
                if fs::metadata(file).is_ok_and(|found| found.is_dir()) {
                    return Err(Failure::usage(escaped!("`{}` is a folder", file.display()))
                        .hint("name a file in it"));
                }
                links::refuse_planted(file)?;
                let (opened, names) =
                    open(file).map_err(|error| Failure::file("write", file, &error))?;
                (ExportSink::File(opened), names)
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
    pub(crate) fn write(&mut self, text: &[u8]) -> Result<(), Failure> {
        let written = match &mut self.into {
            Encoder::Plain(into) => into.write_all(text),
            Encoder::Gzip(into) => into.write_all(text),
        };
        written.map_err(|error| failed(self.file.as_ref(), error))
    }

    /// All of it is written: the file gets its name.
    pub(crate) fn end(self) -> Result<(), Failure> {
        let Self { into, file } = self;
        let plain = match into {
            Encoder::Plain(into) => Ok(into),
            Encoder::Gzip(into) => into.finish(),
        };
        let ended =
            plain.and_then(|into| into.into_inner().map_err(io::IntoInnerError::into_error));
        let ended = ended.and_then(|mut sink| sink.flush().map(|()| sink));
        let sink = ended.map_err(|error| failed(file.as_ref(), error))?;
        let (ExportSink::File(opened), Some(file)) = (sink, file) else {
            return Ok(());
        };
        let named = file.named.clone();
        let kept = file.keep(&opened);
        kept.map_err(|error| Failure::file("write", &named, &error))
    }
}

/// Opens what an export is written into. A file is made beside the one of that name, if there is one, with the same mode, and takes
/// its place in the end. What is no file, such as a pipe, is written into as it is.
fn open(file: &Path) -> io::Result<(File, Option<PartFile>)> {
    let (named, mode) = match fs::metadata(file) {
        Ok(found) if found.is_dir() => return Err(ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => {
            return Ok((OpenOptions::new().write(true).open(file)?, None));
        }
        // A link goes on leading to it.
        Ok(found) => (fs::canonicalize(file)?, Some(found.permissions())),
        Err(error) if error.kind() == ErrorKind::NotFound => (file.to_owned(), None),
        Err(error) => return Err(error),
    };
    let mut part = OsString::from(&named);
    part.push(".part");
    let part = PathBuf::from(part);
    let opened = create(&part)?;
    let file = PartFile {
        part,
        named,
        is_kept: false,
    };
    if let Some(mode) = mode {
        opened.set_permissions(mode)?;
    }
    Ok((opened, Some(file)))
}

/// Makes the file anew. One that was left by an interrupted export, or put there by somebody who would read this one, is removed.
fn create(part: &Path) -> io::Result<File> {
    match fs::remove_file(part) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.create_new(true).write(true).mode(0o666);
    links::never_linked(&mut options).open(part)
}

fn failed(file: Option<&PartFile>, error: io::Error) -> Failure {
    match file {
        Some(file) => Failure::file("write", &file.part, &error),
        // Whoever packs or stores it would take a part for the whole.
        None if error.kind() == ErrorKind::BrokenPipe => Failure::new(
            Kind::Partial,
            "the reader of the output has gone before its end: the export is not whole",
        )
        .coded(code::OUTPUT),
        None => Failure::from(error),
    }
}

impl Write for ExportSink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Screen(output) => output.exported(bytes).map(|()| bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Screen(output) => output.export_ended(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Name;
    use crate::env::Env;
    use crate::output::Format;

    #[test]
    fn what_lies_where_an_export_is_made_is_not_written_into() {
        let folder = tempfile::tempdir().unwrap();
        let (theirs, part) = (folder.path().join("theirs"), folder.path().join("a.part"));
        fs::write(&theirs, "before").unwrap();
        fs::hard_link(&theirs, &part).unwrap();
        create(&part).unwrap().write_all(b"ours").unwrap();
        assert_eq!(fs::read(&theirs).unwrap(), b"before");
        assert_eq!(fs::read(&part).unwrap(), b"ours");
    }

    #[test]
    fn a_file_keeps_its_mode_and_links_and_what_is_no_file_stays_what_it_is() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "before").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let (opened, names) = open(&link).unwrap();
        let names = names.unwrap();
        assert_eq!(
            opened.metadata().unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(names.named, fs::canonicalize(&real).unwrap());
        assert_ne!(names.part, names.named);
        assert!(open(Path::new("/dev/null")).unwrap().1.is_none());
        assert_eq!(
            open(folder.path()).unwrap_err().kind(),
            ErrorKind::IsADirectory
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn what_does_not_come_to_its_end_leaves_the_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let (file, part) = (folder.path().join("a"), folder.path().join("a.part"));
        fs::write(&file, "before").unwrap();
        let output = Output::new(Name::Vigie, Format::Text, true, &Env::default(), None);
        for is_packed in [true, false] {
            let mut writer = ResultWriter::begin(Some(&file), is_packed, &output).unwrap();
            writer.write(b"half").unwrap();
            assert!(part.exists());
            drop(writer);
            assert!(!part.exists());
            assert_eq!(fs::read(&file).unwrap(), b"before");
        }
        let mut writer = ResultWriter::begin(Some(&file), false, &output).unwrap();
        writer.write(b"whole").unwrap();
        writer.end().unwrap();
        assert!(!part.exists());
        assert_eq!(fs::read(&file).unwrap(), b"whole");
    }
}
