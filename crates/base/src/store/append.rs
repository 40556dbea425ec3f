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

/// How many series an append may make, and the limit that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesQuota {
    /// New series at the most; samples of further ones are rejected.
    pub new_series: u64,
    /// The limit of the account that is nearest.
    pub limit: Limit,
    /// Its value.
    pub allowed: u64,
}

impl SeriesQuota {
    /// No limit but the store's own.
    pub const UNLIMITED: Self = Self {
        new_series: u64::MAX,
        limit: limit::SERIES_PER_ACCOUNT,
        allowed: u64::MAX,
    };
}
