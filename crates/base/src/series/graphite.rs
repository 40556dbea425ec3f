//! Graphite's text: `path;name=value;…`, labels ascending by name.
//!
//! Characters of a value that Graphite's text cannot carry (a `;`, blanks, invisible ones, and the characters of its query
//! grammar) are written as `\` and two hexadecimal digits for each byte: `a;b` is `a\3bb`. No path and no name of a label
//! holds any of it. Senders cannot write such values, so that `C:\20` never becomes something else by accident: what they
//! send goes through [`SeriesName`](crate::name::SeriesName), which refuses the backslash.

use super::{KeyError, SeriesKey};
use crate::name::allowed;
use std::borrow::Cow;
use std::fmt::Write as _;

impl SeriesKey<'_> {
    /// Graphite's text for it.
    #[must_use]
    pub fn graphite(&self) -> Cow<'_, str> {
        let path = self.path();
        if path.len() == self.0.len() {
            return Cow::Borrowed(path);
        }
        let mut text = String::with_capacity(self.0.len() + 8);
        text.push_str(path);
        for (name, value) in self.labels() {
            let _ = write!(text, ";{name}=");
            value
                .chars()
                .for_each(|character| push(&mut text, character));
        }
        Cow::Owned(text)
    }
}

/// Writes a character of a value.
fn push(text: &mut String, character: char) {
    if allowed(character) && character != ';' {
        text.push(character);
        return;
    }
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        // Writing into memory can't fail.
        let _ = write!(text, "\\{byte:02x}");
    }
}

impl SeriesKey<'static> {
    /// Reads Graphite's text, as [`SeriesKey::graphite`] writes it; labels may stand in any order.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong and where.
    pub fn parse_graphite(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.split(';');
        let path = parts.next().unwrap_or_default();
        let mut at = path.len() + 1;
        let mut labels = Vec::new();
        for tag in parts {
            let Some((name, value)) = tag.split_once('=').filter(|(_, value)| !value.is_empty())
            else {
                let what = "a label that is not of the form `name=value`";
                return Err(KeyError::Syntax { what, at });
            };
            labels.push((name, unescaped(value, at + name.len() + 1)?));
            at += tag.len() + 1;
        }
        Self::new(path, labels.iter().map(|(name, value)| (*name, &**value)))
    }
}

/// A value that begins at `at`.
fn unescaped(value: &str, at: usize) -> Result<Cow<'_, str>, KeyError> {
    let mut parts = value.split('\\');
    let first = parts.next().unwrap_or_default();
    if first.len() == value.len() {
        return Ok(Cow::Borrowed(value));
    }
    let what = "a `\\` without two hexadecimal digits of UTF-8 behind it";
    let wrong = KeyError::Syntax { what, at };
    let mut bytes = first.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).ok_or_else(|| wrong.clone())?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong);
        }
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong.clone())?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong)?;
    Ok(Cow::Owned(text))
}
