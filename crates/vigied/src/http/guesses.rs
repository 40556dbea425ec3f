//! Slows whoever guesses credentials: each guesser may miss so often a minute, and is then told to wait. Hits cost nothing.

use super::problem::Refusal;
use base::id::UserId;
use base::limit;
use base::source::SourceKey;
use base::time::Millis;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use wire::code;

/// Guessers remembered at most; beyond it those are forgotten who may guess again anyway, and if that leaves more than half,
/// all.
const GUESSERS_MAX: usize = 65_536;

/// In this time all misses are forgotten.
const PERIOD_MILLISECONDS: i64 = 60_000;

/// Who is slowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Guesser {
    /// Where requests come from.
    Source(SourceKey),
    /// A user who shows a credential of his own.
    User(UserId),
}

/// Who has missed how often.
#[derive(Debug)]
pub(crate) struct Guesses {
    per_minute: u64,
    /// When each guesser's misses are forgotten: every miss moves it ahead by the time in which one may be made.
    forgotten_at: Mutex<HashMap<Guesser, i64>>,
}

impl Guesses {
    /// So many misses a minute.
    pub(crate) fn new(per_minute: u64) -> Self {
        Self {
            per_minute: per_minute.max(1),
            forgotten_at: Mutex::default(),
        }
    }

    fn cost(&self) -> i64 {
        PERIOD_MILLISECONDS / i64::try_from(self.per_minute).unwrap_or(i64::MAX)
    }

    /// Lets one on who has not missed too often.
    pub(crate) fn allow(&self, guesser: Option<Guesser>, now: Millis) -> Result<(), Refusal> {
        let Some(guesser) = guesser else {
            return Ok(());
        };
        let table = (self.forgotten_at.lock()).unwrap_or_else(PoisonError::into_inner);
        let ahead = table.get(&guesser).map_or(0, |at| at.saturating_sub(now.0));
        if ahead.saturating_add(self.cost()) <= PERIOD_MILLISECONDS {
            return Ok(());
        }
        let message = format!(
            "more credentials that are none were shown here than `{}` = {} a minute",
            limit::INTROSPECTION_MISSES.name,
            self.per_minute
        );
        let problem = code::TOO_BUSY.problem(message);
        Err(Refusal(
            problem
                .hint("send again after `Retry-After` seconds; show a credential of your own in `X-Auth-User-Token` to count alone")
                .limit(&limit::INTROSPECTION_MISSES),
        ))
    }

    /// Counts a miss.
    pub(crate) fn missed(&self, guesser: Option<Guesser>, now: Millis) {
        let Some(guesser) = guesser else {
            return;
        };
        let mut table = (self.forgotten_at.lock()).unwrap_or_else(PoisonError::into_inner);
        if table.len() >= GUESSERS_MAX && !table.contains_key(&guesser) {
            table.retain(|_, at| *at > now.0);
            if table.len() > GUESSERS_MAX / 2 {
                table.clear();
            }
        }
        let at = table.entry(guesser).or_insert(now.0);
        *at = (*at).max(now.0).saturating_add(self.cost());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guesser(number: u8) -> Option<Guesser> {
        let address = std::net::Ipv4Addr::new(192, 0, 2, number);
        Some(Guesser::Source(SourceKey::of(address.into())))
    }

    #[test]
    fn a_guesser_is_stopped_and_let_on_again_and_another_is_not() {
        let guesses = Guesses::new(60);
        for _ in 0..60 {
            guesses.allow(guesser(1), Millis(0)).unwrap();
            guesses.missed(guesser(1), Millis(0));
        }
        assert!(guesses.allow(guesser(1), Millis(0)).is_err());
        assert!(guesses.allow(guesser(1), Millis(999)).is_err());
        guesses.allow(guesser(1), Millis(1000)).unwrap();
        guesses.allow(guesser(2), Millis(0)).unwrap();
        guesses.allow(None, Millis(0)).unwrap();
    }

    #[test]
    fn the_table_is_bounded() {
        let guesses = Guesses::new(60);
        for number in 0..100_000_u32 {
            let address = std::net::Ipv4Addr::from_bits(number);
            let guesser = Guesser::Source(SourceKey::of(address.into()));
            guesses.missed(Some(guesser), Millis(0));
        }
        assert!(guesses.forgotten_at.lock().unwrap().len() <= GUESSERS_MAX);
    }
}
