//! Failures for the user: what happened, what to do next, and the exit code.

pub(crate) mod code;

use crate::printable_text::{PrintableText, Show};
use std::borrow::Cow;
use std::fmt;
use std::io;

/// The kind of failure, which decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anything not named below.
    Failed,
    /// The command line is wrong.
    Usage,
    /// Nobody is logged in, or the credential was refused.
    NotLoggedIn,
    /// The caller has no right to do this.
    Forbidden,
    /// It does not exist, or the caller must not see it.
    NotFound,
    /// No answer from the server.
    Unreachable,
    /// Some of it was done, some was not.
    Partial,
    /// The reader of the output has closed the pipe.
    BrokenPipe,
}

/// The exit codes, as `--help` and the reference tell them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed
  2  wrong usage
  3  not logged in, or the credential was refused
  4  no right to do this
  5  not found
  6  the server cannot be reached
  7  done in part; what was not done is said
Called under the name `ibmcloud`, `bx` or `bluemix`, every failure but wrong usage is 1.";

impl Kind {
    /// The exit code under our own name.
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::BrokenPipe => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotLoggedIn => 3,
            Self::Forbidden => 4,
            Self::NotFound => 5,
            Self::Unreachable => 6,
            Self::Partial => 7,
        }
    }
}

/// A failed command.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The kind.
    pub(crate) kind: Kind,
    /// The error; never contains a secret.
    pub(crate) message: PrintableText,
    /// The typed text, with carets under the mistake: for people alone.
    pub(crate) mark: Option<Box<PrintableText>>,
    /// Hints, one per line.
    pub(crate) hints: Vec<PrintableText>,
    /// The HTTP status, if the server refused.
    pub(crate) status: Option<u16>,
    /// The server's code, for example `BXNIM0415E`; else one of ours that is more specific than the kind.
    pub(crate) code: Option<Cow<'static, str>>,
    /// The server's own text.
    pub(crate) text: Option<String>,
    /// The server's id of the refused request, to quote to its operator.
    pub(crate) transaction_id: Option<Box<PrintableText>>,
}

impl Failure {
    /// A failure without hints.
    pub(crate) fn new(kind: Kind, message: impl Into<PrintableText>) -> Self {
        Self {
            kind,
            message: message.into(),
            mark: None,
            hints: Vec::new(),
            status: None,
            code: None,
            text: None,
            transaction_id: None,
        }
    }

    /// A failure of the general kind.
    pub(crate) fn failed(message: impl Into<PrintableText>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// A wrong command line.
    pub(crate) fn usage(message: impl Into<PrintableText>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A file that could not be read or written.
    pub(crate) fn file(action: &str, path: &std::path::Path, error: &io::Error) -> Self {
        Self::failed(format!("cannot {action} `{}`: {error}", path.display())).coded(code::FILE)
    }

    /// Adds a hint.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<PrintableText>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.as_str())
    }
}

impl std::error::Error for Failure {}

/// For errors of standard output: a closed pipe is no failure.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::new(Kind::BrokenPipe, "the reader of the output has gone")
        } else {
            Self::failed(format!("cannot write the output: {error}")).coded(code::OUTPUT)
        }
    }
}

impl Show for Failure {
    fn show(&self) -> Cow<'_, str> {
        self.message.show()
    }
}

impl Kind {
    /// The code of a failure without one of its own.
    const fn code(self) -> &'static str {
        match self {
            Self::Failed => code::FAILED,
            Self::Usage => code::USAGE,
            Self::NotLoggedIn => code::NOT_LOGGED_IN,
            Self::Forbidden => code::FORBIDDEN,
            Self::NotFound => code::NOT_FOUND,
            Self::Unreachable => code::UNREACHABLE,
            Self::Partial => code::PARTIAL,
            Self::BrokenPipe => code::OUTPUT,
        }
    }
}

impl Failure {
    /// Sets a code that is more specific than the kind.
    #[must_use]
    pub(crate) fn coded(mut self, code: &'static str) -> Self {
        self.code.get_or_insert(Cow::Borrowed(code));
        self
    }

    /// The code for programs: the server's, else ours.
    pub(crate) fn machine_code(&self) -> &str {
        self.code.as_deref().unwrap_or_else(|| self.kind.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_code_comes_first() {
        let mut failure = Failure::usage("x");
        assert_eq!(failure.machine_code(), "usage");
        assert_eq!(
            Failure::usage("x")
                .coded(code::INVALID_VALUE)
                .machine_code(),
            "invalid_value"
        );
        failure.code = Some("BXNIM0415E".into());
        failure = failure.coded(code::INVALID_VALUE);
        assert_eq!(failure.machine_code(), "BXNIM0415E");
    }
}
