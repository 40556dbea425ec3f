//! The options of a write: its durability, and how many new series it may create.

use crate::limit::{self, Limit};

/// When [`super::SampleStore::append`] returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Durability {
    /// When the samples are readable. They are on stable storage within the commit interval; a crash of the process or of the
    /// machine loses what came in that time, and they are in no log before its end.
    Buffered,
    /// When the samples are on stable storage: what was acknowledged is there after `kill -9` and power loss.
    Committed,
}

/// What is left of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remaining {
    /// So much of its unit.
    pub left: u64,
    /// Which limit.
    pub limit: &'static Limit,
    /// Its value.
    pub allowed: u64,
    /// Whether writes under way hold a part of the rest, which they may give back.
    pub is_held: bool,
}

impl Remaining {
    /// What is left of a limit of which `used` is used.
    #[must_use]
    pub const fn of(limit: &'static Limit, allowed: u64, used: u64) -> Self {
        Self {
            left: allowed.saturating_sub(used),
            limit,
            allowed,
            is_held: false,
        }
    }

    /// The same, once `more` is used.
    #[must_use]
    pub const fn after(self, more: u64) -> Self {
        Self {
            left: self.left.saturating_sub(more),
            ..self
        }
    }
}

/// Which series an append may make: samples of further new ones are rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesQuota {
    /// How many, by the limit of the account that is nearest.
    pub new_series: Remaining,
    /// How many bytes their names may have together.
    pub name_bytes: Remaining,
    /// How many the names of all series of the account have, with those that writes under way may make. Who has few is let in where the
    /// store has little room left.
    pub used_name_bytes: u64,
}

impl SeriesQuota {
    /// No limit but the store's own.
    pub const UNLIMITED: Self = Self {
        new_series: Remaining::of(&limit::SERIES_PER_ACCOUNT, u64::MAX, 0),
        name_bytes: Remaining::of(&limit::NAME_BYTES_PER_ACCOUNT, u64::MAX, 0),
        used_name_bytes: 0,
    };
}
