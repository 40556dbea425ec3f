//! Why a text is not a valid pattern.

use super::text_position::TextPosition;
use crate::invisible::quoted;
use crate::limit::{self, Limit};

/// Why a text is not a pattern.
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
    #[error("the pattern has an empty element at {0} (a dot too many)")]
    EmptyElement(TextPosition),
    /// A bracket or brace without its partner.
    #[error("`{character}` at {at} has no partner in its element")]
    Unbalanced {
        /// The lonely character.
        character: char,
        /// Where it stands.
        at: TextPosition,
    },
    /// `[]`, or a range that runs backwards.
    #[error("the set of characters at {0} is empty")]
    EmptySet(TextPosition),
    /// Its tables would be larger than [`limit::PATTERN_TABLE_BYTES`].
    #[error("the pattern tells too many different characters apart for its length: its tables need more than `pattern_table_bytes` = {max}", max = limit::PATTERN_TABLE_BYTES.default)]
    TooVaried,
    /// A backslash before a character no series name may hold.
    #[error(
        "`\\` at {at} makes {} a character like others, which no series name holds", quoted(*.character)
    )]
    Escaped {
        /// The character.
        character: char,
        /// Where the backslash stands.
        at: TextPosition,
    },
    /// A character no series name may hold.
    #[error("the pattern holds {} at {at}, which no series name holds", quoted(*.character))]
    Character {
        /// The character.
        character: char,
        /// Where it stands.
        at: TextPosition,
    },
}

impl PatternError {
    /// Where it is, where it has a place.
    #[must_use]
    pub const fn at(&self) -> Option<TextPosition> {
        match self {
            Self::EmptyElement(at)
            | Self::EmptySet(at)
            | Self::Unbalanced { at, .. }
            | Self::Character { at, .. }
            | Self::Escaped { at, .. } => Some(*at),
            Self::Empty | Self::TooLong(_) | Self::TooDeep(_) | Self::TooVaried => None,
        }
    }

    /// The same in a text that has `before` before the pattern.
    #[must_use]
    pub fn shifted_by(mut self, before: &str) -> Self {
        match &mut self {
            Self::EmptyElement(at)
            | Self::EmptySet(at)
            | Self::Unbalanced { at, .. }
            | Self::Character { at, .. }
            | Self::Escaped { at, .. } => *at = at.shifted_by(before),
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
