//! Glob patterns over dotted names, as Graphite's users write them.
//!
//! `*` is any run of characters, `?` one character, `[a-c]`, `[abc]` and `[!abc]` one character of (or not of) a set
//! with `-` literal at either end, `{a,b}` one of several texts (which may hold wildcards and further braces). None of
//! them crosses a dot. Matching is case-sensitive.
//!
//! A pattern is compiled once, in one pass over its text: each element becomes an automaton with no more states than the
//! element has bytes, which reads a name character by character ([`Pattern::start`], [`Pattern::step`],
//! [`Pattern::is_match`], [`Pattern::can_match`]). What a character costs is bounded by the pattern's length, and does not
//! depend on what stood before it; nothing is allocated for a name.
//!
//! It lives here, beside [`crate::name`], because the parser of targets and every store must agree on it.

mod automaton;
mod classes;
mod parse;
mod progress;
#[cfg(test)]
mod tests;

pub use classes::successor;
pub use progress::Progress;

use automaton::Automaton;
use std::fmt;
use std::sync::Arc;

/// How many texts the braces of one element may hold, as they are written: `{a,b}{c,d}` holds three, one and a further
/// one for each comma.
pub const ALTERNATIVES_MAX: usize = 1000;

/// Longest pattern, in bytes.
pub const PATTERN_BYTES_MAX: usize = 4096;

/// Why a text is not a pattern; offsets are bytes from its beginning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing at all.
    #[error("the pattern is empty")]
    Empty,
    /// Longer than [`PATTERN_BYTES_MAX`].
    #[error("the pattern has {0} bytes, more than {PATTERN_BYTES_MAX}")]
    TooLong(usize),
    /// `a..b`, `.a` or `a.`.
    #[error("the pattern has an empty element at offset {0} (a dot too many)")]
    EmptyElement(usize),
    /// A bracket or brace without its partner.
    #[error("`{character}` at offset {at} has no partner")]
    Unbalanced {
        /// The lonely character.
        character: char,
        /// Where it stands.
        at: usize,
    },
    /// `[]`, or a range that runs backwards.
    #[error("the set of characters at offset {0} is empty")]
    EmptySet(usize),
    /// More than [`ALTERNATIVES_MAX`].
    #[error("the braces of one element hold more than {ALTERNATIVES_MAX} texts")]
    TooManyAlternatives,
    /// A character no series name may hold.
    #[error("the pattern holds {character:?} at offset {at}, which no series name holds")]
    Character {
        /// The character.
        character: char,
        /// Where it stands.
        at: usize,
    },
}

/// One element of a pattern: what stands between two dots.
#[derive(Debug)]
pub struct Element {
    prefix: String,
    is_literal: bool,
    automaton: Automaton,
}

impl Element {
    /// Whether `text` (one element of a name) fits.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let mut bits = self.automaton.start().to_vec();
        for character in text.chars() {
            self.automaton.step(&mut bits, character);
        }
        self.automaton.accepts(&bits)
    }

    /// The only text that fits, when the element holds neither wildcards nor braces.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        self.is_literal.then_some(self.prefix.as_str())
    }

    /// What is written before the first wildcard or brace: every fitting text begins with it.
    #[must_use]
    pub fn literal_prefix(&self) -> &str {
        &self.prefix
    }
}

/// A compiled pattern; at least one element. Cloning copies no automaton.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: Arc<str>,
    elements: Arc<[Element]>,
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
        if text.len() > PATTERN_BYTES_MAX {
            return Err(PatternError::TooLong(text.len()));
        }
        let mut elements = Vec::new();
        for (start, end) in parse::element_spans(text)? {
            if start == end {
                return Err(PatternError::EmptyElement(start));
            }
            let element = text.get(start..end).unwrap_or_default();
            elements.push(parse::element(element, start)?);
        }
        Ok(Self {
            text: text.into(),
            elements: elements.into(),
        })
    }

    /// The elements, from the root.
    #[must_use]
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole path fits: as many elements, each fitting.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.matched_prefix(path)
            .is_some_and(|prefix| prefix.len() == path.len())
    }

    /// The beginning of `path` (whole elements) that fits the pattern, so that `a.*` finds `a.b` in `a.b.c`.
    #[must_use]
    pub fn matched_prefix<'p>(&self, path: &'p str) -> Option<&'p str> {
        let mut progress = self.start();
        for (at, character) in path.char_indices() {
            if character == '.' && self.is_match(&progress) {
                return path.get(..at);
            }
            self.step(&mut progress, character);
            if !self.can_match(&progress) {
                return None;
            }
        }
        self.is_match(&progress).then_some(path)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
