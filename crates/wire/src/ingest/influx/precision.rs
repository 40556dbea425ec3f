//! The unit of times.

/// In what the times of lines count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// `ns`, or `n`.
    #[default]
    Nanoseconds,
    /// `us`, or `u`.
    Microseconds,
    /// `ms`.
    Milliseconds,
    /// `s`.
    Seconds,
    /// `m`.
    Minutes,
    /// `h`.
    Hours,
}

impl Precision {
    /// Reads the word for it: those of either version of the interface.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "ns" | "n" => Self::Nanoseconds,
            "us" | "u" | "µs" | "µ" => Self::Microseconds,
            "ms" => Self::Milliseconds,
            "s" => Self::Seconds,
            "m" => Self::Minutes,
            "h" => Self::Hours,
            _ => return None,
        })
    }

    /// So many of the unit, as milliseconds, rounded down; `None` beyond all times.
    pub(super) fn millis(self, count: i64) -> Option<i64> {
        match self {
            Self::Nanoseconds => Some(count.div_euclid(1_000_000)),
            Self::Microseconds => Some(count.div_euclid(1000)),
            Self::Milliseconds => Some(count),
            Self::Seconds => count.checked_mul(1000),
            Self::Minutes => count.checked_mul(60_000),
            Self::Hours => count.checked_mul(3_600_000),
        }
    }
}
