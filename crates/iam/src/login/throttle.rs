//! Counts failures, and tells how long a source with too many has to wait.
//!
//! Failures count for a source and an address together, and for a source; **never for an address alone**: an attacker
//! elsewhere cannot lock a user out by guessing. Unknown addresses count like any other. The counts are kept in bounded
//! memory under a keyed hash, on each node separately.
//!
//! What it is not: it delays and refuses nobody; `flow/password.rs` and `flow/guess_limit.rs` do.

use crate::entropy;
use base::rate_limit::{Rate, Table, TokenBucket};
use base::source::SourceKey;
use base::time::Millis;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The first pause after too many failures of a source at an address. Each further failure doubles it.
const PAUSE_MILLISECONDS: i64 = 60_000;

/// How often it doubles: up to 16 minutes, which leaves 90 tries a day.
const DOUBLINGS_MAX: u32 = 4;

/// Failures are forgotten after a day without another one.
const FORGOTTEN_MILLISECONDS: i64 = 24 * 3_600_000;

/// From a source where the user logged in before, further tries are checked at this interval in milliseconds.
const PACE_MILLISECONDS: u64 = 2000;

/// One failure of a source is forgotten at this interval in milliseconds.
const SOURCE_MILLISECONDS: u64 = 10_000;

/// One wrong key, code or refresh token of a source is forgotten at this interval in milliseconds.
const GUESS_MILLISECONDS: u64 = 1000;

/// The limits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoginLimits {
    /// Wrong passwords for one address from one source.
    pub(crate) per_address: u32,
    /// Wrong passwords from one source.
    pub(crate) per_source: u32,
    /// Wrong keys, codes and refresh tokens from one source.
    pub(crate) guesses: u32,
    /// Counts that are kept in memory.
    pub(crate) remembered: usize,
}

/// The counters.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
enum Kind {
    Address,
    KnownSource,
    Source,
    Guess,
}

type Key = [u8; 16];

/// Failures of a source at an address; each doubles the next wait.
#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    count: u32,
    /// When the last one was.
    at: i64,
}

/// The counts, in bounded memory. Failures at ever new addresses displace no count of a source.
#[derive(Debug)]
struct Counts {
    failures: Table<Key, Failures>,
    spent: Table<Key, TokenBucket>,
}

/// The limit that a slowed login has reached, and its wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slowed {
    /// Too many failures of the source at this address.
    Address(i64),
    /// Too many failures of the source.
    Source(i64),
}

/// A login from a source, not counted yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoginAttempt {
    address: Key,
    known_source: Key,
    source: Key,
}

/// The failures of all sources.
#[derive(Debug)]
pub(crate) struct Throttle {
    secret: [u8; 32],
    allowance: LoginLimits,
    counts: Mutex<Counts>,
}

impl Throttle {
    pub(crate) fn new(allowance: LoginLimits) -> Self {
        Self {
            secret: entropy::bytes(),
            allowance,
            counts: Mutex::new(Counts {
                failures: Table::new(allowance.remembered / 2),
                spent: Table::new(allowance.remembered / 2),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A user's tries from a source where they logged in before.
    fn known_source_rate(&self) -> Rate {
        Rate::one_each(PACE_MILLISECONDS, self.allowance.per_address.into())
    }

    /// A source's wrong passwords.
    fn source_rate(&self) -> Rate {
        Rate::one_each(SOURCE_MILLISECONDS, self.allowance.per_source.into())
    }

    /// A source's wrong keys, codes and refresh tokens.
    fn guess_rate(&self) -> Rate {
        Rate::one_each(GUESS_MILLISECONDS, self.allowance.guesses.into())
    }

    fn key(&self, kind: Kind, source: SourceKey, address: &str) -> Key {
        let mut text = Vec::with_capacity(49 + address.len());
        text.extend(self.secret);
        text.push(kind as u8);
        text.extend(source.to_bytes());
        text.extend(address.as_bytes());
        let mut key = Key::default();
        key.copy_from_slice(entropy::sha256(&text).split_at(16).0);
        key
    }

    /// A login of this source as `address`, in any spelling.
    pub(crate) fn attempt(&self, source: SourceKey, address: &str) -> LoginAttempt {
        let folded = address.trim().to_lowercase();
        LoginAttempt {
            address: self.key(Kind::Address, source, &folded),
            known_source: self.key(Kind::KnownSource, source, &folded),
            source: self.key(Kind::Source, source, ""),
        }
    }

    /// Whether the try may be made now.
    pub(crate) fn check_rate(&self, attempt: &LoginAttempt, now: Millis) -> Result<(), Slowed> {
        self.allowed(&mut self.lock(), attempt, now)
    }

    fn allowed(
        &self,
        counts: &mut Counts,
        attempt: &LoginAttempt,
        now: Millis,
    ) -> Result<(), Slowed> {
        if let Some(failures) = counts.failures.get_mut(&attempt.address)
            && failures.count >= self.allowance.per_address
        {
            let beyond = failures.count - self.allowance.per_address;
            let pause = PAUSE_MILLISECONDS << beyond.min(DOUBLINGS_MAX);
            // The last failure is not later than now, unless a clock that was ahead was set right meanwhile.
            failures.at = failures.at.min(now.0);
            let wait = failures.at.saturating_add(pause).saturating_sub(now.0);
            if wait > 0 {
                return Err(Slowed::Address(wait));
            }
        }
        let spent = counts.spent.get_mut(&attempt.source);
        match spent.map_or(0, |spent| spent.wait(self.source_rate(), now)) {
            0 => Ok(()),
            wait => Err(Slowed::Source(signed(wait))),
        }
    }

    /// Counts the try as a failure before the check, so that a thousand concurrent tries are all counted. A right
    /// password is cleared with [`Self::clear`].
    pub(crate) fn begin(&self, attempt: &LoginAttempt, now: Millis) -> Result<(), Slowed> {
        let mut counts = self.lock();
        self.allowed(&mut counts, attempt, now)?;
        let failures = counts.failures.entry(attempt.address);
        if failures.at.saturating_add(FORGOTTEN_MILLISECONDS) < now.0 {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.at = now.0;
        let spent = counts.spent.entry(attempt.source);
        spent.spend(self.source_rate(), now, 1);
        Ok(())
    }

    /// How many milliseconds a try has to wait if the user logged in from there before. It reserves its turn, whatever
    /// follows.
    pub(crate) fn pace(
        &self,
        attempt: &LoginAttempt,
        now: Millis,
        most: i64,
    ) -> Result<i64, Slowed> {
        let mut counts = self.lock();
        let bucket = counts.spent.entry(attempt.known_source);
        let wait = signed(bucket.wait(self.known_source_rate(), now));
        if wait > most {
            return Err(Slowed::Address(wait - most));
        }
        bucket.spend(self.known_source_rate(), now, 1);
        Ok(wait)
    }

    /// The try was right.
    pub(crate) fn clear(&self, attempt: &LoginAttempt, was_known_source: bool) {
        let mut counts = self.lock();
        counts.failures.remove(&attempt.address);
        counts.spent.remove(&attempt.known_source);
        if !was_known_source && let Some(all) = counts.spent.get_mut(&attempt.source) {
            all.give_back(self.source_rate(), 1);
        }
    }

    /// Counts a wrong key, code or refresh token; returns the milliseconds to wait when there are too many.
    pub(crate) fn guess(&self, source: SourceKey, now: Millis) -> Option<i64> {
        let key = self.key(Kind::Guess, source, "");
        let mut counts = self.lock();
        let taken = counts.spent.entry(key).take(self.guess_rate(), now);
        taken.err().map(signed)
    }
}

fn signed(milliseconds: u64) -> i64 {
    i64::try_from(milliseconds).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn throttle() -> Throttle {
        Throttle::new(LoginLimits {
            per_address: 10,
            per_source: 50,
            guesses: 100,
            remembered: 64,
        })
    }

    fn source(last: u8) -> SourceKey {
        SourceKey::of([192, 0, 2, last].into())
    }

    /// The number of tries in a day by a client that tries as soon as it may.
    fn tries(throttle: &Throttle, attempt: &LoginAttempt, from: i64) -> u32 {
        let (mut now, mut made) = (from, 0);
        while now < from + DAY {
            match throttle.begin(attempt, Millis(now)) {
                Ok(()) => made += 1,
                Err(Slowed::Address(wait) | Slowed::Source(wait)) => now += wait,
            }
        }
        made
    }

    #[test]
    fn a_source_has_a_hundred_tries_a_day_at_an_address() {
        let throttle = throttle();
        let attempt = throttle.attempt(source(1), "ada@example.org");
        // The threat model states these two numbers.
        assert_eq!(tries(&throttle, &attempt, 0), 103);
        assert_eq!(tries(&throttle, &attempt, DAY), 90);
    }

    #[test]
    fn a_source_has_nine_thousand_tries_a_day_at_all_addresses() {
        let throttle = throttle();
        let (mut now, mut made) = (0, 0);
        while now < DAY {
            let attempt = throttle.attempt(source(1), &format!("n{made}@example.org"));
            match throttle.begin(&attempt, Millis(now)) {
                Ok(()) => made += 1,
                Err(Slowed::Address(wait) | Slowed::Source(wait)) => now += wait,
            }
        }
        assert_eq!(made, 8689);
    }

    #[test]
    fn a_clock_that_was_ahead_makes_nobody_wait_longer_than_a_pause() {
        let throttle = throttle();
        let attempt = throttle.attempt(source(1), "ada@example.org");
        let ahead = Millis(365 * DAY);
        while throttle.begin(&attempt, ahead).is_ok() {}
        while throttle.pace(&attempt, ahead, 10_000).is_ok() {}
        // Set right, the clock counts the pause from then on.
        let right = Millis(DAY);
        let wait = Slowed::Address(60_000);
        assert_eq!(throttle.check_rate(&attempt, right), Err(wait));
        assert_eq!(throttle.begin(&attempt, Millis(DAY + 60_000)), Ok(()));
        assert_eq!(throttle.pace(&attempt, right, 12_000), Ok(12_000));
        while throttle.guess(source(1), ahead).is_none() {}
        assert_eq!(throttle.guess(source(1), right), Some(1000));
        assert_eq!(throttle.guess(source(1), Millis(DAY + 1000)), None);
    }

    #[test]
    fn nobody_waits_for_what_others_did() {
        let throttle = throttle();
        let now = Millis(0);
        let theirs = throttle.attempt(source(1), "ada@example.org");
        while throttle.begin(&theirs, now).is_ok() {}
        assert_eq!(
            throttle.check_rate(&theirs, now),
            Err(Slowed::Address(60_000))
        );
        let same = throttle.attempt(source(1), " ADA@example.ORG ");
        assert!(throttle.check_rate(&same, now).is_err());
        let elsewhere = throttle.attempt(source(2), "ada@example.org");
        assert_eq!(throttle.check_rate(&elsewhere, now), Ok(()));
        let other = throttle.attempt(source(1), "bob@example.org");
        assert_eq!(throttle.check_rate(&other, now), Ok(()));
        throttle.clear(&theirs, false);
        assert_eq!(throttle.check_rate(&theirs, now), Ok(()));
    }

    #[test]
    fn tries_from_a_familiar_source_are_paced_and_never_refused() {
        let throttle = throttle();
        let attempt = throttle.attempt(source(1), "ada@example.org");
        let waits: Vec<_> = (0..13)
            .map(|_| throttle.pace(&attempt, Millis(0), 10_000))
            .collect();
        assert!(waits[..10].iter().all(|wait| matches!(wait, Ok(..=0))));
        assert_eq!(waits[10..], [Ok(2000), Ok(4000), Ok(6000)]);
        assert!(throttle.pace(&attempt, Millis(0), 6000).is_err());
        throttle.clear(&attempt, true);
        assert!(throttle.pace(&attempt, Millis(0), 0).is_ok());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let throttle = throttle();
        for number in 0..1000 {
            let attempt = throttle.attempt(source(1), &format!("n{number}"));
            let now = Millis(i64::from(number) * 10_000);
            let _ = throttle.begin(&attempt, now);
            let _ = throttle.pace(&attempt, now, 0);
        }
        let counts = throttle.lock();
        assert!(counts.failures.len() + counts.spent.len() <= 64);
    }

    #[test]
    fn guesses_of_keys_are_counted_by_source() {
        let throttle = throttle();
        let made = (0..200).filter(|_| throttle.guess(source(1), Millis(0)).is_none());
        assert_eq!(made.count(), 100);
        assert_eq!(throttle.guess(source(2), Millis(0)), None);
        assert_eq!(throttle.guess(source(1), Millis(1000)), None);
    }
}
