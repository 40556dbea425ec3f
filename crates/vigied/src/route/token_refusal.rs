//! Refusals in the token service's codes.

use crate::http::problem::Refusal;
use base::error::{Kind, Problem};
use std::borrow::Cow;
use std::fmt::Display;

/// A field that is missing or wrong, with a code and in words of its own.
pub(super) fn property(code: &'static str, message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal(Problem::new(Kind::Invalid, code, message))
}

/// A field that is missing or empty, or several of which one is needed.
pub(super) fn missing(what: impl Display) -> Refusal {
    property("BXNIM0109E", format!("Property missing or empty: {what}"))
}

/// A field that has a wrong value, or is not served; `what` is wrong.
pub(super) fn wrong(what: impl Display) -> Refusal {
    property("BXNIM0106E", format!("Property validation failed: {what}"))
}

/// A client that may not do this, or none where one is needed.
pub(super) fn no_client(message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal(Problem::new(Kind::Unauthenticated, "BXNIM0308E", message))
}
