//! The errors that refuse a refresh token.

use crate::error::IamError;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::refresh_tokens::RefreshToken;
use base::time::Millis;

/// The token is unknown.
pub(crate) fn invalid_token_error() -> IamError {
    let message = "Provided refresh token is invalid";
    refused(Reason::WrongRefreshToken, message)
}

/// Its session was ended before its time.
pub(crate) fn session_ended_error() -> IamError {
    let message = "Provided refresh token is invalid: its session has ended";
    refused(Reason::WrongRefreshToken, message)
}

/// It was used again, which has ended its session.
pub(crate) fn reused_token_error() -> IamError {
    let message =
        "Provided refresh token is invalid: it was used before, and its session is ended for that";
    refused(Reason::WrongRefreshToken, message)
}

/// It has expired.
pub(crate) fn expired_token_error() -> IamError {
    let message = "Provided refresh token is expired";
    refused(Reason::RefreshTokenExpired, message)
}

/// Refuses a token that has expired, in its grace as well.
pub(crate) fn require_unexpired(token: &RefreshToken, now: Millis) -> Result<(), IamError> {
    match token.expires_at > now {
        true => Ok(()),
        false => Err(expired_token_error()),
    }
}

fn refused(reason: Reason, message: &'static str) -> IamError {
    let refusal = Refusal::new(reason, message);
    IamError::Refused(refusal.remedy(Remedy::LogInAgain))
}
