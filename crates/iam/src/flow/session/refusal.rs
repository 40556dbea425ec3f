//! The refusals of refresh tokens.

use crate::error::IamError;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::refresh_tokens::RefreshToken;
use base::time::Millis;

/// The refusal of an unknown token.
pub(crate) fn invalid() -> IamError {
    refused("Provided refresh token is invalid")
}

/// The refusal of a token whose session was ended before its time.
pub(crate) fn ended() -> IamError {
    refused("Provided refresh token is invalid: its session has ended")
}

/// The refusal of a token that was used again, which has ended its session.
pub(crate) fn reused() -> IamError {
    refused(
        "Provided refresh token is invalid: it was used before, and its session is ended for that",
    )
}

fn refused(message: &'static str) -> IamError {
    let refusal = Refusal::new(Reason::WrongRefreshToken, message);
    IamError::Refused(refusal.remedy(Remedy::LogInAgain))
}

/// Refuses a token that has expired.
pub(crate) fn unexpired(token: &RefreshToken, now: Millis) -> Result<(), IamError> {
    if token.expires_at > now {
        return Ok(());
    }
    let message = "Provided refresh token is expired";
    let refusal = Refusal::new(Reason::RefreshTokenExpired, message);
    Err(IamError::Refused(refusal.remedy(Remedy::LogInAgain)))
}
