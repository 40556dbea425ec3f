//! Renewal of a token that is still good, in the second half of its life. An account may end sessions that nobody renews
//! (`session_invalidation_in_seconds`), and its tokens end at the same moment as their session: renewed no sooner than it expires, a
//! login would end while it is used.
//!
//! Nothing depends on such a renewal: on failure the current token is silently used until it expires.

use super::ended::is_ended;
use super::grant::renew;
use crate::config::Config;
use crate::context::Context;
use crate::error::Failure;
use crate::origin::Origin;
use crate::token::{Claims, Token};
use base::time::{Clock as _, Millis, SystemClock};
use std::time::{Duration, Instant};

/// After an attempt a process makes no other for this long, so that a server that is down is not asked before each request.
const PAUSE: Duration = Duration::from_secs(60);

impl Config {
    /// Whether half of the token's life is over. It counts from when it was stored, by the clock of this machine: by a clock that is
    /// ahead of the server's, each new token would be old already.
    pub(super) fn is_half_over(&self, now: Millis) -> bool {
        let Some(claims) = Claims::of(self.iam_token.expose()).filter(|claims| claims.iat > 0)
        else {
            return false;
        };
        let stored_at = self.last_session_update_time.unwrap_or_default();
        let life = claims.exp.saturating_sub(claims.iat);
        now.secs().saturating_sub(stored_at.max(claims.iat)) >= life / 2
    }
}

impl Context {
    /// The successor of a good token, if half of its life is over and the server gives one now; else the token itself.
    ///
    /// # Errors
    /// When the server says that the login has ended, and the token with it.
    pub(super) fn renewed_early(&self, held: Token) -> Result<Token, Failure> {
        let is_due = self.config().is_half_over(SystemClock.now());
        if !is_due || self.is_logging_in() || self.is_pausing() || !self.may_renew_unasked() {
            return Ok(held);
        }
        self.early_renewal_tried_at.set(Some(Instant::now()));
        // Another process that has the lock renews it.
        let Some(lock) = self.home.lock_if_free() else {
            return Ok(held);
        };
        let (Ok(mut config), Ok(file)) = (self.home.read(), lock.prepare()) else {
            return Ok(held);
        };
        self.resume_unsaved(&mut config);
        if config.iam_token != self.config().iam_token {
            let stored = config.good_token(Duration::ZERO);
            self.set_config(config);
            return Ok(stored.unwrap_or(held));
        }
        match renew(self, &config, None) {
            Ok(reply) => Ok(self.keep_renewed(config, file, &reply)),
            Err(failure) if is_ended(&failure) => Err(self.refused(config, file, failure)),
            Err(_) => Ok(held),
        }
    }

    fn is_pausing(&self) -> bool {
        let tried_at = self.early_renewal_tried_at.get();
        tried_at.is_some_and(|at| at.elapsed() < PAUSE)
    }

    /// Whether there is something to renew with, at a service that the user need not be asked about.
    fn may_renew_unasked(&self) -> bool {
        let config = self.config();
        let is_renewable = !matches!(config.iam_refresh_token.expose(), "" | "not_supported");
        let Ok(url) = self.iam_endpoint(&config) else {
            return false;
        };
        let is_trusted = |service: Origin| {
            !service.is_unspecified() && self.is_trusted(&service).unwrap_or(false)
        };
        is_renewable && Origin::of(&url).is_ok_and(is_trusted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn login(claims: &str, stored_at: Option<i64>) -> Config {
        let token = format!("Bearer e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        Config {
            iam_token: token.into(),
            last_session_update_time: stored_at,
            ..Config::default()
        }
    }

    fn half_over(config: &Config, now: i64) -> bool {
        config.is_half_over(Millis::from_secs(now))
    }

    #[test]
    fn the_second_half_begins_in_the_middle() {
        let config = login(r#"{"iat":1000,"exp":1900}"#, Some(1000));
        assert!(!half_over(&config, 1449) && half_over(&config, 1450));
        let unnoted = login(r#"{"iat":1000,"exp":1900}"#, None);
        assert!(!half_over(&unnoted, 1449) && half_over(&unnoted, 1450));
    }

    #[test]
    fn the_clock_of_this_machine_may_be_ahead() {
        let config = login(r#"{"iat":1000,"exp":1900}"#, Some(1600));
        assert!(!half_over(&config, 1600) && half_over(&config, 2050));
    }

    #[test]
    fn a_token_that_another_program_renewed_counts_from_its_issue() {
        let config = login(r#"{"iat":1000,"exp":1900}"#, Some(100));
        assert!(!half_over(&config, 1001));
    }

    #[test]
    fn a_token_without_a_time_of_issue_has_no_half() {
        assert!(!half_over(&login(r#"{"exp":1900}"#, Some(1)), 1899));
        assert!(!half_over(&Config::default(), 1));
    }
}
