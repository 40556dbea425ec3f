//! A position in a text, for error messages.

use std::fmt;

/// A place in a text: its byte for programs, its column for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextPosition {
    /// Bytes before it.
    pub byte: usize,
    /// Its character, from 1 on.
    pub column: usize,
}

impl TextPosition {
    /// The place of a byte of `text`, or its end where it has fewer.
    #[must_use]
    pub fn of(text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        Self {
            byte: before.len(),
            column: before.chars().count() + 1,
        }
    }

    /// The same in a text that has `before` before it.
    #[must_use]
    pub fn shifted_by(self, before: &str) -> Self {
        Self {
            byte: self.byte + before.len(),
            column: self.column + before.chars().count(),
        }
    }
}

impl fmt::Display for TextPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}", self.column)
    }
}
