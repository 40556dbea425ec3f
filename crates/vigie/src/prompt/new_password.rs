//! Asks for a new password, twice, without echo.

use super::secret;
use crate::error::Failure;
use crate::output::Output;
use base::secret::Secret;

/// How often the two inputs may differ.
const TRIES: u32 = 3;

/// Asks, and asks again if the two inputs differ, so that a typing error does not abort the command. `flag` names the flag to use
/// instead, with its backticks.
pub(crate) fn new_password(flag: &'static str, output: &Output) -> Result<Secret<String>, Failure> {
    let mut tries_left = TRIES;
    loop {
        tries_left -= 1;
        let new = secret("New password", "the new password", flag)?;
        if secret("New password again", "the new password", flag)? == new {
            return Ok(new);
        }
        let failure = Failure::usage("the two new passwords are not the same");
        if tries_left == 0 {
            return Err(failure);
        }
        output.failure(&failure);
    }
}
