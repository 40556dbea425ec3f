//! Samples in batches, and the reasons why one is not stored.

use crate::limit::{self, Limit};
use crate::name::{NameError, SeriesName};
use crate::series::SeriesKey;
use crate::time::Millis;
use std::borrow::Cow;

/// The kind of a sample. There is one so far; the formats on disk have a field for it, so that histograms can follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Kind {
    /// One number.
    #[default]
    Float,
}

impl Kind {
    /// Its number on disk.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Float => 0,
        }
    }
}

/// Samples to be stored. Consecutive samples of one series share their key. Values are kept bit for bit, including NaN and
/// infinities; each codec decides which of them its protocol allows.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    text: String,
    runs: Vec<End>,
    timestamps: Vec<Millis>,
    values: Vec<f64>,
}

/// Where a run ends.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    /// The end of its key in `text`.
    key: usize,
    /// The end of its samples.
    samples: usize,
}

/// Consecutive samples of one series in a [`Batch`].
#[derive(Debug, Clone, PartialEq)]
pub struct Run<'a> {
    /// Which series.
    pub key: SeriesKey<'a>,
    /// The kind of its samples.
    pub kind: Kind,
    /// When they were measured, in the order in which they were added.
    pub timestamps: &'a [Millis],
    /// The values, one for each timestamp.
    pub values: &'a [f64],
}

/// One sample of a [`Batch`].
#[derive(Debug, Clone, PartialEq)]
pub struct Sample<'a> {
    /// Which series.
    pub key: SeriesKey<'a>,
    /// When it was measured.
    pub at: Millis,
    /// The measured value.
    pub value: f64,
}

impl Sample<'_> {
    /// Graphite's text for the series.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        self.key.graphite()
    }
}

/// Whether `last` is `key`. Most keys differ from the one before them, and do so near their end.
#[inline]
fn is_same(last: Option<&str>, key: &str) -> bool {
    const END: usize = 16;
    last.is_some_and(|last| {
        last.as_bytes().last_chunk::<END>() == key.as_bytes().last_chunk() && last == key
    })
}

impl Batch {
    /// Reserves capacity for this many more samples, whose keys have `text` bytes together.
    pub fn reserve(&mut self, samples: usize, text: usize) {
        self.text.reserve(text);
        self.runs.reserve(samples);
        self.timestamps.reserve(samples);
        self.values.reserve(samples);
    }

    /// Adds a sample under a name.
    #[inline]
    pub fn push(&mut self, name: &SeriesName<'_>, at: Millis, value: f64) {
        self.add(&SeriesKey::from(name), at, value);
    }

    /// Adds a sample of a series.
    #[inline]
    pub fn add(&mut self, key: &SeriesKey<'_>, at: Millis, value: f64) {
        self.timestamps.push(at);
        self.values.push(value);
        let before = self.runs.iter().rev().nth(1).map_or(0, |run| run.key);
        match self.runs.last_mut() {
            Some(last) if is_same(self.text.get(before..last.key), key.as_str()) => {
                last.samples += 1;
            }
            _ => {
                self.text.push_str(key.as_str());
                self.runs.push(End {
                    key: self.text.len(),
                    samples: self.values.len(),
                });
            }
        }
    }

    /// How many [`Self::runs`] it has.
    #[must_use]
    pub const fn run_count(&self) -> usize {
        self.runs.len()
    }

    /// How many samples it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The runs in the order in which they were added; a series may have several.
    pub fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        let mut before = End::default();
        self.runs.iter().map(move |end| {
            let begin = std::mem::replace(&mut before, *end);
            let key = self.text.get(begin.key..end.key).unwrap_or_default();
            let samples = begin.samples..end.samples;
            let timestamps = self.timestamps.get(samples.clone());
            Run {
                key: SeriesKey::from_canonical_unchecked(key),
                kind: Kind::Float,
                timestamps: timestamps.unwrap_or_default(),
                values: self.values.get(samples).unwrap_or_default(),
            }
        })
    }

    /// The samples in the order they were added, each with the text of its key ([`SeriesKey::as_str`]).
    pub fn texts(&self) -> impl Iterator<Item = (&str, Millis, f64)> {
        self.texts_from(0)
    }

    /// Those of [`Self::texts`] from this position on.
    pub fn texts_from(&self, position: usize) -> impl Iterator<Item = (&str, Millis, f64)> {
        let skipped = self.runs.partition_point(|end| end.samples <= position);
        let (before, rest) = self.runs.split_at_checked(skipped).unwrap_or_default();
        let mut before = before.last().copied().unwrap_or_default();
        rest.iter().flat_map(move |end| {
            let begin = std::mem::replace(&mut before, *end);
            let key = self.text.get(begin.key..end.key).unwrap_or_default();
            let samples = begin.samples.max(position)..end.samples;
            let timestamps = self.timestamps.get(samples.clone()).unwrap_or_default();
            let values = self.values.get(samples).unwrap_or_default();
            let samples = timestamps.iter().zip(values);
            samples.map(move |(at, value)| (key, *at, *value))
        })
    }

    /// The samples in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = Sample<'_>> {
        self.runs().flat_map(|run| {
            let samples = run.timestamps.iter().copied().zip(run.values);
            let key = run.key;
            samples.map(move |(at, value)| Sample {
                key: key.clone(),
                at,
                value: *value,
            })
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
    /// The names of the series that the tenant has, or all tenants together, take as many bytes as they may, or nearly.
    #[error("a new series of this name would exceed `{}` = {allowed}", limit.name)]
    NameBytesLimit {
        /// Which limit.
        limit: Limit,
        /// Its value, in bytes.
        allowed: u64,
    },
    /// The store has given every number that a series can have; those of series that have ended do not come back.
    #[error(
        "the store can make no new series: it has given all of its 4294967295 numbers; existing series are written as ever, and \
         new ones need a new store"
    )]
    NumbersUsedUp,
    /// The account has as many series, or bytes of their names, as it may have, or as many new ones as it may make at the moment.
    #[error("a new series would exceed `{}` = {allowed} of the account", limit.name)]
    AccountLimit {
        /// Which limit.
        limit: Limit,
        /// Its value for this account.
        allowed: u64,
    },
    /// The aggregator of the domain has no room for its value.
    #[error("what is kept until the next flush would exceed `{}` = {allowed}", limit.name)]
    Full {
        /// Which limit.
        limit: Limit,
        /// Its value.
        allowed: u64,
    },
    /// The sender's credential does not reach the series.
    #[error("the credential does not reach this series")]
    OutOfReach,
}

impl RejectReason {
    /// The code of [`Self::AccountLimit`], which may pass with time.
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
            Self::SeriesLimit { .. } | Self::NameBytesLimit { .. } | Self::NumbersUsedUp => {
                "series_limit"
            }
            Self::AccountLimit { .. } => Self::ACCOUNT_LIMIT,
            Self::Full { .. } => "full",
            Self::OutOfReach => "out_of_reach",
        }
    }

    /// The limit that was reached, if that is the reason.
    #[must_use]
    pub const fn limit(&self) -> Option<Limit> {
        match self {
            Self::Name(NameError::TooLong(_)) => Some(limit::NAME_BYTES),
            Self::Name(NameError::TooDeep(_)) => Some(limit::NAME_ELEMENTS),
            Self::SeriesLimit { .. } => Some(limit::SERIES_PER_TENANT),
            Self::NameBytesLimit { limit, .. }
            | Self::AccountLimit { limit, .. }
            | Self::Full { limit, .. } => Some(*limit),
            _ => None,
        }
    }

    /// Every word [`Self::code`] can return.
    pub const CODES: [&'static str; 10] = [
        "malformed",
        "name",
        "value",
        "timestamp",
        "too_old",
        "too_new",
        "series_limit",
        Self::ACCOUNT_LIMIT,
        "full",
        "out_of_reach",
    ];
}

/// The outcome of storing a [`Batch`]: every sample was stored, except those that a later sample of the batch replaced, which are
/// counted, and the rejected ones, which are listed by their position in the batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Appended {
    /// Samples now in the store.
    pub stored: u64,
    /// Samples that a later sample of the batch replaced, of the same series and instant. Replacing a sample of an earlier batch is
    /// not counted.
    pub overwritten: u64,
    /// Series that were created for them.
    pub created: u64,
    /// Bytes of the names of those series, with their labels.
    pub created_name_bytes: u64,
    /// The rejected samples, ascending by position.
    pub rejected: Vec<(usize, RejectReason)>,
}

/// The samples of one series, ascending in time, one per instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Which series.
    pub key: SeriesKey<'static>,
    /// Instants, strictly ascending.
    pub timestamps: Vec<Millis>,
    /// The values, one for each timestamp.
    pub values: Vec<f64>,
}

impl Series {
    /// Graphite's text for it.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        self.key.graphite()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_batch_is_what_was_added_and_no_key_follows_itself(
            samples in prop::collection::vec(("[ab](;t=[ab])?", any::<i64>(), any::<u64>()), 0..30),
        ) {
            let mut batch = Batch::default();
            for (name, at, bits) in &samples {
                batch.push(&SeriesName::parse(name).unwrap(), Millis(*at), f64::from_bits(*bits));
            }
            prop_assert_eq!(batch.len(), samples.len());
            let read: Vec<_> = batch
                .iter()
                .map(|sample| (sample.key.graphite().into_owned(), sample.at.0, sample.value.to_bits()))
                .collect();
            prop_assert_eq!(read, samples);
            let texts = batch.texts().map(|(key, at, value)| (key.to_owned(), at, value.to_bits()));
            let read = batch.iter().map(|sample| (sample.key.as_str().to_owned(), sample.at, sample.value.to_bits()));
            prop_assert!(texts.eq(read));
            for position in 0..=batch.len() + 1 {
                let bits = |(key, at, value): (_, _, f64)| (key, at, value.to_bits());
                let rest = batch.texts_from(position).map(bits);
                prop_assert!(rest.eq(batch.texts().skip(position).map(bits)));
            }
            let keys: Vec<_> = batch.runs().map(|run| run.key).collect();
            prop_assert!(keys.windows(2).all(|pair| pair.first() != pair.last()));
            prop_assert!(batch.runs().all(|run| run.values.len() == run.timestamps.len()));
        }
    }
}
