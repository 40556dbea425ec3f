//! The event of a `POST /events/`.

use base::time::Millis;
use serde_json::{Map, Value};

/// A parsed event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// The error, in words.
    pub what: String,
    /// Its tags: those of a list with a space between them.
    pub tags: String,
    /// When; the clock's time where nothing was said.
    pub at: Option<Millis>,
    /// More about it.
    pub data: String,
}

/// Why a body is no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// It is no JSON.
    #[error("the body is no JSON: {0}")]
    Json(String),
    /// It is no object.
    #[error("an event is a JSON object")]
    NoObject,
    /// It does not say what happened.
    #[error("`what` is missing")]
    WhatMissing,
    /// A field that is a text.
    #[error("`{0}` is a text")]
    NoText(&'static str),
    /// Tags of another kind.
    #[error("`tags` is a list of texts, or one text with spaces between the tags")]
    Tags,
    /// An instant of another kind.
    #[error("`when` is a number: seconds since 1970")]
    When,
    /// An instant before the year 1 or after the year 9999.
    #[error("`when` is in no year from 1 to 9999")]
    WhenOutside,
}

impl EventError {
    /// The field at fault.
    #[must_use]
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Json(_) | Self::NoObject => None,
            Self::WhatMissing => Some("what"),
            Self::NoText(field) => Some(field),
            Self::Tags => Some("tags"),
            Self::When | Self::WhenOutside => Some("when"),
        }
    }
}

/// The first and the last millisecond of the years 1 to 9999.
const FIRST: i64 = -62_135_596_800_000;
const LAST: i64 = 253_402_300_799_999;

impl Body {
    /// Reads a body. What it says besides is passed over.
    ///
    /// # Errors
    /// [`EventError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, EventError> {
        let value: Value =
            serde_json::from_slice(bytes).map_err(|error| EventError::Json(error.to_string()))?;
        let Value::Object(fields) = value else {
            return Err(EventError::NoObject);
        };
        Ok(Self {
            what: text(&fields, "what")?.ok_or(EventError::WhatMissing)?,
            tags: tags(&fields)?,
            at: fields.get("when").map(instant).transpose()?,
            data: text(&fields, "data")?.unwrap_or_default(),
        })
    }
}

/// A text; a number stands for its digits.
fn text(fields: &Map<String, Value>, name: &'static str) -> Result<Option<String>, EventError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(EventError::NoText(name)),
    }
}

fn tags(fields: &Map<String, Value>) -> Result<String, EventError> {
    match fields.get("tags") {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(all)) => {
            let all: Option<Vec<&str>> = all.iter().map(Value::as_str).collect();
            Ok(all.ok_or(EventError::Tags)?.join(" "))
        }
        Some(_) => Err(EventError::Tags),
    }
}

/// Seconds, with a part of one or not.
fn instant(value: &Value) -> Result<Millis, EventError> {
    let Value::Number(number) = value else {
        return Err(EventError::When);
    };
    let at = match (number.as_i64(), number.as_f64()) {
        (Some(seconds), _) => seconds.checked_mul(1000),
        (None, Some(seconds)) => whole_millis(seconds),
        (None, None) => None,
    };
    at.filter(|at| (FIRST..=LAST).contains(at))
        .map(Millis)
        .ok_or(EventError::WhenOutside)
}

/// Rounded down, so that the second stays the one that was sent; none that an instant cannot be.
fn whole_millis(seconds: f64) -> Option<i64> {
    let whole = seconds.floor();
    if !(-1e12..=1e12).contains(&whole) {
        return None;
    }
    let part = ((seconds - whole) * 1000.0).floor().min(999.0);
    #[expect(clippy::cast_possible_truncation, reason = "both are whole and small")]
    let (whole, part) = (whole as i64, part as i64);
    Some(whole * 1000 + part)
}
