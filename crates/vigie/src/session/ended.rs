//! A login that the server will not renew any more: its session has ended, or the account was deleted meanwhile. Its token
//! may look good for a while yet, and is good for nothing; so the refusal is kept beside it. Whoever wants a token asks the
//! server again, which may have changed its mind.

use crate::config::{Config, Prepared};
use crate::context::Context;
use crate::error::Failure;
use crate::token::{Claims, Token, good};
use base::time::{Clock as _, SystemClock};
use std::time::Duration;

/// What the token service answers, with 400, where the refresh token will not be good again.
const ENDED: [&str; 2] = ["BXNIM0407E", "BXNIM0408E"];

fn is_ended(failure: &Failure) -> bool {
    let code = failure.code.as_deref();
    failure.status == Some(400) && code.is_some_and(|code| ENDED.contains(&code))
}

impl Config {
    /// Whether a renewal of this very login was refused. Another program that shares the file takes no part in it, so that a
    /// login of its own counts as a new one.
    pub(crate) fn is_ended(&self) -> bool {
        self.refused_expiry.is_some() && self.refused_expiry == self.expiry()
    }

    fn expiry(&self) -> Option<i64> {
        Claims::of(self.iam_token.expose()).map(|claims| claims.exp)
    }

    /// The token, if it is good for long enough and no renewal was refused.
    pub(super) fn good_token(&self, ttl_min: Duration) -> Option<Token> {
        good(self.iam_token.expose(), ttl_min, SystemClock.now()).filter(|_| !self.is_ended())
    }
}

impl Context {
    /// Keeps that the login has ended, where that is what the failure says. Where it cannot be kept, it is refused again.
    pub(super) fn refused(&self, mut config: Config, file: Prepared, failure: Failure) -> Failure {
        if is_ended(&failure) && !config.is_ended() {
            config.refused_expiry = config.expiry();
            if file.keep(&config).is_ok() {
                self.set_config(config);
            }
        }
        failure
    }
}
