//! Rate limits: a token bucket, and a table of buckets in bounded memory.
//!
//! A bucket is a number and an instant: the tokens that were spent and have not come back. They come back evenly, in fractions of a
//! token, so that a few per hour are not lost to rounding, and many per millisecond are not rounded to none or to all. The caller
//! passes the time. A clock that is set back neither adds nor removes tokens.
//!
//! What it is not: it limits how often something happens, not how much of it is in progress at once, and it never blocks.

mod table;

pub use table::Table;

use crate::time::Millis;

/// A rate: the size of the bucket, and how fast its tokens come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The tokens of a full bucket.
    burst: u64,
    /// This many tokens come back ...
    count: u64,
    /// ... in this many milliseconds.
    millis: u64,
}

impl Rate {
    /// `count` tokens in each `millis` milliseconds; all of them may be spent at once.
    #[must_use]
    pub const fn per(count: u64, millis: u64) -> Self {
        Self {
            burst: count,
            count,
            millis: if millis == 0 { 1 } else { millis },
        }
    }

    /// A bucket of `burst` tokens, of which one comes back in each `millis` milliseconds.
    #[must_use]
    pub const fn one_each(millis: u64, burst: u64) -> Self {
        Self {
            burst,
            count: 1,
            millis: if millis == 0 { 1 } else { millis },
        }
    }

    /// `tokens` in parts: a token has `millis` parts, so that each millisecond brings back `count` parts.
    const fn parts(self, tokens: u64) -> u128 {
        (tokens as u128).saturating_mul(self.millis as u128)
    }
}

/// The spent tokens of one bucket. The rate may change from call to call, as long as its `millis` stay the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenBucket {
    parts: u128,
    at: Millis,
}

impl TokenBucket {
    /// Subtracts the tokens that have come back by now.
    fn settle(&mut self, rate: Rate, now: Millis) {
        let passed = now.0.saturating_sub(self.at.0);
        let back = u128::from(passed.max(0).unsigned_abs()).saturating_mul(u128::from(rate.count));
        self.parts = self.parts.saturating_sub(back);
        self.at = now;
    }

    /// How many tokens are left now.
    pub fn left(&mut self, rate: Rate, now: Millis) -> u64 {
        self.settle(rate, now);
        let left = rate.parts(rate.burst).saturating_sub(self.parts) / u128::from(rate.millis);
        u64::try_from(left).unwrap_or(u64::MAX)
    }

    /// The milliseconds until a token is left; 0 if there is one now, [`u64::MAX`] if there will never be one.
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

    /// Spends this many tokens, even if there are fewer: later callers wait longer then.
    pub fn spend(&mut self, rate: Rate, now: Millis, tokens: u64) {
        self.settle(rate, now);
        self.parts = self.parts.saturating_add(rate.parts(tokens));
    }

    /// Spends a token.
    ///
    /// # Errors
    /// The milliseconds until one is left; nothing is spent then.
    pub fn take(&mut self, rate: Rate, now: Millis) -> Result<(), u64> {
        match self.wait(rate, now) {
            0 => {
                self.spend(rate, now, 1);
                Ok(())
            }
            wait => Err(wait),
        }
    }

    /// Limits the debt to the tokens that come back in `millis` milliseconds, so that nobody waits longer than that for the next.
    pub fn cap_debt(&mut self, rate: Rate, millis: u64) {
        let back = u128::from(millis).saturating_mul(u128::from(rate.count));
        self.parts = self.parts.min(rate.parts(rate.burst).saturating_add(back));
    }

    /// Limits what is spent to a full bucket: spending at a larger rate makes nobody wait longer than `millis` of this rate.
    pub fn cap_debt_to_burst(&mut self, rate: Rate) {
        self.parts = self.parts.min(rate.parts(rate.burst));
    }

    /// Gives back spent tokens.
    pub const fn give_back(&mut self, rate: Rate, tokens: u64) {
        self.parts = self.parts.saturating_sub(rate.parts(tokens));
    }
}

#[cfg(test)]
mod tests;
