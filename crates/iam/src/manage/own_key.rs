//! A text that a caller brings as a key of his own: taken when nobody can guess it.

use crate::error::IamError;
use crate::login::guessable::{different, parts};
use crate::model::text;
use crate::refusal::{Reason, Refusal, Remedy};
use base::limit;

/// Shortest text, in bytes.
const BYTES_MIN: usize = 32;

/// Least strength, in bits: the logarithm of its different characters for each that is neither repeated nor in a run.
/// 32 random hexadecimal digits have over 90.
const BITS_MIN: f64 = 80.0;

/// The one answer for a text that is no key: too weak, or a key of somebody the caller does not see. Who could tell them
/// apart would learn that a text opens another account.
pub(crate) fn refused() -> IamError {
    let message = format!(
        "`apikey` cannot be a key: it needs {BYTES_MIN} characters or more that nobody can guess"
    );
    let problem = Refusal::new(Reason::Field, message).field("apikey");
    IamError::Refused(problem.remedy(Remedy::MadeKey))
}

/// Lets a strong text pass.
pub(crate) fn check(text: &str) -> Result<(), IamError> {
    text::check("apikey", text, &limit::KEY_TEXT_BYTES)?;
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
    use crate::entropy;

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
        for _ in 0..500 {
            let random: [u8; 16] = entropy::bytes();
            let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(check(&hex).is_ok(), "{hex} has {} bits", bits(&hex));
            assert!(check(&entropy::guid().to_string()).is_ok());
            assert!(check(&entropy::text()).is_ok());
        }
    }
}
