//! Asks for a new password: at a terminal twice, without echo; elsewhere it is the next line of standard input.

use super::{is_possible, secret, secret_or_line};
use crate::error::Failure;
use crate::output::Output;
use base::secret::Secret;

/// The input, as the prompt names it.
const WHAT: &str = "the new password";

/// How often the two inputs may differ.
const TRIES: u32 = 3;

/// Asks, and asks again if the two inputs differ, so that a typing error does not abort the command; a line that a script writes is
/// the password as it is. `flag` names the flag to use instead, with its backticks.
pub(crate) fn new_password(flag: &'static str, output: &Output) -> Result<Secret<String>, Failure> {
    if !is_possible() {
        return secret_or_line("New password", WHAT, flag, output);
    }
    let mut tries_left = TRIES;
    loop {
        tries_left -= 1;
        let new = secret("New password", WHAT, flag)?;
        if secret("New password again", WHAT, flag)? == new {
            return Ok(new);
        }
        let failure = Failure::usage("the two new passwords are not the same");
        if tries_left == 0 {
            return Err(failure);
        }
        output.failure(&failure);
    }
}
