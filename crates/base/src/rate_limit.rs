//! So many per time: how much of an allowance is left, when there is more, and a table of them in bounded memory.
//!
//! An allowance is one number and an instant: what was spent and has not come back. It comes back evenly, to the last part of a
//! piece, so that a few per hour are not lost to rounding and many per millisecond are not rounded to none or to all. Time is
//! passed in. A clock that goes back gives nothing and takes nothing.
//!
//! What it is not: it counts what is done per time, not what is had at once, and it makes nobody wait.

mod table;

pub use table::Table;

use crate::time::Millis;

/// A rate: a burst, and how fast it comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// What may be had at once, when nothing was for long enough.
    burst: u64,
    /// So many come back...
    count: u64,
    /// ... in so many milliseconds.
    millis: u64,
}

impl Rate {
    /// So many in each span of so many milliseconds, all of them at once if need be.
    #[must_use]
    pub const fn per(count: u64, millis: u64) -> Self {
        Self {
            burst: count,
            count,
            millis: if millis == 0 { 1 } else { millis },
        }
    }

    /// So many at once, and one more in each span of so many milliseconds.
    #[must_use]
    pub const fn one_each(millis: u64, burst: u64) -> Self {
        Self {
            burst,
            count: 1,
            millis: if millis == 0 { 1 } else { millis },
        }
    }

    /// What `pieces` weigh: a piece is as many parts as a span has milliseconds, so that each millisecond brings `count`.
    const fn parts(self, pieces: u64) -> u128 {
        (pieces as u128).saturating_mul(self.millis as u128)
    }
}

/// What was spent of one allowance. The rate may change from one call to the next, as long as its span stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenBucket {
    parts: u128,
    at: Millis,
}

impl TokenBucket {
    /// Takes off what has come back by now.
    fn settle(&mut self, rate: Rate, now: Millis) {
        let passed = now.0.saturating_sub(self.at.0);
        let back = u128::from(passed.max(0).unsigned_abs()).saturating_mul(u128::from(rate.count));
        self.parts = self.parts.saturating_sub(back);
        self.at = now;
    }

    /// How much may be had now.
    pub fn left(&mut self, rate: Rate, now: Millis) -> u64 {
        self.settle(rate, now);
        let left = rate.parts(rate.burst).saturating_sub(self.parts) / u128::from(rate.millis);
        u64::try_from(left).unwrap_or(u64::MAX)
    }

    /// In how many milliseconds one more may be had; 0 when it may be now, [`u64::MAX`] when never.
    pub fn wait(&mut self, rate: Rate, now: Millis) -> u64 {
        self.settle(rate, now);
        let after = self.parts.saturating_add(rate.parts(1));
        let over = after.saturating_sub(rate.parts(rate.burst));
        if over == 0 {
            return 0;
        }
        if rate.count == 0 {
            return u64::MAX;
        }
        u64::try_from(over.div_ceil(u128::from(rate.count))).unwrap_or(u64::MAX)
    }

    /// Spends so many, also where they may not be had: those who come later wait the longer.
    pub fn spend(&mut self, rate: Rate, now: Millis, pieces: u64) {
        self.settle(rate, now);
        self.parts = self.parts.saturating_add(rate.parts(pieces));
    }

    /// Spends one.
    ///
    /// # Errors
    /// The milliseconds until it may be had; nothing is spent then.
    pub fn take(&mut self, rate: Rate, now: Millis) -> Result<(), u64> {
        match self.wait(rate, now) {
            0 => {
                self.spend(rate, now, 1);
                Ok(())
            }
            wait => Err(wait),
        }
    }

    /// Owes no more than comes back in so many milliseconds: who has spent more waits no longer than that for the next.
    pub fn cap_debt(&mut self, rate: Rate, millis: u64) {
        let back = u128::from(millis).saturating_mul(u128::from(rate.count));
        self.parts = self.parts.min(rate.parts(rate.burst).saturating_add(back));
    }

    /// Owes no more than a whole burst: what was spent at a larger rate keeps nobody waiting for longer than this one's span.
    pub fn cap_debt_to_burst(&mut self, rate: Rate) {
        self.parts = self.parts.min(rate.parts(rate.burst));
    }

    /// Gives back so many of what was spent.
    pub const fn give_back(&mut self, rate: Rate, pieces: u64) {
        self.parts = self.parts.saturating_sub(rate.parts(pieces));
    }
}

#[cfg(test)]
mod tests;
