//! The refusal of a field, parameter or header: with a wrong value, without the one that it needs, or that is not served here.

use super::problem::Refusal;
use base::error::{Kind, Problem};
use std::borrow::Cow;

/// The refusal, which names the field, parameter or header.
pub(crate) fn invalid(
    field: impl Into<Cow<'static, str>>,
    message: impl Into<Cow<'static, str>>,
) -> Refusal {
    let Refusal(problem) = invalid_whole(message);
    Refusal(problem.field(field))
}

/// The refusal of a path, a query or a body as a whole.
pub(crate) fn invalid_whole(message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal(Problem::new(Kind::Invalid, "invalid_parameter", message))
}

/// The refusal of what the original has and nothing here looks at.
pub(crate) fn unserved(field: &'static str) -> Refusal {
    invalid(field, format!("`{field}` is not served here: leave it out"))
}
