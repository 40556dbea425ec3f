//! Measurement and tags of a line, as the path and the labels of its series.

use super::malformed::malformed;
use base::name::allowed;
use base::sample::RejectReason;

/// Stands for what no name may hold.
const REPLACEMENT: char = '_';

/// Parts a line at the first blank that no backslash stands before: the series, and the fields with the time.
pub(super) fn split(line: &str) -> Result<(&str, &str), RejectReason> {
    let end = until(line, |byte| byte == b' ');
    match (line.get(..end), line.get(end..).map(str::trim_start)) {
        (Some(series), Some(rest)) if !rest.is_empty() => Ok((series, rest)),
        _ => Err(malformed("missing fields")),
    }
}

/// Where the first byte of this kind stands that no backslash stands before; the end, if there is none.
fn until(text: &str, is_end: impl Fn(u8) -> bool) -> usize {
    let mut before = 0;
    for (at, byte) in text.bytes().enumerate() {
        if is_end(byte) && before != b'\\' {
            return at;
        }
        before = byte;
    }
    text.len()
}

/// The series of the line before, which is mostly that of the next one too.
#[derive(Debug, Default)]
pub(super) struct Series {
    /// As it was written; empty if it could not be read.
    written: String,
    path: String,
    /// With the `;` before each.
    labels: String,
    renamed: bool,
}

impl Series {
    /// Reads a series.
    pub(super) fn read(&mut self, written: &str) -> Result<(), RejectReason> {
        if self.written == written {
            return Ok(());
        }
        self.written.clear();
        self.path.clear();
        self.labels.clear();
        self.renamed = false;
        let end = until(written, |byte| byte == b',');
        let (measurement, tags) = written.split_at_checked(end).unwrap_or((written, ""));
        if measurement.is_empty() {
            return Err(malformed("missing measurement"));
        }
        self.renamed |= clean(measurement, is_of_path, &mut self.path);
        let mut rest = tags;
        while let Some(tag) = rest.strip_prefix(',') {
            let end = until(tag, |byte| byte == b',');
            let (tag, after) = tag.split_at_checked(end).unwrap_or((tag, ""));
            rest = after;
            let end = until(tag, |byte| byte == b'=');
            let (key, value) = tag.split_at_checked(end).unwrap_or((tag, ""));
            if key.is_empty() {
                return Err(malformed("missing tag key"));
            }
            let Some(value) = value.strip_prefix('=').filter(|value| !value.is_empty()) else {
                return Err(malformed("missing tag value"));
            };
            self.labels.push(';');
            self.renamed |= clean(key, is_of_key, &mut self.labels);
            self.labels.push('=');
            self.renamed |= clean(value, is_of_path, &mut self.labels);
        }
        self.written.push_str(written);
        Ok(())
    }

    /// Writes the name of a field of it; whether a character was replaced.
    pub(super) fn name_of(&self, key: &str, name: &mut String) -> bool {
        name.clear();
        name.push_str(&self.path);
        name.push('.');
        let renamed = clean(key, is_of_path, name);
        name.push_str(&self.labels);
        renamed || self.renamed
    }
}

fn is_of_path(character: char) -> bool {
    allowed(character) && character != ';'
}

fn is_of_key(character: char) -> bool {
    is_of_path(character) && character != '='
}

/// Adds a part of a series without its backslashes, with [`REPLACEMENT`] for what is not `ok`; whether there was such a thing.
fn clean(written: &str, ok: impl Fn(char) -> bool, into: &mut String) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if written.bytes().all(is_plain) {
        into.push_str(written);
        return false;
    }
    let mut replaced = false;
    let mut characters = written.chars().peekable();
    while let Some(character) = characters.next() {
        let meant = match (character, characters.peek()) {
            ('\\', Some(',' | '=' | ' ')) => characters.next().unwrap_or(character),
            _ => character,
        };
        let is_ok = ok(meant);
        replaced |= !is_ok;
        into.push(if is_ok { meant } else { REPLACEMENT });
    }
    replaced
}
