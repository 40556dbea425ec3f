//! Slows down the guessing of credentials: after a number of failures per minute, a caller has to wait. Successes cost nothing.
//!
//! An attempt counts as a failure before it is checked, and is taken back when it succeeds. So parallel attempts get no more
//! checks than sequential ones. A caller that disconnects has failed.

use super::problem::Refusal;
use base::error::{Kind, Problem};
use base::limit::{self, Limit};
use base::principal::Principal;
use base::rate_limit::{Rate, Table, TokenBucket};
use base::source::SourceKey;
use base::time::Millis;
use std::sync::{Mutex, MutexGuard, PoisonError};
use wire::code;

/// The time in which all misses are forgotten.
const PERIOD_MILLISECONDS: u64 = 60_000;

/// The callers that are slowed down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Guesser {
    /// Where requests come from.
    Source(SourceKey),
    /// A caller that sends a valid credential of their own.
    Principal(Principal),
}

/// A guessed credential, and the refusal after too many failures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guess {
    code: &'static str,
    limit: &'static Limit,
    what: &'static str,
    hint: &'static str,
}

/// Credentials at introspection.
pub(crate) const CREDENTIALS: Guess = Guess {
    code: code::TOO_BUSY.code,
    limit: &limit::INTROSPECTION_MISSES,
    what: "invalid credentials were sent here",
    hint: "send again after `Retry-After` seconds; show a credential of your own in `X-Auth-User-Token` to count alone",
};

/// One-time codes of invitations.
pub(crate) const CODES: Guess = Guess {
    code: "too_many_requests",
    limit: &limit::CODE_TRIES_PER_MINUTE,
    what: "wrong one-time codes came from you",
    hint: "send again after `Retry-After` seconds",
};

/// Failures per caller.
#[derive(Debug)]
pub(crate) struct Guesses {
    kind: Guess,
    per_minute: u64,
    missed: Mutex<Table<Guesser, TokenBucket>>,
}

/// A try that counts as a miss unless it is given back.
#[derive(Debug)]
#[must_use = "a hit is given back"]
pub(crate) struct GuessAttempt<'a> {
    of: &'a Guesses,
    guesser: Option<Guesser>,
}

impl Guesses {
    /// So many misses a minute.
    pub(crate) fn new(kind: Guess, per_minute: u64) -> Self {
        let most = usize::try_from(limit::FAILURES_REMEMBERED.default).unwrap_or(usize::MAX);
        Self {
            kind,
            per_minute: per_minute.max(1),
            missed: Mutex::new(Table::new(most)),
        }
    }

    const fn rate(&self) -> Rate {
        Rate::per(self.per_minute, PERIOD_MILLISECONDS)
    }

    fn table(&self) -> MutexGuard<'_, Table<Guesser, TokenBucket>> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Allows an attempt of a caller without too many failures; it counts as a failure until it succeeds.
    pub(crate) fn take(
        &self,
        guesser: Option<Guesser>,
        now: Millis,
    ) -> Result<GuessAttempt<'_>, Refusal> {
        if let Some(guesser) = guesser {
            let taken = self.table().entry(guesser).take(self.rate(), now);
            taken.map_err(|wait| self.refusal(wait))?;
        }
        Ok(GuessAttempt { of: self, guesser })
    }

    fn refusal(&self, wait: u64) -> Refusal {
        let Guess {
            code,
            limit,
            what,
            hint,
        } = self.kind;
        let message = format!(
            "more {what} than `{}` = {} a minute",
            limit.name, self.per_minute
        );
        let seconds = wait.div_ceil(1000);
        let problem = Problem::new(Kind::Busy, code, message)
            .hint(hint)
            .limit(limit);
        Refusal(problem.retry_after(seconds))
    }
}

impl GuessAttempt<'_> {
    /// It was no miss.
    pub(crate) fn give_back(self) {
        let Some(guesser) = self.guesser else {
            return;
        };
        if let Some(spent) = self.of.table().get_mut(&guesser) {
            spent.give_back(self.of.rate(), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guesser(number: u8) -> Option<Guesser> {
        let address = std::net::Ipv4Addr::new(192, 0, 2, number);
        Some(Guesser::Source(SourceKey::of(address.into())))
    }

    fn guesses() -> Guesses {
        Guesses::new(CREDENTIALS, 60)
    }

    #[test]
    fn a_guesser_is_stopped_and_let_on_again_and_another_is_not() {
        let guesses = guesses();
        for _ in 0..60 {
            let _missed = guesses.take(guesser(1), Millis(0)).unwrap();
        }
        assert!(guesses.take(guesser(1), Millis(0)).is_err());
        let refused = guesses.take(guesser(1), Millis(999)).unwrap_err();
        assert_eq!(refused.0.retry_after, Some(1));
        let _one = guesses.take(guesser(1), Millis(1000)).unwrap();
        let _other = guesses.take(guesser(2), Millis(0)).unwrap();
        let _nobody = guesses.take(None, Millis(0)).unwrap();
    }

    #[test]
    fn tries_that_are_made_at_once_all_count_until_they_hit() {
        let guesses = guesses();
        let tries: Vec<GuessAttempt<'_>> = (0..60)
            .map(|_| guesses.take(guesser(1), Millis(0)).unwrap())
            .collect();
        assert!(guesses.take(guesser(1), Millis(0)).is_err());
        tries.into_iter().for_each(GuessAttempt::give_back);
        for _ in 0..500 {
            guesses.take(guesser(1), Millis(0)).unwrap().give_back();
        }
    }

    #[test]
    fn many_a_minute_are_no_more_than_are_allowed() {
        for per_minute in [7, 40_000, 120_000] {
            let guesses = Guesses::new(CODES, per_minute);
            let now = Millis(0);
            let taken = (0..200_000).filter(|_| guesses.take(guesser(1), now).is_ok());
            assert_eq!(taken.count() as u64, per_minute);
        }
    }

    #[test]
    fn the_table_is_bounded() {
        let guesses = guesses();
        for number in 0..100_000_u32 {
            let address = std::net::Ipv4Addr::from_bits(number);
            let guesser = Guesser::Source(SourceKey::of(address.into()));
            let _missed = guesses.take(Some(guesser), Millis(0)).unwrap();
        }
        assert!(guesses.table().len() as u64 <= limit::FAILURES_REMEMBERED.default);
    }
}
