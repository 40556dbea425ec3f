//! The refusal of a field, parameter or header with a wrong value, or without the one that it needs.

use super::problem::Refusal;
use base::error::{Kind, Problem};
use std::borrow::Cow;

/// The refusal, which names the field, parameter or header.
pub(crate) fn invalid(field: &'static str, message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal(Problem::new(Kind::Invalid, "invalid_parameter", message).field(field))
}
