//! The one error shape: what went wrong, how to mend it, and what it means to the outside.

use crate::limit::Limit;
use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU8;

/// The kind of failure; decides the HTTP status and the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is wrong: 400.
    Invalid,
    /// No credential, or one that is no good: 401.
    Unauthenticated,
    /// A good credential without the right: 403.
    Forbidden,
    /// The thing does not exist, or is not the caller's to see: 404.
    NotFound,
    /// The method does not exist here: 405.
    Method,
    /// The request took too long to arrive or to answer: 408.
    Timeout,
    /// It collides with what is there: 409.
    Conflict,
    /// The thing asked to change has changed meanwhile: 412.
    Precondition,
    /// The body is larger than the limit: 413.
    TooLarge,
    /// Too many requests at once or per time: 429.
    Busy,
    /// The headers are larger than the limit: 431.
    HeadersTooLarge,
    /// Our fault: 500.
    Internal,
    /// Not now: 503.
    Unavailable,
}

impl Kind {
    /// The HTTP status it is answered with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Method => 405,
            Self::Timeout => 408,
            Self::Conflict => 409,
            Self::Precondition => 412,
            Self::TooLarge => 413,
            Self::Busy => 429,
            Self::HeadersTooLarge => 431,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}

/// Where in a parameter's value the fault stands. As small as it can be, as every result of a request may be a [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    number: NonZeroU8,
    column: u16,
    length: u16,
}

impl Position {
    /// In which of the parameter's values, and from which character on, both from 1 on; and how many characters, 0 where something
    /// is missing. `None` beyond what anybody would count.
    #[must_use]
    pub fn new(number: usize, column: usize, length: usize) -> Option<Self> {
        Some(Self {
            number: NonZeroU8::new(u8::try_from(number).ok()?)?,
            column: u16::try_from(column).ok()?,
            length: u16::try_from(length).unwrap_or(u16::MAX),
        })
    }

    /// Which of the parameter's values, from 1 on.
    #[must_use]
    pub const fn number(&self) -> u8 {
        self.number.get()
    }

    /// The first character at fault, from 1 on.
    #[must_use]
    pub const fn column(&self) -> u16 {
        self.column
    }

    /// The characters at fault.
    #[must_use]
    pub const fn length(&self) -> u16 {
        self.length
    }
}

/// A failure as the outside sees it. `message` says what happened, `hint` names the command or field that mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The kind of failure.
    pub kind: Kind,
    /// A stable code, for example `BXNMSRI01E`.
    pub code: &'static str,
    /// The message, one sentence without a full stop. Never holds a secret.
    pub message: Cow<'static, str>,
    /// How to mend it.
    pub hint: Option<Cow<'static, str>>,
    /// The field, parameter or header at fault.
    pub field: Option<Cow<'static, str>>,
    /// Where in the field's value.
    pub position: Option<Position>,
    /// The limit that was hit, to be counted.
    pub limit: Option<&'static Limit>,
    /// After how many seconds it is worth another try, where that is known.
    pub retry_after: Option<u64>,
}

impl Problem {
    /// A problem without hint or field.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
            hint: None,
            field: None,
            position: None,
            limit: None,
            retry_after: None,
        }
    }

    /// Adds what mends it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the field at fault.
    #[must_use]
    pub fn field(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Adds where in the field's value the fault stands.
    #[must_use]
    pub const fn position(mut self, position: Option<Position>) -> Self {
        self.position = position;
        self
    }

    /// Adds the limit that was hit.
    #[must_use]
    pub const fn limit(mut self, limit: &'static Limit) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Adds after how many seconds it is worth another try.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}
