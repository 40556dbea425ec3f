//! One result has one form.

use crate::error::Failure;

/// Where one says `json`, the other must not say something else.
pub(super) fn two_forms() -> Failure {
    Failure::usage("`--output json` and another `--format` are two forms of one result")
        .hint("give one of them")
}
