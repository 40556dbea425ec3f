//! Glob patterns over dotted names, as Graphite's users write them.
//!
//! `*` is any run of characters, `?` one character, `[a-c]`, `[abc]` and `[!abc]` one character of (or not of) a set
//! with `-` literal at either end, `{a,b}` one of several texts (which may hold wildcards and further braces). None of
//! them crosses a dot that parts elements. `**` as an element is any number of elements, also none; as the last one it is
//! one at least. A backslash makes the next character one like others. Matching is case-sensitive.
//!
//! A name has tags from its first `;` on, and there dots part nothing (see [`crate::name`]): they belong to the last
//! element, for names and patterns alike. The tags of a pattern may come in any order.
//!
//! A pattern is compiled once, in one pass over its text: each element becomes an automaton with no more states than the
//! element has bytes, which reads a name character by character ([`Pattern::start`], [`Pattern::step`],
//! [`Pattern::is_match`], [`Pattern::can_match`]). What a character costs is bounded by the pattern's length, and does not
//! depend on what stood before it; for a name no more is allocated than a list of positions for each of its elements.
//!
//! It lives here, beside [`crate::name`], because the parser of targets and every store must agree on it.

mod automaton;
mod classes;
mod element;
mod error;
mod escape;
mod lex;
mod parse;
mod progress;
mod spans;
mod tags;
#[cfg(test)]
mod tests;
mod text_position;

pub use classes::successor;
pub use element::Element;
pub use error::PatternError;
pub use escape::escape;
pub use progress::{Positions, Progress};
pub use text_position::TextPosition;

use crate::limit;
use element::PatternPart;
use std::fmt;
use std::sync::Arc;

/// A compiled pattern; at least one element. Cloning copies no automaton.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: Arc<str>,
    parts: Arc<[PatternPart]>,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl Pattern {
    /// Parses `text`.
    ///
    /// # Errors
    /// [`PatternError`] says what is wrong and where.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.len() as u64 > limit::PATTERN_BYTES.default {
            return Err(PatternError::TooLong(text.len()));
        }
        Ok(Self {
            text: text.into(),
            parts: parse::parts(text)?.into(),
        })
    }

    /// The only path that fits, when the pattern holds no wildcards and no braces.
    #[must_use]
    pub fn literal(&self) -> Option<String> {
        let texts = self.parts.iter().map(|part| part.element()?.literal());
        let texts: Option<Vec<&str>> = texts.collect();
        texts.map(|texts| texts.join("."))
    }

    /// The bytes of its elements with their tables, which are many more than its text has: an element of one letter takes most of
    /// a kilobyte. [`limit::PATTERN_TABLE_BYTES`] bounds the rows of the tables, all that grows faster than the text.
    #[must_use]
    pub fn table_bytes(&self) -> u64 {
        let elements = self.parts.iter().filter_map(PatternPart::element);
        elements.map(|element| element.table_bytes() as u64).sum()
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole path fits.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let mut progress = self.start();
        for character in path.chars() {
            self.step(&mut progress, character);
            if !self.can_match(&progress) {
                return false;
            }
        }
        self.is_match(&progress)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
