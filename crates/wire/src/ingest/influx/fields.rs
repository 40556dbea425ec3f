//! The fields of a line, and the time after them.

use super::malformed::malformed;
use crate::ingest::{short_text, value};
use base::sample::RejectReason;

/// One field.
#[derive(Debug)]
pub(super) struct Field<'t> {
    /// Its name, as it was written.
    pub(super) key: &'t str,
    pub(super) value: Value,
}

/// The value of a field.
#[derive(Debug)]
pub(super) enum Value {
    Number(f64),
    Text,
    Wrong(RejectReason),
}

/// Reads one field after the other.
#[derive(Debug)]
pub(super) struct Fields<'t> {
    /// The text left; the time, after the last field.
    rest: &'t str,
    is_over: bool,
}

impl<'t> Fields<'t> {
    pub(super) const fn new(rest: &'t str) -> Self {
        Self {
            rest,
            is_over: false,
        }
    }

    /// How many there are, and the time after them; or what is wrong with the form of the line.
    pub(super) fn counted(mut self) -> Result<(usize, Option<&'t str>), RejectReason> {
        let mut count = 0;
        while let Some(part) = self.part() {
            part?;
            count += 1;
        }
        let time = self.rest.trim_matches([' ', '\t']);
        if time.contains([' ', '\t']) {
            return Err(malformed("something follows the timestamp"));
        }
        Ok((count, Some(time).filter(|time| !time.is_empty())))
    }

    /// The next field as it was written: its name and its value.
    fn part(&mut self) -> Option<Result<(&'t str, &'t str), RejectReason>> {
        if self.is_over {
            return None;
        }
        let part = self.written();
        self.is_over |= part.is_err();
        Some(part)
    }

    fn written(&mut self) -> Result<(&'t str, &'t str), RejectReason> {
        let end = until(self.rest, |byte| matches!(byte, b'=' | b',' | b' '));
        let (key, after) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        let Some(after) = after.strip_prefix('=') else {
            return Err(malformed(if key.is_empty() {
                "missing field key"
            } else {
                "missing field value"
            }));
        };
        if key.is_empty() {
            return Err(malformed("missing field key"));
        }
        let end = match after.strip_prefix('"') {
            Some(text) => {
                let end = until(text, |byte| byte == b'"');
                if end == text.len() {
                    return Err(malformed("unbalanced quotes"));
                }
                // With both quotes.
                end + 2
            }
            None => until(after, |byte| matches!(byte, b',' | b' ')),
        };
        let (value, after) = after.split_at_checked(end).unwrap_or((after, ""));
        if value.is_empty() {
            return Err(malformed("missing field value"));
        }
        match after.strip_prefix(',') {
            Some(rest) => self.rest = rest,
            None if after.is_empty() || after.starts_with(' ') => {
                self.rest = after;
                self.is_over = true;
            }
            None => return Err(malformed("something follows the quotes of a field")),
        }
        Ok((key, value))
    }
}

impl<'t> Iterator for Fields<'t> {
    type Item = Result<Field<'t>, RejectReason>;

    fn next(&mut self) -> Option<Self::Item> {
        let part = self.part()?;
        Some(part.map(|(key, written)| Field {
            key,
            value: read(written),
        }))
    }
}

/// Where the first byte of this kind stands that no backslash means; the end, if there is none.
fn until(text: &str, is_end: impl Fn(u8) -> bool) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        if !escaped && is_end(byte) {
            return at;
        }
        escaped = !escaped && byte == b'\\';
    }
    text.len()
}

fn read(written: &str) -> Value {
    match written {
        "t" | "T" | "true" | "True" | "TRUE" => return Value::Number(1.0),
        "f" | "F" | "false" | "False" | "FALSE" => return Value::Number(0.0),
        _ => {}
    }
    if written.starts_with('"') {
        return Value::Text;
    }
    let number = match (written.strip_suffix('i'), written.strip_suffix('u')) {
        (Some(digits), _) => whole(written, digits.parse::<i64>().is_ok(), digits),
        (_, Some(digits)) => whole(written, digits.parse::<u64>().is_ok(), digits),
        _ => value(written),
    };
    number.map_or_else(Value::Wrong, Value::Number)
}

/// An integer; beyond 2^53 the nearest number that can be stored.
fn whole(written: &str, is_one: bool, digits: &str) -> Result<f64, RejectReason> {
    if is_one {
        return value(digits);
    }
    Err(RejectReason::Value(format!(
        "the value `{}` is not an integer of 64 bits",
        short_text::short(written)
    )))
}
