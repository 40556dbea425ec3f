//! Errors in a file of rules.

use base::limit::{self, Limit};
use std::fmt;

/// An error in a file of rules, with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaError {
    /// Whether it is `storage-aggregation.conf`.
    pub is_aggregation: bool,
    /// The line, from 1 on.
    pub line: usize,
    /// The problem.
    pub problem: Problem,
}

/// The problem with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It is neither a section, nor a setting, nor a comment.
    #[error("expected `[NAME]` or `KEY = VALUE`")]
    Line,
    /// A setting stands before any section.
    #[error("`{0}` stands before the first `[NAME]`")]
    NoSection(String),
    /// A section of that name was there before.
    #[error("the section `[{0}]` is there twice")]
    SectionTwice(String),
    /// A key is there twice in one section.
    #[error("`{0}` is there twice in its section")]
    KeyTwice(String),
    /// There is no such key.
    #[error("there is no key `{key}` here; known are {known}")]
    UnknownKey {
        /// The key.
        key: String,
        /// The known keys.
        known: String,
    },
    /// A section lacks a key.
    #[error("the section `[{section}]` has no `{key}`")]
    Missing {
        /// The section.
        section: String,
        /// The key.
        key: &'static str,
    },
    /// A pattern is no regular expression.
    #[error("the pattern is no regular expression: {0}")]
    Pattern(String),
    /// A retention cannot be read.
    #[error("`{0}` is no retention: write `STEP:KEPT`, for example `10s:6h` or `60:1440`")]
    Retention(String),
    /// A coarser retention's step is no multiple of the finer one's.
    #[error("{coarse} s is no multiple of the finer step {fine} s")]
    Multiple {
        /// The finer step.
        fine: i64,
        /// The coarser one.
        coarse: i64,
    },
    /// Two retentions have the same step.
    #[error("two retentions have the same step, {0} s")]
    SameStep(i64),
    /// A coarser retention does not reach further back.
    #[error("the retention of step {0} s reaches no further back than the finer one before it")]
    Shorter(i64),
    /// A share of values is none.
    #[error("`{key}` is a number from 0 to 1, not `{text}`")]
    Share {
        /// The key, as it is written.
        key: String,
        /// The value given.
        text: String,
    },
    /// There is no such method.
    #[error(
        "there is no aggregation method `{0}`; known are average, avg_zero, sum, min, max, first and last"
    )]
    Method(String),
    /// There are too many rules.
    #[error("the file has {0} rules, and `{name}` is {max}", name = limit::SCHEMA_RULES.name, max = limit::SCHEMA_RULES.default)]
    TooMany(usize),
    /// The text is too long.
    #[error("the file has {0} bytes, and `{name}` is {max}", name = limit::SCHEMA_BYTES.name, max = limit::SCHEMA_BYTES.default)]
    TooLong(usize),
    /// A pattern is too long.
    #[error("the pattern has {0} bytes, and `{name}` is {max}", name = limit::REGEX_BYTES.name, max = limit::REGEX_BYTES.default)]
    PatternTooLong(usize),
    /// The patterns up to this one take too much while they are read.
    #[error("the patterns up to this one are too large together: to read them takes {0} bytes, and `{name}` is {max}; write simpler ones", name = limit::SCHEMA_READING_BYTES.name, max = limit::SCHEMA_READING_BYTES.default)]
    ReadTooLarge(usize),
    /// The patterns up to this one take too much once they are compiled, or this one does alone.
    #[error("the patterns up to this one, or it alone, are too large: all may take `{name}` = {max} bytes once they are compiled, and one half of it; write simpler ones", name = limit::SCHEMA_COMPILED_BYTES.name, max = limit::SCHEMA_COMPILED_BYTES.default)]
    CompiledTooLarge,
}

impl Problem {
    /// The limit that it is beyond.
    #[must_use]
    pub const fn limit(&self) -> Option<&'static Limit> {
        match self {
            Self::TooMany(_) => Some(&limit::SCHEMA_RULES),
            Self::TooLong(_) => Some(&limit::SCHEMA_BYTES),
            Self::PatternTooLong(_) => Some(&limit::REGEX_BYTES),
            Self::ReadTooLarge(_) => Some(&limit::SCHEMA_READING_BYTES),
            Self::CompiledTooLarge => Some(&limit::SCHEMA_COMPILED_BYTES),
            _ => None,
        }
    }
}

/// Why files of rules were not read to their end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParseError<E> {
    /// Something is wrong with them.
    Unreadable(SchemaError),
    /// The work was to end.
    Stopped(E),
}

impl<E> From<SchemaError> for ParseError<E> {
    fn from(error: SchemaError) -> Self {
        Self::Unreadable(error)
    }
}

impl<E> ParseError<E> {
    pub(super) fn in_aggregation(self) -> Self {
        match self {
            Self::Unreadable(error) => Self::Unreadable(error.in_aggregation()),
            Self::Stopped(why) => Self::Stopped(why),
        }
    }
}

impl SchemaError {
    pub(super) const fn new(line: usize, problem: Problem) -> Self {
        Self {
            is_aggregation: false,
            line,
            problem,
        }
    }

    pub(super) fn in_aggregation(self) -> Self {
        Self {
            is_aggregation: true,
            ..self
        }
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = if self.is_aggregation {
            "storage-aggregation.conf"
        } else {
            "storage-schemas.conf"
        };
        write!(f, "line {} of `{file}`: {}", self.line, self.problem)
    }
}

impl std::error::Error for SchemaError {}
