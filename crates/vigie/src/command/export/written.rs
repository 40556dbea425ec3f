//! Where an export goes: to a file, which has its name when it is whole, or to standard output; plain or packed.

use crate::error::Failure;
use crate::links;
use crate::output::Output;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
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
                let (opened, names) =
                    open(file).map_err(|error| Failure::file("write", file, &error))?;
                (Sink::File(opened), names)
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

/// Opens what an export is written into. A file is made beside the one of that name, if there is one, with the same mode, and takes
/// its place in the end; both names are given. What is no file, such as a pipe, is written into as it is.
fn open(file: &Path) -> io::Result<(File, Option<(PathBuf, PathBuf)>)> {
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
    if let Some(mode) = mode {
        opened.set_permissions(mode)?;
    }
    Ok((opened, Some((part, named))))
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

#[cfg(test)]
mod tests {
    use super::*;

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
        let (part, named) = names.unwrap();
        assert_eq!(
            opened.metadata().unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(named, fs::canonicalize(&real).unwrap());
        assert_ne!(part, named);
        assert!(open(Path::new("/dev/null")).unwrap().1.is_none());
        assert_eq!(
            open(folder.path()).unwrap_err().kind(),
            ErrorKind::IsADirectory
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
