//! A login with an API key that was made for less than its user has (`reach`): it is for metrics alone, and the server lists
//! it no account, organization or space to target.

use crate::error::Failure;

/// The server's code for such a key on any other route.
const CODE: &str = wire::code::KEY_METRICS_ONLY.code;

/// What to do with such a key.
pub(crate) const HINT: &str = "this key is for metrics alone: name the space it reaches with `--scope s-GUID`, or mean the account itself with `--scope account`";

/// Whether this is what the server has refused.
pub(crate) fn is_why(failure: &Failure) -> bool {
    failure.code.as_deref() == Some(CODE)
}
