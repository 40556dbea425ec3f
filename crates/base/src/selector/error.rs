//! Why a matcher or a selector is not valid.

use crate::limit::{self, Limit};

/// Why there is no such matcher, or selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatcherError {
    /// More matchers than [`limit::MATCHERS_PER_SELECTOR`].
    #[error("the selector has {0} matchers, more than `matchers_per_selector` = {max}", max = limit::MATCHERS_PER_SELECTOR.default)]
    TooMany(usize),
    /// A text longer than [`limit::LABEL_VALUE_BYTES`].
    #[error("the matcher has {0} bytes, more than `label_value_bytes` = {max}", max = limit::LABEL_VALUE_BYTES.default)]
    TooLong(usize),
    /// Tables of so many bytes or more, which is more than [`limit::PATTERN_TABLE_BYTES`].
    #[error("the matchers tell too much apart: their tables need {0} bytes or more, and `pattern_table_bytes` is {max}", max = limit::PATTERN_TABLE_BYTES.default)]
    TooLarge(u64),
    /// A text that is no regular expression.
    #[error("invalid regular expression: {0}")]
    Syntax(String),
}

impl MatcherError {
    /// The limit it is about.
    #[must_use]
    pub const fn limit(&self) -> Option<&'static Limit> {
        match self {
            Self::TooMany(_) => Some(&limit::MATCHERS_PER_SELECTOR),
            Self::TooLong(_) => Some(&limit::LABEL_VALUE_BYTES),
            Self::TooLarge(_) => Some(&limit::PATTERN_TABLE_BYTES),
            Self::Syntax(_) => None,
        }
    }
}
