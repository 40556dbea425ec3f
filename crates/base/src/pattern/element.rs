//! The parts of a compiled pattern: elements, and `**`.

use super::automaton::Automaton;

/// One element of a pattern: what stands between two dots.
#[derive(Debug)]
pub struct Element {
    pub(super) prefix: String,
    pub(super) is_literal: bool,
    pub(super) automaton: Automaton,
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

    /// Whether any text fits.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.automaton.is_any()
    }

    /// The literal text before the first wildcard or brace: every match begins with it.
    #[must_use]
    pub fn literal_prefix(&self) -> &str {
        &self.prefix
    }

    /// Its bytes: those of its tables, and its own.
    pub(super) fn table_bytes(&self) -> usize {
        size_of::<Self>() + self.prefix.len() + self.automaton.table_bytes()
    }
}

/// A part of a pattern.
#[derive(Debug)]
pub(super) enum PatternPart {
    /// `**`: any number of elements. Another part always follows, which is an element.
    AnyDepth,
    One(Box<Element>),
}

impl PatternPart {
    /// The element, where it is one.
    pub(super) fn element(&self) -> Option<&Element> {
        match self {
            Self::AnyDepth => None,
            Self::One(element) => Some(element),
        }
    }
}
