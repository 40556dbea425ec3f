//! The options of a write: its durability, and which new series it may make.

use crate::limit::{self, Limit};
use crate::mutex::lock;
use std::fmt::Debug;
use std::sync::Mutex;

/// When [`super::SampleStore::append`] returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Durability {
    /// When the samples are readable. They are on stable storage within the commit interval; a crash of the process or of the
    /// machine loses what came in that time, and they are in no log before its end.
    Buffered,
    /// When the samples are on stable storage: what was acknowledged is there after `kill -9` and power loss.
    Committed,
}

/// The rest of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remaining {
    /// So much of its unit.
    pub left: u64,
    /// Which limit.
    pub limit: &'static Limit,
    /// Its value.
    pub allowed: u64,
}

impl Remaining {
    /// The rest of a limit of which `used` is used.
    #[must_use]
    pub const fn of(limit: &'static Limit, allowed: u64, used: u64) -> Self {
        Self {
            left: allowed.saturating_sub(used),
            limit,
            allowed,
        }
    }

    /// The rest once `more` is used.
    #[must_use]
    pub const fn after(self, more: u64) -> Self {
        Self {
            left: self.left.saturating_sub(more),
            ..self
        }
    }
}

/// Which series may still be made: samples of further new ones are rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesQuota {
    /// How many, by the limit of the account that is nearest.
    pub new_series: Remaining,
    /// How many bytes their names may have together.
    pub name_bytes: Remaining,
    /// Bytes of all names of the account. When the store is nearly full, accounts with few are admitted first.
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

/// What an account may still make, shared by all its appends. The store asks and reports while no other append makes series, so that
/// those at once neither exceed a limit together nor find room taken that nobody uses. It waits for the answer: neither call may block,
/// or call the store.
pub trait SeriesAllowance: Debug + Sync {
    /// The rest of the quota now.
    fn left(&self) -> SeriesQuota;

    /// Reports that `series` series were made, whose names have `name_bytes` bytes together.
    fn made(&self, series: u64, name_bytes: u64);
}

/// As many series as the store itself allows.
#[derive(Debug, Clone, Copy)]
pub struct Unlimited;

impl SeriesAllowance for Unlimited {
    fn left(&self) -> SeriesQuota {
        SeriesQuota::UNLIMITED
    }

    fn made(&self, _: u64, _: u64) {}
}

/// The rest of a fixed quota.
impl SeriesAllowance for Mutex<SeriesQuota> {
    fn left(&self) -> SeriesQuota {
        *lock(self)
    }

    fn made(&self, series: u64, name_bytes: u64) {
        let mut quota = lock(self);
        *quota = SeriesQuota {
            new_series: quota.new_series.after(series),
            name_bytes: quota.name_bytes.after(name_bytes),
            used_name_bytes: quota.used_name_bytes.saturating_add(name_bytes),
        };
    }
}
