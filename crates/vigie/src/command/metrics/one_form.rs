//! The conflict of `--output json` and another `--format`.

use crate::error::Failure;

/// The failure when the two flags disagree.
pub(super) fn two_forms() -> Failure {
    Failure::usage("`--output json` and another `--format` are two forms of one result")
        .hint("give one of them")
}
