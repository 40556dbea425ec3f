//! Secrets on the command line: as text, or as `@FILE`, which keeps them out of the process list that every user of the machine can
//! read.

use crate::error::Failure;
use crate::output::Output;
use crate::printable_text::escaped;
use base::secret::Secret;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use wire::iam::key_file;
use wire::secret::SecretText;
use zeroize::Zeroizing;

/// The maximum size of a password or key file, so that an endless device is not read for ever.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// Parses a secret argument, so that it is never printed.
pub(crate) fn argument(text: &str) -> Result<Secret<String>, Infallible> {
    Ok(Secret::new(text.to_owned()))
}

/// A key, as text or as `@FILE`; the file contains the key alone, or the JSON that `api-key-create` writes. `@-` is standard input.
pub(crate) fn key(
    given: &str,
    flag: &'static str,
    output: &Output,
) -> Result<Secret<String>, Failure> {
    let Some(path) = given.strip_prefix('@') else {
        let key = given.trim();
        if key.is_empty() {
            return Err(Failure::usage(format!(
                "the API key (from `{flag}`) is empty"
            )));
        }
        if Path::new(key).is_file() {
            return Err(Failure::usage(format!(
                "`{key}` (from `{flag}`) is a file, and no API key"
            ))
            .hint(format!("`{flag} @FILE` reads the key from a file")));
        }
        return Ok(Secret::new(key.to_owned()));
    };
    let bytes = read(path, flag, output)?;
    key_file::read(&bytes)
        .map(|key| Secret::new(key.expose().to_owned()))
        .map_err(|error| {
            Failure::failed(format!("`{path}` (from `{flag}`) holds no API key: {error}"))
                .hint("it should hold the key alone, or the file that `vigie iam api-key-create --file` wrote")
        })
}

/// A password, as text or as `@FILE`; one line end at the end of the file is removed. `@-` is standard input.
pub(crate) fn password(
    given: &str,
    flag: &'static str,
    output: &Output,
) -> Result<Secret<String>, Failure> {
    let Some(path) = given.strip_prefix('@') else {
        note_argument(flag, output);
        return Ok(Secret::new(given.to_owned()));
    };
    let bytes = read(path, flag, output)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::failed(format!("`{path}` (from `{flag}`) holds no text")))?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(Failure::usage(format!("`{path}` (from `{flag}`) is empty")));
    }
    match members(line) {
        None => Ok(Secret::new(line.to_owned())),
        Some(Members {
            password: Some(password),
        }) => Ok(Secret::new(password.expose().to_owned())),
        Some(Members { password: None }) => Err(Failure::usage(format!(
            "`{path}` (from `{flag}`) is a JSON object without a `password`"
        ))
        .hint("the file should hold the password alone; a file with an API key is for `--apikey @FILE`")),
    }
}

/// The fields of a JSON key file.
#[derive(Default, serde::Deserialize)]
struct Members {
    #[serde(default)]
    password: Option<SecretText>,
}

/// Refuses a JSON object as a password, which is surely a mistake.
fn members(text: &str) -> Option<Members> {
    serde_json::from_str::<BTreeMap<String, IgnoredAny>>(text).ok()?;
    Some(serde_json::from_str(text).unwrap_or_default())
}

/// Printed at a terminal only: in a script's log nobody would read it.
fn note_argument(flag: &'static str, output: &Output) {
    if io::stderr().is_terminal() && io::stdin().is_terminal() {
        output.note(escaped!(
            "hint: other users of this machine can read what follows `{}` in its list of processes; `{} @FILE` reads it from a file, and without the flag it is asked for",
            flag,
            flag
        ));
    }
}

fn read(path: &str, flag: &'static str, output: &Output) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if path.is_empty() {
        return Err(Failure::usage(format!(
            "no file follows the `@` (from `{flag}`)"
        )));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    let file_path = Path::new(path);
    let failed = |error: io::Error| Failure::file("read", file_path, &error);
    if path == "-" {
        let stdin = io::stdin();
        stdin
            .lock()
            .take(FILE_BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
    } else {
        let file = File::open(file_path).map_err(failed)?;
        note_readable(&file, path, output);
        file.take(FILE_BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
    }
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Failure::failed(format!(
            "`{path}` (from `{flag}`) is larger than {} KiB, which no secret is",
            FILE_BYTES_MAX >> 10
        )));
    }
    Ok(bytes)
}

fn note_readable(file: &File, path: &str, output: &Output) {
    let is_open = file
        .metadata()
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o044 != 0);
    if is_open {
        output.note(escaped!(
            "hint: other users of this machine can read `{}`; `chmod 600` keeps them out",
            path
        ));
    }
}
