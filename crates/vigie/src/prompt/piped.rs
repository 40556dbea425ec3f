//! Answers that a script writes to standard input, one per line, in the order of the questions. Only `login` and `account password`
//! read them: where others can read arguments and environment, there is no better place for user and password.

use super::{is_possible, require, secret, text};
use crate::error::Failure;
use crate::output::Output;
use crate::printable_text::{PrintableText, escaped};
use base::secret::Secret;
use rustix::fs::FileType;
use std::io::{self, BufRead as _, Read as _};
use zeroize::Zeroizing;

/// The maximum length of a user name or password.
const LINE_BYTES_MAX: usize = 64 << 10;

/// As [`text`], from the terminal or the pipe.
pub(crate) fn text_or_line(
    prompt: &'static str,
    what: &'static str,
    flag: &'static str,
    output: &Output,
) -> Result<String, Failure> {
    if is_possible() {
        return text(prompt, what, flag);
    }
    let line = line(what, &flag.into(), output)?;
    match line.trim() {
        "" => Err(empty(what, &flag.into())),
        text => Ok(text.to_owned()),
    }
}

/// As [`secret`], from the terminal or the pipe.
pub(crate) fn secret_or_line(
    prompt: &'static str,
    what: &'static str,
    flag: impl Into<PrintableText>,
    output: &Output,
) -> Result<Secret<String>, Failure> {
    let flag = flag.into();
    if is_possible() {
        return secret(prompt, what, flag);
    }
    let line = line(what, &flag, output)?;
    match line.as_str() {
        "" => Err(empty(what, &flag)),
        text => Ok(Secret::new(text.to_owned())),
    }
}

/// The next line without its line end.
fn line(
    what: &'static str,
    flag: &PrintableText,
    output: &Output,
) -> Result<Zeroizing<String>, Failure> {
    if !is_written_to() {
        require(&what.into(), flag)?;
    }
    // Says what is awaited, because the pipe may stay silent.
    output.note(escaped!(
        "reading {} from standard input",
        PrintableText::from(what)
    ));
    let mut bytes = Zeroizing::new(Vec::with_capacity(LINE_BYTES_MAX + 1));
    let read = io::stdin()
        .lock()
        .by_ref()
        .take(LINE_BYTES_MAX as u64 + 1)
        .read_until(b'\n', &mut bytes)
        .map_err(|error| Failure::failed(format!("no answer could be read: {error}")))?;
    if read == 0 {
        require(&what.into(), flag)?;
    }
    if bytes.len() > LINE_BYTES_MAX {
        return Err(Failure::usage(escaped!(
            "{} on standard input is longer than {} KiB",
            PrintableText::from(what),
            LINE_BYTES_MAX >> 10
        )));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Failure::usage(escaped!(
            "{} on standard input is no text",
            PrintableText::from(what)
        ))
    })?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    Ok(Zeroizing::new(
        text.strip_suffix('\r').unwrap_or(text).to_owned(),
    ))
}

fn empty(what: &'static str, flag: &PrintableText) -> Failure {
    Failure::usage(escaped!(
        "{} on standard input is empty",
        PrintableText::from(what)
    ))
    .hint(escaped!(
        "write it there as a line, or give it with {}",
        flag
    ))
}

/// Whether standard input may hold a script's answers: not `/dev/null`, and not closed.
fn is_written_to() -> bool {
    rustix::fs::fstat(io::stdin()).is_ok_and(|found| {
        let kind = FileType::from_raw_mode(found.st_mode);
        matches!(
            kind,
            FileType::Fifo | FileType::Socket | FileType::RegularFile
        )
    })
}
