//! Why a text is not a time.

/// The longest expression that is read, in bytes.
pub(crate) const EXPRESSION_BYTES_MAX: usize = 128;

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Longer than `EXPRESSION_BYTES_MAX`.
    #[error("the time has more than {EXPRESSION_BYTES_MAX} bytes")]
    TooLong,
    /// A word that is no reference.
    #[error("`{0}` is not a time: expected `now`, a date, a weekday, or an offset such as `-24h`")]
    Reference(String),
    /// An offset whose number is missing.
    #[error("the offset `{0}` is not made of numbers and units, as in `-1d12h`")]
    Offset(String),
    /// A number without a unit.
    #[error("the offset `{0}` lacks a unit: one of `s`, `min`, `h`, `d`, `w`, `mon`, `y`")]
    UnitMissing(String),
    /// `m`, which could be minutes or months.
    #[error("the unit `m` could mean minutes or months: write `min` or `mon`")]
    UnitAmbiguous,
    /// A unit that is none.
    #[error("`{0}` is not a unit: expected `s`, `min`, `h`, `d`, `w`, `mon` or `y`")]
    Unit(String),
    /// Month 13, or 25 o'clock.
    #[error("`{0}` is not a date or time of day that exists")]
    NoSuchTime(String),
    /// A date with slashes that does not exist in the order in which they are read.
    #[error(
        "`{0}` is not a date that exists: with slashes the month comes first, as in `11/26/2026`, or the year, as in `2026/11/26`"
    )]
    SlashedDate(String),
    /// Before year 1 or after year 9999.
    #[error("`{0}` lies outside the years 1 to 9999")]
    OutOfRange(String),
    /// `from` and `until` are the same.
    #[error("`from` and `until` are the same instant")]
    EmptyRange,
    /// `from` is later than `until`, where they are not swapped.
    #[error("`from` is after `until`")]
    Backwards,
    /// Nothing at all, where that may not stand for a default.
    #[error("`{0}` is empty")]
    Empty(&'static str),
}

impl TimeError {
    /// The same, repeating the text in the case in which it was typed.
    #[must_use]
    pub(super) fn repeating(mut self, typed: &str) -> Self {
        let (Self::Reference(text)
        | Self::Offset(text)
        | Self::UnitMissing(text)
        | Self::Unit(text)
        | Self::NoSuchTime(text)
        | Self::SlashedDate(text)
        | Self::OutOfRange(text)) = &mut self
        else {
            return self;
        };
        let found = typed.to_ascii_lowercase().find(text.as_str());
        if let Some(as_typed) = found.and_then(|at| typed.get(at..at + text.len())) {
            as_typed.clone_into(text);
        }
        self
    }
}
