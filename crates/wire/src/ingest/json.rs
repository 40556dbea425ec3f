//! The body of `POST /v1/metrics`: a JSON array of `{"name", "value", "timestamp"?}`; one object alone counts as an array
//! of one.
//!
//! Two rules: a body that is no such JSON is refused as a whole, with the place; an item that is no sample is refused
//! alone, with its reason, and costs its neighbours nothing. So every number stays text until its own item is read: one
//! `1e999` can't fail the body, and no digit is lost to a parser that rounds. Unknown fields are ignored, of a field given
//! twice the last one counts.
//!
//! Two ways through a body lead to the same: `fast_path` reads what senders mostly write in one pass, and leaves everything
//! else, errors above all, to the general way here.

mod fast_path;
mod item;
mod number;

pub use item::Decoded;
pub(crate) use item::REJECTS_MAX;

use crate::ingest::{Names, Now, short_text};
use base::sample::RejectReason;
use item::Items;
use serde::de::Deserializer as _;
use serde_json::value::RawValue;

/// Why a whole body is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Nothing in it.
    #[error("the body is empty, expected a JSON array of `{{\"name\", \"value\", \"timestamp\"}}`")]
    Empty,
    /// Not UTF-8.
    #[error("the body is not UTF-8 at offset {offset}")]
    Encoding {
        /// The first bad byte.
        offset: usize,
    },
    /// Not JSON, or neither array nor object.
    #[error("the body is not a JSON array of samples: {what} at line {line}, column {column}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
        /// The error there.
        what: String,
    },
    /// More than `REJECTS_MAX`.
    #[error("more than {REJECTS_MAX} items of the body are no samples; the first: {first}")]
    TooManyRejects {
        /// The reason of the first.
        first: RejectReason,
    },
}

/// Decodes a body; `now` is the time of samples without a timestamp.
///
/// # Errors
/// [`BodyError`] when nothing of it can be used.
pub fn decode<'n>(body: &[u8], now: impl Into<Now<'n>>) -> Result<Decoded, BodyError> {
    decode_with(body, now.into(), Names::default())
}

/// As [`decode`], with names read by a rule.
///
/// # Errors
/// [`BodyError`] when nothing of it can be used.
pub fn decode_with(body: &[u8], now: Now<'_>, names: Names) -> Result<Decoded, BodyError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body).map_err(|error| BodyError::Encoding {
        offset: error.valid_up_to(),
    })?;
    let trimmed = text.trim_start_matches([' ', '\t', '\r', '\n']);
    match trimmed.bytes().next() {
        None => return Err(BodyError::Empty),
        Some(b'[' | b'{') => {}
        Some(_) => {
            let (line, column) = place(text, text.len() - trimmed.len());
            return Err(BodyError::Syntax {
                line,
                column,
                what: "expected `[` or `{`".to_owned(),
            });
        }
    }
    match fast_path::decode(trimmed, now, names) {
        Some(decoded) => Ok(decoded),
        None => general(text, trimmed, now, names),
    }
}

/// Decodes whatever body there is; the one judge of what is an error, and where. `trimmed` is `text` without the blanks it
/// begins with.
fn general(text: &str, trimmed: &str, now: Now<'_>, names: Names) -> Result<Decoded, BodyError> {
    let mut decoded = Decoded::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let visitor = Items {
        decoded: &mut decoded,
        now,
        names,
    };
    let read = if trimmed.starts_with('[') {
        deserializer.deserialize_seq(visitor)
    } else {
        <&RawValue as serde::Deserialize>::deserialize(&mut deserializer).map(|raw| {
            let mut items = visitor;
            items.take(raw.get());
        })
    };
    let too_many = decoded.rejects.len() > REJECTS_MAX;
    match read.and_then(|()| deserializer.end()) {
        Ok(()) => Ok(decoded),
        Err(_) if too_many => Err(BodyError::TooManyRejects {
            first: decoded.rejects.into_iter().next().map_or_else(
                || RejectReason::Malformed(String::new()),
                |reject| reject.reason,
            ),
        }),
        Err(error) => Err(syntax(&error)),
    }
}

/// A parser's error without its own words for the place.
fn syntax(error: &serde_json::Error) -> BodyError {
    let text = error.to_string();
    let what = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(what, _)| what);
    BodyError::Syntax {
        line: error.line(),
        column: error.column(),
        what: short_text::short(what),
    }
}

/// Line and column of an offset, both from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, offset - line_start + 1)
}

#[cfg(test)]
mod tests;
