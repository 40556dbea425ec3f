//! Times that do not go back where the clock is set right, and do not stay where it was wrong by much.

use base::time::Millis;

/// A clock that is set back by no more is waited for; one that is set back by more is followed at once.
const BACK_MILLIS: i64 = 60_000;

/// The time after `earliest`, by this clock.
pub(super) fn not_before(earliest: Millis, clock: Millis) -> Millis {
    let back = earliest.0.saturating_sub(clock.0);
    if (0..=BACK_MILLIS).contains(&back) {
        earliest
    } else {
        clock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_wrong_by_much_is_followed_back() {
        for (earliest, clock, expected) in [
            (0, 1000, 1000),
            (i64::MIN / 2, 1000, 1000),
            (1000, 1000, 1000),
            (1001, 1000, 1001),
            (1000 + BACK_MILLIS, 1000, 1000 + BACK_MILLIS),
            (1001 + BACK_MILLIS, 1000, 1000),
            (i64::MAX, 1000, 1000),
        ] {
            let time = not_before(Millis(earliest), Millis(clock));
            assert_eq!(time, Millis(expected), "{earliest} {clock}");
        }
    }
}
