//! The principal that asks for access, and the age of its proof of identity: dynamic rules of access groups give membership for some
//! hours after it.

use base::principal::Principal;
use base::time::Millis;

const MILLIS_PER_HOUR: i64 = 3_600_000;

/// How long ago a proof was given: a password, an API key, or the token of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofAge {
    whole_hours: i64,
}

impl ProofAge {
    /// Of a proof that is given at this moment, as an API key is with every request.
    pub const NONE: Self = Self { whole_hours: 0 };

    /// The age at `now`. A proof that another node's clock has put into the future is as good as one of now.
    pub(crate) fn at(now: Millis, proven_at: Millis) -> Self {
        let elapsed = now.0.saturating_sub(proven_at.0).max(0);
        Self {
            whole_hours: elapsed / MILLIS_PER_HOUR,
        }
    }

    /// Whether fewer hours than these have passed.
    pub(super) fn is_below(self, hours: u32) -> bool {
        self.whole_hours < i64::from(hours)
    }
}

/// A principal whose access is asked for, with the age of their proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvenPrincipal {
    /// Whose access it is.
    pub principal: Principal,
    /// How long ago they have proven who they are.
    pub age: ProofAge,
}

impl ProvenPrincipal {
    /// The principal, as if they proved who they are at this moment.
    #[must_use]
    pub fn now(principal: impl Into<Principal>) -> Self {
        Self {
            principal: principal.into(),
            age: ProofAge::NONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_counts_until_the_last_hour_is_over() {
        let proven = Millis(7);
        for (elapsed, hours, expected) in [
            (-5, 1, true),
            (0, 1, true),
            (MILLIS_PER_HOUR - 1, 1, true),
            (MILLIS_PER_HOUR, 1, false),
            (MILLIS_PER_HOUR, 2, true),
            (24 * MILLIS_PER_HOUR - 1, 24, true),
            (24 * MILLIS_PER_HOUR, 24, false),
            (0, 0, false),
        ] {
            let age = ProofAge::at(proven.plus(elapsed), proven);
            assert_eq!(age.is_below(hours), expected, "{elapsed} {hours}");
        }
    }
}
