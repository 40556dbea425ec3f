//! An error with a code for programs, from the command itself or from the server that ran it.

use std::fmt;

/// The error.
#[derive(Debug)]
pub(crate) struct CodedError {
    code: String,
    text: String,
    is_usage: bool,
}

impl CodedError {
    pub(crate) fn new(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            text: text.into(),
            is_usage: false,
        }
    }

    /// The object does not exist.
    pub(crate) fn not_found(text: impl Into<String>) -> Self {
        Self::new("not_found", text)
    }

    /// The command line is incomplete: exit code 2, as for a command line that cannot be parsed.
    pub(crate) fn usage(code: &str, text: impl Into<String>) -> Self {
        Self {
            is_usage: true,
            ..Self::new(code, text)
        }
    }

    /// The code.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Whether the command line was wrong.
    pub(crate) const fn is_usage(&self) -> bool {
        self.is_usage
    }
}

impl fmt::Display for CodedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for CodedError {}
