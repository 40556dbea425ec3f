//! Errors of targets: what is wrong with one, or what stopped its evaluation.

use crate::tags::TagError;
use base::context::Stop;
use base::excerpt;
use base::invisible;
use base::limit::{self, Limit};
use base::store::StoreError;
use std::fmt;
use std::ops::Range;

/// Why there is no answer to a target.
#[derive(Debug)]
pub enum Error {
    /// It cannot be read.
    Target {
        /// Where it begins, in characters from 1 on.
        column: usize,
        /// Its characters.
        length: usize,
        /// The problem.
        problem: TargetError,
    },
    /// A function cannot be evaluated.
    Function {
        /// Where the function or argument begins, in characters from 1 on.
        column: usize,
        /// The function.
        function: String,
        /// The argument that is wrong as it is written, and where it begins; `None` where it is not one of them.
        argument: Option<(usize, String)>,
        /// The problem.
        problem: String,
        /// The limit that it is beyond.
        limit: Option<&'static Limit>,
    },
    /// The series could not be read, or the work was ended.
    Store(StoreError),
}

/// A syntax error in a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetError {
    /// Something else should be here.
    Expected {
        /// The thing expected.
        expected: &'static str,
        /// The character found; `None` at the end.
        found: Option<char>,
    },
    /// A text in quotes does not end.
    OpenQuote,
    /// A brace is not closed.
    OpenBrace,
    /// Calls are nested too deeply, or piped too often.
    TooDeep,
    /// It has too many bytes.
    TooLong(usize),
    /// There is no function of that name.
    UnknownFunction {
        /// The name.
        name: String,
        /// A function with a similar name.
        nearest: Option<&'static str>,
    },
}

impl Error {
    /// An error at a span of bytes of the target's text.
    #[must_use]
    pub fn target(text: &str, span: Range<usize>, problem: TargetError) -> Self {
        Self::Target {
            column: column(text, span.start),
            length: text.get(span).map_or(0, |span| span.chars().count()),
            problem,
        }
    }
}

impl Error {
    /// Its characters in the target: the first, from 1 on, and how many. `None` where the fault is in no place of this text, but
    /// in one that a function has made.
    #[must_use]
    pub fn place(&self, text: &str) -> Option<(usize, usize)> {
        let after = |column: usize| text.chars().skip(column.saturating_sub(1));
        let is_at =
            |column: usize, word: &str| word.chars().eq(after(column).take(word.chars().count()));
        match self {
            Self::Target {
                column,
                length,
                problem,
            } => {
                let is_here = match problem {
                    TargetError::Expected { found, .. } => *found == after(*column).next(),
                    TargetError::UnknownFunction { name, .. } => is_at(*column, name),
                    TargetError::TooLong(_) => false,
                    _ => after(*column).count() >= *length,
                };
                is_here.then_some((*column, *length))
            }
            Self::Function {
                column,
                function,
                argument,
                ..
            } => {
                let (column, word) = match argument {
                    Some((column, written)) => (column, written),
                    None => (column, function),
                };
                is_at(*column, word).then(|| (*column, word.chars().count()))
            }
            Self::Store(_) => None,
        }
    }

    /// The limit that the target is beyond; what stopped the store says its own.
    #[must_use]
    pub const fn limit(&self) -> Option<&'static Limit> {
        match self {
            Self::Target { problem, .. } => match problem {
                TargetError::TooDeep => Some(&limit::TARGET_DEPTH),
                TargetError::TooLong(_) => Some(&limit::TARGET_BYTES),
                _ => None,
            },
            Self::Function { limit, .. } => *limit,
            Self::Store(_) => None,
        }
    }
}

/// The column of a byte: characters from 1 on.
pub(crate) fn column(text: &str, byte: usize) -> usize {
    text.get(..byte).map_or(0, |before| before.chars().count()) + 1
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target {
                column, problem, ..
            } => problem.write(f, *column),
            Self::Function {
                column,
                function,
                problem,
                ..
            } => {
                // What a function made, or a target as a whole, may be as long as a target is.
                let function = excerpt::beginning(function);
                write!(f, "`{function}` at column {column}: {problem}")
            }
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl TargetError {
    fn write(&self, f: &mut fmt::Formatter<'_>, column: usize) -> fmt::Result {
        match self {
            Self::Expected { expected, found } => {
                write!(f, "expected {expected} at column {column}, but ")?;
                match found {
                    Some(found) => match invisible::number(*found) {
                        Some(number) => write!(f, "there is {number}"),
                        None => write!(f, "there is `{}`", found.escape_debug()),
                    },
                    None => f.write_str("the target ends there"),
                }
            }
            Self::OpenQuote => write!(
                f,
                "the text that begins at column {column} has no closing quote"
            ),
            Self::OpenBrace => write!(f, "the brace at column {column} is never closed"),
            Self::TooDeep => write!(
                f,
                "too many calls are inside one another at column {column}, and `{}` is {}",
                limit::TARGET_DEPTH.name,
                limit::TARGET_DEPTH.default
            ),
            Self::TooLong(bytes) => write!(
                f,
                "the target has {bytes} bytes, and `{}` is {}",
                limit::TARGET_BYTES.name,
                limit::TARGET_BYTES.default
            ),
            Self::UnknownFunction { name, nearest } => {
                let name = excerpt::beginning(name);
                write!(f, "there is no function `{name}` (column {column})")?;
                match nearest {
                    Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            _ => None,
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Stop> for Error {
    fn from(stop: Stop) -> Self {
        Self::Store(stop.into())
    }
}

/// Why a function has no result. The evaluation says which function, and where.
#[derive(Debug)]
pub enum Fault {
    /// An argument is not what the function can use.
    Argument(String),
    /// An argument is beyond a limit; the text names it.
    Beyond(&'static Limit, String),
    /// Something that was evaluated within it failed.
    Inner(Error),
}

impl Fault {
    /// An argument is not what the function can use.
    pub fn argument(problem: impl Into<String>) -> Self {
        Self::Argument(problem.into())
    }

    /// The error of a call at this column; `blamed` finds the argument that the problem names.
    pub(crate) fn at(
        self,
        column: usize,
        function: &str,
        blamed: impl FnOnce(&str) -> Option<(usize, String)>,
    ) -> Error {
        let (problem, limit) = match self {
            Self::Inner(error) => return error,
            Self::Argument(problem) => (problem, None),
            Self::Beyond(limit, problem) => (problem, Some(limit)),
        };
        Error::Function {
            column,
            function: function.to_owned(),
            argument: blamed(&problem),
            problem,
            limit,
        }
    }

    /// An error for something beyond a fixed limit; the message ends with the limit.
    pub fn beyond(limit: &'static Limit, found: impl fmt::Display) -> Self {
        let problem = format!("{found}, and `{}` is {}", limit.name, limit.default);
        Self::Beyond(limit, problem)
    }
}

impl Fault {
    /// A target that the function would make is longer than one may be.
    #[must_use]
    pub fn too_long(bytes: usize) -> Self {
        Self::Inner(Error::target("", 0..0, TargetError::TooLong(bytes)))
    }
}

impl From<TagError> for Fault {
    fn from(error: TagError) -> Self {
        let problem = error.to_string();
        match error.limit() {
            Some(limit) => Self::Beyond(limit, problem),
            None => Self::Argument(problem),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Inner(error)
    }
}

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Self {
        Self::Inner(stop.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_does_not_push_the_reason_out() {
        let long = "sumSeries(".repeat(1000);
        let made = Error::Function {
            column: 1,
            function: long.clone(),
            argument: None,
            problem: "the reason".to_owned(),
            limit: None,
        };
        let unknown = TargetError::UnknownFunction {
            name: long.clone(),
            nearest: Some("sumSeries"),
        };
        for (error, reason) in [
            (made, "at column 1: the reason"),
            (
                Error::target("", 0..0, unknown),
                "did you mean `sumSeries`?",
            ),
            (
                Fault::from(TagError::Form(long)).at(1, "f", |_| None),
                "is no tag expression",
            ),
        ] {
            let message = error.to_string();
            assert!(message.len() < 500 && message.contains(reason), "{message}");
        }
    }
}
