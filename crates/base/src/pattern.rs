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
mod exactly;
mod lex;
mod parse;
mod progress;
mod spans;
mod tags;
#[cfg(test)]
mod tests;

pub use classes::successor;
pub use exactly::{beginning_with, exactly};
pub use progress::{Positions, Progress};

use crate::limit::{self, Limit};
use crate::unseen::told;
use automaton::Automaton;
use std::fmt;
use std::sync::Arc;

/// Why a text is not a pattern; offsets are bytes from its beginning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing at all.
    #[error("the pattern is empty")]
    Empty,
    /// Longer than [`limit::PATTERN_BYTES`].
    #[error("the pattern has {0} bytes, more than `pattern_bytes` = {max}", max = limit::PATTERN_BYTES.default)]
    TooLong(usize),
    /// More elements, `**` not counted, than [`limit::NAME_ELEMENTS`]: no name is as deep.
    #[error("the pattern has {0} elements, more than `name_elements` = {max}", max = limit::NAME_ELEMENTS.default)]
    TooDeep(usize),
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
    /// Its tables would be larger than [`limit::PATTERN_TABLE_BYTES`].
    #[error("the pattern tells too many different characters apart for its length: its tables need more than `pattern_table_bytes` = {max}", max = limit::PATTERN_TABLE_BYTES.default)]
    TooVaried,
    /// A backslash before a character no series name may hold.
    #[error(
        "`\\` at offset {at} makes {} a character like others, which no series name holds", told(*.character)
    )]
    Escaped {
        /// The character.
        character: char,
        /// Where the backslash stands.
        at: usize,
    },
    /// A character no series name may hold.
    #[error("the pattern holds {} at offset {at}, which no series name holds", told(*.character))]
    Character {
        /// The character.
        character: char,
        /// Where it stands.
        at: usize,
    },
}

impl PatternError {
    /// Where it is, where it has a place.
    #[must_use]
    pub const fn at(&self) -> Option<usize> {
        match self {
            Self::EmptyElement(at)
            | Self::EmptySet(at)
            | Self::Unbalanced { at, .. }
            | Self::Character { at, .. }
            | Self::Escaped { at, .. } => Some(*at),
            Self::Empty | Self::TooLong(_) | Self::TooDeep(_) | Self::TooVaried => None,
        }
    }

    /// The same in a text that has `by` bytes before the pattern.
    #[must_use]
    pub const fn moved(mut self, by: usize) -> Self {
        match &mut self {
            Self::EmptyElement(at)
            | Self::EmptySet(at)
            | Self::Unbalanced { at, .. }
            | Self::Character { at, .. }
            | Self::Escaped { at, .. } => *at += by,
            Self::Empty | Self::TooLong(_) | Self::TooDeep(_) | Self::TooVaried => {}
        }
        self
    }

    /// The limit it is about.
    #[must_use]
    pub const fn limit(&self) -> Option<&'static Limit> {
        match self {
            Self::TooLong(_) => Some(&limit::PATTERN_BYTES),
            Self::TooDeep(_) => Some(&limit::NAME_ELEMENTS),
            Self::TooVaried => Some(&limit::PATTERN_TABLE_BYTES),
            _ => None,
        }
    }
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

/// What a pattern is made of.
#[derive(Debug)]
enum Part {
    /// `**`: any number of elements. Another part always follows, which is an element.
    AnyDepth,
    One(Box<Element>),
}

impl Part {
    fn element(&self) -> Option<&Element> {
        match self {
            Self::AnyDepth => None,
            Self::One(element) => Some(element),
        }
    }
}

/// A compiled pattern; at least one element. Cloning copies no automaton.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: Arc<str>,
    parts: Arc<[Part]>,
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

    /// The bytes of its tables, which may be many more than its text has; [`limit::PATTERN_TABLE_BYTES`] bounds them.
    #[must_use]
    pub fn table_bytes(&self) -> u64 {
        let elements = self.parts.iter().filter_map(Part::element);
        elements.map(|own| own.automaton.table_bytes() as u64).sum()
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

    /// The shortest beginning of `path` (whole elements) that fits the pattern, so that `a.*` finds `a.b` in `a.b.c`.
    #[must_use]
    pub fn matched_prefix<'p>(&self, path: &'p str) -> Option<&'p str> {
        let mut progress = self.start();
        for (at, character) in path.char_indices() {
            if progress.is_parted_by(character) && self.is_match(&progress) {
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
