//! API keys with a text that the caller chose: accepted if nobody can guess it.

use crate::error::IamError;
use crate::login::guessable::{different, parts};
use crate::model::text;
use crate::refusal::{Reason, Refusal, Remedy};
use base::limit;

/// Shortest text, in bytes.
const BYTES_MIN: usize = 32;

/// Least strength, in bits: each character that is neither repeated nor in a run counts the logarithm of the number of
/// different characters. Of 30 million random texts of 32 hexadecimal digits 356 had under 80 bits and none under 64,
/// so a random key is not refused.
const BITS_MIN: f64 = 64.0;

/// The one answer for a refused text: it is too weak, or it is the key of somebody the caller does not see. Different
/// answers would reveal that a text opens another account.
pub(crate) fn refused() -> IamError {
    let message = format!(
        "`apikey` cannot be a key: it needs {BYTES_MIN} characters or more that nobody can guess"
    );
    let problem = Refusal::new(Reason::Field, message).field("apikey");
    IamError::Refused(problem.remedy(Remedy::MadeKey))
}

/// Accepts a strong text.
pub(crate) fn check(text: &str) -> Result<(), IamError> {
    text::check_length("apikey", text, &limit::KEY_TEXT_BYTES)?;
    if text.len() < BYTES_MIN || text.chars().any(char::is_control) || bits(text) < BITS_MIN {
        return Err(refused());
    }
    Ok(())
}

fn bits(text: &str) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    number(parts(text)) * number(different(text)).log2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_guessed_is_no_key() {
        for weak in [
            "a".repeat(32),
            "ab".repeat(30),
            "password".repeat(6),
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".to_owned(),
            "kX2_9fQz".to_owned(),
            String::new(),
            format!("{}\n", "kX2_9fQz-LmW7vTb3RnYc8HsJd5GpAe1"),
        ] {
            assert!(check(&weak).is_err(), "{weak}");
        }
        for strong in [
            "9f3c7a01e5d84b26c0f7913ad6258eb4",
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "q7Zt0WmKc4yXvR9sPjL2nDhE6gUb-1oT_aFi8Qk3Hx5",
        ] {
            assert!(check(strong).is_ok(), "{strong} has {} bits", bits(strong));
        }
    }
}
