//! Secrets as they are given on the command line: as their text, or as `@FILE`, which keeps them out of the list of
//! processes that every user of a machine can read.

use crate::error::Failure;
use crate::output::Output;
use crate::shown::shown;
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

/// No password or key file is larger; a device that never ends is not read for ever.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// A secret on the command line, kept out of every dump from there on.
pub(crate) fn argument(text: &str) -> Result<Secret<String>, Infallible> {
    Ok(Secret::new(text.to_owned()))
}

/// A key given as its text or as `@FILE`; the file holds the key alone, or the JSON that `api-key-create` writes.
/// `@-` is standard input.
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

/// A password given as its text or as `@FILE`; one line end at the end of the file is not part of it. `@-` is standard
/// input.
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

/// What is taken from a JSON object.
#[derive(Default, serde::Deserialize)]
struct Members {
    #[serde(default)]
    password: Option<SecretText>,
}

/// Nobody means the braces of a JSON object to be a password.
fn members(text: &str) -> Option<Members> {
    serde_json::from_str::<BTreeMap<String, IgnoredAny>>(text).ok()?;
    Some(serde_json::from_str(text).unwrap_or_default())
}

/// Said to a person only: a script's log is no place to learn it, and its author does not read it there.
fn note_argument(flag: &'static str, output: &Output) {
    if io::stderr().is_terminal() && io::stdin().is_terminal() {
        output.note(shown!(
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
    let shown = Path::new(path);
    let failed = |error: io::Error| Failure::file("read", shown, &error);
    if path == "-" {
        let stdin = io::stdin();
        stdin
            .lock()
            .take(FILE_BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
    } else {
        let file = File::open(shown).map_err(failed)?;
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
        output.note(shown!(
            "hint: other users of this machine can read `{}`; `chmod 600` keeps them out",
            path
        ));
    }
}
