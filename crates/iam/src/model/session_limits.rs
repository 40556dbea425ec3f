//! When a user's session is over by the settings of an account: so long after its proof, however often it was renewed, or so long after
//! its last use. A session is over at the very millisecond of its end.

use base::time::Millis;

/// Earlier than everything.
const NEVER: Millis = Millis(-1);

/// How long sessions last; none is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SessionLimits {
    /// After the proof.
    pub(crate) age_seconds: Option<i64>,
    /// After the last use.
    pub(crate) idle_seconds: Option<i64>,
}

/// The times by which a user's session was proven, or used last, if it is over now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionCutoffs {
    pub(crate) proven_at: Millis,
    pub(crate) used_at: Millis,
}

impl SessionCutoffs {
    /// The cutoffs of settings without session limits: no session has ended by them.
    pub(crate) const NONE: Self = Self {
        proven_at: NEVER,
        used_at: NEVER,
    };

    /// The cutoffs by which a session has ended if it has ended by either.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            proven_at: self.proven_at.max(other.proven_at),
            used_at: self.used_at.max(other.used_at),
        }
    }
}

/// The smaller limit; none is no limit.
pub(crate) fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, None) | (None, one) => one,
    }
}

const fn after(from: Millis, seconds: i64) -> Millis {
    from.plus(seconds.saturating_mul(1000))
}

impl SessionLimits {
    /// The stricter limits of both.
    pub(crate) fn strictest(self, other: Self) -> Self {
        Self {
            age_seconds: least(self.age_seconds, other.age_seconds),
            idle_seconds: least(self.idle_seconds, other.idle_seconds),
        }
    }

    /// When a session ends that was proven then, however often it is renewed.
    pub(crate) fn age_end(self, proven_at: Millis) -> Option<Millis> {
        self.age_seconds.map(|seconds| after(proven_at, seconds))
    }

    /// The limit, in seconds, by which a session is over that was proven then.
    pub(crate) fn age_reached(self, proven_at: Millis, now: Millis) -> Option<i64> {
        self.age_seconds
            .filter(|seconds| after(proven_at, *seconds) <= now)
    }

    /// The limit, in seconds, by which a session is over that was used last then.
    pub(crate) fn idle_reached(self, used_at: Millis, now: Millis) -> Option<i64> {
        self.idle_seconds
            .filter(|seconds| after(used_at, *seconds) <= now)
    }

    /// When a session ends that was proven and used last then, and would expire then.
    pub(crate) fn end(self, proven_at: Millis, used_at: Millis, expires_at: Millis) -> Millis {
        let idle_end = self.idle_seconds.map(|seconds| after(used_at, seconds));
        let ends = [self.age_end(proven_at), idle_end];
        ends.into_iter().flatten().fold(expires_at, Millis::min)
    }

    /// Which sessions are over now, for the database.
    pub(crate) fn cutoffs(self, now: Millis) -> SessionCutoffs {
        let before = |seconds: Option<i64>| {
            seconds.map_or(NEVER, |seconds| after(now, seconds.saturating_neg()))
        };
        SessionCutoffs {
            proven_at: before(self.age_seconds),
            used_at: before(self.idle_seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limits() -> impl Strategy<Value = SessionLimits> {
        let seconds = || prop::option::of(1_i64..20);
        (seconds(), seconds()).prop_map(|(age_seconds, idle_seconds)| SessionLimits {
            age_seconds,
            idle_seconds,
        })
    }

    proptest! {
        #[test]
        fn an_end_a_check_and_a_cutoff_say_the_same(
            limits in limits(), proven_at in 0_i64..20_000, unused in 0_i64..20_000, since in 0_i64..20_000, whole: bool,
        ) {
            // Often on the very millisecond.
            let round = |time: i64| Millis(if whole { time / 1000 * 1000 } else { time });
            let (proven_at, used_at) = (round(proven_at), round(proven_at + unused));
            let now = round(used_at.0 + since);
            let latest = Millis(i64::MAX);
            let is_over = limits.end(proven_at, used_at, latest) <= now;
            let reached = limits.age_reached(proven_at, now).or(limits.idle_reached(used_at, now));
            prop_assert_eq!(reached.is_some(), is_over);
            let over = limits.cutoffs(now);
            prop_assert_eq!(proven_at <= over.proven_at || used_at <= over.used_at, is_over);
            prop_assert_eq!(limits.age_end(proven_at).is_some_and(|end| end <= now), limits.age_reached(proven_at, now).is_some());
        }

        #[test]
        fn what_is_over_by_either_is_over_by_the_stricter(a in limits(), b in limits(), time in 20_000_i64..60_000) {
            let now = Millis(time);
            prop_assert_eq!(a.strictest(b).cutoffs(now), a.cutoffs(now).or(b.cutoffs(now)));
        }
    }
}
