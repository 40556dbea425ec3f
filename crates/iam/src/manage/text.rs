//! Texts that are taken: each has a limit with a name.

use crate::error::IamError;
use base::error::{Kind, Problem};
use base::limit::Limit;

/// Refuses a text that is longer than the limit.
///
/// # Errors
/// Names the field, the text's length and the limit; never the text.
pub fn within(field: &'static str, text: &str, limit: &'static Limit) -> Result<(), Problem> {
    let length = text.len();
    if u64::try_from(length).is_ok_and(|length| length <= limit.default) {
        return Ok(());
    }
    let message = format!(
        "`{field}` has {length} bytes, more than `{}` = {}",
        limit.name, limit.default
    );
    let problem = Problem::new(Kind::Invalid, "invalid_parameter", message);
    Err(problem.field(field).limit(limit))
}

/// The same for what is managed.
pub(crate) fn check(
    field: &'static str,
    text: &str,
    limit: &'static Limit,
) -> Result<(), IamError> {
    within(field, text, limit).map_err(IamError::Refused)
}
