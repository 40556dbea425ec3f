//! The shapes samples travel in, and what became of each.

use crate::limit::{self, Limit};
use crate::name::{NameError, SeriesName};
use crate::time::Millis;

/// Samples on their way in, as columns: `names`, `timestamps` and `values` have one entry each per sample.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    text: String,
    ends: Vec<usize>,
    timestamps: Vec<Millis>,
    values: Vec<f64>,
}

/// One sample of a [`Batch`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample<'a> {
    /// Canonical series name.
    pub name: &'a str,
    /// When it was measured.
    pub at: Millis,
    /// What was measured; always finite.
    pub value: f64,
}

impl Batch {
    /// Adds a sample. The caller has checked that `value` is finite.
    pub fn push(&mut self, name: &SeriesName<'_>, at: Millis, value: f64) {
        debug_assert!(value.is_finite());
        self.text.push_str(name.as_str());
        self.ends.push(self.text.len());
        self.timestamps.push(at);
        self.values.push(value);
    }

    /// How many samples it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The samples in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = Sample<'_>> {
        let mut start = 0;
        self.ends
            .iter()
            .zip(&self.timestamps)
            .zip(&self.values)
            .map(move |((end, at), value)| {
                let name = self.text.get(start..*end).unwrap_or_default();
                start = *end;
                Sample {
                    name,
                    at: *at,
                    value: *value,
                }
            })
    }
}

/// Why a sample was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RejectReason {
    /// The item is not what the format asks for, for example JSON that is no object, or a line without a value.
    #[error("{0}")]
    Malformed(String),
    /// The name is missing or not a series name.
    #[error("{0}")]
    Name(#[from] NameError),
    /// The value is missing, not a number, or not finite.
    #[error("{0}")]
    Value(String),
    /// The timestamp is not a number of seconds.
    #[error("{0}")]
    Timestamp(String),
    /// Older than the retention.
    #[error("the sample is older than the retention of {retention_days} days")]
    TooOld {
        /// The retention in force.
        retention_days: u32,
    },
    /// Further in the future than clocks can disagree.
    #[error("the sample lies more than {allowed_minutes} minutes in the future")]
    TooNew {
        /// How far ahead is accepted.
        allowed_minutes: u32,
    },
    /// The tenant has as many series as it may have.
    #[error("a new series would exceed `series_per_tenant` = {limit}")]
    SeriesLimit {
        /// The limit in force.
        limit: u64,
    },
    /// The account has as many series as it may have, or as many new ones as it may make at the moment.
    #[error("a new series would exceed `{}` = {allowed} of the account", limit.name)]
    AccountLimit {
        /// Which limit.
        limit: Limit,
        /// Its value for this account.
        allowed: u64,
    },
    /// Two names share one fingerprint; see `docs/design/engine.md`.
    #[error("the name's fingerprint collides with that of another series")]
    FingerprintCollision,
}

impl RejectReason {
    /// The word of [`Self::AccountLimit`]: the one reason that passes with time.
    pub const ACCOUNT_LIMIT: &'static str = "account_limit";

    /// A stable word for receipts and metric labels.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Name(_) => "name",
            Self::Value(_) => "value",
            Self::Timestamp(_) => "timestamp",
            Self::TooOld { .. } => "too_old",
            Self::TooNew { .. } => "too_new",
            Self::SeriesLimit { .. } => "series_limit",
            Self::AccountLimit { .. } => Self::ACCOUNT_LIMIT,
            Self::FingerprintCollision => "fingerprint_collision",
        }
    }

    /// The limit it ran into, if it was one.
    #[must_use]
    pub const fn limit(&self) -> Option<Limit> {
        match self {
            Self::Name(NameError::TooLong(_)) => Some(limit::NAME_BYTES),
            Self::Name(NameError::TooDeep(_)) => Some(limit::NAME_ELEMENTS),
            Self::SeriesLimit { .. } => Some(limit::SERIES_PER_TENANT),
            Self::AccountLimit { limit, .. } => Some(*limit),
            _ => None,
        }
    }

    /// Every word [`Self::code`] can return.
    pub const CODES: [&'static str; 9] = [
        "malformed",
        "name",
        "value",
        "timestamp",
        "too_old",
        "too_new",
        "series_limit",
        Self::ACCOUNT_LIMIT,
        "fingerprint_collision",
    ];
}

/// What became of a [`Batch`]: every sample was stored but those that a later one of the same batch replaced, which are
/// counted, and those listed, by their position in the batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Appended {
    /// Samples now in the store.
    pub stored: u64,
    /// Samples of which a later one of the same series and instant in the same batch is stored instead. Replacing what an
    /// earlier batch stored is not counted.
    pub overwritten: u64,
    /// Series that were made for them.
    pub created: u64,
    /// The others, ascending by position.
    pub rejected: Vec<(usize, RejectReason)>,
}

/// The samples of one series, ascending in time, one per instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Canonical name.
    pub name: String,
    /// Instants, strictly ascending.
    pub timestamps: Vec<Millis>,
    /// As many values.
    pub values: Vec<f64>,
}
