//! A login that the server no longer renews: its session has ended, or its account was deleted. Its token may not have expired
//! yet but is refused everywhere, so the refusal is stored with it. A command that needs a token asks the server again, because
//! the refusal may have been lifted.

use crate::config::Config;
use crate::error::Failure;
use crate::token::{Claims, Token, good};
use base::time::{Clock as _, SystemClock};
use std::time::Duration;

/// The token service's codes, with 400, for a refresh token that stays invalid.
const ENDED: [&str; 3] = ["BXNIM0407E", "BXNIM0408E", "BXNIM0439E"];

/// Whether the failure says that the login has ended.
pub(super) fn is_ended(failure: &Failure) -> bool {
    let code = failure.code.as_deref();
    failure.status == Some(400) && code.is_some_and(|code| ENDED.contains(&code))
}

impl Config {
    /// Whether a renewal of this very login was refused. Another program that shares the file does not know of this, so its own
    /// login counts as a new one.
    pub(crate) fn is_ended(&self) -> bool {
        self.refused_expiry.is_some() && self.refused_expiry == self.expiry()
    }

    pub(super) fn expiry(&self) -> Option<i64> {
        Claims::of(self.iam_token.expose()).map(|claims| claims.exp)
    }

    /// The token, if it is valid for long enough and no renewal was refused.
    pub(super) fn good_token(&self, ttl_min: Duration) -> Option<Token> {
        good(self.iam_token.expose(), ttl_min, SystemClock.now()).filter(|_| !self.is_ended())
    }
}
