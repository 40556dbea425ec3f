//! Passwords and one-time codes, and what slows guessing.

mod common_passwords;
pub(crate) mod guessable;
pub(crate) mod hash;
pub(crate) mod known_sources;
pub(crate) mod quality;
pub(crate) mod queue;
pub(crate) mod throttle;

use crate::config::{IamLimits, PasswordCost};
use crate::error::IamError;
use base::limit;
use base::time::Millis;
use db::Db;
use std::sync::Arc;
use std::time::Duration;

/// The login state of a node.
#[derive(Debug)]
pub(crate) struct Logins {
    pub(crate) checks: Arc<queue::Checks>,
    pub(crate) throttle: throttle::Throttle,
    pub(crate) known_sources: known_sources::KnownSources,
    /// The hash that passwords of unknown users are compared with.
    pub(crate) decoy: String,
}

impl Logins {
    pub(crate) async fn open(
        db: &Db,
        now: Millis,
        checks_at_once: usize,
        cost: PasswordCost,
        limits: &IamLimits,
    ) -> Result<Self, IamError> {
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let checks = queue::Checks::new(queue::QueueLimits {
            at_once: checks_at_once,
            waiting: size(limits.password_checks_waiting),
            waiting_per_source: size(limits.password_checks_waiting_per_source),
            wait: Duration::from_secs(limits.password_wait_seconds),
        });
        let throttle = throttle::Throttle::new(throttle::LoginLimits {
            per_address: count(limits.login_failures_per_address),
            per_source: count(limits.login_failures_per_source),
            guesses: count(limits.guesses_per_source),
            remembered: size(limit::FAILURES_REMEMBERED.default),
        });
        let per_user = size(limit::LOGIN_SOURCES_PER_USER.default);
        Ok(Self {
            checks,
            throttle,
            known_sources: known_sources::KnownSources::load(db, now, per_user).await?,
            decoy: hash::decoy(cost)?,
        })
    }
}
