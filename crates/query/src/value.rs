//! Evaluated arguments.

use crate::series::Series;
use base::number;

/// A value that a function takes or returns.
#[derive(Debug, Clone)]
pub enum Value {
    /// Series.
    Series(Vec<Series>),
    /// Lists of series, as only `reduceSeries` takes them.
    Lists(Vec<Vec<Series>>),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(String),
    /// Yes or no.
    Boolean(bool),
    /// `none`, which is the same as no argument.
    None,
}

impl Value {
    /// The number, where it is one.
    #[must_use]
    pub const fn number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "as Python's own")]
            Self::Integer(integer) => Some(*integer as f64),
            Self::Float(float) => Some(*float),
            Self::Boolean(boolean) => Some(if *boolean { 1.0 } else { 0.0 }),
            _ => None,
        }
    }

    /// The kind of value, as errors name it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Series(_) => "series",
            Self::Lists(_) => "lists of series",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::Boolean(_) => "true or false",
            Self::None => "none",
        }
    }

    /// As a name shows it (Python's `str`): `5`, `5.0`, `True`, `None`. Series have no such form.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Series(_) | Self::Lists(_) => String::new(),
            Self::Integer(integer) => integer.to_string(),
            Self::Float(float) => number::repr(*float),
            Self::Text(text) => text.clone(),
            Self::Boolean(true) => "True".to_owned(),
            Self::Boolean(false) => "False".to_owned(),
            Self::None => "None".to_owned(),
        }
    }
}

impl From<Vec<Series>> for Value {
    fn from(series: Vec<Series>) -> Self {
        Self::Series(series)
    }
}
